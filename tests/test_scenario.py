"""A question is the same after a trip through a link, whatever it asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgap_geo.errors import ScenarioError
from capgap_geo.model import (
    MAPPED,
    NEWEST_YEAR,
    OLDEST_YEAR,
    THRESHOLD_MAX,
    USUAL_THRESHOLD,
    Demand,
    Evidence,
    Measure,
    Profile,
    Scenario,
    Service,
)
from capgap_geo.ui.state import State, tolerant_scenario

#: Whole numbers, the usual ones among them often.
THRESHOLDS = st.sampled_from([*USUAL_THRESHOLD.values()]) | st.integers(0, int(min(THRESHOLD_MAX.values())))
SCENARIOS = st.builds(
    Scenario,
    service=st.sampled_from(MAPPED),
    profile=st.sampled_from(list(Profile)),
    measure=st.sampled_from(list(Measure)),
    threshold=THRESHOLDS.map(float),
    evidence=st.sampled_from(list(Evidence)),
    demand=st.sampled_from(list(Demand)),
    oldest=st.integers(OLDEST_YEAR, NEWEST_YEAR),
)


@given(SCENARIOS)
def test_a_link_brings_the_same_question_back(scenario):
    assert Scenario.from_query(scenario.to_query()) == scenario
    assert tolerant_scenario(State(scenario=scenario).to_params()) == scenario


@pytest.mark.parametrize(("measure", "usual"), [("travel_time", 240.0), ("straight_line", 100.0)])
def test_a_link_without_a_threshold_asks_the_usual_one_of_its_measure(measure, usual):
    assert Scenario.from_query({"measure": measure}).threshold == usual
    assert tolerant_scenario({"measure": measure}).threshold == usual


def test_a_page_never_maps_a_service_of_which_most_places_are_not_in_the_data():
    assert tolerant_scenario({"service": "first_response"}).service in MAPPED
    assert Service.FIRST_RESPONSE not in MAPPED


def test_what_cannot_be_asked_is_refused_at_once_with_all_reasons():
    with pytest.raises(ScenarioError) as told:
        Scenario.from_query("service=fire&oldest=1800&threshold=-1&measure=walk")
    assert [text.split(":")[0] for text in told.value.details["problems"]] == [
        "service",
        "measure",
        "threshold",
        "oldest",
    ]
