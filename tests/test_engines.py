"""One study's prepared country never pushes out another's, and a holder's own is nobody else's."""

import gc
import weakref
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from capgap_geo.analysis import engines
from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.engine import Engine
from capgap_geo.analysis.engines import engine, hold
from capgap_geo.analysis.recall import kept_with_answer
from capgap_geo.model import Measure, Scenario

NEAR = Scenario(measure=Measure.STRAIGHT_LINE, threshold=100.0)


def with_police_in(study, lon, lat):
    row = study.facilities[study.facilities["service"] == "police"].head(1)
    row = row.assign(facility_id="own_police", geometry=[shapely.Point(lon, lat)])
    both = pd.concat([study.facilities.astype(object), row.astype(object)], ignore_index=True)
    both = both.astype({c: study.facilities[c].dtype for c in both.columns if c != "geometry"})
    return replace(study, facilities=gpd.GeoDataFrame(both, geometry="geometry", crs="EPSG:4326"))


def test_the_shared_engine_survives_any_number_of_holders(study):
    shared = engine(study)
    held = [hold(with_police_in(study, -70.0, -12.0 + i / 10), base=study) for i in range(5)]
    assert all(engine(own.study) is own for own in held)
    assert engine(study) is shared
    assert all(own is not shared for own in held)


def test_an_engine_goes_with_its_holder(study):
    own = hold(with_police_in(study, -70.0, -12.0), base=study)
    assess(own.study, NEAR)
    known, gone = id(own.study), weakref.ref(own)
    assert known in engines._held
    del own
    gc.collect()
    assert gone() is None
    assert known not in engines._held


def test_what_is_kept_with_an_answer_is_of_one_study(study):
    answer, other = assess(study, NEAR), replace(study, fingerprint="other")
    told = kept_with_answer(lambda of, _: of.fingerprint)
    assert [told(of, answer) for of in (study, other, study)] == [
        study.fingerprint,
        "other",
        study.fingerprint,
    ]


def test_what_is_shared_changes_no_number(study):
    changed = with_police_in(study, -75.0, -8.0)
    own = hold(changed, base=study)
    assert own.grid is engine(study).grid
    found = assess(changed, NEAR)
    alone = Engine(changed)
    for measured, expected in zip(
        own.reached(NEAR, own.levels(found.facilities)),
        alone.reached(NEAR, alone.levels(found.facilities)),
        strict=True,
    ):
        assert np.array_equal(measured.surface, expected.surface)
        assert np.array_equal(measured.count.people, expected.count.people)
    assert found.country["covered_people_upper"] > assess(study, NEAR).country["covered_people_upper"]


def test_other_people_are_counted_anew(study):
    more = study.population.assign(population=study.population["population"] * 2)
    own = hold(replace(study, population=more), base=study)
    assert assess(own.study, NEAR).country["people"] == pytest.approx(
        2 * assess(study, NEAR).country["people"]
    )


def test_how_far_a_zone_off_the_coast_is_is_not_known(study):
    zone = study.zones.head(1).assign(zone_id="at_sea", geometry=[shapely.box(-79, -15, -78.9, -14.9)])
    for order in ([study.zones, zone], [zone, study.zones]):
        zones = pd.concat(order, ignore_index=True)
        own = hold(replace(study, zones=zones), base=study)
        found = assess(own.study, NEAR).zones
        assert np.isnan(found.loc["at_sea", "nearest_lower"])
        known = found.drop(index="at_sea")["nearest_lower"]
        assert known.equals(assess(study, NEAR).zones["nearest_lower"].loc[known.index])
