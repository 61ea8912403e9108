"""The Capacity Gap Index: by hand, monotone, free of units, and open about what it does not know."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.gap_index import (
    Aggregation,
    Direction,
    Indicator,
    Normalisation,
    bounds,
    composite,
    pillars,
    robustness,
)
from capgap_geo.analysis.indicators import definitions, indicators
from capgap_geo.errors import ScenarioError, SchemaError
from capgap_geo.model import Scenario

MORE, LESS = Direction.HIGHER_IS_WORSE, Direction.LOWER_IS_WORSE
PARTS = (
    Indicator("cases", "need", MORE),
    Indicator("far", "reach", MORE),
    Indicator("officers", "capacity", LESS),
    Indicator("beds", "capacity", LESS),
)
TABLE = pd.DataFrame(
    {
        "cases": [9.0, 5.0, 1.0, 3.0],
        "far": [80.0, 20.0, 40.0, 0.0],
        "officers": [0.0, 10.0, 4.0, 8.0],
        "beds": [2.0, 2.0, 0.0, 8.0],
    },
    index=["17", "15", "16", "08"],
)
ways = pytest.mark.parametrize("aggregation", list(Aggregation))
scales = pytest.mark.parametrize("normalisation", list(Normalisation))


@st.composite
def tables(draw, *, gaps=False):
    """A table with the columns of PARTS, whole numbers so that units can change without rounding."""
    rows = draw(st.integers(2, 8))
    value = st.integers(0, 20).map(float)
    columns = {
        part.name: draw(st.lists(value | st.just(np.nan) if gaps else value, min_size=rows, max_size=rows))
        for part in PARTS
    }
    table = pd.DataFrame(columns, index=[f"{k:02d}" for k in range(rows)], dtype=float)
    table.iloc[0] = table.iloc[0].fillna(1.0)
    return table


def test_arithmetic_by_hand():
    gap = composite(TABLE, definitions=PARTS, aggregation=Aggregation.ARITHMETIC)
    capacity = [(1.0 + 0.75) / 2, (0.0 + 0.75) / 2, (0.6 + 1.0) / 2, (0.2 + 0.0) / 2]
    need, reach = [1.0, 0.5, 0.0, 0.25], [1.0, 0.25, 0.5, 0.0]
    expected = np.mean([need, reach, capacity], axis=0)
    np.testing.assert_allclose(gap, expected, rtol=1e-14)


def test_geometric_by_hand():
    gap = composite(TABLE, definitions=PARTS, weights={"need": 2, "reach": 1, "capacity": 1})
    adequacy = np.array([0.01 + 0.99 * 0.5, 0.01 + 0.99 * 0.75, 0.01 + 0.99 * (1 - 0.375)])
    expected = (1 - (adequacy ** [0.5, 0.25, 0.25]).prod()) / 0.99
    np.testing.assert_allclose(gap["15"], expected, rtol=1e-14)


def test_rank_and_zscore_by_hand():
    one = (Indicator("cases", "need", MORE),)
    rank = composite(
        TABLE, definitions=one, normalisation=Normalisation.RANK, aggregation=Aggregation.ARITHMETIC
    )
    np.testing.assert_allclose(rank, [1.0, 2 / 3, 0.0, 1 / 3])
    score = composite(
        TABLE, definitions=one, normalisation=Normalisation.ZSCORE, aggregation=Aggregation.ARITHMETIC
    )
    # mean 4.5, variance (4.5^2 + 0.5^2 + 3.5^2 + 1.5^2) / 4 = 8.75; the normal distribution function of z
    np.testing.assert_allclose(score["17"], 0.9359, atol=1e-4)
    np.testing.assert_allclose(score["15"], 0.5671, atol=1e-4)


def test_strength_in_one_pillar_does_not_hide_absence_in_another():
    two = pd.DataFrame(
        {"far": [1.0, 0.0, 0.5], "officers": [1.0, 0.0, 0.5]}, index=["split", "absent", "even"]
    )
    parts = (Indicator("far", "reach", MORE), Indicator("officers", "capacity", LESS))
    plain = composite(two, definitions=parts, aggregation=Aggregation.ARITHMETIC)
    strict = composite(two, definitions=parts)
    assert plain["split"] == plain["even"]
    assert strict["split"] > strict["even"]


@scales
@ways
@given(table=tables(), factor=st.sampled_from([0.25, 2.0, 1024.0]), shift=st.sampled_from([0.0, 64.0]))
@settings(max_examples=30)
def test_units_do_not_matter(normalisation, aggregation, table, factor, shift):
    options = {"definitions": PARTS, "normalisation": normalisation, "aggregation": aggregation}
    changed = table.assign(far=table["far"] * factor + shift, beds=table["beds"] * factor)
    np.testing.assert_allclose(composite(changed, **options), composite(table, **options), atol=1e-12)


@scales
@ways
@given(table=tables(), part=st.sampled_from(PARTS), step=st.floats(0.5, 30.0))
@settings(max_examples=60)
def test_a_worse_value_never_makes_a_gap_smaller(normalisation, aggregation, table, part, step):
    options = {"definitions": PARTS, "normalisation": normalisation, "aggregation": aggregation}
    worse = table.copy()
    worse.loc["01", part.name] += step if part.direction is MORE else -step
    before, after = composite(table, **options), composite(worse, **options)
    assert after["01"] >= before["01"] - 1e-12
    if normalisation is not Normalisation.ZSCORE:
        overtaken = (before < before["01"] - 1e-12) & (after > after["01"] + 1e-12)
        assert not overtaken.any()


@scales
@ways
@given(table=tables(gaps=True), order=st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_the_order_of_rows_and_columns_does_not_matter(normalisation, aggregation, table, order):
    options = {"normalisation": normalisation, "aggregation": aggregation}
    rows, columns, parts = list(table.index), list(table.columns), list(PARTS)
    for labels in (rows, columns, parts):
        order.shuffle(labels)
    shuffled = bounds(table.loc[rows, columns], definitions=parts, **options)
    assert list(shuffled.index) == rows
    pd.testing.assert_frame_equal(shuffled.loc[table.index], bounds(table, definitions=PARTS, **options))


@scales
@ways
@given(table=tables(gaps=True), position=st.lists(st.floats(0, 1), min_size=32, max_size=32))
@settings(max_examples=60)
def test_what_is_not_known_lies_within_the_bounds(normalisation, aggregation, table, position):
    options = {"definitions": PARTS, "normalisation": normalisation, "aggregation": aggregation}
    limits = bounds(table, **options)
    assert (limits["gap_lower"] <= limits["gap_upper"]).all()
    assert limits["gap_lower"].min() >= 0.0
    assert limits["gap_upper"].max() <= 1.0 + 1e-12
    if normalisation is Normalisation.ZSCORE:
        return  # its scale is that of the known values, so a guess would move it
    low, high = table.min().to_numpy(), table.max().to_numpy()
    guesses = low + np.resize(position, table.shape) * (high - low)
    guessed = composite(table.where(table.notna(), guesses), **options)
    assert (guessed >= limits["gap_lower"] - 1e-12).all()
    assert (guessed <= limits["gap_upper"] + 1e-12).all()


@scales
@ways
def test_known_values_give_one_number(normalisation, aggregation):
    options = {"definitions": PARTS, "normalisation": normalisation, "aggregation": aggregation}
    limits = bounds(TABLE, **options)
    assert (limits["gap_lower"] == limits["gap_upper"]).all()
    assert (composite(TABLE, **options) == limits["gap_lower"]).all()


def test_an_unknown_value_is_not_filled_in():
    table = TABLE.copy()
    table.loc["16", "officers"] = np.nan
    gap = composite(table, definitions=PARTS)
    assert gap.isna().tolist() == [False, False, True, False]
    limits = bounds(table, definitions=PARTS)
    best, worst = (composite(table.fillna({"officers": v}), definitions=PARTS)["16"] for v in (10.0, 0.0))
    assert limits.loc["16"].tolist() == pytest.approx([best, worst])


@ways
@given(table=tables(gaps=True), part=st.sampled_from(PARTS))
@settings(max_examples=100)
def test_hiding_a_value_never_narrows_the_interval_of_its_score(aggregation, table, part):
    hidden = table.copy()
    hidden.loc["01", part.name] = np.nan
    assume(hidden[part.name].min() < hidden[part.name].max())
    before, after = (bounds(t, definitions=PARTS, aggregation=aggregation).loc["01"] for t in (table, hidden))
    assert after["gap_lower"] <= before["gap_lower"] + 1e-12
    assert after["gap_upper"] >= before["gap_upper"] - 1e-12


def test_a_pair_of_bounds_is_an_interval_and_a_half_known_one_reaches_the_edge():
    table = TABLE.drop(columns="officers").assign(
        officers_lower=[0.0, 4.0, 4.0, 8.0], officers_upper=[0.0, 10.0, np.nan, 8.0]
    )
    limits = bounds(table, definitions=PARTS)
    assert (limits["gap_lower"] < limits["gap_upper"]).tolist() == [False, True, True, False]
    ends = (composite(TABLE.assign(officers=[0.0, 10.0, v, 8.0]), definitions=PARTS) for v in (10.0, 4.0))
    assert limits.loc["16"].tolist() == pytest.approx([end["16"] for end in ends])


def test_unreachable_stands_beyond_the_worst_finite_value():
    one = (Indicator("far", "reach", MORE),)
    rank = composite(
        TABLE.assign(far=[80.0, 20.0, np.inf, 0.0]), definitions=one, normalisation=Normalisation.RANK
    )
    assert rank.idxmax() == "16"
    assert rank["17"] < rank["16"]


def test_an_indicator_that_does_not_vary_tells_nobody_apart():
    flat = TABLE.assign(beds=3.0)
    for normalisation in Normalisation:
        score = pillars(flat, definitions=[PARTS[3]], normalisation=normalisation)
        assert (score == 0.5).all(axis=None)


def test_pillars_show_what_drives_the_index():
    score = pillars(TABLE, definitions=PARTS)
    assert list(score.columns) == [
        f"{pillar}_{end}" for pillar in ("capacity", "need", "reach") for end in ("lower", "upper")
    ]
    assert score["reach_lower"].tolist() == [1.0, 0.25, 0.5, 0.0]
    assert score.loc["15", "capacity_upper"] == pytest.approx(0.375)


def departments(seed=0, *, unknown=True):
    random = np.random.default_rng(seed)
    ids = [f"{k:02d}" for k in range(1, 26)]
    table = pd.DataFrame(random.random((25, 14)), index=ids, columns=[f"i{k:02d}" for k in range(14)])
    table["some_lower"] = random.random(25)
    table["some_upper"] = table["some_lower"] + (random.random(25) if unknown else 0.0)
    if unknown:
        table = table.mask(random.random(table.shape) < 0.1)
    parts = [
        Indicator(f"i{k:02d}", ("need", "reach", "capacity")[k % 3], (MORE, LESS)[k % 2]) for k in range(14)
    ]
    return table, [*parts, Indicator("some", "reach", MORE)]


def test_robustness_is_reproducible_and_free_of_order():
    table, parts = departments()
    one = robustness(table, definitions=parts, draws=400, seed=5)
    other = robustness(
        table.sample(frac=1.0, random_state=1).sample(frac=1.0, axis=1, random_state=2),
        definitions=parts[::-1],
        draws=400,
        seed=5,
    )
    pd.testing.assert_frame_equal(one, other.loc[one.index])
    assert not one.equals(robustness(table, definitions=parts, draws=400, seed=6))


def test_robustness_is_free_of_units():
    table, parts = departments(unknown=False)
    changed = table.assign(i00=table["i00"] * 1024.0, i01=table["i01"] * 0.5)
    one, other = (robustness(t, definitions=parts, draws=300) for t in (table, changed))
    pd.testing.assert_frame_equal(one, other)


def test_ranks_are_distributions_over_all_rows():
    table, parts = departments()
    result = robustness(table, definitions=parts, draws=1500)
    assert list(result.index) == list(table.index)
    assert result["rank_p05"].min() >= 1.0
    assert result["rank_p95"].max() <= 25.0
    assert (result["rank_p05"] <= result["rank_median"]).all()
    assert (result["rank_median"] <= result["rank_p95"]).all()
    assert result["worst_five"].sum() == pytest.approx(5.0, abs=0.05)
    pairs = table[["some_lower", "some_upper"]]
    known = table.drop(columns=pairs.columns).notna().sum(axis=1) + (
        pairs.nunique(axis=1) < 2
    ) * pairs.notna().all(axis=1)
    np.testing.assert_allclose(result["known"], known / 15)


def test_the_one_that_is_worst_in_everything_is_always_first():
    table, parts = departments(unknown=False)
    table.loc["17"] = [(2.0, -1.0)[k % 2] for k in range(14)] + [3.0, 3.0]
    result = robustness(table, definitions=parts, draws=500)
    assert result.loc["17", ["rank_median", "rank_p05", "rank_p95", "worst_five"]].tolist() == [
        1.0,
        1.0,
        1.0,
        1.0,
    ]
    assert pd.isna(result.loc["17", "moved_most"])


def test_an_unknown_value_widens_the_interval_and_is_named():
    table, parts = departments(unknown=False)
    few = [part for part in parts if part.name in ("i00", "i01", "i02")]
    median = table["i00"].rank().sub(13).abs().idxmin()
    hidden = table.copy()
    hidden.loc[median, ["i00", "i01", "i02"]] = np.nan
    before = robustness(table, definitions=few, draws=1000).loc[median]
    after = robustness(hidden, definitions=few, draws=1000).loc[median]
    assert after["rank_p95"] - after["rank_p05"] > before["rank_p95"] - before["rank_p05"]
    assert before["moves_unknown"] == 0.0
    assert after["moved_most"] == "unknown"


def test_each_assumption_moves_only_what_depends_on_it():
    table, parts = departments(unknown=False)
    one = [part for part in parts if part.name == "i00"]
    result = robustness(table, definitions=one, draws=300)
    # one indicator: neither weights nor scale nor aggregation change an order
    assert (result[[c for c in result if c.startswith("moves_")]] == 0.0).all(axis=None)
    assert (result["rank_p05"] == result["rank_p95"]).all()
    wide = table.assign(some_lower=0.0, some_upper=1.0)
    evidence = robustness(wide, definitions=[parts[-1]], draws=300)
    assert (evidence["moved_most"] == "evidence").all()


def test_several_tables_are_one_more_assumption():
    table, parts = departments(unknown=False)
    turned = table.assign(i00=1.0 - table["i00"])
    result = robustness({"60 min": table, "120 min": turned}, definitions=[parts[0]], draws=400)
    assert (result.drop(index=result.index[result["moved_most"].isna()])["moved_most"] == "variant").all()
    swapped = robustness({"120 min": turned, "60 min": table}, definitions=[parts[0]], draws=400)
    pd.testing.assert_frame_equal(result, swapped)


def test_weights_are_the_centre_of_the_draws():
    table, parts = departments(unknown=False)
    need = [part for part in parts if part.pillar == "need"]
    only = robustness(table, definitions=parts, weights={"need": 1, "reach": 0, "capacity": 0}, draws=300)
    pd.testing.assert_series_equal(
        only["rank_median"], robustness(table, definitions=need, draws=300)["rank_median"], atol=3.0, rtol=0.0
    )
    near = robustness(table, definitions=parts, draws=300, concentration=1000.0)
    free = robustness(table, definitions=parts, draws=300)
    assert near["moves_weights"].mean() < 0.2 * free["moves_weights"].mean()


def test_5000_draws_for_25_departments_take_less_than_a_second():
    table, parts = departments()
    robustness(table, definitions=parts, draws=10)
    times = []
    for _ in range(3):
        start = perf_counter()
        robustness(table, definitions=parts, draws=5000)
        times.append(perf_counter() - start)
    assert min(times) < 1.0


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"need": 0, "reach": 0, "capacity": 0}, "all are zero"),
        ({"need": 1, "reach": -1, "capacity": 1}, "at least 0"),
        ({"need": 1, "reach": np.nan, "capacity": 1}, "at least 0"),
        ({"need": 1, "reach": 1}, "capacity: no weight"),
        ({"need": 1, "reach": 1, "capacity": 1, "luck": 1}, "luck: no such pillar"),
    ],
)
def test_weights_that_mean_nothing_are_refused_with_equal_ones(weights, message):
    for ask in (composite, bounds, robustness):
        with pytest.raises(ScenarioError, match=message) as error:
            ask(TABLE, definitions=PARTS, weights=weights)
        assert error.value.code == "index_weights"
        assert error.value.details["equal"] == {"capacity": 1 / 3, "need": 1 / 3, "reach": 1 / 3}


@pytest.mark.parametrize(
    "options",
    [
        {"draws": 0},
        {"draws": np.nan},
        {"draws": 1.5},
        {"concentration": 0.0},
        {"concentration": np.nan},
        {"concentration": np.inf},
    ],
)
def test_senseless_draws_are_refused(options):
    with pytest.raises(ScenarioError) as error:
        robustness(TABLE, definitions=PARTS, **options)
    assert error.value.code == "index_draws"


def test_every_problem_of_a_table_is_told_at_once():
    table = pd.DataFrame(
        {"cases": [1.0, -np.inf], "far_lower": [2.0, 3.0], "far_upper": [1.0, 3.0], "beds": np.nan},
        index=["x", "x"],
    )
    with pytest.raises(SchemaError) as error:
        composite(table, definitions=PARTS)
    problems = " ".join(error.value.details["problems"])
    for part in ("twice 'x'", "cases: infinitely good", "far: a lower", "officers", "beds: no value"):
        assert part in problems


def test_tables_of_several_assumptions_need_the_same_rows():
    with pytest.raises(SchemaError, match="missing '08'"):
        robustness({"a": TABLE, "b": TABLE.drop(index="08")}, definitions=PARTS)


def test_an_unknown_direction_is_refused():
    with pytest.raises(ScenarioError, match="higher_is_worse"):
        Indicator("beds", "capacity", "more")


@pytest.mark.parametrize("ask", [composite, bounds])
@pytest.mark.parametrize("option", ["normalisation", "aggregation"])
def test_a_way_that_there_is_not_is_refused_with_those_that_there_are(ask, option):
    with pytest.raises(ScenarioError, match=f"{option}: found 'median', use one of .*(minmax|geometric)"):
        ask(TABLE, definitions=PARTS, **{option: "median"})
    with pytest.raises(ScenarioError, match="normalisation"):
        pillars(TABLE, definitions=PARTS, normalisation="median")


def test_the_projects_own_indicators_need_no_definitions(study):
    table = indicators(study, assess(study, Scenario(measure="straight_line", threshold=100.0)))
    own = definitions(table)
    assert {i.pillar for i in own} == {"need", "reach", "capacity"}
    for ask in (composite, bounds, pillars):
        assert ask(table).equals(ask(table, definitions=own))
    ranks = robustness(table, draws=50)
    pd.testing.assert_frame_equal(ranks, robustness(table, definitions=own, draws=50))
    part = table[["officers_lower", "officers_upper", "zones_lower", "zones_upper"]].assign(note="own")
    assert [i.name for i in definitions(part)] == ["zones", "officers"]
    with pytest.raises(SchemaError, match="found none"):
        composite(TABLE.rename(columns=str.upper))
