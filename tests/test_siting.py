"""Siting: equal to brute force on every small instance, whatever the order of the input."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from capgap_geo.analysis import siting
from capgap_geo.analysis.siting import Reach, Variant
from capgap_geo.errors import ScenarioError

#      a covers x, y; b covers y, z; c covers z only; nobody covers "island"
COVERS = pd.DataFrame(
    {"a": [True, True, False, False], "b": [False, True, True, False], "c": [False, False, True, False]},
    index=["x", "y", "z", "island"],
)
PEOPLE = pd.Series({"x": 10.0, "y": 5.0, "z": 20.0, "island": 3.0})
MINUTES = pd.DataFrame(
    {"a": [0.0, 30.0, 90.0], "b": [30.0, 0.0, 60.0], "c": [90.0, 60.0, 0.0]}, index=["x", "y", "z"]
)


@st.composite
def questions(draw, *, unreachable=0.2):
    """A small table of costs, people, existing facilities and a number of new sites."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(2, 6))
    cost = st.integers(0, 12).map(float)
    values = draw(st.lists(cost, min_size=rows * columns, max_size=rows * columns))
    gone = draw(st.lists(st.floats(0, 1), min_size=rows * columns, max_size=rows * columns))
    table = np.where(np.array(gone) < unreachable, np.inf, np.array(values)).reshape(rows, columns)
    names = [f"c{k}" for k in range(columns)]
    costs = pd.DataFrame(table, [f"r{k}" for k in range(rows)], names)
    people = pd.Series(
        draw(st.lists(st.integers(0, 9), min_size=rows, max_size=rows)), costs.index, dtype=float
    )
    assume(people.sum() > 0)
    fixed = draw(st.lists(st.sampled_from(names), max_size=columns - 1, unique=True))
    p = draw(st.integers(1, columns - len(fixed)))
    return costs, people, fixed, p


def choices(costs, fixed, p):
    return combinations([c for c in costs.columns if c not in fixed], p)


def nearest(costs, sites):
    return costs[list(sites)].min(axis=1) if len(sites) else pd.Series(np.inf, costs.index)


def people_within(costs, people, sites, threshold=6.0):
    return people[nearest(costs, sites) <= threshold].sum()


def answer_or_refusal(solve):
    try:
        return solve(), None
    except ScenarioError as error:
        return None, error


@given(questions())
@settings(max_examples=100)
def test_max_covering_equals_brute_force(question):
    costs, people, fixed, p = question
    answer, refusal = answer_or_refusal(lambda: siting.max_covering(costs <= 6.0, people, p=p, fixed=fixed))
    best = max(people_within(costs, people, [*fixed, *sites]) for sites in choices(costs, fixed, p))
    if refusal:
        assert refusal.code == "siting_nothing_in_reach"
        assert best == people_within(costs, people, fixed)
        return
    assert answer.proven
    assert answer.objective == answer.bound == best == people_within(costs, people, [*fixed, *answer.sites])
    assert answer.baseline == people_within(costs, people, fixed)
    assert answer.gain == best - answer.baseline
    assert answer.gap == 0.0
    assert len(answer.sites) <= p
    greedy = siting.greedy_covering(costs <= 6.0, people, p=p, fixed=fixed)
    assert greedy.objective <= best <= greedy.bound + 1e-9
    assert greedy.objective - greedy.baseline >= (1 - 1 / np.e) * (best - greedy.baseline) - 1e-9


@given(questions(), st.lists(st.integers(0, 6), min_size=6, max_size=6), st.integers(0, 14))
@settings(max_examples=100)
def test_budgeted_covering_equals_brute_force(question, prices, budget):
    costs, people, fixed, _ = question
    price = (
        pd.Series(prices, [f"c{k}" for k in range(6)], dtype=float).drop(fixed).filter(items=costs.columns)
    )
    assume(budget >= price.min())
    answer, refusal = answer_or_refusal(
        lambda: siting.budgeted_covering(costs <= 6.0, people, costs=price, budget=budget, fixed=fixed)
    )
    best = max(
        people_within(costs, people, [*fixed, *sites])
        for k in range(len(price) + 1)
        for sites in combinations(price.index, k)
        if price[list(sites)].sum() <= budget
    )
    if refusal:
        assert refusal.code == "siting_nothing_in_reach"
        return
    assert answer.proven
    assert answer.objective == best == people_within(costs, people, [*fixed, *answer.sites])
    assert price[list(answer.sites)].sum() <= budget


