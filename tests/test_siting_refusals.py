"""Siting questions that cannot be asked: a named error, and the nearest thing that works."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from capgap_geo.analysis import siting
from capgap_geo.errors import ScenarioError, SchemaError

#      a covers x, y; b covers y, z; c covers z only; nobody covers "island"
COVERS = pd.DataFrame(
    {"a": [True, True, False, False], "b": [False, True, True, False], "c": [False, False, True, False]},
    index=["x", "y", "z", "island"],
)
PEOPLE = pd.Series({"x": 10.0, "y": 5.0, "z": 20.0, "island": 3.0})
MINUTES = pd.DataFrame(
    {"a": [0.0, 30.0, 90.0], "b": [30.0, 0.0, 60.0], "c": [90.0, 60.0, 0.0]}, index=["x", "y", "z"]
)


def refused(ask):
    with pytest.raises(ScenarioError) as error:
        ask()
    return error.value.code, dict(error.value.details)


@pytest.mark.parametrize("p", [4, -1, 1.5, np.nan, np.inf])
def test_a_number_of_sites_that_is_impossible_is_refused_with_the_largest(p):
    for ask in (
        lambda: siting.max_covering(COVERS, PEOPLE, p=p),
        lambda: siting.greedy_covering(COVERS, PEOPLE, p=p),
        lambda: siting.p_median(MINUTES, PEOPLE.drop("island"), p=p),
        lambda: siting.p_center(MINUTES, p=p),
        lambda: siting.coverage_curve(COVERS, PEOPLE, p_max=p),
    ):
        code, details = refused(ask)
        assert (code, details["largest"]) == ("siting_count", 3)
        assert details["p"] is p


def test_an_unknown_facility_is_refused_with_the_nearest_names():
    sites = MINUTES.rename(columns={"a": "iquitos", "b": "pucallpa", "c": "tarapoto"})
    code, details = refused(lambda: siting.p_center(sites, p=1, fixed=["iqitos"]))
    assert code == "siting_fixed"
    assert details == {"unknown": ["iqitos"], "nearest": {"iqitos": ["iquitos"]}}


def test_no_candidate_in_reach_is_refused():
    code, details = refused(lambda: siting.max_covering(COVERS & False, PEOPLE, p=1))
    assert (code, details) == ("siting_nothing_in_reach", {"candidates": 3})
    code, _ = refused(lambda: siting.max_covering(COVERS, PEOPLE * [0, 0, 0, 1], p=1))
    assert code == "siting_nothing_in_reach"


def test_a_question_about_nobody_is_refused():
    for ask in (
        lambda: siting.max_covering(COVERS, PEOPLE * 0, p=1),
        lambda: siting.p_median(MINUTES, PEOPLE.drop("island") * 0, p=1),
    ):
        assert refused(ask)[0] == "siting_no_demand"


def test_a_budget_below_the_cheapest_is_refused_with_the_cheapest():
    price = pd.Series({"a": 4.0, "b": 7.0, "c": 3.0})
    code, details = refused(lambda: siting.budgeted_covering(COVERS, PEOPLE, costs=price, budget=2.0))
    assert (code, details) == ("siting_budget", {"budget": 2.0, "cheapest": 3.0, "site": "c"})
    assert (
        refused(lambda: siting.budgeted_covering(COVERS, PEOPLE, costs=price, budget=np.nan))[0]
        == "siting_budget"
    )


def test_rows_that_nothing_reaches_are_refused_or_left_out_and_named():
    code, details = refused(lambda: siting.set_covering(COVERS))
    assert (code, details) == ("siting_unreachable", {"unreachable": ["island"], "reachable": 3})
    assert siting.set_covering(COVERS, reachable_only=True).unreachable == ("island",)
    minutes = MINUTES.reindex(PEOPLE.index)
    assert refused(lambda: siting.p_median(minutes, PEOPLE, p=1))[0] == "siting_unreachable"
    answer = siting.p_median(minutes, PEOPLE, p=1, reachable_only=True)
    assert answer.unreachable == ("island",)
    assert answer.objective == siting.p_median(MINUTES, PEOPLE.drop("island"), p=1).objective


def test_too_few_sites_to_reach_everybody_is_refused_with_how_many_can():
    apart = pd.DataFrame(np.where(np.eye(3), 0.0, np.inf), index=list("xyz"), columns=list("abc"))
    people = pd.Series(1.0, index=list("xyz"))
    for ask in (lambda: siting.p_median(apart, people, p=2), lambda: siting.p_center(apart, p=2)):
        assert refused(ask) == ("siting_too_few", {"p": 2, "needed": 3})


def test_no_site_at_all_reaches_nobody():
    near = MINUTES.assign(open=0.0)
    for ask in (
        lambda **more: siting.p_median(near, PEOPLE.drop("island"), p=0, **more),
        lambda **more: siting.p_center(near, p=0, **more),
    ):
        assert refused(ask) == ("siting_too_few", {"p": 0, "needed": 1})
        answer = ask(fixed=["open"])
        assert (answer.sites, answer.objective, answer.proven) == ((), 0.0, True)


def test_a_table_that_is_not_boolean_is_refused():
    for table in (MINUTES, COVERS.astype(object).where(COVERS, None)):
        with pytest.raises(SchemaError, match="True and False"):
            siting.set_covering(table)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: siting.max_covering(COVERS, PEOPLE.drop("x"), p=1), "missing 'x'"),
        (lambda: siting.max_covering(COVERS, PEOPLE.rename({"x": "w"}), p=1), "not in reach 'w'"),
        (lambda: siting.max_covering(COVERS, -PEOPLE, p=1), "at least 0"),
        (lambda: siting.max_covering(COVERS, PEOPLE.where(PEOPLE > 5), p=1), "known"),
        (lambda: siting.p_median(-MINUTES, PEOPLE.drop("island"), p=1), "at least 0"),
        (lambda: siting.set_covering(pd.concat([COVERS, COVERS])), "twice"),
        (
            lambda: siting.budgeted_covering(
                COVERS, PEOPLE, costs=pd.Series({"a": 1.0, "b": np.nan}), budget=1.0
            ),
            "missing 'c'.*known cost",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused(ask, message):
    with pytest.raises(SchemaError, match=message):
        ask()


def test_there_must_be_time_and_a_variant():
    assert refused(lambda: siting.max_covering(COVERS, PEOPLE, p=1, time_limit=0.0))[0] == "siting_time_limit"
    assert refused(lambda: siting.stability([], p=1))[0] == "siting_no_variant"
