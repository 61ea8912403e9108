"""The hand-curated packages (facilities, incidents, zones): sourced, honest about evidence, safe, remade."""

import csv
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from capgap_geo.i18n import Translator
from capgap_geo.model import Source
from capgap_geo.provenance import read_package
from capgap_geo.render import attribution

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
CURATED = ("facilities", "incidents", "zones")
DERIVED = {
    "facilities": ["facilities.csv", "absences.csv", "contested.csv", "figures.csv"],
    "incidents": ["incidents.csv", "hotspots.csv"],
    "zones": ["zones.geojson"],
}
EQUAL_AREA = "+proj=laea +lon_0=-75 +lat_0=-9.5 +datum=WGS84"
LARGEST_NAME = 4
ENGLISH = re.compile(r" (?:and|by|after|from|the|of|citing|quoting|contributors|data) |\bcopy\b")
#: Names of native communities, of shelters and of a shelter's town in our working notes, as the first 16
#: digits of the SHA-256 of the name: a list in clear would publish what it forbids.
FORBIDDEN = frozenset(
    {
        "f79ca7df7dfeb93b",
        "b1d5b1d005b5d7f9",
        "748a4bc9185fe1e9",
        "9b7bbedecaaeed66",
        "5528a2aefb1f8fea",
        "dd8aa4dba065b837",
        "39c0f39642116429",
        "333e87d9a1529974",
        "0d3e2e0e232a73a0",
        "8d09105dfa57a075",
        "ee6b2772507a4241",
        "8bb8338f627b0f16",
        "5838c557cd3aa76e",
        "7ee813a4e984a349",
        "4ec4eb15836322e0",
        "71d71a47889bb804",
        "c0f3a564138d0556",
        "c3edb3e4a85f2682",
        "e9ed330d7b46fd8b",
        "29ae521188a1631a",
        "bbc4180275b99dff",
    }
)


def rows(package, name):
    path = DATA / package / name
    if path.suffix == ".geojson":
        return [f["properties"] for f in json.loads(path.read_text("utf-8"))["features"]]
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def manifest(package):
    return json.loads((DATA / package / "datapackage.json").read_text("utf-8"))


def sources(package):
    return {s["id"]: s for s in rows(package, "sources.csv")}


def tables():
    return [(p, r["path"]) for p in CURATED for r in manifest(p)["resources"]]


@pytest.fixture(scope="module")
def zones():
    return gpd.read_file(DATA / "zones" / "zones.geojson").set_index("zone_id")


@pytest.fixture(scope="module")
def provinces():
    return gpd.read_file(DATA / "boundaries" / "provinces.geojson").set_index("province_id")


@pytest.mark.parametrize("package", CURATED)
def test_packages_hold_their_bytes_licences_and_sources(package):
    read = read_package(DATA / package)
    assert all(s["title"] and s["producer"] and (s["url"] or s.get("citation")) for s in read.sources)


@pytest.mark.parametrize(("package", "path"), tables())
def test_every_row_has_existing_sources(package, path):
    known = set(sources(package))
    for row in rows(package, path):
        named = row.get("source_ids", row.get("source_id"))
        if named is not None:
            assert named, f"{path}: a row without a source: {row}"
            assert set(named.split(";")) <= known