@given(questions())
@settings(max_examples=100)
def test_set_covering_equals_brute_force(question):
    costs, _, fixed, _ = question
    answer = siting.set_covering(costs <= 6.0, fixed=fixed, reachable_only=True)
    covers = costs <= 6.0
    alone = covers.index[~covers.any(axis=1)]
    assert set(answer.unreachable) == set(alone)
    kept = covers.drop(index=alone)
    fewest = next(
        k for k in range(9) for sites in choices(costs, fixed, k) if kept[[*fixed, *sites]].any(axis=1).all()
    )
    assert answer.proven
    assert answer.objective == answer.bound == len(answer.sites) == fewest
    assert kept[[*fixed, *answer.sites]].any(axis=1).all()


@given(questions())
@settings(max_examples=100)
def test_p_median_equals_brute_force(question):
    costs, people, fixed, p = question
    answer, refusal = answer_or_refusal(
        lambda: siting.p_median(costs, people, p=p, fixed=fixed, reachable_only=True)
    )
    kept = costs[(people > 0) & np.isfinite(costs).any(axis=1)]

    def total(sites):
        return (nearest(kept, [*fixed, *sites]) * people[kept.index]).sum()

    best = min(map(total, choices(costs, fixed, p)))
    if refusal:
        assert len(kept) == 0 or (refusal.code == "siting_too_few" and np.isinf(best))
        return
    assert answer.proven
    assert answer.objective == answer.bound == pytest.approx(best, rel=1e-12)
    assert total(answer.sites) == pytest.approx(best, rel=1e-12)
    assert len(answer.sites) <= p


@given(questions())
@settings(max_examples=100)
def test_p_center_equals_brute_force(question):
    costs, _, fixed, p = question
    answer, refusal = answer_or_refusal(lambda: siting.p_center(costs, p=p, fixed=fixed, reachable_only=True))
    kept = costs[np.isfinite(costs).any(axis=1)]
    if not len(kept):
        assert refusal.code == "siting_unreachable"
        return
    longest = {sites: nearest(kept, [*fixed, *sites]).max() for sites in choices(costs, fixed, p)}
    if refusal:
        assert refusal.code == "siting_too_few"
        assert np.isinf(min(longest.values()))
        enough = list(choices(costs, fixed, refusal.details["needed"]))
        assert min(nearest(kept, [*fixed, *sites]).max() for sites in enough) < np.inf
        return
    assert answer.proven
    assert answer.objective == answer.bound == min(longest.values())
    assert nearest(kept, [*fixed, *answer.sites]).max() == answer.objective


