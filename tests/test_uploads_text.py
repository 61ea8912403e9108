"""Messy text: encodings, delimiters, decimal commas, degrees and minutes, names and codes."""

import doctest
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads import clean, coordinates, names, numbers, text
from capgap_geo.sources.uploads.limits import Limits

MODULES = ("clean", "coordinates", "names", "numbers", "text")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name):
    module = importlib.import_module(f"capgap_geo.sources.uploads.{name}")
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


SENTENCE = "Región;Descripción\nÁncash;niñas y niños, año 2024 ¿sí?\nHuánuco;Ñaña\n"


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "cp1252",
        "latin-1",
        "cp850",
        "mac_roman",
    ],
)
def test_every_encoding_gives_the_same_text(encoding):
    found, name = text.decode(SENTENCE.encode(encoding))
    assert found.lstrip("\ufeff") == SENTENCE
    assert name.replace("-", "").replace("_", "")[:4] in (
        encoding.replace("-", "").replace("_", "").replace("latin1", "cp1252")
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_found(delimiter):
    rows = [["a", "b", "c"], ["1", "x y", "2.5"], ["3", "z", "4"]]
    raw = text.read_text("\n".join(delimiter.join(r) for r in rows).encode(), Limits())
    assert raw.columns == ["a", "b", "c"]
    assert raw.rows == rows[1:]
    assert raw.numbers == [2, 3]


def test_decimal_commas_do_not_split_columns():
    raw = text.read_text(b"lat;lon\n-12,5;-70,1\n-13,25;-71,2\n", Limits())
    assert raw.rows == [["-12,5", "-70,1"], ["-13,25", "-71,2"]]


def test_quoted_newlines_titles_and_blank_rows():
    raw = text.read_text(b'Informe 2024,,\n\nname,lat,lon\n"a\nb",1,2\n,,\nc,3,4\n', Limits())
    assert raw.columns == ["name", "lat", "lon"]
    assert raw.rows == [["a\nb", "1", "2"], ["c", "3", "4"]]
    assert raw.numbers == [4, 6]
    assert [n.code for n in raw.notes] == ["header_row"]


def test_hxl_tags_below_or_instead_of_names():
    below = text.read_text(b"Depto,Casos\n#adm1+name,#affected\nPuno,3\n", Limits())
    assert below.tags == ["#adm1+name", "#affected"]
    assert below.columns == ["Depto", "Casos"]
    assert below.rows == [["Puno", "3"]]
    alone = text.read_text(b"#adm1 +name,#affected\nPuno,3\n", Limits())
    assert alone.tags == ["#adm1+name", "#affected"]


def test_repeated_and_empty_names_are_told_apart_and_long_rows_named():
    raw = text.read_text(b"a,a,,b\n1,2,3,4\n1,2,3,4,5\n", Limits())
    assert raw.columns == ["a", "a (2)", "column 3", "b"]
    assert [(p.row, p.code) for p in raw.problems] == [(3, "row_width")]


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"a,b\n", Limits(), "no_rows"),
        (b"\n\n", Limits(), "empty"),
        (b"a\n" * 9, Limits(rows=5), "too_many_rows"),
        (b",".join(b"c%d" % i for i in range(9)) + b"\n1", Limits(columns=5), "too_many_columns"),
        (b"a,b\n" + b"1,2\n" * 9, Limits(cells=8), "too_many_cells"),
        (b"\x00\x01\x02\x03" * 20, Limits(), "not_text"),
        (b"ab\x07,c\n1,2\n", Limits(), "not_text"),
    ],
)
def test_what_is_no_table_is_refused_by_name(content, limits, code):
    with pytest.raises(UploadError) as caught:
        text.read_text(content, limits)
    assert caught.value.code == f"upload_{code}"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["1.5", "2"], [1.5, 2]),
        (["1,5", "2"], [1.5, 2]),
        (["1.234,56", "7,5"], [1234.56, 7.5]),
        (["1,234.56", "7.5"], [1234.56, 7.5]),
        (["1,234", "56"], [1234, 56]),
        (["1 234 567", "5"], [1234567, 5]),
        (["1.234.567", "5"], [1234567, 5]),
        (["0,123", "5"], [0.123, 5]),
        (["1'234'567", "5"], [1234567, 5]),
        (["−3", "+4"], [-3, 4]),
        (["12 %", "5"], [12, 5]),
    ],
)
def test_numbers_are_read_as_the_column_writes_them(column, expected):
    style = numbers.style_of(column)
    assert [numbers.to_number(t, style) for t in column] == expected


@pytest.mark.parametrize(
    "word", ["nan", "inf", "-inf", "Infinity", "1e999", "0x10", "1_000", "٣", "12 34", "=1+1", "1e", "--1"]
)
def test_what_is_no_number_is_none(word):
    assert numbers.to_number(word) is None


@given(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))
def test_both_decimal_signs_give_the_same_number(x):
    plain = f"{x:.3f}"
    assert numbers.to_number(plain, numbers.Style(".")) == x
    assert numbers.to_number(plain.replace(".", ","), numbers.Style(",")) == x


@pytest.mark.parametrize("word", ["", " ", "-", "n/a", "N.D.", "s/d", "Sin dato", "NULL", "nan", "¿?"[1:]])
def test_words_for_not_known(word):
    assert numbers.is_unknown(word)


@pytest.mark.parametrize("word", ["0", "0,0", "no", "NA-3", "nd1", "Ñ", "None of these"])
def test_words_that_say_something(word):
    assert not numbers.is_unknown(word)