def test_source_ids_are_unique_over_all_packages():
    ids = [s["id"] for path in DATA.glob("*/datapackage.json") for s in manifest(path.parent.name)["sources"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("package", sorted(p.parent.name for p in DATA.glob("*/datapackage.json")))
def test_a_spanish_reader_is_told_every_producer_in_spanish(package):
    for source in manifest(package)["sources"]:
        said = f" {source['producer_es']} "
        english = re.findall(
            r" (?:and|by|after|from|the|of|citing|quoting|contributors|copy|data) |\(copy", said
        )
        assert not english, source["id"]


def test_a_maker_signs_a_picture_by_a_short_name_that_nobody_mistakes():
    def signed(producer_es, source_id="x"):
        source = Source(source_id, "T", "P", None, None, "2026-01-01", "zones", producer_es=producer_es)
        return attribution.makers(source, Translator("es"))

    assert signed("Instituto Nacional de Estadística e Informática (INEI), en el paquete p de R") == ["INEI"]
    assert signed("Infobae (copia en monitoreamos.com), que cita al INEI") == ["Infobae"]
    assert signed("Natural Earth; Mike Bostock (world-atlas)") == ["Natural Earth", "Mike Bostock"]
    evangelical = sources("zones")["zon-upr42-wea-unicep-2022"]["producer_es"]
    assert signed(evangelical) == ["Alianza Evangélica Mundial y UNICEP"]
    assert signed("un medio", "upload-x") == []


#: A word that the Spanish title of a registry needs where the registry counts in a unit.
NAMED_IN_TITLE = {
    "cases": "asos",
    "offences": "elitos",
    "complaints": "enuncias",
    "people": "íctimas",
    "convictions": "entencias",
    "operations": "perativos",
    "alleged victims": "presuntas víctimas",
    "percent of alleged victims": "presuntas víctimas",
    "percent of victims": "íctimas",
}


def test_the_title_of_a_registry_names_everything_that_it_counts():
    titles = {row["registry"]: row["title_es"] for row in rows("incidents", "registries.csv")}
    for row in rows("incidents", "incidents.csv"):
        assert NAMED_IN_TITLE[row["unit"]] in titles[row["registry"]], (row["registry"], row["unit"])


@pytest.mark.parametrize("package", CURATED)
def test_primary_keys_are_unique(package):
    for resource in manifest(package)["resources"]:
        key = resource["schema"]["primaryKey"]
        values = [tuple(row[k] for k in key) for row in rows(package, resource["path"])]
        assert len(values) == len(set(values)), resource["name"]


@pytest.mark.parametrize(("package", "path"), tables())
def test_columns_are_those_of_the_schema(package, path):
    fields = next(r["schema"]["fields"] for r in manifest(package)["resources"] if r["path"] == path)
    assert list(rows(package, path)[0]) == [f["name"] for f in fields]


@pytest.mark.parametrize(("package", "path"), tables())
def test_departments_exist(package, path):
    known = {f"{number:02d}" for number in range(1, 26)}
    assert {row.get("department_id") for row in rows(package, path)} <= {*known, "", None}


def test_no_shelter_can_be_located():
    for name in ("facilities.csv", "claims.csv"):
        shelters = [row for row in rows("facilities", name) if row["service"] == "shelter"]
        assert shelters
        for row in shelters:
            assert not any(row.get(c) for c in ("place_id", "longitude", "latitude", "beds")), row
    shelters = [row for row in rows("facilities", "facilities.csv") if row["service"] == "shelter"]
    assert {row["precision"] for row in shelters} == {"department"}
    served = [(row["department_id"], row["profiles"]) for row in shelters]
    assert len(served) == len(set(served)), "one record per department and group, so that none are added up"


def test_unspoken_names_stay_unspoken():
    for package in CURATED:
        for path in (DATA / package).iterdir():
            found = FORBIDDEN & set(hashed_names(path.read_text("utf-8"))) if path.is_file() else set()
            assert not found, f"{path} names what must not be named"


def hashed_names(text):
    plain = (c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    names = {" ".join(words[i : i + n]) for n in range(1, LARGEST_NAME + 1) for i in range(len(words))}
    return (hashlib.sha256(name.encode()).hexdigest()[:16] for name in names)


def supported(ids, known):
    """Judge support in another way than the build does: name the voices, then count them."""
    voices = set()
    for i in ids.split(";"):
        source = known[known[i]["repeats"] or i]
        voices.add("state" if source["official"] == "true" else source["publisher"])
    return "corroborated" if "state" in voices or len(voices) >= 2 else "reported"


@pytest.mark.parametrize(
    ("package", "path"),
    [("facilities", "facilities.csv"), ("facilities", "absences.csv"), ("incidents", "hotspots.csv")],
)
def test_evidence_is_what_the_sources_carry(package, path):
    known = sources(package)
    for row in rows(package, path):
        assert row["evidence"] == supported(row["source_ids"], known), row


def test_evidence_of_a_zone_is_that_of_its_closest_link(zones):
    known, claims = sources("zones"), rows("zones", "claims.csv")
    for name, zone in zones.iterrows():
        own = [c for c in claims if c["zone_id"] == name]
        link = [c for c in own if c["relation"] == zone["trafficking_evidence"]]
        assert bool(link) == (zone["trafficking_evidence"] != "none_found")
        assert zone["evidence"] == supported(";".join(c["source_id"] for c in link or own), known), name


def curation():
    spec = importlib.util.spec_from_file_location("curation", DATA / "curation.py")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(DATA))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DATA))
    return module