@given(questions(unreachable=0.0), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_the_input_is_irrelevant(question, order):
    costs, people, fixed, p = question
    rows, columns = list(costs.index), list(costs.columns)
    for labels in (rows, columns):
        order.shuffle(labels)
    other, reversed_people, other_fixed = costs.loc[rows, columns], people[::-1], fixed[::-1]
    price = pd.Series(range(1, len(columns) + 1), costs.columns, dtype=float)
    budget = len(columns) + 0.5
    both = [
        [
            siting.p_median(c, d, p=p, fixed=f),
            siting.p_center(c, p=p, fixed=f),
            siting.set_covering(c <= 20.0, fixed=f),
            siting.max_covering(c <= 20.0, d, p=p, fixed=f),
            siting.budgeted_covering(c <= 20.0, d, costs=price[list(c.columns)], budget=budget, fixed=f),
        ]
        for c, d, f in ((costs, people, fixed), (other, reversed_people, other_fixed))
    ]
    for one, two in zip(*both, strict=True):
        assert (one.sites, one.objective, one.bound) == (two.sites, two.objective, two.bound)


def test_ties_go_to_the_first_label():
    people = pd.Series(1.0, index=["x", "y"])
    same = pd.DataFrame(True, index=people.index, columns=["b", "c", "a"])
    assert siting.max_covering(same, people, p=2).sites == ("a",)
    assert siting.set_covering(same).sites == ("a",)
    assert siting.greedy_covering(same, people, p=1).sites == ("a",)
    assert siting.p_median(same.astype(float), people, p=1).sites == ("a",)


def test_existing_facilities_stay_open_and_do_not_count():
    answer = siting.max_covering(COVERS, PEOPLE, p=1, fixed=["a"])
    assert (answer.sites, answer.baseline, answer.objective, answer.gain) == (("b",), 15.0, 35.0, 20.0)
    assert siting.set_covering(COVERS.drop(index="island"), fixed=["a"]).sites == ("b",)
    assert siting.p_median(MINUTES, PEOPLE.drop("island"), p=1, fixed=["a"]).objective == 5.0 * 30.0
    assert siting.p_center(MINUTES, p=1, fixed=["a"]).objective == 30.0


def test_no_new_site_is_the_present():
    assert siting.max_covering(COVERS, PEOPLE, p=0, fixed=["c"]).objective == 20.0
    median = siting.p_median(MINUTES, PEOPLE.drop("island"), p=0, fixed=["b"])
    assert median.sites == ()
    assert median.objective == median.baseline == 10.0 * 30.0 + 20.0 * 60.0
    assert median.proven
    assert siting.p_center(MINUTES, p=0, fixed=["b"]).objective == 60.0


def test_a_site_that_adds_nobody_is_not_listed():
    answer = siting.max_covering(COVERS, PEOPLE, p=3)
    assert answer.sites == ("a", "b")
    assert answer.objective == 35.0


def test_a_lever_competes_with_buildings():
    # the shelter in "z" accepts a profile for 1; building in "b" costs 10 and reaches "y" besides
    price = pd.Series({"a": 10.0, "b": 10.0, "c": 1.0})
    assert siting.budgeted_covering(COVERS, PEOPLE, costs=price, budget=10.0).sites == ("b",)
    assert siting.budgeted_covering(COVERS, PEOPLE, costs=price, budget=11.0).sites == ("a", "c")


def test_a_large_site_beats_many_that_are_good_for_their_price():
    people = pd.Series({"x": 3.0, "y": 100.0})
    covers = pd.DataFrame({"cheap": [True, False], "large": [False, True]}, index=["x", "y"])
    price = pd.Series({"cheap": 1.0, "large": 50.0})
    answer = siting.budgeted_covering(covers, people, costs=price, budget=50.0)
    assert answer.sites == ("large",)


def test_a_sparse_reach_gives_the_answer_of_the_table():
    reach = Reach.from_frame(MINUTES).within(30.0)
    people = PEOPLE.drop("island")
    for ask in (
        lambda r: siting.max_covering(r, people, p=1),
        lambda r: siting.set_covering(r),
        lambda r: siting.coverage_curve(r, people, p_max=3)["covered"].tolist(),
    ):
        assert ask(reach) == ask(MINUTES <= 30.0)
    assert siting.p_median(Reach.from_frame(MINUTES), people, p=1) == siting.p_median(MINUTES, people, p=1)


def test_the_curve_rises_and_flattens():
    curve = siting.coverage_curve(COVERS, PEOPLE, p_max=3)
    assert curve["covered"].tolist() == [0.0, 25.0, 35.0, 35.0]
    assert curve["newly_covered"].tolist() == [0.0, 25.0, 35.0, 35.0]
    assert curve["sites"].tolist() == [(), ("b",), ("a", "b"), ("a", "b")]
    assert curve["proven"].all()
    assert (curve["greedy"] <= curve["covered"]).all()


@given(questions())
@settings(max_examples=40)
def test_the_curve_never_falls_and_each_site_adds_less_than_all_before(question):
    costs, people, fixed, _ = question
    assume((costs[people > 0].drop(columns=fixed) <= 6.0).any(axis=None))
    p_max = costs.shape[1] - len(fixed)
    covered = siting.coverage_curve(costs <= 6.0, people, p_max=p_max, fixed=fixed)["covered"]
    assert covered.is_monotonic_increasing
    assert covered.iloc[-1] == people_within(costs, people, costs.columns)


def test_greedy_shows_what_the_exact_answer_is_worth():
    # greedy takes the middle first and then needs both ends
    covers = pd.DataFrame(
        {"left": [1, 1, 0, 0], "right": [0, 0, 1, 1], "middle": [0, 1, 1, 0]}, index=list("wxyz")
    ).astype(bool)
    people = pd.Series({"w": 4.0, "x": 5.0, "y": 5.0, "z": 4.0})
    assert siting.max_covering(covers, people, p=2).objective == 18.0
    greedy = siting.greedy_covering(covers, people, p=2)
    assert greedy.objective == 14.0
    assert not greedy.proven
    assert greedy.bound >= 18.0
    assert greedy.gap >= 4.0 / 14.0


def test_stability_counts_the_runs():
    far = pd.DataFrame(True, index=COVERS.index, columns=COVERS.columns)
    variants = [Variant(COVERS, PEOPLE), Variant(far, PEOPLE), Variant(COVERS, PEOPLE, ["b"])]
    table = siting.stability(variants, p=1)
    assert table["share"].to_dict() == pytest.approx({"a": 2 / 3, "b": 1 / 3, "c": 0.0})
    assert table["runs"].to_dict() == {"a": 3, "b": 2, "c": 3}
    assert list(table.index) == ["a", "b", "c"]


def country(seed, rows, columns):
    random = np.random.default_rng(seed)
    centres = random.random((25, 2)) * [1000, 1500]
    at = centres[random.integers(0, 25, rows)] + random.normal(0, 90, (rows, 2))
    people = pd.Series(np.round(random.lognormal(8.5, 1.3, rows)))
    sites = random.choice(rows, columns, replace=False)
    return pd.DataFrame(np.linalg.norm(at[:, None] - at[sites][None], axis=2)), people


def test_an_answer_that_ran_out_of_time_says_how_far_off_it_may_be():
    km, people = country(1, 1000, 300)
    for ask in (
        lambda t: siting.max_covering(km <= 250.0, people, p=10, time_limit=t),
        lambda t: siting.p_median(km, people, p=8, time_limit=t),
    ):
        hasty = ask(1e-3)
        assert len(hasty.sites) <= 10
        assert not hasty.proven
        assert hasty.gap > 0.0
        assert hasty.seconds < 5.0
    hasty, exact = siting.p_median(km, people, p=8, time_limit=1e-3), siting.p_median(km, people, p=8)
    assert exact.proven
    assert hasty.bound <= exact.objective <= hasty.objective


@pytest.mark.parametrize("seed", range(4))
def test_medium_questions_agree_with_another_formulation_and_solver(seed):
    km, people = country(seed, 150, 40)
    values, weight = km.to_numpy(), people.to_numpy()
    rows, columns = values.shape
    p = 3 + seed
    # x_ij: row i is served by j; y_j: j is open
    served = sparse.hstack(
        [sparse.kron(sparse.eye_array(rows), np.ones((1, columns))), sparse.csr_array((rows, columns))]
    )
    links = sparse.hstack(
        [sparse.eye_array(rows * columns), -sparse.kron(np.ones((rows, 1)), sparse.eye_array(columns))]
    )
    count = np.append(np.zeros(rows * columns), np.ones(columns))
    rules = [
        LinearConstraint(served, 1, 1),
        LinearConstraint(links, -np.inf, 0),
        LinearConstraint(count, 0, p),
    ]
    whole = count.copy()

    def solve(price):
        objective = np.append((price * weight[:, None]).ravel(), np.zeros(columns))
        options = {"mip_rel_gap": 0.0}
        return milp(objective, constraints=rules, bounds=Bounds(0, 1), integrality=whole, options=options).fun

    assert siting.p_median(km, people, p=p).objective == pytest.approx(solve(values), rel=1e-9)
    left_out = solve((values > 120.0).astype(float))
    assert siting.max_covering(km <= 120.0, people, p=p).objective == pytest.approx(
        weight.sum() - left_out, rel=1e-9
    )


@pytest.mark.parametrize("p", [2, 5, 9])
def test_no_shorter_longest_way_exists(p):
    km, _ = country(3, 300, 60)
    answer = siting.p_center(km, p=p)
    assert answer.proven
    assert km[list(answer.sites)].min(axis=1).max() == answer.objective
    below = siting.set_covering(km < answer.objective, reachable_only=True)
    assert below.proven
    assert below.unreachable or below.objective > p


def test_1891_by_500_is_solved_to_proof():
    km, people = country(0, 1891, 500)
    curve = siting.coverage_curve(km <= 80.0, people, p_max=10)
    assert curve["proven"].all()
    assert (curve["covered"] >= curve["greedy"]).all()
    assert curve["covered"].is_monotonic_increasing
