"""A view as a picture: title, headline, map, legend, sources, date, link and code; nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path

import segno
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.render import attribution, scene, story, theme
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.scene import Choice
from capgap_geo.ui.live_map import live_map
from capgap_geo.ui.prepared import drawn_deserts, ground, note, study
from capgap_geo.ui.state import State
from capgap_geo.ui.text import block, headline, headline_note, tag

STYLE = Path(__file__).with_name("poster.css")
FRAMELESS = Path(__file__).with_name("frameless.css")


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a poster in CSS pixels."""

    width: int
    height: int


SIZES = {
    "wide": Size(1200, 675),
    "tall": Size(1080, 1350),
    "a4": Size(794, 1123),
}


def poster(state: State, found: Assessment, t: Translator, link: str) -> None:
    """Draw the poster in its fixed size, without the app's frame."""
    size = SIZES.get(state.size, SIZES["wide"])
    without_frame()
    css = STYLE.read_text("utf-8").replace("WIDTH", f"{size.width}px").replace("HEIGHT", f"{size.height}px")
    st.html(f"<style>{css}</style>")
    head = [
        tag("p", "poster-title", state.title or t("app.tagline")),
        headline(story.headline(study(), found, t, area=state.area)),
        headline_note(note(found, t, state.area)),
    ]
    with st.container(key=f"poster_{'wide' if size.width > size.height else 'tall'}"):
        st.html(block("div", f"poster-head{' over' if state.area else ''}", head))
        live_map(_spec(state, found, t), key="poster_map", height="100%")
        st.html(block("div", "poster-foot", [*_foot(found, t, link), _code(link)]))


def without_frame() -> None:
    """Hide the app's own frame: navigation, language, controls."""
    st.html(f"<style>{FRAMELESS.read_text('utf-8')}</style>")


def _spec(state: State, found: Assessment, t: Translator) -> MapSpec:
    at = None if not state.at else tuple(float(v) for v in state.at.split(","))
    choice = Choice(paint=scene.Paint(state.paint), area=state.area, framed=state.area, at=at, still=True)  # type: ignore[arg-type]
    return scene.build(ground(), found, t, choice=choice, deserts=drawn_deserts(state))


def _foot(found: Assessment, t: Translator, link: str) -> list[str]:
    lines = [t("poster.data", date=t.date(_newest(found))), *attribution.lines(study(), t)]
    texts = [tag("p", "poster-note", " ".join(lines)), tag("p", "poster-link", link)]
    return [block("div", "poster-texts", texts)]


def _newest(found: Assessment) -> dt.date:
    """Return the day on which the newest source of the view was read."""
    days = [study().sources[s].date_accessed for s in found.source_ids]
    return dt.date.fromisoformat(max(days))


def _code(link: str) -> str:
    """Return the link as a QR code."""
    buffer = io.BytesIO()
    segno.make(link, error="l").save(buffer, kind="svg", scale=2, border=1, dark=theme.INK, light=theme.PAPER)
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img class="poster-code" alt="QR" src="data:image/svg+xml;base64,{data}">'