RULE = curation().evidence
SOURCE = st.fixed_dictionaries(
    {
        "publisher": st.sampled_from("abc"),
        "official": st.sampled_from(["true", "false"]),
        "repeats": st.just(""),
    }
)


@given(st.lists(SOURCE, min_size=1, max_size=6))
def test_a_further_source_never_weakens_evidence(listed):
    known = {str(i): source for i, source in enumerate(listed)}
    grades = [RULE(list(known)[: n + 1], known) for n in range(len(known))]
    assert sorted(grades, reverse=True) == grades  # "reported" sorts after "corroborated"
    if len(listed) == 1 and listed[0]["official"] == "false":
        assert grades == ["reported"]


def test_a_repeated_article_is_one_voice():
    known = {
        "first": {"publisher": "a", "official": "false", "repeats": ""},
        "echo": {"publisher": "b", "official": "false", "repeats": "first"},
    }
    assert RULE(["first", "echo"], known) == "reported"


def test_known_capacities():
    by_id = {row["facility_id"]: row for row in rows("facilities", "facilities.csv")}
    unit = by_id["police_madre_de_dios"]
    assert (unit["officers"], unit["vehicles"], unit["capacity_evidence"]) == ("10", "1", "reported")
    assert (unit["year"], unit["evidence"], unit["place_inferred"]) == ("2022", "corroborated", "true")
    assert by_id["police_puno"]["officers"] == by_id["police_juliaca"]["officers"] == "6"
    assert (by_id["police_piura"]["officers"], by_id["prosecution_piura"]["prosecutors"]) == ("25", "2")
    assert by_id["prosecution_piura"]["capacity_evidence"] == "reported", "one article follows the other"
    assert by_id["prosecution_madre_de_dios"]["prosecutors"] == "", "announced is not actual"
    assert by_id["police_iquitos"]["officers"] == "", "historic is not present"
    assert not any(row["women_officers"] for row in by_id.values()), "no source knows them"


def test_unknown_capacity_is_empty_and_zero_is_sourced():
    zeros = [
        (row["facility_id"], c)
        for row in rows("facilities", "facilities.csv")
        for c in ("officers", "women_officers", "vehicles", "prosecutors", "beds")
        if row[c] == "0"
    ]
    assert zeros == [("police_piura", "vehicles")]


def test_who_is_served():
    served = {row["service"]: set() for row in rows("facilities", "facilities.csv")}
    for row in rows("facilities", "facilities.csv"):
        served[row["service"]].add(row["profiles"])
    assert served["police"] == served["prosecution"] == {"girls;boys;women;men"}
    assert served["shelter"] == {"girls;boys"}, "no shelter for adults is known"


def test_the_absences_that_matter_most():
    absent = {row["absence_id"]: row for row in rows("facilities", "absences.csv")}
    for name in ("no_shelter_men", "no_shelter_women", "no_follow_up"):
        assert absent[name]["department_id"] == "", "the whole country"
        assert "fac-upr42-wea-unicep-2022" in absent[name]["source_ids"]
    assert absent["no_prosecution_sullana"]["department_id"] == "20"


def test_disputes_keep_all_sides():
    sides = {}
    for row in rows("facilities", "contested.csv"):
        sides.setdefault((row["service"], row["department_id"], row["measure"]), set()).add(row["value"])
    assert sides["police", "21", "officers"] == {"12", "4"}
    assert all(len(values) > 1 for values in sides.values())


