"""Where the next ones should go: ask, show the choice with its proof, put it into the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from capgap_geo.analysis.plan import MOST_CHANGES, Plan
from capgap_geo.analysis.proposal import Aim, Proposal, Question, curve, propose, steadiness
from capgap_geo.analysis.whatif import difference
from capgap_geo.errors import CapGapError
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario
from capgap_geo.render import plan_words, proposal_words, story
from capgap_geo.ui import plan_proof, plan_question, plan_state
from capgap_geo.ui.planned import planned
from capgap_geo.ui.prepared import study
from capgap_geo.ui.refusals import error_text
from capgap_geo.ui.text import items, tag

_FOUND = "plan_found"


@dataclass(frozen=True, eq=False)
class Found:
    """What a search found, and for which question.

    Attributes
    ----------
    gain, fitting_gain
        People whom the whole proposal, and the part of it that fits, bring within reach.
    """

    scenario: Scenario
    plan: Plan
    question: Question
    proposal: Proposal
    gain: tuple[float, float]
    fitting_gain: tuple[float, float]
    curve: pd.DataFrame | None
    steady: pd.DataFrame | None = None

    @property
    def fitting(self) -> Plan:
        """The changes for which the plan has room, first those that help most."""
        return fitting(self.plan, self.proposal.plan)

    def taken(self, plan: Plan) -> bool:
        """Return whether a plan is the one that the search was for with the proposal put into it."""
        return bool(self.fitting) and plan == (*self.plan, *self.fitting)


def fitting(plan: Plan, proposed: Plan) -> Plan:
    """Return the first changes of a proposal, as many as a plan has room for."""
    return proposed[: max(MOST_CHANGES - len(plan), 0)]


def _found(scenario: Scenario, plan: Plan) -> Found | None:
    """Return the latest search if it was for what is asked now: before its proposal was taken, or after."""
    found = st.session_state.get(_FOUND)
    if not isinstance(found, Found):
        return None
    same = (found.scenario, found.question) == (scenario, plan_question.asked(scenario))
    return found if same and (found.plan == plan or found.taken(plan)) else None


def proposed(scenario: Scenario, plan: Plan) -> Plan:
    """Return the changes that the latest search proposes, for the map."""
    found = _found(scenario, plan)
    return () if found is None or found.taken(plan) else found.proposal.plan


def panel(scenario: Scenario, plan: Plan, t: Translator) -> None:
    """Draw the question and the answer."""
    st.html(tag("h2", "section", t("plan.next")) + tag("p", "section-note", t("plan.next_note")))
    question = plan_question.draw(scenario, t)
    if st.button(t("plan.search"), type="primary", icon=":material/travel_explore:", key="plan_search"):
        _search(scenario, plan, question, t)
    found = _found(scenario, plan)
    if found is None:
        if st.session_state.get(_FOUND) is not None:
            st.caption(t("plan.found.stale"))
        return
    _answer(found, plan, t)


def _search(scenario: Scenario, plan: Plan, question: Question, t: Translator) -> None:
    try:
        with st.spinner(t("plan.searching")):
            proposal = propose(study(), scenario, question, plan=plan)
            gain = _gain(scenario, plan, proposal.plan)
            part = fitting(plan, proposal.plan)
            part_gain = gain if part == proposal.plan else _gain(scenario, plan, part)
        table = None
        if question.aim is Aim.PEOPLE:
            with st.spinner(t("plan.curving")):
                table = curve(study(), scenario, question, plan=plan, p_max=plan_question.MOST)
    except CapGapError as error:
        st.session_state.pop(_FOUND, None)
        st.error(error_text(error, t), icon=":material/error:")
        return
    st.session_state[_FOUND] = Found(scenario, plan, question, proposal, gain, part_gain, table)
    st.rerun()


def _gain(scenario: Scenario, plan: Plan, more: Plan) -> tuple[float, float]:
    return difference(planned(scenario, plan), planned(scenario, (*plan, *more))).people


def _answer(found: Found, plan: Plan, t: Translator) -> None:
    proposal = found.proposal
    st.html(tag("h3", "subsection", t("plan.found.title")))
    st.caption(proposal_words.asked(found.question, found.scenario, t))
    if not proposal.plan:
        st.caption(t("plan.found.none"))
    else:
        st.html(items(plan_words.names(study(), t, proposal.plan), css="plain found"))
    unit = planned(found.scenario, found.plan).unit
    said = proposal_words.lines(proposal, found.question, found.gain, unit, t)
    st.html("".join(tag("p", "found-line", line) for line in said))
    st.caption(t("plan.found.points_note", km=t.pair(proposal.block, proposal.block, unit="km")))
    if found.taken(plan):
        st.caption(t("plan.put_done"))
        st.button(t("plan.put_close"), on_click=_forget, key="plan_forget")
    else:
        _take(found, t)
    if found.curve is not None:
        plan_proof.draw_curve(found.curve, t)
    if found.question.aim is Aim.PEOPLE and proposal.plan:
        _steady(found, t)


def _take(found: Found, t: Translator) -> None:
    """Draw what puts the proposal into the plan, and before that what of it has room there."""
    part, whole = found.fitting, found.proposal.plan
    values = {"most": t.number(MOST_CHANGES), "n": t.number(len(part))}
    if part != whole:
        gain = story.people_pair(t, *found.fitting_gain)
        st.html(tag("p", "found-line", t("plan.put_part" if part else "plan.put_full", gain=gain, **values)))
    with st.container(horizontal=True):
        if whole:
            st.button(
                t("plan.put" if part == whole else "plan.put_first", **values),
                type="primary",
                icon=":material/playlist_add:",
                on_click=plan_state.add,
                args=(found.plan, *part),
                disabled=not part,
                key="plan_put",
            )
        st.button(t("plan.forget"), on_click=_forget, key="plan_forget")


def _forget() -> None:
    st.session_state.pop(_FOUND, None)


def _steady(found: Found, t: Translator) -> None:
    """Draw how often each change is chosen under other assumptions, when asked."""
    st.html(tag("h3", "subsection", t("plan.steady")))
    st.caption(t("plan.steady_note"))
    if found.steady is not None:
        plan_proof.draw_steadiness(found.steady, found.proposal.plan, t)
    elif st.button(t("plan.steady_button"), icon=":material/rule:", key="plan_steady"):
        with st.spinner(t("plan.testing")):
            steady = steadiness(study(), found.scenario, found.question, plan=found.plan)
        st.session_state[_FOUND] = replace(found, steady=steady)
        st.rerun()
