"""The answers to plans: a few that sessions share, and those that one session keeps to itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from capgap_geo.analysis.assess import Assessment, assess
from capgap_geo.analysis.plan import Plan
from capgap_geo.analysis.whatif import apply
from capgap_geo.model import Scenario
from capgap_geo.render.plan_outline import plan_features
from capgap_geo.ui.own import current
from capgap_geo.ui.prepared import answer, ground, study

Outlines = Mapping[str, Mapping[str, Any]]
_LAST = "plan_last"
#: Plans that sessions share; an answer is about 20 MB, and made again in some 30 ms.
KEPT = 6


def planned(scenario: Scenario, plan: Plan) -> Assessment:
    """Return the answer to a scenario with a plan, read-only."""
    if not plan:
        return answer(scenario)
    if current() is None:
        return _shared(scenario, plan)
    # What rests on the data of one session is kept by that session, and only the latest.
    key = (scenario, plan, study().fingerprint)
    last = st.session_state.get(_LAST)
    if last is None or last[0] != key:
        last = key, assess(study(), scenario, facilities=apply(study(), plan))
        st.session_state[_LAST] = last
    return last[1]


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _shared(scenario: Scenario, plan: Plan) -> Assessment:
    return assess(study(), scenario, facilities=apply(study(), plan))


def outlines(scenario: Scenario, plan: Plan) -> Outlines:
    """Return the outlines of what a plan leaves and changes, for the screen."""
    if current() is None:
        return _shared_outlines(scenario, plan)
    return plan_features(ground().grid, answer(scenario), planned(scenario, plan))


@st.cache_resource(show_spinner=False, max_entries=4 * KEPT)
def _shared_outlines(scenario: Scenario, plan: Plan) -> Outlines:
    return plan_features(ground().grid, answer(scenario), planned(scenario, plan))
