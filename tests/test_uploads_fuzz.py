"""Whatever comes in: a table or an error with a name, quickly. Kept findings stay found."""

import string

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import fuzz_uploads as fuzz
from capgap_geo.errors import UploadError
from capgap_geo.privacy import PrivacySettings, exposed
from capgap_geo.sources.uploads.areas import Areas
from capgap_geo.sources.uploads.kinds import KINDS
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.reading import judge
from capgap_geo.sources.uploads.text import read_text
from capgap_geo.sources.uploads.upload import Origin


def test_thousands_of_damaged_files_give_named_errors_quickly():
    counts, wrong = fuzz.findings(4_000, seed=11)
    assert sum(counts.values()) == 4_000
    assert not wrong
    assert counts["ok"] > 100, "some must still be readable, or only the surface was tried"


@pytest.mark.parametrize("path", sorted(fuzz.SEEDS.glob("*.bin")), ids=lambda p: p.stem)
def test_kept_findings_stay_found(path):
    said = fuzz.verdict(path.read_bytes())
    assert said == "ok" or said.startswith("upload_")


# Simple boxes for two departments with two provinces each.
BOXES = {
    "1701": (-72, -13, -70.5, -10),
    "1702": (-70.5, -13, -69, -10),
    "2101": (-72, -17, -70.5, -13),
    "2102": (-70.5, -17, -69, -13),
}
PROVINCES = gpd.GeoDataFrame(
    {
        "province_id": list(BOXES),
        "province_name": ["Tambopata", "Manu", "Puno", "Azángaro"],
        "department_id": ["17", "17", "21", "21"],
    },
    geometry=[shapely.box(*b) for b in BOXES.values()],
    crs="EPSG:4326",
)
DEPARTMENTS = PROVINCES.dissolve("department_id").reset_index()[["department_id", "geometry"]]
AREAS = Areas(DEPARTMENTS.assign(department_name=["Madre de Dios", "Puno"]), PROVINCES)

CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "Puno",
            "MADRE DE DIOS",
            "17",
            "1701",
            "170101",
            "Tambopata",
            "pnp",
            "albergue",
            "fiscalía",
            "-12.5",
            "-70,1",
            "12°30'S",
            "70 30 O",
            "2024",
            "2023-05-01",
            "0",
            "3",
            "12",
            "1.234,5",
            "n/d",
            "niñas",
            "todos",
            "Perú",
            "unknown",
            "direct",
            "Casa de acogida X",
            "=1+1",
            "{{7*7}}",
            "<b>",
            "nan",
            "inf",
            "1e309",
            "18S",
            "9" * 400,
        ]
    ),
    st.text(max_size=12),
    st.floats(allow_nan=True).map(str),
    st.integers(-100, 10**12).map(str),
)
OUTLINES = [
    None,
    shapely.to_wkb(shapely.box(-71, -12, -70.9, -11.9)),
    shapely.to_wkb(shapely.box(-12, -71, -11.9, -70.9)),
    shapely.to_wkb(shapely.Point(-71, -12)),
    shapely.to_wkb(shapely.LineString([(-71, -12), (-70, -12)])),
    shapely.to_wkb(shapely.box(2, 48, 3, 49)),
]


@st.composite
def files(draw):
    kind = KINDS[draw(st.sampled_from([k for k in KINDS if k != "friction"]))]
    fields = [f.name for f in kind.fields]
    n = draw(st.integers(1, 8))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(fields), max_size=len(fields)), min_size=n, max_size=n))
    shapes = draw(st.lists(st.sampled_from(OUTLINES), min_size=n, max_size=n)) if kind.shape else None
    used = {f: f for f in fields if kind.field(f).required or draw(st.booleans())}
    return (
        kind,
        used,
        Raw(format="x", columns=fields, rows=rows, numbers=list(range(2, n + 2)), shapes=shapes),
    )


ACTIVE = set("<>{}`\"'\\")


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(files(), st.booleans())
def test_any_table_of_any_kind_is_judged_row_by_row(file, sourced):
    kind, mapping, raw = file
    origin = (
        Origin.stated(kind.name, "a", "b", "2024") if sourced else Origin.stated(kind.name, None, None, None)
    )
    try:
        upload = judge(
            raw,
            kind,
            mapping=mapping,
            origin=origin,
            crs=None,
            unit=None,
            areas=AREAS,
            settings=PrivacySettings(),
        )
    except UploadError as error:
        assert error.code in {"upload_no_crs", "upload_too_many_groups"}
        return
    bad = set(upload.problems["row"].dropna().astype(int))
    assert set(upload.good) == set(raw.numbers) - bad
    if kind.name != "incidents":
        assert len(upload.table) <= len(upload.good)
    assert upload.unsourced is not sourced
    for text in pd.DataFrame(upload.table.drop(columns="geometry", errors="ignore")).to_numpy().ravel():
        assert not isinstance(text, str) or not set(text) & ACTIVE
    for row in upload.problems.itertuples():
        assert row.remedy
        assert not set(row.value) & ACTIVE
    _check_kind(kind.name, upload)


def _check_kind(name, upload):
    table = upload.table
    if name == "facilities":
        assert not exposed(table).any().any()
        assert table["department_id"].notna().all()
        assert table["facility_id"].is_unique
        assert (table.geometry.notna() == (table["precision"] == "place")).all()
    elif name == "incidents":
        assert not ((table["value"] > 0) & (table["value"] < 10)).any()
        assert not table.duplicated(["department_id", "registry", "period", "measure", "unit"]).any()
    elif name in ("zones", "boundaries", "mining"):
        assert table.geometry.is_valid.all()
        assert table.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    elif name == "population":
        assert table["province_id"].is_unique
        assert np.isfinite(table["population"]).all()


TEXTS = st.text(alphabet=string.printable + "áñÑ", max_size=8)


@settings(max_examples=400, deadline=2000)
@given(
    st.lists(st.lists(TEXTS, min_size=1, max_size=5), min_size=1, max_size=6),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "cp1252", "utf-16"]),
)
def test_any_text_is_a_table_or_a_named_error(rows, delimiter, encoding):
    content = "\n".join(delimiter.join(row) for row in rows).encode(encoding)
    try:
        raw = read_text(content, Limits())
    except UploadError:
        return
    assert all(len(row) == len(raw.columns) for row in raw.rows)
    assert len(raw.numbers) == len(raw.rows)
    assert len(set(raw.columns)) == len(raw.columns)
