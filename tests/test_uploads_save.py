"""Save as a study: what is brought stays, protected, and loads again by the same loader."""

import io
import json
import zipfile

import geopandas as gpd
import numpy as np
import pytest
import shapely

from capgap_geo.errors import UploadError
from capgap_geo.privacy import Secret, find_leaks
from capgap_geo.sources.study import load_study
from capgap_geo.sources.uploads import add_to_study, load_saved, read_upload, save_study
from capgap_geo.sources.uploads.saved import unpack
from capgap_geo.sources.uploads.upload import unsourced_ids

SECRET = Secret(-69.1876543, -12.5912346, ("Casa de acogida Flor de Aguaje", "Ana Quispe"))
SAID = {"source": "Mesa regional", "licence": "CC BY 4.0", "date": "2024-06-30"}
FACILITIES = f"""service,name,department,lat,lon,officers,profiles
pnp,Mazuko,Madre de Dios,-13.1,-70.38,4,
albergue,Casa de acogida Flor de Aguaje,Madre de Dios,{SECRET.latitude},{SECRET.longitude},,girls
""".encode()
INCIDENTS = b"department,year,cases\nPuno,2024,3\nCusco,2024,50\nTacna,2024,60\nPuno,2023,80\n"
POPULATION = b"province,department,population,year\nTambopata,Madre de Dios,150000,2026\n"


@pytest.fixture(scope="module")
def uploads():
    zone = gpd.GeoDataFrame(
        {"zone_name": ["La Poza"]}, geometry=[shapely.box(-70, -13, -69.9, -12.9)], crs="EPSG:4326"
    )
    district = zone.rename(columns={"zone_name": "nombre"}).assign(ubigeo="170101")
    friction = np.full((30, 40), 9.0, "float32")
    friction[0, 0] = np.nan
    return {
        "facilities": read_upload(FACILITIES, "f.csv", kind="facilities", **SAID),
        "incidents": read_upload(INCIDENTS, "i.csv", kind="incidents", **SAID),
        "population": read_upload(POPULATION, "p.csv", kind="population", **SAID),
        "zones": read_upload(zone.to_json().encode(), "z.geojson", kind="zones"),
        "boundaries": read_upload(district.to_json().encode(), "d.geojson", kind="boundaries"),
        "friction": read_upload(raster(friction), "t.tif", kind="friction", **SAID),
    }


def raster(values):
    import rasterio

    with rasterio.MemoryFile() as memory:
        place = rasterio.transform.from_origin(-80, 0, 0.1, 0.1)
        with memory.open(
            driver="GTiff", width=40, height=30, count=1, dtype="float32", crs="EPSG:4326", transform=place
        ) as dataset:
            dataset.write(values, 1)
        return memory.read()


@pytest.fixture(scope="module")
def content(uploads):
    return save_study(list(uploads.values()), without_bad_rows=True)


def test_what_was_brought_loads_again(study, uploads, content):
    saved = load_saved(content)
    new = saved.study.facilities[~saved.study.facilities["facility_id"].isin(study.facilities["facility_id"])]
    assert len(saved.study.facilities) == len(study.facilities) + 2
    assert sorted(new["service"]) == ["police", "shelter"]
    assert set(new["source_ids"]) == {uploads["facilities"].origin.source_id}
    assert saved.study.sources[uploads["facilities"].origin.source_id].title == "Mesa regional"
    police = new[new["service"] == "police"].iloc[0]
    assert police.geometry.equals_exact(shapely.Point(-70.38, -13.1), 1e-5)
    assert police["officers"] == 4
    counts = saved.study.incidents[saved.study.incidents["registry"] == "upload_mesa_regional"]
    shown = uploads["incidents"].table["value"].dropna()
    assert sorted(counts["value"]) == sorted(shown), "withheld counts are left out"
    assert 3 not in set(counts["value"])
    people = saved.study.population.set_index("province_id")
    assert people.loc["1701", "population"] == 150_000
    assert (
        people.loc["1702", "population"]
        == study.population.set_index("province_id").loc["1702", "population"]
    )
    assert "upload_la_poza" in set(saved.study.zones["zone_id"])
    assert saved.extras["boundaries"]["boundary_id"].tolist() == ["170101"]
    assert np.array_equal(saved.surface.cells, uploads["friction"].surface.cells, equal_nan=True)


def test_the_saved_study_is_a_folder_for_the_ordinary_loader(tmp_path, content):
    unpack(content, tmp_path)
    assert load_study(tmp_path).fingerprint == load_saved(content).study.fingerprint


def test_what_has_no_source_stays_marked(uploads, content):
    saved = load_saved(content)
    expected = {uploads[k].origin.source_id for k in ("zones", "boundaries")}
    assert set(saved.unsourced) == expected
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = json.loads(archive.read("zones/datapackage.json"))
    marked = [s for s in manifest["sources"] if s.get("unsourced")]
    assert [s["id"] for s in marked] == [uploads["zones"].origin.source_id]
    assert "UNSOURCED" in marked[0]["citation"]


