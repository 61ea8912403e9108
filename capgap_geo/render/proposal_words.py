"""What a search answers, in sentences: which question, what its choice brings, how sure it is."""

from __future__ import annotations

import math

import pandas as pd

from capgap_geo.analysis.plan import Plan
from capgap_geo.analysis.proposal import FACTORS, Aim, Proposal, Question
from capgap_geo.analysis.whatif import BY_DEPARTMENT
from capgap_geo.i18n import Translator
from capgap_geo.model import Demand, Evidence, Scenario
from capgap_geo.render import plan_words, story

#: A shortfall of less reads as none.
_SAME = 0.0005


def asked(question: Question, scenario: Scenario, t: Translator) -> str:
    """Return the question that an answer is for: its aim, its size, its candidates and its evidence."""
    parts = [t(f"plan.aim.{question.aim}").lower()]
    if question.aim in (Aim.PEOPLE, Aim.TIME):
        parts.append(t.count("plan.asked.changes", question.p))
    if question.aim is Aim.BUDGET:
        costs = {name: t.number(getattr(question, name)) for name in ("budget", "new_cost", "accept_cost")}
        parts.append(t("plan.asked.budget", **costs))
    least = t.number(question.min_population)
    by_department = scenario.service in BY_DEPARTMENT
    parts.append(t("plan.asked.departments") if by_department else t("plan.asked.places", n=least))
    parts.append(t(f"plan.asked.{scenario.evidence}"))
    return t("plan.asked.question", parts="; ".join(parts))


def lines(
    proposal: Proposal, question: Question, gain: tuple[float, float], unit: str, t: Translator
) -> list[str]:
    """Return what a choice brings and how sure it is.

    Parameters
    ----------
    gain
        People whom it brings within reach, counted on the whole grid.
    unit
        Of the travel: minutes or km.
    """
    said = []
    if question.aim is Aim.TIME:
        said += _time(proposal, unit, t)
    elif question.aim is Aim.EVERYONE:
        rest = story.people(t, proposal.unreached)
        said.append(t.count("plan.found.everyone", len(proposal.plan), rest=rest))
    if proposal.plan:
        said.append(t("plan.found.gain", n=story.people_pair(t, *gain)))
    said.append(_proof(proposal, question.aim, t))
    return said + _greedy(proposal, t)


def _time(proposal: Proposal, unit: str, t: Translator) -> list[str]:
    siting = proposal.siting
    after = plan_words.duration(t, siting.objective / proposal.persons, unit)
    if math.isfinite(siting.baseline):
        before = plan_words.duration(t, siting.baseline / proposal.persons, unit)
        said = [t("plan.found.time", before=before, after=after)]
    elif proposal.reached_now < story.NOBODY:
        said = [t("plan.found.time_nobody", after=after)]
    else:
        n = story.people(t, proposal.persons - proposal.reached_now)
        said = [t("plan.found.time_unknown", n=n, after=after)]
    if proposal.unreached >= story.NOBODY:
        said.append(t("plan.found.time_without", n=story.people(t, proposal.unreached)))
    return said


def _proof(proposal: Proposal, aim: Aim, t: Translator) -> str:
    """Return that nothing is better, or how much better something might be."""
    siting = proposal.siting
    if siting.proven:
        points = t.number(proposal.demand_points)
        return t(f"plan.found.proven.{aim}", offered=t.number(proposal.offered), points=points)
    if aim is Aim.EVERYONE:
        return t("plan.found.gap.everyone", n=t.number(siting.objective - siting.bound))
    if aim is Aim.TIME:
        return t("plan.found.gap.time", gap=t.percent(siting.gap, digits=1))
    # Of the newly covered, as what the greedy choice falls short.
    more = siting.bound - siting.objective
    return t(f"plan.found.gap.{aim}", gap=t.percent(more / siting.gain if siting.gain else 1.0, digits=1))


def _greedy(proposal: Proposal, t: Translator) -> list[str]:
    short = proposal.greedy_gap
    if math.isnan(short) or len(proposal.plan) < 2:
        return []
    if short < _SAME:
        return [t("plan.found.greedy_same")]
    return [t("plan.found.greedy", gap=t.percent(short, digits=1))]


def verdict(table: pd.DataFrame, plan: Plan, t: Translator) -> str:
    """Return in how many searches under other assumptions the proposed changes are chosen.

    Parameters
    ----------
    table
        See `capgap_geo.analysis.proposal.steadiness`.
    """
    counts = table["chosen"].reindex([str(change) for change in plan]).fillna(0)
    least, most = int(counts.min()), int(counts.max())
    runs = len(FACTORS) * len(Demand) * len(Evidence)
    values = {"least": t.number(least), "most": t.number(most), "runs": t.number(runs)}
    if least < most:
        return t("plan.steady_mixed", **values)
    return t.count("plan.steady_all", len(plan), **values)
