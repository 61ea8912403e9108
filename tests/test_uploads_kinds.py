"""From a messy file to a checked and protected table, kind by kind."""

import io
import json

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
import shapely

from capgap_geo.errors import UploadError
from capgap_geo.privacy import Level, PrivacySettings, Secret, exposed, find_leaks
from capgap_geo.sources.uploads import hectares_by_year, hectares_in, read_upload, template, understand
from capgap_geo.sources.uploads.templates import template_name

SHELTER = Secret(-69.1876543, -12.5912346, ("Casa de acogida Flor de Aguaje",))


def read(text, kind, name="data.csv", **options):
    content = text if isinstance(text, bytes) else text.encode()
    return read_upload(content, name, kind=kind, **options)


def codes(upload):
    return [
        (None if pd.isna(r) else r, c)
        for r, c in zip(upload.problems["row"], upload.problems["code"], strict=True)
    ]


def noted(upload):
    return {n.code: dict(n.values) for n in (*upload.notes, *upload.generalised)}


MESSY = """Reporte de servicios;;;;;;
;;;;;;
Tipo;Nombre;Dpto.;Latitud;Longitud;Efectivos;Perfil
Comisaría;Mazuko;MADRE DE DIOS;-13,1;-70,38;1.200;todos
fiscalía;;PUNO;15°50'S;70°01'O;n/d;
Albergue;Casa de acogida Flor de Aguaje;madre de dios;-12,5912346;-69,1876543;;niñas
policía;al revés;Cuzco;-71,97;-13,52;3;
policía;lejos;Loreto;48,85;2,35;3;
policía;;Bogota;;;3;
bomberos;;Puno;;;3;
policía;;Lima;-12,05;;x;
policía;frontera;Puno;-12,6;-69,2;1;
""".encode("cp1252")


def test_a_messy_spreadsheet_of_facilities():
    upload = read(MESSY, "facilities", source="Mesa regional", licence="CC BY 4.0", date="2024")
    assert codes(upload) == [
        (8, "outside_peru"),
        (9, "unknown_department"),
        (10, "not_allowed"),
        (11, "half_position"),
        (11, "not_a_number"),
        (12, "departments_differ"),
    ]
    assert upload.good == (4, 5, 6, 7)
    table = upload.table.set_index("facility_id")
    assert table["service"].tolist() == ["police", "prosecution", "shelter", "police"]
    assert table["department_id"].tolist() == ["17", "21", "17", "08"]
    assert table["officers"].fillna(-1).tolist() == [1200, -1, -1, 3]
    assert table["precision"].tolist() == ["place", "place", "department", "place"]
    assert table["profiles"].tolist() == ["girls;boys;women;men"] * 2 + ["girls"] + ["girls;boys;women;men"]
    assert shapely.get_x(table.geometry.iloc[1]) == pytest.approx(-70.0166667)
    assert table.geometry.iloc[3].equals(shapely.Point(-71.97, -13.52))
    notes = noted(upload)
    assert notes["encoding"] == {"encoding": "cp1252"}
    assert notes["swapped"] == {"count": 1}
    assert notes["dms"] == {"count": 1}
    assert notes["header_row"] == {"row": 3}
    assert notes["generalised_shelters"] == {"count": 1}
    assert not upload.unsourced


def test_problems_are_all_there_with_value_and_remedy_and_bad_rows_need_a_word():
    upload = read(MESSY, "facilities")
    first = upload.problems.iloc[1]
    assert first["value"] == "Bogota"
    assert "two-digit code" in first["remedy"]
    with pytest.raises(UploadError) as caught:
        upload.use()
    assert caught.value.code == "upload_has_problems"
    assert len(upload.use(without_bad_rows=True)) == 4
    assert upload.problems.to_csv(index=False)


def everything(upload):
    """All that an upload holds, as bytes."""
    parts = [
        repr(upload),
        repr(upload.notes),
        repr(upload.generalised),
        upload.fingerprint,
        upload.problems.to_json(),
    ]
    parts += [pd.DataFrame(upload.table).to_csv(), repr(upload.origin)]
    if "geometry" in upload.table:
        parts += [str(b) for b in upload.table.geometry.to_wkb(hex=True)]
    return "\n".join(parts).encode()


def test_nothing_of_a_shelter_is_kept_but_its_department():
    upload = read(MESSY, "facilities")
    assert not exposed(upload.table).any().any()
    assert not find_leaks(everything(upload), [SHELTER])


