"""What if: a plan says what it changes, equals a study that holds it, and refuses what cannot be."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capgap_geo.analysis import assess as module
from capgap_geo.analysis.assess import Assessment, assess, engine
from capgap_geo.analysis.engine import Engine
from capgap_geo.analysis.least_cost import travel_time
from capgap_geo.analysis.plan import Accept, Add, Remove, from_json, point_at, read_text, to_json, to_text
from capgap_geo.analysis.tally import LONGEST
from capgap_geo.analysis.whatif import apply, difference, near, parse, read, zones_within
from capgap_geo.errors import ScenarioError
from capgap_geo.model import GROUPS, Measure, Profile, Scenario, Service, Study

MAZUKO = "-70.383_-13.108"
POLICE = Scenario(service=Service.POLICE)
STRAIGHT = POLICE.with_(measure=Measure.STRAIGHT_LINE, threshold=100.0)


def place(study: Study, name: str) -> str:
    return str(study.places.set_index("place_name").loc[name, "place_id"])


def same(one: Assessment, other: Assessment) -> None:
    """Hold two answers to the last bit."""
    for field in fields(Assessment):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert np.array_equal(a, b), field.name
        elif isinstance(a, pd.DataFrame) and field.name != "facilities":
            pd.testing.assert_frame_equal(a, b, check_exact=True)
        elif isinstance(a, pd.Series):
            pd.testing.assert_series_equal(a, b, check_exact=True)


def recomputed(study: Study, scenario: Scenario, text: str, monkeypatch: pytest.MonkeyPatch) -> Assessment:
    """Answer with a study that holds the plan, in an engine that has no surface and no count yet."""
    held = replace(study, facilities=apply(study, parse(study, text)))
    fresh = Engine(held)
    fresh._spread = engine(study)._spread  # where people live does not depend on facilities
    with monkeypatch.context() as patch:
        patch.setattr(module, "engine", lambda _: fresh)
        return assess(held, scenario)


PLANS = [
    "add.police.{mazuko}",
    "remove.police_piura",
    "remove.police_tacna",
    "add.police.{mazuko}~add.police.-75.5_-3.5~add.police.{pucallpa}~remove.police_lima~remove.police_puno",
]


@pytest.mark.parametrize("text", PLANS)
@pytest.mark.parametrize("scenario", [POLICE, STRAIGHT], ids=["travel_time", "straight_line"])
def test_a_planned_answer_equals_a_study_that_holds_the_plan(study, scenario, text, monkeypatch) -> None:
    text = text.format(mazuko=MAZUKO, pucallpa=place(study, "Pucallpa"))
    revised = assess(study, scenario, facilities=apply(study, parse(study, text)))
    same(revised, recomputed(study, scenario, text, monkeypatch))
    before = assess(study, scenario)
    assess(study, scenario, facilities=apply(study, parse(study, text)))
    same(before, assess(study, scenario))  # nothing of the plan stays behind


def test_shelters_that_accept_women_equal_a_study_where_they_do(study, monkeypatch) -> None:
    text = "accept.shelter_cusco_children.women~add.shelter.25.women"
    scenario = Scenario(service=Service.SHELTER, profile=Profile.WOMEN)
    before = assess(study, scenario)
    assert before.nobody_serves
    after = assess(study, scenario, facilities=apply(study, parse(study, text)))
    assert set(after.facilities["department_id"]) == {"08", "25"}
    same(after, recomputed(study, scenario, text, monkeypatch))
    assert difference(before, after).people[0] > 0


def test_the_tables_are_the_plain_sums_over_the_cells(study) -> None:
    """An independent count: dense arrays, one province after the other."""
    scenario = POLICE.with_(threshold=180.0, profile=Profile.WOMEN)
    answer, ready = assess(study, scenario), engine(study)
    people = ready.people(scenario.demand, scenario.profile)
    for i, province in list(enumerate(answer.provinces.index))[::25]:
        persons = people[[i]].toarray().ravel()
        row = answer.provinces.loc[province]
        assert row["people"] == pytest.approx(persons.sum())
        assert row["covered_people_lower"] == pytest.approx(persons[answer.strict <= 180.0].sum())
        assert row["covered_people_upper"] == pytest.approx(persons[answer.wide <= 180.0].sum())
        order = np.argsort(answer.wide, kind="stable")
        half = answer.wide[order][np.searchsorted(np.cumsum(persons[order]), persons.sum() / 2)]
        expected = np.inf if np.isinf(half) else min(np.ceil(half), LONGEST)
        assert row["nearest_lower"] == pytest.approx(expected, abs=1)
    country = answer.country
    for column in ("people", "covered_people_lower", "uncovered_people_upper", "area_km2"):
        assert country[column] == pytest.approx(answer.provinces[column].sum())
        by = answer.provinces[column].groupby(answer.provinces.index.str[:2]).sum()
        assert answer.departments[column].to_numpy() == pytest.approx(by.to_numpy())


def test_two_sets_of_sources_together_are_the_lower_of_both(study) -> None:
    """What the two evidence levels and new facilities rest on, bit for bit."""
    cells = engine(study).passable_cells(
        np.array([[-77.0, -12.0], [-72.0, -13.5], [-73.2, -3.8], [-70.0, -13.0]])
    )
    together = travel_time(study.friction, cells).minutes
    parts = [travel_time(study.friction, cells[k::2]).minutes for k in (0, 1)]
    assert np.array_equal(together, np.minimum(*parts))


def test_an_added_unit_counts_under_both_levels_and_at_any_age(study) -> None:
    table = apply(study, (Add(Service.POLICE, MAZUKO),))
    new = table[table["planned"]]
    assert len(new) == 1
    assert table.drop(columns=["planned", "changed"]).dtypes.equals(study.facilities.dtypes)
    assert table.crs == study.facilities.crs
    assert len(table) == len(study.facilities) + 1
    row = new.iloc[0]
    assert row["department_id"] == "17"
    assert row["source_ids"] == ""
    assert np.isnan(row["officers"])
    assert pd.isna(row["year"])
    answer = assess(study, POLICE.with_(oldest=2025), facilities=table)
    assert row["facility_id"] in set(answer.facilities["facility_id"])


def test_nearer_help_never_hurts_and_the_difference_is_a_pair(study) -> None:
    before = assess(study, POLICE)
    after = assess(study, POLICE, facilities=apply(study, (Add(Service.POLICE, MAZUKO),)))
    assert (after.wide <= before.wide).all()
    assert (after.strict <= before.strict).all()
    gain = difference(before, after)
    assert 0 <= gain.people[0] <= gain.people[1]
    assert 0 <= gain.area_km2[0] <= gain.area_km2[1]
    assert gain.zones[0] <= gain.zones[1]
    lost = difference(after, before)
    assert lost.people == pytest.approx(tuple(-v for v in reversed(gain.people)))
    local = difference(before, after, department="17")
    assert 0 < local.people[1] <= gain.people[1] + 1e-6
    assert zones_within(after)[0] >= zones_within(before)[0]


def test_a_shelter_is_placed_by_department_alone(study) -> None:
    row = apply(study, parse(study, "add.shelter.17.women")).iloc[-1]
    assert (row["precision"], row["department_id"], row["place_id"]) == ("department", "17", None)
    assert row["geometry"] is None
    for at in (MAZUKO, place(study, "Mazuko") if "Mazuko" in set(study.places["place_name"]) else "3925075"):
        with pytest.raises(ScenarioError) as caught:
            parse(study, f"add.shelter.{at}")
        problem = caught.value.details["problems"][0]
        assert (problem.code, problem.nearest) == ("plan_by_department", "17")


def test_every_problem_is_collected_and_offers_what_works(study) -> None:
    text = (
        "add.police.-90_-12~remove.police_puira~accept.shelter_cusco_children.girls~fly.away~add.polis.17~"
        "add.police.17.cats~add.police.111~remove.police_piura~accept.police_piura.men~remove.police_piura~"
        "add.shelter.99"
    )
    plan, problems = read(study, text)
    assert plan == (Remove("police_piura"),)
    assert {p.code: p.nearest for p in problems} == {
        "plan_outside": "Sechura",
        "plan_facility": "police_piura",
        "plan_accepted": "",
        "plan_change": "",
        "plan_service": "police",
        "plan_profile": "",
        "plan_place": str(study.places.set_index("place_id")["population"].idxmax()),
        "plan_removed": "",
        "plan_twice": "",
        "plan_by_department": "19",
    }
    with pytest.raises(ScenarioError) as caught:
        parse(study, text)
    assert caught.value.code == "plan"
    assert set(caught.value.details["problems"]) == set(problems)
    assert "police_piura" in str(caught.value)
    with pytest.raises(ScenarioError):
        apply(study, (Remove("nobody"),))


def test_a_plan_has_an_end() -> None:
    plan, problems = read_text("~".join(f"remove.x{i}" for i in range(50)))
    assert len(plan) == 40
    assert [p.code for p in problems] == ["plan_too_long"]


changes = st.one_of(
    st.builds(
        Add,
        st.sampled_from(list(Service)),
        st.one_of(
            st.from_regex(r"\d{2,8}", fullmatch=True),
            st.builds(point_at, st.floats(-82, -68), st.floats(-19, 1)),
        ),
        st.sets(st.sampled_from(GROUPS), min_size=1).map(lambda s: tuple(p for p in GROUPS if p in s)),
    ),
    st.builds(Remove, st.from_regex(r"[a-z_0-9]{1,20}", fullmatch=True)),
    st.builds(
        Accept,
        st.from_regex(r"[a-z_0-9]{1,20}", fullmatch=True),
        st.sets(st.sampled_from(GROUPS), min_size=1).map(lambda s: tuple(p for p in GROUPS if p in s)),
    ),
)


@given(st.lists(changes, max_size=12).map(tuple), st.text(max_size=20))
def test_text_and_json_give_the_plan_back(plan, name) -> None:
    assert read_text(to_text(plan)) == (plan, ())
    assert from_json(to_json(name, plan)) == (name, plan, ())


def test_a_file_of_the_first_form_is_read() -> None:
    change = {"change": "accept", "facility_id": "shelter_cusco_children", "profile": "women"}
    text = json.dumps({"format": "capgap-plan", "version": 1, "name": "x", "changes": [change]})
    assert from_json(text) == ("x", (Accept("shelter_cusco_children", (Profile.WOMEN,)),), ())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_never_breaks(study, text) -> None:
    plan, problems = read(study, text)
    assert len(plan) + len(problems) <= 42


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


@given(st.one_of(_JSON, st.fixed_dictionaries({"format": st.just("capgap-plan"), "changes": _JSON})))
def test_any_file_is_read_or_refused(value) -> None:
    try:
        _, plan, problems = from_json(json.dumps(value))
    except ScenarioError as error:
        assert error.code == "plan_file"
    else:
        assert plan == ()
        assert all(p.code.startswith("plan_") for p in problems)


def test_a_file_that_is_no_json_is_refused() -> None:
    for text in ("", "{", "[" * 100_000, "null", '{"format": "capgap-plan"}'):
        with pytest.raises(ScenarioError):
            from_json(text)


def test_near_names_the_place_and_the_department(study) -> None:
    found = near(study, -71.97, -13.52)
    assert found.place_name == "Cusco"
    assert found.km < 5
    assert found.department_id == "08"
