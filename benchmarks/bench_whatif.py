"""T6: a whole what-if answer, warm: surfaces, departments, zones, coverage and index, and back again."""

from __future__ import annotations

import gc
from dataclasses import fields, replace
from time import process_time

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from benchmarks import inputs
from benchmarks.harness import Row, seconds
from capgap_geo.analysis import gap_index
from capgap_geo.analysis.assess import Assessment, assess, engine
from capgap_geo.analysis.indicators import definitions, indicators
from capgap_geo.analysis.plan import Add, Plan, point_at
from capgap_geo.analysis.whatif import apply
from capgap_geo.model import Scenario, Service, Study
from capgap_geo.sources.study import load_study

SCENARIO = Scenario(service=Service.POLICE)
SITES, ROUNDS, CHECKED = 50, 100, 5


def run() -> list[Row]:
    study = load_study()
    if study.friction is None:
        study = replace(study, friction=np.where(np.isinf(inputs.friction()), np.nan, inputs.friction()))
    recorded = int((study.facilities["service"] == SCENARIO.service).sum())
    return [*_rows(_with_sites(study), f"{SITES} units"), *_rows(study, f"the {recorded} units on record")]


def _with_sites(study: Study) -> Study:
    """Return the study with `SITES` drawn police units in place of the recorded ones."""
    points = inputs.facilities(SITES, seed=2)
    model = study.facilities[study.facilities["service"] == SCENARIO.service].iloc[0]
    rows = [
        {**model, "facility_id": f"unit_{i}", "evidence": "corroborated", "geometry": Point(*point)}
        for i, point in enumerate(points)
    ]
    others = study.facilities[study.facilities["service"] != SCENARIO.service]
    drawn = gpd.GeoDataFrame(rows, geometry="geometry", crs=others.crs)
    return replace(study, facilities=gpd.GeoDataFrame(pd.concat([others, drawn], ignore_index=True)))


def _rows(study: Study, base: str) -> list[Row]:
    assess(study, SCENARIO)
    plans: list[Plan] = [(Add(SCENARIO.service, point_at(*p)),) for p in inputs.facilities(ROUNDS, seed=5)]
    _answer(study, plans[0])
    gc.freeze()  # as the app does once it is ready: what stays is not looked through again
    times = [
        seconds(lambda p=plan: _answer(study, p), clock=process_time)  # type: ignore[misc]
        for plan in plans
    ]
    gc.unfreeze()
    for plan in plans[:CHECKED]:
        _check(study, plan)
    work = f"what if one unit is added to {base}: plan, surfaces, departments, zones, index"
    note = f"surfaces equal a full run to the last bit, {CHECKED} of {ROUNDS} checked"
    median, slow = float(np.median(times)), float(np.quantile(times, 0.99))
    return [
        Row("T6", f"{work}, median", median, "-", None, 0.020, note, absolute=True),
        Row("T6", f"{work}, 99th percentile", slow, "-", None, 0.150, note, absolute=True),
    ]


def _answer(study: Study, plan: Plan) -> Assessment:
    answer = assess(study, SCENARIO, facilities=apply(study, plan))
    table = indicators(study, answer)
    gap_index.bounds(table, definitions=definitions(table))
    return answer


def _check(study: Study, plan: Plan) -> None:
    table = apply(study, plan)
    answer = assess(study, SCENARIO, facilities=table)
    whole = engine(study).nearest(answer.facilities, SCENARIO.measure)
    if not np.array_equal(answer.wide, whole):
        raise AssertionError(f"{plan}: the revised surface differs from a full run")
    held = assess(replace(study, facilities=table), SCENARIO)
    for field in fields(Assessment):
        one, other = getattr(answer, field.name), getattr(held, field.name)
        if isinstance(one, pd.DataFrame) and field.name != "facilities" and not one.equals(other):
            raise AssertionError(f"{plan}: {field.name} differs from a study that holds the plan")
