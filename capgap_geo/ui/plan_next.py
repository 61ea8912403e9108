"""Where the next ones should go: ask, show the choice with its proof, put it into the plan."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import altair as alt
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from capgap_geo.analysis.plan import Plan, read_text
from capgap_geo.analysis.proposal import Aim, Proposal, Question, curve, propose, steadiness
from capgap_geo.analysis.whatif import BY_DEPARTMENT, difference
from capgap_geo.errors import CapGapError
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario
from capgap_geo.render import plan_words, story, theme
from capgap_geo.ui import charts, plan_state
from capgap_geo.ui.planned import planned
from capgap_geo.ui.prepared import study
from capgap_geo.ui.refusals import error_text
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.state import widget
from capgap_geo.ui.text import items, tag

_FOUND = "plan_found"
POPULATIONS = (100_000.0, 50_000.0, 20_000.0, 10_000.0, 5_000.0)
#: Largest number of changes asked for on the page, and points of the curve.
MOST = 8


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found, and for which question."""

    scenario: Scenario
    plan: Plan
    question: Question
    proposal: Proposal
    gain: tuple[float, float]
    curve: pd.DataFrame | None
    steady: pd.DataFrame | None = None


def _found(scenario: Scenario, plan: Plan) -> Found | None:
    """Return the latest search if it was for this scenario and plan."""
    found = st.session_state.get(_FOUND)
    same = isinstance(found, Found) and (found.scenario, found.plan) == (scenario, plan)
    return found if same else None


def proposed(scenario: Scenario, plan: Plan) -> Plan:
    """Return the changes that the latest search proposes, for the map."""
    found = _found(scenario, plan)
    return () if found is None else found.proposal.plan


def panel(scenario: Scenario, plan: Plan, t: Translator) -> None:
    """Draw the question and the answer."""
    st.html(tag("h2", "section", t("plan.next")) + tag("p", "section-note", t("plan.next_note")))
    question = _question(scenario, t)
    if st.button(t("plan.search"), type="primary", icon=":material/travel_explore:", key="plan_search"):
        _search(scenario, plan, question, t)
    found = _found(scenario, plan)
    if found is None:
        if st.session_state.get(_FOUND) is not None:
            st.caption(t("plan.found.stale"))
        return
    _answer(found, t)


def _question(scenario: Scenario, t: Translator) -> Question:
    aim = st.pills(
        t("plan.aim.label"),
        list(Aim),
        format_func=lambda a: t(f"plan.aim.{a}"),
        key=widget("plan_aim", Aim.PEOPLE),
        help=t("plan.aim.help"),
        required=True,
    )
    aim = Aim(aim or Aim.PEOPLE)
    p, least = 3, 10_000.0
    left, right = st.columns(2)
    with left:
        if aim in (Aim.PEOPLE, Aim.TIME):
            p = int(st.slider(t("plan.p"), 1, MOST, key=widget("plan_p", 3)))
    with right:
        if scenario.service in BY_DEPARTMENT:
            st.caption(t("plan.candidates_departments"))
        else:
            least = st.select_slider(
                t("plan.min_population"),
                sorted(POPULATIONS),
                format_func=lambda n: t("plan.min_population_value", n=t.number(n)),
                key=widget("plan_least", 10_000.0),
            )
    if aim is not Aim.BUDGET:
        return Question(aim=aim, p=p, min_population=float(least))
    return _priced(Question(aim=aim, min_population=float(least)), t)


def _priced(question: Question, t: Translator) -> Question:
    """Draw budget and costs, all in any one unit."""
    names = ("budget", "new_cost", "accept_cost")
    values = [_amount(t, n, getattr(question, n), c) for n, c in zip(names, st.columns(3), strict=True)]
    budget, new, accept = values
    return replace(question, budget=budget, new_cost=new, accept_cost=accept)


def _amount(t: Translator, name: str, usual: float, column: DeltaGenerator) -> float:
    key = widget(f"plan_{name}", usual)
    return float(
        column.number_input(
            t(f"plan.{name}"), min_value=0.0, max_value=1e12, key=key, help=t("plan.cost_help")
        )
    )


def _search(scenario: Scenario, plan: Plan, question: Question, t: Translator) -> None:
    try:
        with st.spinner(t("plan.searching")):
            proposal = propose(study(), scenario, question, plan=plan)
            before, after = planned(scenario, plan), planned(scenario, (*plan, *proposal.plan))
            gain = difference(before, after).people
        table = None
        if question.aim is Aim.PEOPLE:
            with st.spinner(t("plan.curving")):
                table = curve(study(), scenario, question, plan=plan, p_max=MOST)
    except CapGapError as error:
        st.session_state.pop(_FOUND, None)
        st.error(error_text(error, t), icon=":material/error:")
        return
    st.session_state[_FOUND] = Found(scenario, plan, question, proposal, gain, table)
    st.rerun()