@pytest.mark.parametrize(
    "row",
    [
        "albergue,Casa de acogida Flor de Aguaje,Puno,-12.5912346,-69.1876543,girls",  # department differs
        "albergue,Casa de acogida Flor de Aguaje,,-12.5912346,x-69.1876543,girls",  # not a coordinate
        "albergue,Casa de acogida Flor de Aguaje,Nowhere,-69.1876543,-12.5912346,girls",
        "no se sabe,Casa de acogida Flor de Aguaje,Puno,-12.5912346,-69.1876543,girls",  # unknown service
        "policia,Casa de acogida Flor de Aguaje,Madre de Dios,-12.5912346,-69.1876543,girls",  # a cover
        "albergue,,Madre de Dios,-12.5912346,-69.1876543,Casa de acogida Flor de Aguaje",
    ],
)
def test_not_even_the_problems_tell_where_a_shelter_is(row):
    content = f"service,name,department,lat,lon,profiles\n{row}\n"
    for mapping in (
        None,
        {"service": "service", "department": "name", "latitude": "lat", "longitude": "lon"},
    ):
        upload = read(content, "facilities", mapping=mapping)
        assert not find_leaks(everything(upload), [SHELTER])


def test_the_preview_shows_forms_not_contents():
    seen = understand(MESSY, "x.csv")
    text = seen.preview.to_json(force_ascii=False)
    assert seen.kind == "facilities"
    assert not find_leaks(text.encode(), [SHELTER])
    assert "Albergue" in text, "categories are shown"
    assert "-••,•••••••" in text, "forms are shown"


def test_preview_and_problems_number_rows_as_the_spreadsheet_does():
    head = "Registro de servicios\n\nservicio;departamento;año;efectivos\n"
    table = f"{head}policía;Lima;2024;12\n\nx;Lima;;\n".encode()
    seen, upload = understand(table, "x.csv"), read(table, "facilities")
    assert seen.preview.index.tolist() == [4, 6]
    assert upload.problems["row"].tolist() == [6]
    shown = seen.preview.iloc[0].tolist()
    assert shown == ["policía", "Lima", "2024", "12"], "a year and a count hide nothing"


def test_a_field_without_a_column_is_asked_for_by_its_name():
    upload = read(b"servicio,departamento\nalbergue,Puno\n", "facilities")
    assert upload.problems["code"].tolist() == ["no_column"]
    assert upload.problems["values"].tolist() == [{"field": "profiles"}]


def test_a_map_of_shelters_is_generalised_too():
    table = gpd.GeoDataFrame(
        {
            "tipo": ["albergue", "comisaria"],
            "nombre": ["Casa de acogida Flor de Aguaje", "X"],
            "perfil": "girls",
        },
        geometry=[shapely.Point(SHELTER.longitude, SHELTER.latitude), shapely.Point(-69.55, -12.85)],
        crs="EPSG:4326",
    )
    upload = read(table.to_json(), "facilities", "x.geojson")
    assert upload.table["department_id"].tolist() == ["17", "17"]
    assert upload.table.geometry.isna().tolist() == [True, False]
    assert not find_leaks(everything(upload), [SHELTER])
    assert not find_leaks(
        understand(table.to_json().encode(), "x.geojson").preview.to_json().encode(), [SHELTER]
    )


def test_a_shelter_named_by_its_own_id_gets_another():
    content = "id,service,department,profiles\nflor-de-aguaje,albergue,Puno,girls\nmi-comisaria,pnp,Puno,\n"
    upload = read(content, "facilities")
    assert upload.table["facility_id"].tolist() == ["upload_shelter_21_2", "upload_mi_comisaria"]


def test_corroboration_needs_a_source():
    content = "service,department,evidence\npnp,Puno,corroborated\n"
    assert read(content, "facilities").table["evidence"].tolist() == ["reported"]
    sourced = read(content, "facilities", source="a", licence="b", date="2024")
    assert sourced.table["evidence"].tolist() == ["corroborated"]


@pytest.mark.parametrize("missing", ["source", "licence", "date"])
def test_one_of_three_missing_makes_it_unsourced(missing):
    said = {"source": "a", "licence": "b", "date": "2024", missing: " "}
    upload = read("service,department\npnp,Puno\n", "facilities", **said)
    assert upload.unsourced
    assert "unsourced" in noted(upload)
    assert upload.table["source_ids"].str.startswith("unsourced-").all()


def test_utm_columns_need_their_zone():
    content = "service,este,norte{}\npnp,478000,8608000{}\n"
    with pytest.raises(UploadError) as caught:
        read(content.format("", ""), "facilities")
    assert caught.value.code == "upload_no_crs"
    for upload in (
        read(content.format(",zona", ",19S"), "facilities"),
        read(content.format("", ""), "facilities", crs="EPSG:32719"),
    ):
        assert upload.table.geometry.iloc[0].distance(shapely.Point(-69.2026, -12.5918)) < 0.0005