def test_no_shelter_and_no_name_is_in_the_file(content):
    assert not find_leaks(content, [SECRET])


def test_the_same_study_gives_the_same_bytes(uploads, content):
    assert save_study(list(uploads.values()), without_bad_rows=True) == content


def test_a_saved_study_can_be_added_to(uploads, content):
    more = read_upload(b"service,department\npnp,Tacna\n", "x.csv", kind="facilities", **SAID)
    again = load_saved(save_study([more, uploads["facilities"]], base=content))
    ids = again.study.facilities["facility_id"]
    assert ids.is_unique
    assert len(ids) == len(load_saved(content).study.facilities) + 3
    assert again.surface is not None


def test_bad_rows_are_given_up_by_the_user_only(study):
    upload = read_upload(b"service,department\npnp,Tacna\npnp,Nowhere\n", "x.csv", kind="facilities")
    for act in (lambda: save_study([upload]), lambda: add_to_study(study, upload)):
        with pytest.raises(UploadError) as caught:
            act()
        assert caught.value.code == "upload_has_problems"
    assert len(add_to_study(study, upload, without_bad_rows=True).facilities) == len(study.facilities) + 1


def test_adding_in_a_session_leaves_the_study_as_it_was(study, uploads):
    before = (len(study.facilities), study.fingerprint, dict(study.sources))
    now = study
    for kind in ("facilities", "incidents", "population", "zones"):
        now = add_to_study(now, uploads[kind], without_bad_rows=True)
    assert (len(study.facilities), study.fingerprint, dict(study.sources)) == before
    assert now.fingerprint != study.fingerprint
    assert unsourced_ids(now.sources) == (uploads["zones"].origin.source_id,)
    for name in ("facilities", "incidents", "zones", "population", "registries"):
        old, new = getattr(study, name), getattr(now, name)
        assert list(new.columns) == list(old.columns)
        assert (
            new.dtypes.astype(str).replace("str", "object").tolist()
            == old.dtypes.astype(str).replace("str", "object").tolist()
        )
    assert now.incidents["value"].notna().all()
    assert set(now.incidents["registry"]) <= set(now.registries["registry"])
    people = now.population.set_index("province_id")
    groups = people.loc["1701", ["girls", "boys", "women", "men"]].sum()
    assert groups == pytest.approx(150_000)
    assert people.loc["1701", "estimated"]
    assert now.facilities.crs == study.facilities.crs


def test_the_same_file_twice_keeps_ids_unique(study, uploads):
    twice = add_to_study(add_to_study(study, uploads["facilities"]), uploads["facilities"])
    assert twice.facilities["facility_id"].is_unique
    counts = add_to_study(add_to_study(study, uploads["incidents"]), uploads["incidents"]).incidents
    assert counts["incident_id"].is_unique
    assert not counts.duplicated(["department_id", "registry", "period", "measure"]).any()


def repacked(content, change):
    members = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return out.getvalue()


VRT = (
    b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>'
    b"</OGRVRTLayer></OGRVRTDataSource>"
)


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update({"facilities/facilities.csv": m["facilities/facilities.csv"] + b"x,y\n"}),
        lambda m: m.pop("zones/zones.geojson"),
        lambda m: m.update({"zones/run.py": b"import os"}),
        lambda m: m.update({"zones/../../x.csv": b"a"}),
        lambda m: m.update({"zones/zones.geojson": VRT}),
        lambda m: m.update({"boundaries/datapackage.json": b"{" * 100_000}),
        lambda m: m.update({"uploads/friction.tif": b"II*\x00" + b"\xff" * 500}),
        lambda m: m.clear(),
    ],
    ids=["altered", "missing", "program", "escape", "vrt", "json", "tif", "empty"],
)
def test_a_changed_study_is_refused_in_a_sentence(content, change):
    with pytest.raises(UploadError) as caught:
        load_saved(repacked(content, change))
    assert caught.value.code in (
        "upload_not_a_study",
        "upload_archive_unsafe",
        "upload_unreadable",
        "upload_crashed",
    )
    assert len(str(caught.value)) < 500


def test_a_shelter_slipped_into_a_saved_study_is_refused(content, tmp_path):
    import hashlib

    def slip(members):
        rows = members["facilities/facilities.csv"].decode().splitlines()
        at = next(i for i, row in enumerate(rows) if ",shelter," in row)
        rows[at] = rows[at].rsplit(",", 2)[0] + f",{SECRET.longitude},{SECRET.latitude}"
        table = ("\n".join(rows) + "\n").encode()
        manifest = json.loads(members["facilities/datapackage.json"])
        for resource in manifest["resources"]:
            if resource["path"] == "facilities.csv":
                resource["bytes"] = len(table)
                resource["hash"] = "sha256:" + hashlib.sha256(table).hexdigest()
        members |= {
            "facilities/facilities.csv": table,
            "facilities/datapackage.json": json.dumps(manifest).encode(),
        }
        assert find_leaks(table, [SECRET])

    with pytest.raises(UploadError) as caught:
        load_saved(repacked(content, slip))
    assert not find_leaks(str(caught.value).encode(), [SECRET])