def _answer(found: Found, t: Translator) -> None:
    proposal = found.proposal
    st.html(tag("h3", "subsection", t("plan.found.title")))
    if not proposal.plan:
        st.caption(t("plan.found.none"))
    else:
        st.html(items(plan_words.names(study(), t, proposal.plan), css="plain found"))
    st.html("".join(tag("p", "found-line", line) for line in _lines(found, t)))
    st.caption(t("plan.found.points_note", km=t.pair(proposal.block, proposal.block, unit="km")))
    with st.container(horizontal=True):
        if proposal.plan:
            st.button(
                t("plan.put"),
                type="primary",
                icon=":material/playlist_add:",
                on_click=_put,
                args=(found,),
                key="plan_put",
            )
        st.button(t("plan.forget"), on_click=_forget, key="plan_forget")
    if found.curve is not None:
        _curve(found.curve, t)
    if found.question.aim is Aim.PEOPLE:
        _steady(found, t)


def _put(found: Found) -> None:
    """Put the proposal into the plan; the search is answered with that."""
    plan_state.add(found.plan, *found.proposal.plan)
    _forget()


def _forget() -> None:
    st.session_state.pop(_FOUND, None)


def _lines(found: Found, t: Translator) -> list[str]:
    """Return what the choice brings and how sure it is, in sentences."""
    proposal, siting = found.proposal, found.proposal.siting
    lines = []
    if found.question.aim is Aim.TIME:
        lines.append(_time_line(found, t))
    elif found.question.aim is Aim.EVERYONE:
        rest = story.people(t, proposal.unreached)
        lines.append(t("plan.found.everyone", n=t.number(len(siting.sites)), rest=rest))
    if proposal.plan:
        lines.append(t("plan.found.gain", n=story.people_pair(t, *found.gain)))
    if siting.proven:
        offered, points = t.number(proposal.offered), t.number(proposal.demand_points)
        lines.append(t("plan.found.proven", offered=offered, points=points))
    else:
        lines.append(t("plan.found.gap", gap=t.percent(siting.gap, digits=1)))
    if not math.isnan(proposal.greedy_gap) and len(siting.sites) > 1:
        gap = proposal.greedy_gap
        short = t.percent(gap, digits=1)
        lines.append(t("plan.found.greedy", gap=short) if gap >= 0.0005 else t("plan.found.greedy_same"))
    return lines


def _time_line(found: Found, t: Translator) -> str:
    siting, people = found.proposal.siting, found.proposal.persons
    unit = planned(found.scenario, found.plan).unit
    after = plan_words.duration(t, siting.objective / people, unit)
    if not math.isfinite(siting.baseline):
        return t("plan.found.time_unknown", after=after)
    return t("plan.found.time", before=plan_words.duration(t, siting.baseline / people, unit), after=after)


def _curve(table: pd.DataFrame, t: Translator) -> None:
    """Draw people newly within reach by the number of changes, as a band between both bounds."""
    st.html(tag("h3", "subsection", t("plan.curve")))
    st.caption(t("plan.curve_note"))
    points = table.reset_index()
    x = alt.X("p:O", title=t("plan.curve_p"), axis=alt.Axis(labelAngle=0))
    y = alt.Y("people_lower:Q", title=t("plan.curve_people"), axis=alt.Axis(format=",.0f"))
    tip = [
        alt.Tooltip("p:O", title=t("plan.curve_p")),
        alt.Tooltip("people_lower:Q", title=t("plan.curve_lower"), format=",.0f"),
        alt.Tooltip("people_upper:Q", title=t("plan.curve_upper"), format=",.0f"),
    ]
    base = alt.Chart(points)
    band = base.mark_area(color=theme.ACCENT, opacity=0.18).encode(x=x, y=y, y2="people_upper:Q", tooltip=tip)
    lower = base.mark_line(color=theme.ACCENT, point=alt.OverlayMarkDef(color=theme.ACCENT)).encode(
        x=x, y=y, tooltip=tip
    )
    upper = base.mark_line(color=theme.ACCENT, strokeDash=[4, 3]).encode(x=x, y="people_upper:Q", tooltip=tip)
    charts.draw(band + lower + upper, height=260)


def _steady(found: Found, t: Translator) -> None:
    """Draw how often each change is chosen under other assumptions, when asked."""
    st.html(tag("h3", "subsection", t("plan.steady")))
    st.caption(t("plan.steady_note"))
    if found.steady is None:
        if st.button(t("plan.steady_button"), icon=":material/rule:", key="plan_steady"):
            with st.spinner(t("plan.testing")):
                steady = steadiness(study(), found.scenario, found.question, plan=found.plan)
            st.session_state[_FOUND] = replace(found, steady=steady)
            st.rerun()
        return
    rows = []
    for label, row in found.steady[found.steady["chosen"] > 0].iterrows():
        words = "; ".join(plan_words.names(study(), t, read_text(str(label))[0]))
        share = float(row["share"])
        rows.append((str(label), [plain(words), Cell(t.percent(share), share, share, share)]))
    columns = [Column(t("plan.steady_what")), Column(t("plan.steady_share"), bar=True)]
    sortable(columns, rows, key="plan_steady_table", caption=t("plan.steady"), order=(1, False))
