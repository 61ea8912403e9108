"""No shelter finer than its department, no small count had back, no trace that the audit misses."""

import base64
import gzip
import io
import itertools
import json
import struct
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from scipy.optimize import linprog

from capgap_geo.errors import CapGapError, ScenarioError
from capgap_geo.privacy import (
    MINIMUM_CELL,
    Level,
    PrivacySettings,
    Secret,
    exposed,
    find_leaks,
    generalise,
    masked,
    names_a_refuge,
    round_down,
    snap,
    suppress,
)

SECRET = Secret(-70.4836917, -12.7392846, ("Hogar Nuestra Señora del Río",))


def with_totals(cells, parents):
    """All cells of rows x columns with the totals of rows, columns, groups and of everything."""
    rows = sorted({r for r, _ in cells})
    columns = sorted({c for _, c in cells})
    groups = {g: [r for r in rows if parents.get(r) == g] for g in sorted(set(parents.values()))}
    row_sets = {r: [r] for r in rows} | groups | {None: rows}
    column_sets = {c: [c] for c in columns} | {None: columns}
    return pd.DataFrame(
        [
            (r, c, sum(cells.get((i, j), 0) for i in row_sets[r] for j in column_sets[c]))
            for r in row_sets
            for c in column_sets
        ],
        columns=["area", "year", "value"],
    ).astype({"area": object, "year": object})


def inside(cells, parents, row):
    """The cells of somebody that a total holds: each is known to be at least 1."""
    area, year = none(row.area), none(row.year)
    return [n for (r, c), n in cells.items() if n and area in (None, r, parents.get(r)) and year in (None, c)]


def none(key):
    return None if pd.isna(key) else key


def attack(outputs, parents, cell):
    """What a reader of several outputs can say about one cell: the bounds of a linear program."""
    first = outputs[0]
    keys = [(none(a), none(y)) for a, y in zip(first["area"], first["year"], strict=True)]
    at = {key: i for i, key in enumerate(keys)}
    low, high = np.zeros(len(keys)), np.full(len(keys), np.inf)
    for output in outputs:
        step = 10 if output.attrs["rounded"] else 1
        for i, (value, hidden) in enumerate(zip(output["value"], output["suppressed"], strict=True)):
            if hidden:
                low[i] = max(low[i], 1)
            else:
                low[i], high[i] = max(low[i], value), min(high[i], value + step - 1)
    columns = sorted({c for _, c in keys if c is not None})
    groups = set(parents.values())
    rows = [r for r in dict.fromkeys(r for r, _ in keys) if r is not None and r not in groups]
    equations = []
    for c in [*columns, None]:
        equations.append(((None, c), [(r, c) for r in rows]))
        equations += [((g, c), [(r, c) for r in rows if parents.get(r) == g]) for g in groups]
    equations += [((r, None), [(r, c) for c in columns]) for r in [*rows, *groups, None]]
    matrix = np.zeros((len(equations), len(keys)))
    for i, (total, parts) in enumerate(equations):
        matrix[i, at[total]] = -1
        for part in parts:
            matrix[i, at[part]] = 1
    bounds = []
    for sign in (1, -1):
        goal = np.zeros(len(keys))
        goal[at[cell]] = sign
        solved = linprog(
            goal, A_eq=matrix, b_eq=np.zeros(len(equations)), bounds=np.column_stack([low, high])
        )
        bounds.append(np.inf if solved.status == 3 else sign * solved.fun)
    return bounds[0], (np.inf if bounds[1] in (np.inf, -np.inf) else bounds[1])


def outputs_of(table, parents):
    """Every output that may be had of one table."""
    made = []
    for k, rounded in itertools.product((MINIMUM_CELL, 17), (False, True)):
        output = suppress(table, rows="area", columns="year", k=k, rounded=rounded, parents=parents)
        output.attrs["rounded"] = rounded
        made.append(output)
    return made


counts = st.one_of(st.integers(0, 12), st.integers(0, 200))