def test_both_coordinates_in_one_cell():
    upload = read("service;coordenadas\npnp;-12.6, -69.2\npnp;12°36'S 69°12'O\n", "facilities")
    assert upload.problems.empty
    assert upload.table["department_id"].tolist() == ["17", "17"]


def test_hxl_columns_are_found_whatever_their_names():
    content = "A,B,C,D\n#adm1+code,#service,#geo+lat,#geo+lon\nPE17,police,-12.6,-69.2\n"
    upload = read(content, "facilities")
    assert upload.table["department_id"].tolist() == ["17"]
    assert upload.table["service"].tolist() == ["police"]


def test_a_mapping_is_held_against_file_and_kind():
    content = "a,b\npnp,Puno\n"
    ok = read(content, "facilities", mapping={"service": "a", "department": "b"})
    assert ok.problems.empty
    for mapping, code in (
        ({"service": "z"}, "unknown_column"),
        ({"colour": "a"}, "unknown_field"),
        ({"department": "b"}, "missing_columns"),
    ):
        with pytest.raises(UploadError) as caught:
            read(content, "facilities", mapping=mapping)
        assert caught.value.code == f"upload_{code}"
    with pytest.raises(UploadError):
        read(content, "recipes")


def incidents(n=30, department="Puno", year=2024, x=-70.0, y=-15.8):
    return [f"{department},{year}-03-{1 + i % 28:02},{y},{x}" for i in range(n)]


def test_single_incidents_become_counts_and_nothing_else_is_kept():
    secret = Secret(-70.0212345, -15.8412345, ("Ana Quispe",))
    rows = [
        *incidents(),
        *incidents(12, "Cusco", 2023, -71.97, -13.52),
        f"Puno,2024-06-17,{secret.latitude},{secret.longitude}",
    ]
    content = "department,date,lat,lon,victim\n" + "\n".join(f"{r},Ana Quispe" for r in rows)
    upload = read(content, "incidents")
    assert upload.table[["department_id", "period", "value"]].to_numpy().tolist() == [
        ["08", "2023", 12],
        ["21", "2024", 31],
    ]
    assert "geometry" not in upload.table
    assert noted(upload)["generalised_points"] == {"count": 43, "level": "department"}
    assert not find_leaks(everything(upload), [secret])
    assert b"06-17" not in everything(upload)


def test_small_counts_of_incidents_are_withheld_and_said():
    content = "department,year,cases\nPuno,2024,3\nPuno,2023,40\nCusco,2024,50\nCusco,2023,60\nTacna,2024,0\n"
    upload = read(content, "incidents")
    table = upload.table.set_index(["department_id", "period"])
    assert table["suppressed"].sum() == 4
    assert table.loc[table["suppressed"], "value"].isna().all()
    assert table.loc[("23", "2024"), "value"] == 0
    assert noted(upload)["suppressed"] == {"count": 4, "most": 9}


def test_a_national_total_does_not_give_a_small_count_back():
    content = "department,year,cases\nPuno,2024,3\nCusco,2024,50\nPerú,2024,53\n"
    table = read(content, "incidents").table
    hidden = table.set_index(table["department_id"].fillna("national"))["suppressed"]
    assert hidden["21"]
    assert hidden["08"] or hidden["national"]


def test_rounding_and_a_greater_k_are_settings():
    content = "department,year,cases\nPuno,2024,37\nCusco,2024,58\nTacna,2024,14\n"
    rounded = read(content, "incidents", settings=PrivacySettings(round_down=True))
    assert sorted(rounded.table["value"]) == [10, 30, 50]
    assert "rounded" in noted(rounded)
    assert read(content, "incidents", settings=PrivacySettings(k=20)).table["suppressed"].sum() >= 1


def test_incidents_by_province_where_the_administrator_allows_it():
    settings = PrivacySettings(incidents=Level.PROVINCE)
    content = "date,lat,lon\n" + "\n".join([*["2024,-12.6,-69.2"] * 20, *["2024,-13.52,-71.97"] * 30])
    table = read(content, "incidents", settings=settings).table
    assert table[["province_id", "department_id", "value"]].to_numpy().tolist() == [
        ["0801", "08", 30],
        ["1701", "17", 20],
    ]


def test_counts_that_are_stated_twice_are_a_problem_not_a_sum():
    upload = read("department,year,cases\nPuno,2024,20\nPUNO,2024,30\n", "incidents")
    assert codes(upload) == [(3, "twice")]
    assert upload.problems["values"].iloc[0] == {"first": 2}


