"""The map: who is beyond reach, where, and what is on record there."""

from __future__ import annotations

import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.render import card, scene, story, tables
from capgap_geo.render.scene import Choice, Paint
from capgap_geo.ui import cards, controls, footer
from capgap_geo.ui.live_map import live_map
from capgap_geo.ui.prepared import answer, deserts, ground, study
from capgap_geo.ui.state import State
from capgap_geo.ui.text import block, tag

MAP_HEIGHT = 620
LISTED = 10
PREFIX = {"departments": "d", "provinces": "p", "zones": "z"}


def page(state: State, t: Translator) -> State:
    """Draw the page and return the state that it describes."""
    with st.sidebar:
        state = controls.question(state, t)
    found = answer(state.scenario)
    state = _picked(state)
    say_headline(found, t, state.area)
    figures(found, t, state.area)
    _map(state, found, t)
    drawn = card.card(study(), found, t, state.area)
    if drawn is not None:
        cards.draw(drawn)
        st.button(t("card.close"), on_click=_unselect, icon=":material/close:")
    _desert_list(found, t)
    footer.below(found, t)
    return state


def _unselect() -> None:
    st.session_state["picked"] = ""


def _picked(state: State) -> State:
    """Return the state with the area that was clicked in the last run."""
    if "picked" not in st.session_state:
        return state
    return state.with_(area=st.session_state.pop("picked"))


def say_headline(found: Assessment, t: Translator, area: str) -> None:
    """Draw the headline and, for a documented absence, its source."""
    st.html(tag("h1", "headline", story.headline(study(), found, t, area=area)))
    if found.nobody_serves:
        st.caption(story.absence_note(study(), found.scenario, t))


def figures(found: Assessment, t: Translator, area: str) -> None:
    """Draw the three key figures."""
    boxes = [
        block(
            "div",
            "figure",
            [tag("p", "value", f.value), tag("p", "label", f.label), tag("p", "note", f.note)],
        )
        for f in story.key_figures(study(), found, t, area=area)
    ]
    st.html(block("div", "figures", boxes))


def _map(state: State, found: Assessment, t: Translator) -> None:
    paint = Paint(state.paint)
    choice = Choice(paint=paint, area=state.area, link=f"?{state.to_query()}", at=_centre(state))
    outlines = deserts(state.scenario) if paint is Paint.DESERT and not found.nobody_serves else None
    spec = scene.build(ground(), found, t, choice=choice, deserts=outlines)
    click = live_map(spec, key="map", height=MAP_HEIGHT)
    if click is not None and click.layer in PREFIX:
        area = f"{PREFIX[click.layer]}:{click.id}"
        if area != state.area:
            st.session_state["picked"] = area
            st.rerun()


def _centre(state: State) -> tuple[float, float, float] | None:
    if not state.at:
        return None
    lon, lat, zoom = (float(v) for v in state.at.split(","))
    return lon, lat, zoom


def _desert_list(found: Assessment, t: Translator) -> None:
    """Draw the departments by people beyond reach, most first; choosing one opens its card."""
    st.subheader(t("deserts.title"))
    st.caption(t("deserts.help"))
    table = found.departments.sort_values("uncovered_people_lower", ascending=False)
    shown = tables.deserts(table, found, t)
    event = st.dataframe(
        shown,
        hide_index=True,
        key="deserts",
        on_select="rerun",
        selection_mode="single-row",
        height=36 * (LISTED + 1),
    )
    rows = event["selection"]["rows"]
    chosen = f"d:{table.index[rows[0]]}" if rows else ""
    if chosen and chosen != st.session_state.get("listed"):
        st.session_state["listed"] = chosen
        st.session_state["picked"] = chosen
        st.rerun()
