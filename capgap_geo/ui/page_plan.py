"""Plan: what if help came, went, or took another group; and where the next one should go."""

from __future__ import annotations

import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.labels import row_of
from capgap_geo.analysis.plan import Add, Plan, Problem, point_at
from capgap_geo.analysis.whatif import BY_DEPARTMENT, near, read
from capgap_geo.i18n import DASH, Translator
from capgap_geo.model import GROUPS, Profile, Scenario
from capgap_geo.render import plan_words, story
from capgap_geo.render.plan_map import Drawn, plan_spec
from capgap_geo.render.scene import Choice, Paint
from capgap_geo.ui import controls, footer, plan_keep, plan_next, plan_state, share
from capgap_geo.ui.live_map import Click, clicked, live_map
from capgap_geo.ui.plan_ways import ways
from capgap_geo.ui.planned import outlines, planned
from capgap_geo.ui.prepared import answer, ground, study
from capgap_geo.ui.sortable import Cell, Column, number, plain, sortable
from capgap_geo.ui.state import State, widget
from capgap_geo.ui.text import block, headline, items, tag

MAP, MAP_HEIGHT = "plan_map", 560


def page(state: State, t: Translator) -> State:
    """Draw the page and return the state that it describes."""
    state = controls.asked(state)
    with st.sidebar:
        controls.draw(state, t, paints=())
    _answer_click(state)
    state, plan, unread, refused = plan_state.current_plan(state)
    before, after = answer(state.scenario), planned(state.scenario, plan)
    st.html(headline(plan_words.headline(before, after, t, plan=plan)))
    _tell(unread, t, title=t("plan.problems"))
    _tell(refused, t)
    _notes(state.scenario, plan, t)
    wide, narrow = st.container(key="plan_body").columns([5, 3], gap="medium")
    with wide:
        _map(state, plan, before, after, t)
        ways(plan, after, t)
    with narrow:
        _comparison(before, after, t)
        _changes(plan, t)
    plan_next.panel(state.scenario, plan, t)
    _departments(before, after, t)
    state = plan_keep.panel(state, plan, t)
    footer.below(after, t)
    return state


def groups(scenario: Scenario) -> tuple[Profile, ...]:
    """Return whom a new facility takes: the profile that is asked about."""
    return GROUPS if scenario.profile is Profile.EVERYONE else (scenario.profile,)


def _tell(problems: tuple[Problem, ...], t: Translator, *, title: str = "") -> None:
    """Say what could not be used, and what works instead."""
    if problems:
        told = items(plan_words.problem(study(), t, p) for p in problems)
        st.html(block("div", "problems", [tag("p", "", title), told]))


def _notes(scenario: Scenario, plan: Plan, t: Translator) -> None:
    if not plan:
        return
    st.caption(t("plan.note"))
    other = plan_words.other_services(study(), t, plan, scenario.service)
    if other:
        st.caption(t("plan.other_service", names=other))


def _map(state: State, plan: Plan, before: Assessment, after: Assessment, t: Translator) -> None:
    picking = st.toggle(t("plan.pick"), key=widget("plan_pick", True), help=t("plan.pick_help"))
    proposed = plan_next.proposed(state.scenario, plan)
    choice = Choice(paint=Paint.DESERT, link=share.address(state), picking=picking)
    drawn = Drawn(before, after, plan, proposed, outlines(state.scenario, plan))
    live_map(plan_spec(ground(), drawn, t, choice=choice), key=MAP, height=MAP_HEIGHT)
    if state.scenario.service in BY_DEPARTMENT:
        st.caption(t("plan.shelter_note"))


def _answer_click(state: State) -> None:
    """Add a facility where the reader clicked: a shelter in the department, others at the point."""
    click = clicked(MAP)
    if click is None or not st.session_state.get("w_plan_pick", True):
        return
    service = state.scenario.service
    at = point_at(click.lon, click.lat)
    if service in BY_DEPARTMENT:
        around = near(study(), click.lon, click.lat)
        if not _inside(click):
            plan_state.refuse(Problem("plan_outside", at, around.place_name))
            return
        at = around.department_id
    plan = read(study(), state.plan)[0]
    plan_state.add(plan, Add(service, at, groups(state.scenario)))


