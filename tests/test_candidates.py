"""Where next: the reach of candidates is right, and the choice among them cannot be beaten."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from scipy import sparse

from capgap_geo.analysis import catchments
from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.candidates import EXISTING, candidates, demand, points, reach, with_existing
from capgap_geo.analysis.engines import engine
from capgap_geo.analysis.least_cost import travel_time
from capgap_geo.analysis.plan import Accept, Add
from capgap_geo.analysis.proposal import Aim, Question, curve, propose, steadiness, surface, variants
from capgap_geo.analysis.reach import Reach
from capgap_geo.analysis.site_order import by_gain
from capgap_geo.analysis.whatif import apply, difference, parse
from capgap_geo.errors import ScenarioError
from capgap_geo.model import Demand, Measure, Profile, Scenario, Service

STRAIGHT = Scenario(service=Service.POLICE, measure=Measure.STRAIGHT_LINE, threshold=100.0)
WOMEN = Scenario(
    service=Service.SHELTER, profile=Profile.WOMEN, measure=Measure.STRAIGHT_LINE, threshold=150.0
)
FEW = Question(min_population=200_000.0, p=2)


def drawn(seed: int = 3) -> tuple[np.ndarray, list[tuple[int, int]], list[tuple[int, int]]]:
    """Rough country with a lake, some sites and some points on it."""
    random = np.random.default_rng(seed)
    friction = random.uniform(1.0, 9.0, (40, 30))
    friction[10:20, 12:15] = np.nan
    rows, cols = np.nonzero(np.isfinite(friction))
    chosen = random.integers(0, len(rows), 47)
    cells = list(zip(rows[chosen].tolist(), cols[chosen].tolist(), strict=True))
    return friction, cells[:7], cells[7:]


@pytest.mark.parametrize("limit", [0.0, 25.0, 60.0, np.inf])
def test_catchments_are_those_of_single_runs(limit) -> None:
    friction, sites, at = drawn()
    found = catchments.travel_times(friction, sites, at, limit=limit, cell_km=1.0).toarray()
    stored = catchments.travel_times(friction, sites, at, limit=limit, cell_km=1.0)
    for k, site in enumerate(sites):
        alone = travel_time(friction, [site]).minutes[tuple(np.array(at).T)]
        inside = alone <= limit
        assert np.array_equal(found[inside, k], alone[inside])
        assert (stored[:, [k]].tocoo().coords[0] == np.flatnonzero(inside)).all()


def test_catchments_beside_what_exists_hold_only_what_is_nearer() -> None:
    friction, sites, at = drawn()
    existing, new = sites[:3], sites[3:]
    found = catchments.travel_times(friction, new, at, limit=np.inf, cell_km=1.0, existing=existing)
    here = travel_time(friction, existing).minutes[tuple(np.array(at).T)]
    for k, site in enumerate(new):
        alone = travel_time(friction, [site]).minutes[tuple(np.array(at).T)]
        nearer = np.flatnonzero(alone < here)
        column = found[:, [k]].tocoo()
        assert (column.coords[0] == nearer).all()
        assert np.array_equal(column.data, alone[nearer])


def test_distances_are_geodesics() -> None:
    random = np.random.default_rng(0)
    sites = random.uniform((-80, -17), (-70, -2), (5, 2))
    at = random.uniform((-80, -17), (-70, -2), (40, 2))
    found = catchments.distances(sites, at, limit=400.0).toarray()
    for k, site in enumerate(sites):
        km = Geod(ellps="WGS84").inv(*np.tile(site, (40, 1)).T, *at.T)[2] / 1000
        assert found[:, k] == pytest.approx(np.where(km <= 400, km, 0), abs=1e-6)


@pytest.mark.parametrize("spread", list(Demand))
def test_demand_points_hold_every_person(study, spread) -> None:
    for profile in (Profile.EVERYONE, Profile.GIRLS):
        scenario = STRAIGHT.with_(demand=spread, profile=profile)
        total = engine(study).people(spread, profile).sum()
        assert demand(study, scenario).sum() == pytest.approx(total, rel=1e-9)
    at = points(study, spread)
    assert len(at.group) == len(engine(study).cells)
    assert (at.group[at.cells] == np.arange(len(at.cells))).all()  # each point stands in its own group


def test_candidates_are_places_or_departments_and_facilities_that_could_accept(study) -> None:
    police = candidates(study, STRAIGHT, min_population=200_000)
    assert all(isinstance(change, Add) for change in police.changes)
    big = study.places[study.places["population"] >= 200_000].set_index("place_id")
    offered = {change.at for change in police.changes}
    assert offered <= set(big.index)
    assert big["population"].idxmax() in offered
    for name, place in big.drop(list(offered)).iterrows():  # what is left out has a larger one beside it
        larger = big.loc[[i for i in offered if big.loc[i, "population"] >= place["population"]]].geometry
        away = Geod(ellps="WGS84").inv(
            larger.x, larger.y, [place.geometry.x] * len(larger), [place.geometry.y] * len(larger)
        )[2]
        assert min(away) < 10_010, name
    shelters = candidates(study, WOMEN)
    adds = [change for change in shelters.changes if isinstance(change, Add)]
    assert {a.at for a in adds} == set(study.departments["department_id"])
    assert adds == list(shelters.changes), (
        "care is for an age: no woman is proposed to a shelter for children"
    )


def taking(study, **taken):
    """Return the study with shelters that take other groups."""
    names = study.facilities["facility_id"]
    profiles = study.facilities["profiles"].where(~names.isin(taken), names.map(taken))
    return replace(study, facilities=study.facilities.assign(profiles=profiles))


def test_a_facility_could_accept_more_groups_of_the_age_that_it_takes(study) -> None:
    mixed = taking(study, shelter_cusco_children="girls", shelter_puno_children="girls;women")
    boys = WOMEN.with_(profile=Profile.BOYS)
    accepts = {str(c) for c in candidates(mixed, boys).changes if isinstance(c, Accept)}
    assert accepts == {"accept.shelter_cusco_children.boys", "accept.shelter_puno_children.boys"}
    everyone = candidates(mixed, WOMEN.with_(profile=Profile.EVERYONE))
    accepts = {str(c) for c in everyone.changes if isinstance(c, Accept)}
    assert accepts == {"accept.shelter_puno_children.boys-men"}  # one change, whatever groups it adds
    made = parse(mixed, "accept.shelter_puno_children.boys~add.shelter.17.boys")
    rest = candidates(mixed, boys, plan=made)
    assert set(candidates(mixed, boys).labels) - set(rest.labels) == set(map(str, made))
    more = candidates(mixed, WOMEN.with_(profile=Profile.EVERYONE), plan=made)
    assert "accept.shelter_puno_children.men" in more.labels  # what the plan does not do yet
    closed = candidates(mixed, boys, plan=parse(mixed, "remove.shelter_cusco_children"))
    assert not any("shelter_cusco_children" in label for label in closed.labels)


def test_no_choice_of_the_same_size_covers_more(study) -> None:
    """Brute force over every pair of candidates, on the same demand points."""
    found = propose(study, STRAIGHT, FEW)
    assert found.siting.proven
    offered = candidates(study, STRAIGHT, min_population=FEW.min_population)
    answer = assess(study, STRAIGHT)
    within = with_existing(
        reach(study, STRAIGHT, offered, limit=STRAIGHT.threshold),
        surface(answer),
        points(study, STRAIGHT.demand),
        threshold=STRAIGHT.threshold,
    )
    covers = np.zeros(within.matrix.shape, bool)
    covers[tuple(within.matrix.tocoo().coords)] = True
    persons = demand(study, STRAIGHT).to_numpy()
    fixed = covers[:, within.columns.get_loc(EXISTING)]
    values = [
        persons[fixed | covers[:, a] | covers[:, b]].sum() for a, b in combinations(range(covers.shape[1]), 2)
    ]
    assert found.siting.objective == pytest.approx(max(values))
    assert found.siting.baseline == pytest.approx(persons[fixed].sum())
    assert set(map(str, found.plan)) == set(found.siting.sites)


def test_the_points_stand_for_the_people_of_the_grid(study) -> None:
    found = propose(study, STRAIGHT, FEW)
    after = assess(study, STRAIGHT, facilities=apply(study, found.plan))
    exact = difference(assess(study, STRAIGHT), after).people
    assert found.siting.gain == pytest.approx(exact[0], rel=0.02) or found.siting.gain == pytest.approx(
        exact[1], rel=0.02
    )


def test_the_curve_counts_on_the_grid_and_never_falls(study) -> None:
    table = curve(study, STRAIGHT, FEW, p_max=4)
    assert list(table.index) == [0, 1, 2, 3, 4]
    assert (table.loc[0, ["people_lower", "people_upper"]] == 0).all()
    assert table["people_upper"].is_monotonic_increasing
    assert (table["people_lower"] <= table["people_upper"]).all()
    assert table["proven"].all()
    assert table["greedy_gap"].between(0, 1).all()


def test_accepting_is_preferred_where_it_is_cheaper(study) -> None:
    shelters = study.facilities.loc[study.facilities["service"].eq("shelter"), "facility_id"]
    girls, boys = taking(study, **dict.fromkeys(shelters, "girls")), WOMEN.with_(profile=Profile.BOYS)
    cheap = Question(aim=Aim.BUDGET, budget=3.0, new_cost=3.0, accept_cost=1.0)
    chosen = propose(girls, boys, cheap).plan
    assert chosen
    assert all(isinstance(change, Accept) for change in chosen)
    dear = Question(aim=Aim.BUDGET, budget=3.0, new_cost=1.0, accept_cost=3.0)
    assert any(isinstance(change, Add) for change in propose(girls, boys, dear).plan)


def test_least_time_never_makes_the_way_longer(study) -> None:
    found = propose(study, STRAIGHT, Question(aim=Aim.TIME, p=2, min_population=200_000))
    assert found.siting.proven
    assert found.siting.objective < found.siting.baseline
    assert len(found.plan) == 2


def test_everyone_whom_anything_reaches_is_reached(study) -> None:
    question = Question(aim=Aim.EVERYONE, min_population=200_000)
    found = propose(study, STRAIGHT, question)
    after = assess(study, STRAIGHT, facilities=apply(study, found.plan))
    every = candidates(study, STRAIGHT, min_population=200_000)
    most = assess(study, STRAIGHT, facilities=apply(study, every.changes))
    assert after.country["covered_people_upper"] == pytest.approx(
        most.country["covered_people_upper"], rel=0.01
    )
    assert found.unreached == pytest.approx(after.country["uncovered_people_lower"], rel=0.05)


def test_a_choice_is_tested_over_twelve_sets_of_assumptions(study) -> None:
    assert len(list(variants(STRAIGHT))) == 12
    assert max(s.threshold for s in variants(STRAIGHT.with_(threshold=900.0))) == 1000.0
    table = steadiness(study, STRAIGHT, FEW)
    assert (table["runs"] == 12).all()
    assert table["chosen"].sum() == 24
    assert table["share"].is_monotonic_decreasing


@pytest.mark.parametrize(
    ("scenario", "question", "code", "detail"),
    [
        (STRAIGHT, Question(p=500, min_population=200_000), "siting_count", "largest"),
        (STRAIGHT, Question(min_population=1e9), "siting_no_candidate", "largest"),
        (WOMEN, Question(aim=Aim.BUDGET, budget=0.5), "siting_budget", "cheapest"),
    ],
)
def test_what_cannot_be_asked_says_what_can(study, scenario, question, code, detail) -> None:
    with pytest.raises(ScenarioError) as caught:
        propose(study, scenario, question)
    assert caught.value.code == code
    assert caught.value.details[detail] > 0


def test_a_plan_that_holds_every_candidate_is_no_lack_of_people(study) -> None:
    for scenario, code in ((STRAIGHT, "siting_all_planned"), (WOMEN, "siting_all_planned_departments")):
        everything = candidates(study, scenario, min_population=1e6).changes
        with pytest.raises(ScenarioError) as caught:
            candidates(study, scenario, min_population=1e6, plan=everything)
        assert caught.value.code == code
        assert caught.value.details["planned"] == sum(isinstance(c, Add) for c in everything)


def test_changes_stand_in_the_order_in_which_they_help(study) -> None:
    """Each first part of a long proposal is the greedy choice among its changes."""
    question = Question(aim=Aim.EVERYONE, min_population=200_000)
    chosen = propose(study, STRAIGHT, question).plan
    before = assess(study, STRAIGHT)

    def gain(plan):
        return difference(before, assess(study, STRAIGHT, facilities=apply(study, plan))).people[1]

    most = max(chosen, key=lambda change: gain((change,)))
    assert gain(chosen[:1]) == pytest.approx(gain((most,)), rel=0.02)  # points stand for people
    steps = [gain(chosen[:k]) for k in range(len(chosen) + 1)]
    assert np.all(np.diff(steps, 2) <= 0.02 * steps[-1])


def test_sites_in_order_of_gain_are_those_of_a_plain_count() -> None:
    random = np.random.default_rng(1)
    covers = random.random((60, 9)) < 0.2
    people = pd.Series(random.uniform(0, 10, 60))
    known = Reach(pd.RangeIndex(60), pd.Index(list("abcdefghi")), sparse.csr_array(covers.astype(float)))
    found = by_gain(known, people, list("bcdefghi"), fixed=["a"])
    left, names = people.to_numpy() * ~covers[:, 0], list("abcdefghi")
    assert sorted(found) == list("bcdefghi")
    for k, label in enumerate(found):
        gains = {other: left @ covers[:, names.index(other)] for other in found[k:]}
        assert gains[label] == pytest.approx(max(gains.values()))
        left = left * ~covers[:, names.index(label)]


def test_who_reaches_nothing_is_not_a_part_of_the_mean(study) -> None:
    """Nobody takes women today: no part of the people, but everybody reaches nothing."""
    found = propose(study, WOMEN, Question(aim=Aim.TIME, p=2))
    assert found.reached_now == 0
    everybody = demand(study, WOMEN).sum()
    assert found.persons + found.unreached == pytest.approx(everybody)
    police = propose(study, STRAIGHT, Question(aim=Aim.TIME, p=1, min_population=1e6))
    assert police.reached_now == pytest.approx(demand(study, STRAIGHT).sum())


def test_a_town_is_offered_under_the_name_of_its_capital(study) -> None:
    table = study.places.set_index("place_id")
    offered = [change.at for change in candidates(study, Scenario(service=Service.POLICE)).changes]
    assert "Caraz" in set(table.loc[offered, "place_name"])  # the gazetteer has a twin of more people there
    capitals = set(study.provinces["capital_place_id"]) | set(study.departments["capital_place_id"])
    others = [name for name in offered if name not in capitals]
    large = table.loc[[c for c in table.index if c in capitals and table.loc[c, "population"] >= 10_000]]
    for name in others:
        point = table.loc[name].geometry
        away = Geod(ellps="WGS84").inv(
            [point.x] * len(large), [point.y] * len(large), large.geometry.x, large.geometry.y
        )[2]
        assert min(away) > 10_000.0 * 0.999


def test_a_list_of_ones_own_is_offered_as_it_is(study) -> None:
    small = study.places.nsmallest(2, "population")["place_id"].tolist()
    offered = candidates(study, STRAIGHT, places=[*small, "-70.19_-12.59"])
    adds = {change.at: site for change, site in zip(offered.changes, offered.sites, strict=True)}
    assert list(adds) == [*small, "-70.19_-12.59"]
    assert tuple(adds["-70.19_-12.59"]) == (-70.19, -12.59)
    geometry = study.places.set_index("place_id").geometry
    for name in small:
        assert tuple(adds[name]) == (geometry[name].x, geometry[name].y)
    question = Question(p=1, places=(*small, "-70.19_-12.59"))
    (change,) = propose(study, STRAIGHT, question).plan
    assert change.at in question.places
    left = candidates(study, STRAIGHT, places=small, plan=(Add(Service.POLICE, small[0]),))
    assert [change.at for change in left.changes] == small[1:]


def test_a_shelter_of_ones_own_list_stands_in_a_department(study) -> None:
    offered = candidates(study, WOMEN, places=["17", "08"])
    adds = [change.at for change in offered.changes if isinstance(change, Add)]
    assert adds == ["17", "08"]
    capitals = study.departments.set_index("department_id")["capital_place_id"]
    geometry = study.places.set_index("place_id").geometry
    assert offered.sites[0] == pytest.approx([geometry[capitals["17"]].x, geometry[capitals["17"]].y])
    with pytest.raises(ScenarioError) as caught:
        candidates(study, WOMEN, places=["-70.19_-12.59", study.places["place_id"].iloc[0], "17"])
    assert caught.value.code == "siting_places"
    assert [p.split(":")[0] for p in caught.value.details["problems"]] == ["entry 1", "entry 2"]
    assert all("never placed more closely" in p for p in caught.value.details["problems"])


def test_every_problem_of_a_list_is_told_at_once(study) -> None:
    with pytest.raises(ScenarioError) as caught:
        candidates(
            study, STRAIGHT, places=["99", "-3.7_40.4", "17~x", "a_b", "-70.19_-12.59", "-70.19_-12.59"]
        )
    problems = caught.value.details["problems"]
    assert [p.split(":")[0] for p in problems] == [
        "found '-70.19_-12.59' twice; name it once",
        *(f"entry {row}" for row in (1, 2, 3, 4)),
    ]
    assert "no place has this id; use a place_id" in problems[1]
    assert "outside the country; the nearest place is" in problems[2]
    with pytest.raises(ScenarioError, match="301 entries; use at most 300"):
        candidates(study, STRAIGHT, places=[str(n) for n in range(10, 311)])
