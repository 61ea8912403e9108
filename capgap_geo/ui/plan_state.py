"""The plan of a session: read from the address, changed by clicks, undone step by step."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from capgap_geo.analysis.plan import Change, Plan, Problem, to_text
from capgap_geo.analysis.whatif import check, read
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import State

_NEXT, _PAST, _PROBLEMS, _KEPT = "plan_next", "plan_past", "plan_problems", "plans"
MOST_STEPS, MOST_PLANS = 50, 12


def current_plan(state: State) -> tuple[State, Plan, tuple[Problem, ...]]:
    """Return the state with the plan of the latest click, the plan, and what could not be used, once."""
    text = st.session_state.pop(_NEXT, state.plan)
    plan, problems = read(study(), text)
    told = (*problems, *st.session_state.pop(_PROBLEMS, ()))
    return state.with_(plan=to_text(plan)), plan, told


def change(plan: Plan, to: Iterable[Change]) -> None:
    """Put other changes in place of the plan, as far as they can be made; the page shows it next."""
    usable, problems = check(study(), to)
    if usable != plan:
        past = st.session_state.setdefault(_PAST, [])
        past.append(to_text(plan))
        del past[:-MOST_STEPS]
    st.session_state[_NEXT] = to_text(usable)
    if problems:
        st.session_state[_PROBLEMS] = problems


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


def tell(problem: Problem) -> None:
    """Tell of a problem when the page is drawn next."""
    st.session_state[_PROBLEMS] = (problem,)


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