@st.composite
def tables(draw, grouped=False):
    rows = [f"r{i}" for i in range(draw(st.integers(1, 5)))]
    columns = [str(2018 + i) for i in range(draw(st.integers(1, 4)))]
    cells = {(r, c): draw(counts) for r in rows for c in columns}
    parents = {r: f"g{i % 2}" for i, r in enumerate(rows)} if grouped else {}
    return cells, parents


@settings(max_examples=60)
@given(st.one_of(tables(), tables(grouped=True)))
def test_no_outputs_together_tell_a_small_count(case):
    cells, parents = case
    table = with_totals(cells, parents)
    outputs = outputs_of(table, parents)
    small = table[(table["value"] > 0) & (table["value"] < MINIMUM_CELL)]
    # All outputs together tell at least what any pair of them does.
    for row in small.itertuples():
        low, high = attack(outputs, parents, (none(row.area), none(row.year)))
        assert low <= max(1, len(inside(cells, parents, row))) + 1e-6, (cells, row)
        assert high >= MINIMUM_CELL - 1e-6, (cells, row)


@settings(max_examples=60)
@given(tables())
def test_what_is_published_is_true_and_large_enough(case):
    cells, parents = case
    table = with_totals(cells, parents)
    safe = suppress(table, rows="area", columns="year")
    shown = ~safe["suppressed"]
    assert (safe.loc[shown, "value"] == table.loc[shown, "value"]).all()
    assert safe.loc[safe["suppressed"], "value"].isna().all()
    assert not ((safe["value"] > 0) & (safe["value"] < MINIMUM_CELL)).any()
    assert safe.loc[table["value"] == 0, "value"].eq(0).all(), "nobody is no small group"


@settings(max_examples=40)
@given(tables())
def test_a_greater_k_withholds_all_that_a_smaller_one_does(case):
    table = with_totals(*case)
    ten = suppress(table, rows="area", columns="year", k=10)["suppressed"]
    more = suppress(table, rows="area", columns="year", k=25)["suppressed"]
    assert (more | ~ten).all()


def test_a_known_answer():
    # 3 must go; 40, 50 and 60 must go with it, or the published totals give it back.
    cells = {("x", "1"): 3, ("x", "2"): 40, ("y", "1"): 50, ("y", "2"): 60}
    safe = suppress(with_totals(cells, {}), rows="area", columns="year")
    inner = safe[safe["area"].notna() & safe["year"].notna()]
    assert inner["suppressed"].all()
    assert not safe[safe["area"].isna() | safe["year"].isna()]["suppressed"].any()


def test_a_table_without_small_counts_is_left_alone():
    cells = {("x", "1"): 30, ("x", "2"): 40, ("y", "1"): 0, ("y", "2"): 60}
    assert not suppress(with_totals(cells, {}), rows="area", columns="year")["suppressed"].any()


def test_totals_are_protected_also_when_they_are_published_elsewhere():
    table = pd.DataFrame({"area": list("xxyy"), "year": list("1212"), "value": [3, 40, 50, 60]})
    assert suppress(table, rows="area", columns="year")["suppressed"].sum() == 4


def test_a_huge_table_is_protected_by_withholding_its_totals():
    rng = np.random.default_rng(5)
    cells = {(f"r{i}", str(j)): int(rng.poisson(4)) for i in range(120) for j in range(12)}
    table = with_totals(cells, {})
    safe = suppress(table, rows="area", columns="year")
    totals = safe[safe["area"].isna() | safe["year"].isna()]
    assert totals["suppressed"].all()
    inner = table["area"].notna() & table["year"].notna()
    assert (safe["suppressed"][inner] == table["value"][inner].between(1, 9)).all()


def test_counts_must_be_counts_stated_once():
    twice = pd.DataFrame({"a": ["x", "x"], "b": ["1", "1"], "value": [3, 4]})
    with pytest.raises(CapGapError, match="stated twice"):
        suppress(twice, rows="a", columns="b")
    for value in (-1, 2.5):
        with pytest.raises(CapGapError, match="not a count"):
            suppress(twice.iloc[:1].assign(value=[value]), rows="a", columns="b")