def test_too_many_series_are_refused():
    content = "department,year,cases,measure\n" + "\n".join(f"Puno,2024,20,m{i}" for i in range(40))
    with pytest.raises(UploadError) as caught:
        read(content, "incidents")
    assert caught.value.code == "upload_too_many_groups"


def square(x, y, size=0.1):
    return shapely.box(x, y, x + size, y + size)


def map_file(shapes, crs="EPSG:4326", **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_json().encode()


def test_zones_get_the_area_they_lie_in():
    content = map_file(
        [square(-70, -13), square(-70.1, -15.9), shapely.Point(-70, -13), square(2, 48), square(-13, -70)],
        name=["La Poza", "Dos", "Punto", "Lejos", "Al revés"],
        hectares=["1.234,5", "", "3", "4", "5"],
    )
    upload = read(content, "zones", "z.geojson", mapping={"zone_name": "name", "mined_ha": "hectares"})
    assert codes(upload) == [(3, "wrong_shape"), (4, "outside_peru")]
    table = upload.table.set_index("zone_id")
    assert table["department_id"].tolist() == ["17", "21", "17"]
    assert table["mined_ha"].fillna(-1).tolist() == [1234.5, -1, 5]
    assert table["outline_method"].unique().tolist() == ["user"]
    assert table.loc["upload_la_poza", ["centre_lon", "centre_lat"]].tolist() == [-69.95, -12.95]
    assert noted(upload)["swapped"] == {"count": 1}
    assert noted(upload)["precision_assumed"] == {"count": 5}


def test_a_zone_may_not_point_at_a_shelter():
    content = map_file([square(-69.2, -12.6, 0.001)], zone_name=["Casa de acogida Flor de Aguaje"])
    upload = read(content, "zones", "z.geojson")
    assert codes(upload) == [(1, "names_refuge")]
    assert upload.table.empty
    assert not find_leaks(everything(upload), [SHELTER])


def test_zones_need_shapes():
    with pytest.raises(UploadError) as caught:
        read("zone name,ha\nx,1\n", "zones")
    assert caught.value.code == "upload_no_geometry"


def test_districts_by_ubigeo_with_lost_zeros():
    content = map_file(
        [square(-70, -13), square(-69.9, -13), square(-72, -13.6), square(-70, -12)],
        IDDIST=["170101", "170102", "80101", "999999"],
        NOMBDIST=["TAMBOPATA", "INAMBARI", "CUSCO", "NADA"],
    )
    upload = read(content, "boundaries", "distritos.geojson")
    assert codes(upload) == [(4, "unknown_ubigeo")]
    assert upload.table["boundary_id"].tolist() == ["170101", "170102", "080101"]
    assert upload.table["level"].unique().tolist() == ["district"]
    assert upload.table["province_id"].tolist() == ["1701", "1701", "0801"]
    assert noted(upload)["leading_zero"] == {"count": 1}
    assert "overlaps" not in noted(upload)


def test_overlapping_boundaries_are_noted():
    content = map_file([square(-70, -13), square(-69.95, -13)], ubigeo=["170101", "170102"])
    assert noted(read(content, "boundaries", "d.geojson"))["overlaps"] == {"count": 2}


def test_population_by_name_or_code_and_what_is_missing():
    content = "departamento,provincia,poblacion,ninas,ninos,mujeres,hombres\n"
    content += "Madre de Dios,Tambopata,100,20,20,30,30\n,0801,200,1,1,1,1\n"
    upload = read(content, "population")
    assert upload.table["province_id"].tolist() == ["1701"]
    assert upload.table[["population", "girls", "men"]].to_numpy().tolist() == [[100, 20, 30]]
    assert codes(upload)[:194] == [(None, "no_row")] * 194
    assert codes(upload)[194:] == [(3, "groups_differ")]


def raster(values, *, crs="EPSG:4326", origin=(-80, 0), cell=0.1, unit=None, **profile):
    values = np.asarray(values, dtype=profile.pop("dtype", "float32"))
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=values.shape[1],
            height=values.shape[0],
            count=1,
            dtype=values.dtype,
            crs=crs,
            transform=rasterio.transform.from_origin(*origin, cell, cell),
            **profile,
        ) as dataset:
            dataset.write(values, 1)
            if unit:
                dataset.update_tags(unit=unit)
        return memory.read()


