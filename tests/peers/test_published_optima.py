"""San Francisco, 16 stores and 205 census tracts: the optima that spopt publishes, on the data it ships."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from capgap_geo.analysis import siting

pytestmark = pytest.mark.peer("spopt")


@pytest.fixture(scope="module")
def metres() -> pd.DataFrame:
    return _pairs().pivot_table(index="DestinationName", columns="name", values="distance")


@pytest.fixture(scope="module")
def people() -> pd.Series:
    return _pairs().drop_duplicates("DestinationName").set_index("DestinationName")["demand"].astype(float)


def _pairs() -> pd.DataFrame:
    package = Path(find_spec("spopt").origin).parent
    folder = package / "tests" / "test_locate" / "data"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    assert pairs["name"].nunique() == 16
    assert pairs["DestinationName"].nunique() == 205
    return pairs


def test_fewest_stores_within_5_km(metres):
    answer = siting.set_covering(metres <= 5000.0)
    assert (answer.objective, answer.proven) == (8.0, True)


def test_most_people_within_5_km_of_4_stores(metres, people):
    answer = siting.max_covering(metres <= 5000.0, people, p=4)
    assert (answer.objective, answer.proven) == (875247.0, True)


def test_least_travel_to_4_stores(metres, people):
    answer = siting.p_median(metres, people, p=4)
    assert answer.objective == pytest.approx(2848268129.71, abs=0.01)
    assert answer.proven


def test_shortest_longest_way_to_4_stores(metres):
    answer = siting.p_center(metres, p=4)
    assert answer.objective == pytest.approx(7403.064, abs=0.001)
    assert answer.proven