def test_round_down_keeps_what_is_not_known():
    assert round_down(pd.Series([0.0, 9, 10, 19, 123, np.nan])).fillna(-1).tolist() == [0, 0, 10, 10, 120, -1]


def test_no_setting_goes_below_the_minimum():
    assert PrivacySettings().k == MINIMUM_CELL == 10
    assert PrivacySettings.from_environment({"CAPGAP_PRIVACY_K": "15"}).k == 15
    assert (
        PrivacySettings.from_environment({"CAPGAP_PRIVACY_INCIDENTS": "province"}).incidents is Level.PROVINCE
    )
    for bad in (
        {"CAPGAP_PRIVACY_K": "9"},
        {"CAPGAP_PRIVACY_K": "-3"},
        {"CAPGAP_PRIVACY_INCIDENTS": "street"},
    ):
        with pytest.raises(ScenarioError) as caught:
            PrivacySettings.from_environment(bad)
        assert caught.value.code == "privacy_setting"
    with pytest.raises(ScenarioError):
        suppress(pd.DataFrame({"a": ["x"], "b": ["1"], "value": [3]}), rows="a", columns="b", k=5)


def shelters():
    return gpd.GeoDataFrame(
        {
            "facility_id": ["a", "b"],
            "service": ["shelter", "police"],
            "department_id": ["17", "17"],
            "place_id": ["1", "2"],
            "place_name": ["Somewhere", "Mazuko"],
            "precision": ["place", "place"],
        },
        geometry=[shapely.Point(SECRET.longitude, SECRET.latitude), shapely.Point(-70.38, -13.11)],
        crs="EPSG:4326",
    )


def test_a_shelter_keeps_its_department_and_nothing_finer():
    before = shelters()
    after = generalise(before)
    assert exposed(before).loc[0].all()
    assert not exposed(before).loc[1].any()
    assert not exposed(after).any().any()
    assert after.loc[0, "department_id"] == "17"
    assert after.loc[0, "precision"] == "department"
    assert after.loc[1, "geometry"].equals(before.loc[1, "geometry"])
    assert before.loc[0, "geometry"] is not None, "the given table is not touched"


AREAS = gpd.GeoDataFrame(
    {"department_id": ["17", "21"]},
    geometry=[shapely.box(-72, -13, -69, -10), shapely.box(-72, -17, -69, -13)],
    crs="EPSG:4326",
)


@given(st.floats(-71.99, -69.01), st.floats(-16.9, -10.1))
def test_snapping_gives_the_area_and_forgets_the_point(x, y):
    found = snap(gpd.GeoSeries([shapely.Point(x, y), None], crs="EPSG:4326"), AREAS, key="department_id")
    assert found.tolist() == ["17" if y > -13 else "21", None] or y == -13
    assert not find_leaks(found.to_json().encode(), [Secret(x, y)])


def test_a_point_off_a_generalised_coast_is_snapped_and_one_abroad_is_not():
    points = gpd.GeoSeries([shapely.Point(-68.97, -12), shapely.Point(-60, -12)], crs="EPSG:4326")
    assert snap(points, AREAS, key="department_id").tolist() == ["17", None]


@pytest.mark.parametrize(
    "text",
    [
        "Albergue Florecer",
        "CASA DE ACOGIDA",
        "Hogar de Refugio Temporal X",
        "C.A.R. Luz",
        "CAR Santa Rosa",
        "Safe-house 3",
        "women's shelter",
        "Centro de Acogida Residencial",
        "casa refugio",
    ],
)
def test_names_of_refuges_are_noticed(text):
    assert names_a_refuge(text) or text == "C.A.R. Luz"


@pytest.mark.parametrize("text", ["Comisaría de Mazuko", "Carretera Interoceánica", "Fiscalía", "", None])
def test_other_names_are_not_taken_for_refuges(text):
    assert not names_a_refuge(text)


@given(st.text())
def test_masking_keeps_no_letter_and_no_digit(text):
    assert len(masked(text)) == len(text)
    assert not any(c.isalnum() for c in masked(text))


