"""The result as files: made only when asked for, each with its sources inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.render import story
from capgap_geo.render.scene import Choice, Paint
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import State

if TYPE_CHECKING:
    from capgap_geo.render.about import Edition

#: What is offered: kind, part, and what the name of the file says of it.
FILES = (
    ("csv", "departments", "departments"),
    ("csv", "provinces", "provinces"),
    ("xlsx", "all", "tables"),
    ("hxl", "departments", "departments"),
    ("geojson", "departments", "departments"),
    ("gpkg", "all", "map"),
    ("kml", "all", "map"),
    ("html", "all", "map"),
    ("zip", "all", "all"),
)
#: Pictures: size and format.
PICTURES = (("wide", "png"), ("tall", "png"), ("a4", "pdf"), ("a4", "svg"))


def downloads(state: State, found: Assessment, t: Translator) -> None:
    """Draw the files that this view can be had as, and how to cite it, folded."""
    folded = st.popover(t("download.label"), icon=":material/download:", key="download", on_change="rerun")
    if not folded.open:
        return
    with folded:
        # What writes files is slow to import, and a page needs none of it until this is open.
        from capgap_geo.render.about import apa
        from capgap_geo.render.export import KINDS

        edition = _edition(state, found, t)
        st.caption(t("download.note"))
        name = story.area_row(found, state.area)[1] or t("brief.country")
        _button(t("download.brief", name=name), edition.file_name("brief", "pdf"), partial(_brief, edition))
        pictures(state, found, t, place="file")
        for kind, part, what in FILES:
            file = edition.file_name(what, KINDS[kind].extension)
            _button(t(f"download.{kind}.{part}"), file, partial(_file, edition, kind, part))
        st.caption(t("cite.title"))
        st.code(apa(edition), language=None, wrap_lines=True)


def pictures(state: State, found: Assessment, t: Translator, *, place: str) -> None:
    """Draw a button for each picture that is ready to publish.

    Parameters
    ----------
    place
        Tells the buttons of two places on a page apart.
    """
    edition = _edition(state, found, t)
    for size, fmt in PICTURES:
        label = t("download.picture", size=t(f"share.size.{size}"), format=fmt.upper())
        make = partial(_picture, edition, size, fmt)
        _button(label, edition.file_name(size, fmt), make, place=place)


def _button(label: str, name: str, make: Callable[[], bytes], *, place: str = "file") -> None:
    key = f"{place}_{name.rpartition('_')[2]}"
    st.download_button(label, make, file_name=name, on_click="ignore", key=key, width="stretch")


def _edition(state: State, found: Assessment, t: Translator) -> Edition:
    from capgap_geo.render.about import Edition

    choice = Choice(paint=Paint(state.paint), area=state.area, framed=state.area, title=state.title)
    return Edition(study(), found, t, choice=choice, base=(st.context.url or "").partition("?")[0])


def _fresh(edition: Edition) -> Edition:
    """Return an edition that is let go of with its file: a button is kept as long as its page is open."""
    return replace(edition)


def _file(edition: Edition, kind: str, part: str) -> bytes:
    from capgap_geo.render.export import export

    return export(_fresh(edition), kind, part)


def _picture(edition: Edition, size: str, fmt: str) -> bytes:
    from capgap_geo.render.figure import picture

    return picture(_fresh(edition).spec, size=size, fmt=fmt)


def _brief(edition: Edition) -> bytes:
    from capgap_geo.render.brief import informed_brief

    return informed_brief(_fresh(edition))
