"""Floating catchments: worked by hand, conserved, aligned by label, honest about what is not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from capgap_geo.analysis.accessibility import enhanced_two_step, three_step, two_step
from capgap_geo.analysis.decay import Exponential, Gaussian, InversePower, Step
from capgap_geo.analysis.reach import Reach
from capgap_geo.errors import ScenarioError, SchemaError

INF = np.inf
MINUTES = pd.DataFrame(
    {"a": [10.0, 30.0, INF, INF], "b": [INF, 30.0, 60.0, INF]}, index=["north", "middle", "south", "island"]
)
PEOPLE = pd.Series({"north": 100.0, "middle": 200.0, "south": 300.0, "island": 50.0})
CAPACITY = pd.Series({"a": 6.0, "b": 10.0})
REACH = Reach.from_frame(MINUTES)
METHODS = {
    "two_step": lambda s, d, r: two_step(s, d, r, maximum=60.0),
    "enhanced": lambda s, d, r: enhanced_two_step(s, d, r, decay=Gaussian(40.0)),
    "three_step": lambda s, d, r: three_step(s, d, r, decay=Exponential(40.0), maximum=90.0),
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def test_two_step_by_hand():
    # a: 6 for 300 people; b: 10 for 500 people
    table = two_step(CAPACITY, PEOPLE, REACH, maximum=60.0)
    expected = [0.02, 0.02 + 0.02, 0.02, 0.0]
    np.testing.assert_allclose(table["accessibility_lower"], expected, rtol=1e-15)
    np.testing.assert_allclose(table["accessibility_upper"], expected, rtol=1e-15)


def test_the_edge_of_the_catchment_is_inside():
    assert two_step(CAPACITY, PEOPLE, REACH, maximum=60.0).loc["south", "accessibility_lower"] == 0.02
    assert two_step(CAPACITY, PEOPLE, REACH, maximum=59.999).loc["south", "accessibility_lower"] == 0.0


def test_enhanced_two_step_by_hand():
    # weights 1 up to 30 minutes and 0.5 up to 60: a serves 100 + 200, b serves 200 + 150
    table = enhanced_two_step(CAPACITY, PEOPLE, REACH, decay=Step((30.0, 60.0), (1.0, 0.5)))
    expected = [6 / 300, 6 / 300 + 10 / 350, 0.5 * 10 / 350, 0.0]
    np.testing.assert_allclose(table["accessibility_lower"], expected, rtol=1e-15)


def test_three_step_by_hand():
    # "middle" leans on both equally: selection weights 0.5; a serves 100 + 100, b serves 100 + 150
    table = three_step(CAPACITY, PEOPLE, REACH, decay=Step((30.0, 60.0), (1.0, 0.5)))
    expected = [6 / 200, 0.5 * 6 / 200 + 0.5 * 10 / 250, 0.5 * 10 / 250, 0.0]
    np.testing.assert_allclose(table["accessibility_lower"], expected, rtol=1e-15)


def test_a_cost_of_zero_is_in_reach():
    reach = Reach.from_frame(pd.DataFrame({"a": [0.0]}, index=["x"]))
    table = two_step(pd.Series({"a": 1.0}), pd.Series({"x": 4.0}), reach, maximum=0.0)
    assert table.loc["x", "accessibility_lower"] == 0.25


@every_method
def test_demand_that_reaches_nothing_has_zero_and_stays(method):
    table = method(CAPACITY, PEOPLE, REACH)
    assert list(table.index) == list(PEOPLE.index)
    assert (table.loc["island"] == 0.0).all()


@every_method
def test_unknown_capacity_is_a_bound_below_and_not_known_above(method):
    known = method(pd.Series({"a": 6.0, "b": 0.0}), PEOPLE, REACH)
    table = method(pd.Series({"a": 6.0, "b": np.nan}), PEOPLE, REACH)
    pd.testing.assert_series_equal(table["accessibility_lower"], known["accessibility_lower"])
    assert table["accessibility_upper"].isna().tolist() == [False, True, True, False]
    assert table.loc["north", "accessibility_upper"] == table.loc["north", "accessibility_lower"]


@every_method
def test_capacity_bounds_give_accessibility_bounds(method):
    pair = pd.DataFrame({"capacity_lower": [6.0, 4.0], "capacity_upper": [6.0, 10.0]}, index=["a", "b"])
    table = method(pair, PEOPLE, REACH)
    lower = method(pair["capacity_lower"], PEOPLE, REACH)["accessibility_lower"]
    upper = method(pair["capacity_upper"], PEOPLE, REACH)["accessibility_lower"]
    pd.testing.assert_series_equal(table["accessibility_lower"], lower)
    pd.testing.assert_series_equal(table["accessibility_upper"], upper, check_names=False)


def test_a_catchment_without_people_has_no_rate():
    people = PEOPLE.replace({100.0: 0.0, 200.0: 0.0})
    table = two_step(CAPACITY, people, REACH, maximum=60.0)
    assert table["accessibility_lower"].isna().tolist() == [True, True, False, False]
    assert table.loc["south", "accessibility_lower"] == 10 / 300


@st.composite
def worlds(draw):
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 5))
    cost = st.one_of(st.just(INF), st.floats(0.0, 300.0))
    costs = np.array(draw(st.lists(cost, min_size=rows * columns, max_size=rows * columns)))
    people = draw(st.lists(st.floats(0.5, 1e6), min_size=rows, max_size=rows))
    capacity = draw(st.lists(st.just(0.0) | st.floats(1e-3, 500.0), min_size=columns, max_size=columns))
    names = [f"r{i}" for i in range(rows)], [f"f{i}" for i in range(columns)]
    reach = Reach.from_frame(pd.DataFrame(costs.reshape(rows, columns), *names))
    return pd.Series(capacity, names[1]), pd.Series(people, names[0]), reach


@every_method
@given(world=worlds())
@settings(max_examples=60)
def test_capacity_is_conserved(method, world):
    supply, people, reach = world
    table = method(supply, people, reach)
    handed_out = (table["accessibility_lower"] * people).sum()
    assert handed_out <= supply.sum() * (1 + 1e-12)
    everybody_in = Reach(reach.rows, reach.columns, sparse.csr_array(np.ones((len(people), len(supply)))))
    full = method(supply, people, everybody_in)
    np.testing.assert_allclose((full["accessibility_lower"] * people).sum(), supply.sum(), rtol=1e-12)


@every_method
@given(world=worlds(), order=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_the_input_is_irrelevant(method, world, order):
    supply, people, reach = world
    table = method(supply, people, reach)
    rows, columns = list(reach.rows), list(reach.columns)
    order.shuffle(rows)
    order.shuffle(columns)
    costs = reach.to_frame().loc[rows, columns]
    order.shuffle(rows)
    order.shuffle(columns)
    shuffled = method(supply[columns], people[rows], Reach.from_frame(costs))
    assert list(shuffled.index) == rows
    pd.testing.assert_frame_equal(shuffled.loc[table.index], table, rtol=1e-12)


@given(world=worlds(), extra=st.floats(1.0, 100.0))
@settings(max_examples=40)
def test_more_capacity_never_lowers_anybody(world, extra):
    supply, people, reach = world
    before = two_step(supply, people, reach, maximum=120.0)["accessibility_lower"]
    after = two_step(supply + extra, people, reach, maximum=120.0)["accessibility_lower"]
    assert (after >= before).all()


def test_every_problem_is_told_at_once():
    people = pd.Series({"north": 100.0, "middle": -1.0, "west": np.nan})
    with pytest.raises(SchemaError) as error:
        two_step(pd.Series({"a": -1.0, "c": 2.0}), people, REACH, maximum=60.0)
    problems = " ".join(error.value.details["problems"])
    for part in ("demand: missing", "'west'", "persons", "supply: missing 'b'", "'c'", "capacity"):
        assert part in problems


def test_a_capacity_table_needs_both_bounds():
    with pytest.raises(SchemaError, match="capacity_upper is missing"):
        two_step(pd.DataFrame({"capacity_lower": CAPACITY}), PEOPLE, REACH, maximum=60.0)


@pytest.mark.parametrize(
    "weights", [lambda cost: cost - 20.0, lambda cost: 1.0 / (cost - 10.0), lambda cost: cost[:1]]
)
def test_a_decay_without_usable_weights_is_refused(weights):
    with pytest.raises(ScenarioError, match="decay"), np.errstate(divide="ignore"):
        enhanced_two_step(CAPACITY, PEOPLE, REACH, decay=weights)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Gaussian(0.0),
        lambda: Exponential(-1.0),
        lambda: InversePower(1.0, 2.0, 0.0),
        lambda: Gaussian(np.nan),
        lambda: Step((), ()),
        lambda: Step((10.0, 10.0), (1.0, 0.5)),
        lambda: Step((10.0,), (-1.0,)),
        lambda: Step((10.0, 20.0), (1.0,)),
    ],
)
def test_a_decay_with_senseless_numbers_is_refused(make):
    with pytest.raises(ScenarioError):
        make()


@given(st.lists(st.floats(0.0, 1e4), min_size=2, max_size=20))
def test_decays_never_rise_with_cost(costs):
    cost = np.sort(np.array(costs))
    for decay in (
        Gaussian(60.0),
        Exponential(60.0),
        InversePower(60.0, 1.5, 5.0),
        Step((60.0, 120.0), (1.0, 0.3)),
    ):
        weights = decay(cost)
        assert (weights >= 0).all()
        assert (np.diff(weights) <= 0).all()


def test_inverse_power_by_hand():
    np.testing.assert_allclose(
        InversePower(20.0, 2.0, 1.0)(np.array([0.0, 1.0, 20.0, 40.0])), [400.0, 400.0, 1.0, 0.25]
    )


def test_reach_from_pairs_equals_reach_from_a_table():
    pairs = (
        MINUTES.rename_axis("from_id")
        .reset_index()
        .melt("from_id", var_name="to_id", value_name="travel_time")
    )
    reach = Reach.from_pairs(
        pairs.sample(frac=1.0, random_state=1), rows=list(MINUTES.index), columns=["a", "b"]
    )
    pd.testing.assert_frame_equal(reach.to_frame(), REACH.to_frame())


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("north", "a", 1.0), ("north", "a", 2.0)], "twice"),
        ([("nowhere", "a", 1.0)], "from_id: unknown 'nowhere'"),
        ([("north", "z", 1.0)], "to_id: unknown 'z'"),
        ([("north", "a", -1.0)], "at least 0"),
    ],
)
def test_reach_refuses_pairs_it_cannot_place(pairs, message):
    table = pd.DataFrame(pairs, columns=["from_id", "to_id", "travel_time"])
    with pytest.raises(SchemaError, match=message):
        Reach.from_pairs(table, rows=["north", "south"], columns=["a"])


def test_reach_refuses_labels_that_do_not_fit():
    with pytest.raises(SchemaError, match="twice 'x'"):
        Reach(pd.Index(["x", "x"]), pd.Index(["a"]), sparse.csr_array(np.ones((2, 1))))
    with pytest.raises(SchemaError, match="shape"):
        Reach(pd.Index(["x"]), pd.Index(["a"]), sparse.csr_array(np.ones((2, 1))))