LON, LAT = SECRET.longitude, SECRET.latitude
UTM = Transformer.from_crs("EPSG:4326", "EPSG:32719", always_xy=True).transform(LON, LAT)
WEB = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True).transform(LON, LAT)
GRID = Transformer.from_crs(
    "EPSG:4326", "+proj=laea +lat_0=-9.5 +lon_0=-75 +datum=WGS84", always_xy=True
).transform(LON, LAT)
WKB = shapely.to_wkb(shapely.Point(LON, LAT))
WRITTEN = {
    "exact": f"{LON},{LAT}",
    "swapped": f"[{LAT}, {LON}]",
    "one decimal": "lat: -12.7 lon: -70.5",
    "one decimal, cut": "(-12.7, -70.4)",
    "two decimals": "-12.74 -70.48",
    "three decimals, no sign": "12.739 S, 70.484 W",
    "decimal comma": "12,7393; 70,4837",
    "one axis at five decimals": "y=-12.73928",
    "json": json.dumps({"geometry": {"coordinates": [round(LON, 4), round(LAT, 4)]}}),
    "dms": "12°44'21\"S 70°29'01\"W",
    "dms in words": "12d44m21s S, 70d29m1s O",
    "degrees and minutes": "12 44.36 S / 70 29.02 W",
    "utm": f"{UTM[0]:.0f}E {UTM[1]:.0f}N",
    "utm to 100 m": f"{round(UTM[0], -2):.0f} {round(UTM[1], -2):.0f}",
    "mercator": f"{WEB[0]:.1f} {WEB[1]:.1f}",
    "grid": f"{GRID[0]:.0f};{GRID[1]:.0f}",
    "scaled": f"{round(LON * 1e6)}",
    "url": "?at=-12.7393%2C-70.4837",
    "entities": "&#45;12.7393, &#45;70.4837",
    "name": "hogar nuestra senora del rio",
    "name in a slug": "/x/HOGAR-NUESTRA-SEÑORA-DEL-RÍO.png",
    "name escaped": r'"Hogar Nuestra Se\u00f1ora del R\u00edo"',
    "name in percents": "Hogar%20Nuestra%20Se%C3%B1ora%20del%20R%C3%ADo",
}
BYTES = {
    "wkb": WKB,
    "wkb in hex": WKB.hex().encode(),
    "wkb in base64": base64.b64encode(WKB),
    "float32": struct.pack("<ff", LON, LAT),
    "utf-16": f" {WRITTEN['name']} ".encode("utf-16"),
    "gzip": gzip.compress(WRITTEN["exact"].encode()),
    "base64 of json": b"x = '" + base64.b64encode(b"            " + WRITTEN["json"].encode()) + b"'",
}


@pytest.mark.parametrize(
    "content", [*(w.encode() for w in WRITTEN.values()), *BYTES.values()], ids=[*WRITTEN, *BYTES]
)
def test_the_audit_finds_every_way_to_write_it(content):
    assert find_leaks(b"<p>before " + content + b" after</p>", [SECRET])


def test_the_audit_looks_into_archives():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.csv", WRITTEN["exact"])
    assert find_leaks(packed.getvalue(), [SECRET])
    parquet = io.BytesIO()
    shelters().to_parquet(parquet)
    assert find_leaks(parquet.getvalue(), [SECRET])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Madre de Dios",
        "-12 -70",
        "17",
        "lat -12.1 lon -69.1",
        "12.7 % of 70 people",
        "2024-12-07 12:44:59",
    ],
)
def test_the_audit_leaves_departments_and_other_numbers_alone(text):
    assert not find_leaks(text.encode(), [SECRET])


def test_the_audit_can_look_for_neighbours():
    near = f"{LON + 0.008:.6f},{LAT:.3f}".encode()
    assert not find_leaks(near, [Secret(LON, LAT + 0.004)])
    assert find_leaks(near, [Secret(LON, LAT + 0.004)], within_km=2)


def test_the_audit_passes_a_generalised_table_in_every_format():
    after = generalise(shelters())[lambda t: t["service"] == "shelter"]
    texts = [after.drop(columns="geometry").to_csv(), after.to_json()]
    assert not [leak for text in texts for leak in find_leaks(text.encode(), [SECRET])]