def test_surfaces_are_brought_to_minutes_per_km():
    per_km = np.full((50, 60), 12.0)
    per_km[0, :3] = [np.nan, -1, 0]
    for content, options in (
        (raster(per_km), {}),
        (raster(per_km / 1000), {}),
        (raster(per_km, unit="min/km"), {}),
        (raster(per_km / 1000, unit="minutes per metre"), {}),
        (raster(per_km / 1000), {"unit": "min_per_m"}),
    ):
        upload = read(content, "friction", "f.tif", **options)
        cells = upload.surface.cells
        assert np.nanmin(cells) == pytest.approx(12, rel=1e-5)
        assert np.isnan(cells[0, :3]).all()
        assert np.isfinite(cells).sum() == 50 * 60 - 3


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (raster(np.full((20, 20), 12.0), origin=(10, 50)), "friction", "raster_outside"),
        (raster(np.full((20, 20), -1.0)), "friction", "raster_values"),
        (raster(np.full((20, 20), 1e8)), "friction", "raster_values"),
        (raster(np.full((20, 20), 12.0), crs=None), "friction", "no_crs"),
        (raster(np.full((20, 20), 12.0)), "zones", "not_a_table"),
        (b"a,b\n1,2\n", "friction", "no_raster"),
    ],
)
def test_surfaces_that_cannot_be_used(content, kind, code):
    with pytest.raises(UploadError) as caught:
        read(content, kind, "f.tif")
    assert caught.value.code == f"upload_{code}"


def amw_file():
    features = [
        {
            "type": "Feature",
            "properties": {
                "id": f"amw-{y}-0",
                "period": f"{y}00",
                "year": y,
                "mined_area_ha": ha,
                "polygon_area_ha": 99999.0,
                "licence": "CC BY 4.0",
                "source": "Amazon Mining Watch",
            },
            "geometry": shapely.geometry.mapping(square(-70.4 + 0.3 * i, -13)),
        }
        for i, (y, ha) in enumerate([(2018, 10.5), (2023, 1.25), (2024, 50.0)])
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def test_amazon_mining_watch_is_known_and_its_scar_taken():
    assert understand(amw_file(), "amw.geojson").kind == "mining"
    upload = read(amw_file(), "mining", "amw.geojson")
    assert upload.problems.empty
    assert not upload.unsourced, "the file states source, licence and date"
    assert upload.table["mined_ha"].tolist() == [10.5, 1.25, 50.0]
    assert {"mining_scar", "mining_detector", "mining_basin", "mining_legality"} <= set(noted(upload))
    years = hectares_by_year(upload.table)
    assert years["comparable"].tolist() == [True, True, False]
    assert years["baseline"].tolist() == [True, False, False]
    zones = gpd.GeoDataFrame(
        {"zone_id": ["a", "b"]},
        geometry=[shapely.box(-70.5, -13.5, -69.95, -12.5), square(-75, -10)],
        crs="EPSG:4326",
    )
    assert hectares_in(upload.table, zones).to_dict() == {"a": 11.75, "b": 0.0}


def test_the_patch_is_no_substitute_for_the_scar():
    content = map_file([square(-70, -13)], polygon_area_ha=[5.0], period=["201800"])
    with pytest.raises(UploadError) as caught:
        read(content, "mining", "x.geojson")
    assert caught.value.code == "upload_not_mining"


@pytest.mark.parametrize("kind", ["facilities", "incidents", "population", "zones", "boundaries"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_templates_are_understood_and_their_examples_usable(kind, language):
    content = template(kind, language)
    name = template_name(kind)
    assert understand(content, name).kind == kind
    upload = read_upload(content, name, kind=kind)
    assert set(upload.problems["code"]) <= {"no_row"}
    assert len(upload.good) == upload.rows > 0


def test_templates_differ_by_language_and_open_in_spreadsheets():
    assert template("facilities", "es") != template("facilities", "en")
    assert template("facilities", "es").startswith(b"\xef\xbb\xbf")
    with pytest.raises(UploadError):
        template("friction", "es")


def test_a_workbook_with_numbers_dates_and_titles():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Datos"
    sheet.append(["Informe"])
    sheet.append(["Ubigeo", "Fecha", "Casos"])
    sheet.append([80101, pd.Timestamp("2023-05-01").to_pydatetime(), 40])
    sheet.append(["210101", 2024, 50.0])
    book.create_sheet("Otra").append(["x"])
    content = io.BytesIO()
    book.save(content)
    upload = read(content.getvalue(), "incidents", "x.xlsx")
    assert codes(upload) == []
    assert upload.table["department_id"].tolist() == ["08", "21"]
    assert noted(upload)["leading_zero"] == {"count": 1}
    assert noted(upload)["other_sheets"] == {"sheet": "Datos", "others": "Otra"}
    with pytest.raises(UploadError) as caught:
        read(content.getvalue(), "incidents", "x.xlsx", part="Nada")
    assert caught.value.code == "upload_no_sheet"
