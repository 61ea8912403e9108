"""The plan of a session: read from the address, changed by clicks, undone step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import streamlit as st

from capgap_geo.analysis.plan import Change, Plan, Problem, to_text
from capgap_geo.analysis.whatif import check, read
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import State

_NEXT, _PAST, _UNREAD, _REFUSED, _KEPT = "plan_next", "plan_past", "plan_unread", "plan_refused", "plans"
MOST_STEPS, MOST_PLANS = 50, 12


class Current(NamedTuple):
    """The plan of a run.

    Attributes
    ----------
    state
        The state with the plan of the latest click.
    unread
        Why parts of a plan that a link or a file brought cannot be used; told once.
    refused
        Why the latest act did nothing; told once.
    """

    state: State
    plan: Plan
    unread: tuple[Problem, ...]
    refused: tuple[Problem, ...]


def current_plan(state: State) -> Current:
    """Return the plan of this run."""
    text = st.session_state.pop(_NEXT, state.plan)
    plan, problems = read(study(), text)
    unread = (*problems, *st.session_state.pop(_UNREAD, ()))
    return Current(state.with_(plan=to_text(plan)), plan, unread, st.session_state.pop(_REFUSED, ()))


def bring(plan: Plan, to: Plan, unread: tuple[Problem, ...]) -> Plan:
    """Put the plan of a file in place of the plan and return what of it can be made; tell of the rest.

    Parameters
    ----------
    unread
        What of the file could not even be read.
    """
    usable, problems = check(study(), to)
    change(plan, usable)
    st.session_state[_UNREAD] = (*unread, *problems)
    return usable


def change(plan: Plan, to: Iterable[Change]) -> None:
    """Put other changes in place of the plan, as far as they can be made; the page shows it next."""
    usable, problems = check(study(), to)
    if usable != plan:
        past = st.session_state.setdefault(_PAST, [])
        past.append(to_text(plan))
        del past[:-MOST_STEPS]
    st.session_state[_NEXT] = to_text(usable)
    for problem in problems:
        refuse(problem)


def add(plan: Plan, *changes: Change) -> None:
    """Add changes to the plan."""
    change(plan, (*plan, *changes))


def drop(plan: Plan, index: int) -> None:
    """Take one change out of the plan."""
    change(plan, (*plan[:index], *plan[index + 1 :]))


def undo() -> None:
    """Go back to the plan before the latest change."""
    past = st.session_state.get(_PAST)
    if past:
        st.session_state[_NEXT] = past.pop()


def undoable() -> bool:
    """Return whether there is something to undo."""
    return bool(st.session_state.get(_PAST))


def refuse(problem: Problem) -> None:
    """Tell why an act did nothing when the page is drawn next."""
    st.session_state[_REFUSED] = (*st.session_state.get(_REFUSED, ()), problem)


def kept() -> dict[str, str]:
    """Return the named plans of this session, as text by name."""
    plans: dict[str, str] = st.session_state.setdefault(_KEPT, {})
    return plans


def keep(name: str, text: str) -> None:
    """Keep a plan under a name, the latest few of them."""
    plans = kept()
    plans.pop(name, None)
    plans[name] = text
    for old in list(plans)[:-MOST_PLANS]:
        del plans[old]
