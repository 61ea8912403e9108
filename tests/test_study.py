"""The study loads whole, or says everything that is wrong with it at once."""

import json
import shutil

import pandas as pd
import pytest

import capgap_geo
from capgap_geo.errors import DataNotFoundError, ProvenanceError, SchemaError
from capgap_geo.provenance import read_package, write_package
from capgap_geo.sources.study import DEFAULT_PATH, PACKAGES


@pytest.fixture
def copy(tmp_path):
    for name in PACKAGES:
        shutil.copytree(DEFAULT_PATH / name, tmp_path / name)
    return tmp_path


def restate(folder, package, change):
    """Change a CSV file as a text and let the package state its new bytes, as a careless editor would."""
    path = next((folder / package).glob(change[0]))
    path.write_text(change[1](path.read_text("utf-8")), "utf-8")
    manifest = json.loads((folder / package / "datapackage.json").read_text("utf-8"))
    resources = manifest.pop("resources")
    write_package(folder / package, meta=manifest, resources=resources)


def problems(folder):
    with pytest.raises(SchemaError) as caught:
        capgap_geo.load_study(folder)
    return caught.value.details["problems"]


def test_the_whole_country(study):
    assert (len(study.departments), len(study.provinces), len(study.places)) == (25, 196, 1955)
    assert int(study.population["population"].sum()) == 34_350_244
    groups = study.population[["girls", "boys", "women", "men"]].sum(axis=1)
    assert (groups - study.population["population"]).abs().max() < 1e-6
    assert study.zones.iloc[0]["zone_id"] == "la_pampa"


def test_every_fact_has_a_source(study):
    tables = (study.facilities, study.absences, study.contested, study.figures, study.incidents, study.zones)
    for table in tables:
        column = "source_ids" if "source_ids" in table else "source_id"
        for ids in table[column]:
            assert set(ids.split(";")) <= set(study.sources), ids
    for source in study.sources.values():
        assert source.title
        assert source.producer


def test_no_shelter_has_a_place(study):
    shelters = study.facilities[study.facilities["service"] == "shelter"]
    assert len(shelters) > 0
    assert shelters.geometry.isna().all()
    assert shelters[["place_id", "place_name"]].isna().all(axis=None)


def test_what_was_asked_for_is_on_record(study):
    absent = study.absences.set_index("absence_id")
    assert absent.loc["no_shelter_men", "profile"] == "men"
    assert absent.loc["no_follow_up", "source_ids"]
    unit = study.facilities.set_index("facility_id").loc["police_madre_de_dios"]
    assert (unit["officers"], unit["vehicles"], unit["year"]) == (10, 1, 2022)
    puno = study.contested[study.contested["contested_id"].str.startswith("puno_officers")]
    assert sorted(puno["value"]) == [4, 12]


def test_a_changed_byte_is_refused(copy):
    path = copy / "population" / "provinces.csv"
    path.write_bytes(path.read_bytes().replace(b"65024", b"65025"))
    with pytest.raises(ProvenanceError, match=r"provinces\.csv has hash .* is stated; the file was changed"):
        capgap_geo.load_study(copy)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda m: m["resources"][0].pop("licenses") and m.pop("licenses", None), "no licence"),
        (lambda m: m["resources"][0].pop("sources"), "no source"),
        (lambda m: m["sources"][0].pop("title"), "no title"),
        (lambda m: m["resources"][0].update(path="../../secret.csv"), "leads out of the package"),
    ],
)
def test_what_is_not_stated_is_refused(copy, spoil, said):
    path = copy / "facilities" / "datapackage.json"
    manifest = json.loads(path.read_text("utf-8"))
    spoil(manifest)
    path.write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ProvenanceError, match=said):
        read_package(copy / "facilities")


def test_a_missing_package_is_named(copy):
    shutil.rmtree(copy / "zones")
    with pytest.raises(DataNotFoundError, match="no folder zones"):
        capgap_geo.load_study(copy)


def edit_cell(row, column, value):
    def edit(text):
        table = pd.read_csv(pd.io.common.StringIO(text), dtype=str, keep_default_na=False)
        table.loc[row, column] = value
        return table.to_csv(index=False)

    return edit


@pytest.mark.parametrize(
    ("package", "file", "row", "column", "value", "remedy"),
    [
        ("facilities", "facilities.csv", 3, "department_id", "99", "no such department"),
        ("facilities", "facilities.csv", 3, "facility_id", "police_chiclayo", "unique"),
        ("facilities", "facilities.csv", 3, "evidence", "rumour", "corroborated, reported"),
        ("facilities", "facilities.csv", 3, "officers", "-2", "use 0 to"),
        ("facilities", "facilities.csv", 3, "officers", "many", "number is needed"),
        ("facilities", "facilities.csv", 3, "source_ids", "hearsay", "no such source"),
        ("travel", "places.csv", 3, "latitude", "12.5", "outside Peru"),
        ("travel", "places.csv", 3, "province_id", "9901", "no such province"),
        ("population", "provinces.csv", 3, "population", "", "required"),
    ],
)
def test_each_break_is_told_with_file_row_column_found_and_remedy(
    copy, package, file, row, column, value, remedy
):
    restate(copy, package, (file, edit_cell(row, column, value)))
    found = problems(copy)
    told = [p for p in found if p.row == row + 2 and column in p.column]
    assert told, [str(p) for p in found]
    assert all(p.file == file and remedy in str(p) for p in told)


def test_a_shelter_with_a_coordinate_is_refused(copy, study):
    at = pd.read_csv(copy / "facilities" / "facilities.csv", dtype=str)
    row = int(at.index[at["service"] == "shelter"][0])

    def edit(text):
        return edit_cell(row, "latitude", "-12.1")(edit_cell(row, "longitude", "-77.1")(text))

    restate(copy, "facilities", ("facilities.csv", edit))
    found = [p for p in problems(copy) if p.row == row + 2]
    assert {p.column for p in found} == {"longitude", "latitude"}
    assert all("department only" in p.remedy for p in found)
    assert not any("-12.1" in str(p) for p in found), "the message must not repeat the position"


def test_all_problems_of_a_table_come_at_once(copy):
    def edit(text):
        return edit_cell(1, "evidence", "rumour")(edit_cell(5, "service", "spa")(text))

    restate(copy, "facilities", ("facilities.csv", edit))
    found = problems(copy)
    assert {(p.row, p.column) for p in found} >= {(3, "evidence"), (7, "service")}


def test_the_fingerprint_follows_the_bytes(copy, study):
    assert capgap_geo.load_study(copy).fingerprint == study.fingerprint
    restate(copy, "population", ("provinces.csv", lambda text: text.replace("65024", "65025")))
    assert capgap_geo.load_study(copy).fingerprint != study.fingerprint