def test_norms_say_what_they_bind():
    norms = [row for row in rows("facilities", "figures.csv") if row["reference_line"] == "true"]
    assert {row["topic"] for row in norms} == {"norm"}
    assert all(row["binding"] for row in norms)
    assert {row["value"] for row in norms if row["binding"] == "national_policy"} == {"70", "90"}


def test_a_registry_states_one_value_per_department_period_and_measure():
    incidents = rows("incidents", "incidents.csv")
    keys = [(r["department_id"], r["registry"], r["period"], r["measure"]) for r in incidents]
    assert len(keys) == len(set(keys))
    assert {r["registry"] for r in incidents} == {r["registry"] for r in rows("incidents", "registries.csv")}


@pytest.mark.parametrize(
    ("registry", "period", "measure", "departments", "total"),
    [
        ("mp_cases_opened", "2016", "cases", 25, 1324),
        ("mp_cases_opened", "2017", "cases", 25, 1457),
        ("mp_cases_opened", "2018", "cases", 25, 1350),
        ("mp_complaints_2007_2014", "2007-01 to 2014-04", "complaints", 25, 1976),
        ("mpfn_offences_129ab_2025", "2025-01 to 2025-11", "offences", 24, 886),
    ],
)
def test_registries_add_up_to_their_published_totals(registry, period, measure, departments, total):
    values = {
        r["department_id"]: float(r["value"])
        for r in rows("incidents", "incidents.csv")
        if (r["registry"], r["period"], r["measure"]) == (registry, period, measure) and r["department_id"]
    }
    assert (len(values), sum(values.values())) == (departments, total)


def test_no_small_count_of_people():
    people = [r for r in rows("incidents", "incidents.csv") if r["unit"] in {"people", "alleged victims"}]
    assert min(float(r["value"]) for r in people) >= 10


def test_la_pampa_is_where_it_is(zones, provinces):
    pampa = zones.loc["la_pampa"]
    assert (pampa["department_id"], pampa["province_id"]) == ("17", "1701")
    assert pampa.geometry.contains(Point(-69.98, -12.97))
    assert provinces.geometry["1701"].contains(pampa.geometry)


def test_zones_lie_in_their_departments(zones, provinces):
    flat, land = zones.to_crs(EQUAL_AREA), provinces.to_crs(EQUAL_AREA)
    for name, zone in flat.iterrows():
        own = land.geometry[land.index.str.startswith(zone["department_id"])].union_all()
        assert zone.geometry.is_valid
        assert zone.geometry.intersection(own).area > 0.9 * zone.geometry.area, name


def test_centres_lie_in_their_departments(zones, provinces):
    centres = gpd.points_from_xy(zones["centre_lon"], zones["centre_lat"], crs=zones.crs)
    within = gpd.GeoDataFrame(zones[["department_id"]], geometry=centres).sjoin(provinces, predicate="within")
    assert len(within) == len(zones)
    assert (within["department_id_left"] == within["department_id_right"]).all()


def test_zones_do_not_overlap(zones):
    flat = zones.to_crs(EQUAL_AREA)
    pairs = flat.sjoin(flat, predicate="overlaps")
    assert pairs.empty


@pytest.mark.parametrize("package", CURATED)
def test_build_remakes_the_same_bytes(package, tmp_path):
    copy = tmp_path / "data"
    for name in {*CURATED, "travel"}:
        shutil.copytree(DATA / name, copy / name)
    for script in DATA.glob("*.py"):
        shutil.copy(script, copy)
    for name in DERIVED[package]:
        (copy / package / name).unlink()
    command = [sys.executable, str(copy / package / "build.py")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    for path in (DATA / package).iterdir():
        if path.is_file():
            assert (copy / package / path.name).read_bytes() == path.read_bytes(), path.name
    if package == "zones":
        name = json.loads((tmp_path / "static" / "geo" / "manifest.json").read_text("utf-8"))["zones"]
        assert (ROOT / "static" / "geo" / name).read_bytes() == (tmp_path / "static/geo" / name).read_bytes()