@pytest.mark.parametrize(
    ("written", "axis", "degrees"),
    [
        ("-12.5", "latitude", -12.5),
        ("-12,5", "latitude", -12.5),
        ("12°30'S", "latitude", -12.5),
        ("12º 30’ 00’’ S", "latitude", -12.5),
        ("S 12 30 0", "latitude", -12.5),
        ("12:30:00 S", "latitude", -12.5),
        ("-12:30", "latitude", -12.5),
        ("12d30m0s S", "latitude", -12.5),
        ("12° 30' Sur", "latitude", -12.5),
        ("70°30'36\"W", "longitude", -70.51),
        ("70°30'36\"O", "longitude", -70.51),
        ("70 30.6 Oeste", "longitude", -70.51),
        ("12°30'S", "longitude", None),
        ("70 61 00 W", "longitude", None),
        ("12°30'N S", "latitude", None),
        ("N 12 30 S", "latitude", None),
        ("doce", "latitude", None),
        ("nan", "latitude", None),
        ("1e9", "latitude", None),
    ],
)
def test_degrees(written, axis, degrees):
    found = coordinates.to_degrees(written, axis)
    assert found == (None if degrees is None else pytest.approx(degrees))


@given(
    st.floats(0.01, 18.4),
    st.sampled_from(["{d}°{m}'{s}\"S", "{d} {m} {s} S", "S{d}d{m}m{s}s", "-{d}:{m}:{s}"]),
)
def test_degrees_come_back_from_sexagesimals(latitude, form):
    seconds = round(latitude * 3600, 2)
    d, rest = divmod(seconds, 3600)
    m, s = divmod(rest, 60)
    written = form.format(d=int(d), m=int(m), s=f"{s:.2f}".replace("60.00", "59.99"))
    assert coordinates.to_degrees(written, "latitude") == pytest.approx(-latitude, abs=1e-4)


@given(st.floats(-81.4, -68.6), st.floats(-18.4, 0))
def test_exchanged_coordinates_are_never_in_doubt(x, y):
    assert coordinates.swapped([y], [x]) == [True]
    assert coordinates.swapped([x], [y]) == [False]


@pytest.mark.parametrize(
    ("written", "epsg"), [("18S", 32718), ("utm 19 L", 32719), ("17", 32717), ("20S", None), ("18N", None)]
)
def test_utm_zones(written, epsg):
    assert coordinates.utm_epsg(written) == epsg


@given(
    st.sampled_from(sorted(names.DEPARTMENTS.items())),
    st.sampled_from([str, str.upper, str.lower, str.title]),
    st.booleans(),
    st.sampled_from(["{}", " {} ", "Región {}", "Departamento de {}", "DPTO. {}"]),
)
def test_departments_in_any_case_with_or_without_accents(department, case, bare, form):
    code, name = department
    written = form.format(case(name))
    if bare:
        written = written.translate(str.maketrans("áéíóúÁÉÍÓÚñÑ", "aeiouAEIOUnN"))
    assert names.department_id(written) == code


def test_there_are_twenty_five():
    assert len(names.DEPARTMENTS) == 25
    assert [names.department_id(f"PE-{iso}") for iso in names._ISO.split()] == sorted(names.DEPARTMENTS)


@given(st.sampled_from(sorted(names.DEPARTMENTS)), st.integers(1, 20), st.integers(1, 30))
def test_a_ubigeo_survives_a_spreadsheet(department, province, district):
    code = f"{department}{province:02}{district:02}"
    for whole in (code, code[:4], code[:2]):
        assert names.ubigeo(str(int(whole))) == whole
        assert names.ubigeo(f"{int(whole)}.0") == whole
        assert names.ubigeo(f"PE{whole}") == whole


@pytest.mark.parametrize(
    "code", ["", "0", "00", "26", "990101", "170001", "170100", "1234567", "-1", "17 01", "१७"]
)
def test_codes_of_nowhere(code):
    assert names.ubigeo(code) is None


def test_the_nearest_name_is_offered():
    assert names.nearest("Madre de Diós y", names.DEPARTMENTS) == "Madre de Dios"
    assert names.nearest("xyz", names.DEPARTMENTS) == ""


PAYLOADS = [
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "{{7*7}}",
    "{% import os %}",
    "${7*7}",
    "#{7*7}",
    "{{cycler.__init__.__globals__.os.popen('touch x').read()}}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)",
    "`id`",
    "javascript:alert(1)",
    "data:text/html,<b>",
    "</textarea><svg onload=alert(1)>",
    "\u202eexe.txt",
    "a\x00b",
    "\\u003cscript\\u003e",
    "<%= 7*7 %>",
    "[[7*7]]<<",
    "&lt;script&gt;",
    "%3Cscript%3E",
    "\r\n=1",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_become_harmless(payload):
    safe = clean.harmless(payload)
    assert not set(safe) & set("<>{}`\"'\\\x00\u202e\r\n\t")
    assert not safe.startswith(("=", "+", "-", "@"))
    assert clean.harmless("-12.5") == "-12.5", "a number keeps its sign"
    assert "javascript:" not in safe


@given(st.text())
def test_cleaning_is_stable_and_always_harmless(raw):
    safe = clean.harmless(raw)
    assert clean.harmless(safe) == safe
    assert not set(safe) & set("<>{}`\"'\\")
    assert safe == safe.strip()
    assert all(c.isprintable() for c in safe)


@given(st.text(alphabet=st.characters(whitelist_categories=["L", "Zs"]), min_size=1))
def test_names_stay_names(raw):
    import unicodedata

    letters = [c for c in unicodedata.normalize("NFC", raw) if not c.isspace()]
    assert [c for c in clean.harmless(raw) if c != " "] == letters


@given(st.text())
def test_slugs_are_ids(raw):
    import re

    assert re.fullmatch(r"[a-z0-9_]{1,60}", clean.slug(raw, fallback="x"))
