"""The map: who is beyond reach, where, and what is on record there."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.recall import kept_with_answer
from capgap_geo.i18n import Translator
from capgap_geo.model import Study
from capgap_geo.render import card, scene, story, tables
from capgap_geo.render.figures import key_figures
from capgap_geo.render.scene import Choice, Paint
from capgap_geo.ui import cards, controls, footer, share
from capgap_geo.ui.downloads import downloads
from capgap_geo.ui.live_map import clicked, live_map
from capgap_geo.ui.poster import poster, without_frame
from capgap_geo.ui.prepared import answer, drawn_deserts, ground, note, study
from capgap_geo.ui.sortable import Cell, Column, Row, number, plain, sortable
from capgap_geo.ui.state import State, drawn_before
from capgap_geo.ui.text import block, headline, headline_note, tag

MAP = "map"
#: Headline, figures and the whole map fit the window; in another site's frame there are no figures.
MAP_HEIGHT = "clamp(390px, calc(100dvh - 20.5rem), 900px)"
FRAME_MAP = "clamp(260px, calc(100dvh - 11rem), 900px)"
PREFIX = {"departments": "d", "provinces": "p", "zones": "z"}


def page(state: State, t: Translator) -> State:
    """Draw the page, the poster or the frame for another site; return the state that it describes."""
    state = _known(state, t)
    if state.view == "poster":
        poster(state, answer(state.scenario), t, share.address(state, view="page", size="", title=""))
        return state
    if state.view == "embed":
        return _embed(state, t)
    state = _picked(controls.asked(state))
    found = answer(state.scenario)
    beside = st.sidebar.container()
    with beside.container(key="unseen"):  # the sidebar takes its place before the map does
        st.html(tag("p", "", t("question.title")))
    st.html(headline(story.headline(study(), found, t, area=state.area)))
    below = st.container(gap="small")
    if new := not drawn_before("map"):  # nothing has its place yet, and the map would be pushed down
        _words(below, found, t, state.area)
    _map(state, found, t)  # else it comes first, for it is what a reader waits for
    with beside:
        controls.draw(state, t)
    if not new:
        _words(below, found, t, state.area)
    with st.container(horizontal=True):
        state = share.share(state, t)
        downloads(state, found, t)
    drawn = card.card(study(), found, t, state.area)
    if drawn is not None:
        cards.draw(drawn)
        st.button(t("card.close"), on_click=_unselect, icon=":material/close:")
    _desert_list(found, t, state.area)
    footer.below(found, t)
    return state


def _known(state: State, t: Translator) -> State:
    """Return the state without an area that is not there, which a link may name, and say so."""
    if not state.area or story.is_known(study(), state.area):
        return state
    st.warning(t("error.area"), icon=":material/location_off:")
    return state.with_(area="")


def _words(below: DeltaGenerator, found: Assessment, t: Translator, area: str) -> None:
    """Draw what stands between headline and map."""
    with below:
        if said := note(found, t, area):
            st.html(headline_note(said))
        figures(found, t, area)


def _embed(state: State, t: Translator) -> State:
    """Draw headline and map only, and where they come from."""
    without_frame()
    found = answer(state.scenario)
    say_headline(found, t, state.area)
    _map(state, found, t, height=FRAME_MAP)
    st.link_button(t("share.open"), share.address(state, view="page"))
    return state


def _unselect() -> None:
    st.session_state["picked"] = ""


def _picked(state: State) -> State:
    """Return the state with the area that was clicked: on the map in this run, in a list in the last one."""
    area = st.session_state.pop("picked", state.area)
    click = clicked(MAP)
    if click is not None and click.layer in PREFIX:
        area = st.session_state["kept_frame"] = f"{PREFIX[click.layer]}:{click.id}"
    return state.with_(area=area)


def say_headline(found: Assessment, t: Translator, area: str) -> None:
    """Draw the headline and what must stand below it."""
    head = headline(story.headline(study(), found, t, area=area))
    st.html(head + headline_note(note(found, t, area)))


def figures(found: Assessment, t: Translator, area: str) -> None:
    """Draw the three key figures."""
    boxes = [
        block(
            "div",
            "figure",
            [tag("p", "value", f.value), tag("p", "label", f.label), tag("p", "note", f.note)],
        )
        for f in key_figures(study(), found, t, area=area)
    ]
    st.html(block("div", "figures", boxes))


def _map(state: State, found: Assessment, t: Translator, *, height: str = MAP_HEIGHT) -> None:
    choice = Choice(
        paint=Paint(state.paint),
        area=state.area,
        framed=_framed(state),
        link=share.address(state),
        at=_centre(state),
    )
    spec = scene.build(ground(), found, t, choice=choice, deserts=drawn_deserts(state))
    live_map(spec, key=MAP, height=height)


def _framed(state: State) -> str:
    """Return the area that the map shows as a whole: the selected one, unless it was clicked on the map.

    Who clicks has the place in view already, and the map must not move away under the pointer.
    """
    if state.area and st.session_state.get("kept_frame") == state.area:
        return str(st.session_state.get("framed", ""))
    st.session_state["framed"] = state.area
    return state.area


def _centre(state: State) -> tuple[float, float, float] | None:
    if not state.at:
        return None
    lon, lat, zoom = (float(v) for v in state.at.split(","))
    return lon, lat, zoom


def _desert_list(found: Assessment, t: Translator, area: str) -> None:
    """Draw the departments by people beyond reach, most first; picking one opens its card."""
    st.html(tag("h2", "section", t("deserts.title")) + tag("p", "section-note", t("deserts.help")))
    columns, rows = _desert_table(study(), found, t)
    picked = sortable(
        columns,
        rows,
        key="deserts",
        caption=t("deserts.title"),
        note=t("table.sorted"),
        order=(1, False),
        selectable=True,
        selected=area,
    )
    if picked and picked != area:
        st.session_state["picked"] = picked
        st.rerun()


@kept_with_answer
def _desert_table(_: Study, found: Assessment, t: Translator) -> tuple[list[Column], list[Row]]:
    """Return columns and rows of the list of departments."""
    table = found.departments
    texts = tables.deserts(table, found, t)
    top = max(float(table["uncovered_people_upper"].max()), 1.0)
    rows: list[Row] = []
    for row, text in zip(table.reset_index().to_dict("records"), texts.to_numpy().tolist(), strict=True):
        people = (row["uncovered_people_lower"], row["uncovered_people_upper"])
        share = (row["uncovered_share_lower"], row["uncovered_share_upper"])
        cells = [
            plain(text[0]),
            Cell(text[1], number(people[0]), people[0] / top, people[1] / top),
            Cell(text[2], number(share[0]), *share),
            Cell(text[3], number(row["nearest_lower"])),
        ]
        rows.append((f"d:{row['department_id']}", cells))
    return [Column(str(name), bar=i in (1, 2)) for i, name in enumerate(texts.columns)], rows