def _inside(click: Click) -> bool:
    row, column = ground().grid.rowcol([click.lon], [click.lat])
    inside = ground().grid.inside(row, column)
    return bool(inside.all() and ground().grid.mask[row[0], column[0]])


def _comparison(before: Assessment, after: Assessment, t: Translator) -> None:
    """Draw what is beyond reach before, after, and the change, as pairs."""
    head = [tag("th", "what", t("plan.table.what"))]
    head += [tag("th", "number", t(f"plan.table.{name}")) for name in ("before", "after", "change")]
    body = []
    for label, *values in plan_words.comparison(before, after, t):
        cells = [tag("th", "what", label), *(tag("td", "number", _breakable(v)) for v in values)]
        body.append(block("tr", "", cells))
    caption = tag("caption", "", t("plan.table.caption"))
    table = [caption, block("thead", "", [block("tr", "", head)]), block("tbody", "", body)]
    st.html(block("table", "change-table", table) + tag("p", "note", t("plan.table.pairs")))


def _breakable(text: str) -> str:
    """Let a long range go to the next line after its dash or before its unit."""
    return text.replace(DASH, f"{DASH}\u200b").replace("\N{NO-BREAK SPACE}", " ")


def _changes(plan: Plan, t: Translator) -> None:
    """Draw the changes, each with a way to take it out."""
    st.html(tag("h2", "section", t("plan.changes")))
    if not plan:
        st.caption(f"{t('plan.changes_none')} {t('plan.picked_empty')}")
    for i, words in enumerate(plan_words.names(study(), t, plan)):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"plan_change_{i}"):
            st.html(tag("p", "change", words), width="stretch")
            st.button(
                t("plan.delete"),
                help=words,
                type="tertiary",
                icon=":material/close:",
                key=f"plan_drop_{i}",
                on_click=plan_state.drop,
                args=(plan, i),
            )
    if plan or plan_state.undoable():
        with st.container(horizontal=True):
            st.button(
                t("plan.undo"),
                icon=":material/undo:",
                on_click=plan_state.undo,
                disabled=not plan_state.undoable(),
            )
            st.button(t("plan.clear"), on_click=plan_state.change, args=(plan, ()), disabled=not plan)


def _departments(before: Assessment, after: Assessment, t: Translator) -> None:
    """Draw the departments in which the plan changes something, the largest change first, win or loss."""
    ends = ["covered_people_lower", "covered_people_upper"]
    gains = after.departments[ends] - before.departments[ends]
    moved = {
        str(department): (min(pair), max(pair))
        for department, *pair in gains.itertuples()
        if max(map(abs, pair)) >= plan_words.NOBODY
    }
    if not moved:
        return
    st.html(tag("h2", "section", t("plan.departments")))
    top = max(float(before.departments.loc[list(moved), "uncovered_people_upper"].max()), 1.0)
    rows = []
    for department, pair in moved.items():
        cells = [plain(str(before.departments.loc[department, "department_name"]))]
        cells.append(Cell(plan_words.change_pair(t, *pair), number(max(map(abs, pair)))))
        for answered in (before, after):
            row = row_of(answered.departments, department)
            low, high = (float(row[f"uncovered_people_{b}"]) for b in ("lower", "upper"))
            cells.append(Cell(story.people_span(t, low, high), number(low), low / top, high / top))
        rows.append((department, cells))
    columns = [
        Column(t("deserts.department")),
        Column(t("plan.departments_gain")),
        Column(t("plan.departments_before"), bar=True),
        Column(t("plan.departments_after"), bar=True),
    ]
    sortable(columns, rows, key="plan_departments", caption=t("plan.departments"), order=(1, False))
