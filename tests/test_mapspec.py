"""What a map says and looks like: structure, limits, legend, colours for every eye."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path as Outline

from capgap_geo.errors import SchemaError
from capgap_geo.model import Service
from capgap_geo.render import theme
from capgap_geo.render.mapspec import AreaLayer, ClassEntry, Facts, Geometry, PointLayer, texts_of

# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750])
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], LUMINANCE, [0.0193339, 0.1191920, 0.9503041]])


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ rgb / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (xyz * 24389 / 27 + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, sight: str) -> float:
    """CIE 1976 colour difference as seen with a kind of sight; 2.3 is just noticeable."""
    seen = [lab(np.clip(SIGHT[sight] @ linear(c), 0, 1)) for c in (one, other)]
    return float(np.linalg.norm(seen[0] - seen[1]))


def lightness(colour: str) -> float:
    return float(lab(np.full(3, LUMINANCE @ linear(colour)))[0])


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(LUMINANCE @ linear(c)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_the_measures_of_colour_are_right():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21, abs=1e-4)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=0.001)  # the known near miss of AA
    assert lab(linear("#FF0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert difference("#FF0000", "#FF0000", "deuteranopia") == 0
    # Red and green of one lightness: far apart for usual sight, near for the colour-blind.
    assert difference("#C04040", "#608040", "usual") > 2.5 * difference("#C04040", "#608040", "deuteranopia")


@pytest.mark.parametrize("kind", ["need", "supply"])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_ramps_keep_their_order_for_every_eye_and_in_grey(kind, count):
    colours = theme.ramp(count, kind=kind)
    assert len(colours) == count
    greys = [lightness(c) for c in colours]
    assert all(a - b >= 9 for a, b in itertools.pairwise(greys)), greys
    for sight in SIGHT:
        assert min(difference(a, b, sight) for a, b in itertools.pairwise(colours)) >= 10


def test_change_is_two_sided_and_darkest_at_its_ends():
    greys = [lightness(c) for c in theme.ramp(7, kind="change")]
    assert max(greys) == greys[3]
    assert greys[:4] == sorted(greys[:4])
    assert greys[3:] == sorted(greys[3:], reverse=True)
    for sight in SIGHT:
        better, worse = theme.ramp(7, kind="change")[1], theme.ramp(7, kind="change")[5]
        assert difference(better, worse, sight) >= 15


def test_a_ramp_of_seven_classes_is_refused():
    with pytest.raises(ValueError, match="7 classes"):
        theme.ramp(7)


@pytest.mark.parametrize("sight", SIGHT)
def test_services_are_told_apart_by_colour(sight):
    colours = [symbol.colour for symbol in theme.SYMBOLS.values()]
    assert min(difference(a, b, sight) for a, b in itertools.combinations(colours, 2)) >= 12


def test_services_are_told_apart_by_shape_alone_at_16_pixels():
    grid = np.stack(np.meshgrid(np.arange(16) + 0.5, np.arange(16) + 0.5), axis=-1).reshape(-1, 2)
    filled = {}
    for service, symbol in theme.SYMBOLS.items():
        vertices, commands = theme.symbol_outline(symbol)
        assert np.min(vertices) >= 0 and np.max(vertices) <= 16
        codes = {"M": Outline.MOVETO, "L": Outline.LINETO, "C": Outline.CURVE4, "Z": Outline.CLOSEPOLY}
        filled[service] = Outline(vertices, [codes[c] for c in commands]).contains_points(grid)
        assert filled[service].sum() >= 60  # solid enough to be seen
    assert set(filled) == set(Service)
    for one, other in itertools.combinations(filled.values(), 2):
        assert (one & other).sum() / (one | other).sum() <= 0.8  # a fifth or more differs


def test_texts_and_symbols_have_enough_contrast():
    for ground in (theme.PAPER, theme.PAPER_DEEP):
        for text in (theme.INK, theme.INK_SOFT, theme.ACCENT):
            assert contrast(text, ground) >= 4.5, (text, ground)
        for symbol in theme.SYMBOLS.values():
            assert contrast(symbol.colour, ground) >= 4.0
        assert contrast(theme.MINING_STYLES["exact"].stroke, ground) >= 4.5
    assert contrast(theme.DESERT_STYLES["robust"].stroke, theme.PAPER) >= 4.5


@pytest.mark.parametrize("sight", SIGHT)
def test_mining_stands_out_of_every_class_of_need(sight):
    mining = theme.MINING_STYLES["exact"]
    for colour in theme.ramp(6):
        most = max(difference(mark, colour, sight) for mark in (mining.fill, mining.stroke))
        assert most >= 25


def test_mining_outlines_differ_without_colour():
    styles = list(theme.MINING_STYLES.values())
    assert len({style.dash for style in styles}) == 3
    assert len({style.texture.gap for style in styles}) == 3
    assert all(style.texture.mark == "stipple" for style in styles)


def test_unknown_is_hatched_and_no_known_class_is():
    styles = theme.ramp_styles(5)
    assert styles[theme.UNKNOWN].texture.mark == "hatch"
    assert all(style.texture is None for key, style in styles.items() if key != theme.UNKNOWN)


def test_desert_by_strict_evidence_only_is_hatched_and_robust_is_filled():
    robust, strict = theme.DESERT_STYLES["robust"], theme.DESERT_STYLES["strict_only"]
    assert robust.fill and robust.texture is None
    assert strict.fill is None and strict.texture.mark == "backhatch"


@given(
    st.lists(
        st.one_of(
            st.floats(min_value=0, allow_infinity=True),
            st.just(math.nan),
            st.sampled_from([60.0, 120.0, 240.0, 480.0, 720.0, 720.1, 0.0]),
        ),
        max_size=30,
    )
)
def test_classes_are_those_of_an_independent_cut(values):
    limits = theme.TIME_LIMITS_MIN
    classes = theme.classify(values, limits)
    cut = pd.cut(values, [-math.inf, *limits, math.inf], right=True, labels=list("012345")).astype(object)
    assert list(classes) == ["u" if math.isnan(v) else c for v, c in zip(values, cut, strict=True)]


def test_a_limit_belongs_to_the_class_below():
    assert theme.classify([240.0, np.nextafter(240.0, 300)], theme.TIME_LIMITS_MIN) == "23"


def test_limits_must_rise():
    with pytest.raises(ValueError, match="rise"):
        theme.classify([1], (2, 2))


def test_the_json_holds_every_layer_in_drawing_order(map_spec):
    data = json.loads(map_spec("x").to_json())
    order = "neighbours departments surface deserts zones rivers police protection places tiles"
    assert [layer["id"] for layer in data["layers"]] == order.split()
    assert {layer["kind"] for layer in data["layers"]} == {
        "areas",
        "surface",
        "lines",
        "points",
        "places",
        "tiles",
    }
    departments = data["layers"][1]
    assert departments["classes"] == "04u"
    assert departments["styles"]["u"]["texture"]["mark"] == "hatch"
    assert departments["facts"]["pair"] == "62–71 % x"  # said once: it is the same everywhere
    assert departments["facts"]["name"] == ["west x", "east x", "north x"]
    assert data["symbols"]["police"]["colour"] == theme.SYMBOLS[Service.POLICE].colour


def test_equal_specs_give_equal_text(map_spec):
    assert map_spec("x").to_json() == map_spec("x").to_json()


def test_the_legend_counts_every_class_and_explains_the_outline_once(map_spec):
    legend = map_spec("x").legend()
    by_title = {group["title"]: group for group in legend}
    counts = [row["count"] for row in by_title["departments x"]["rows"]]
    assert counts == [1, 0, 0, 0, 1, 1]
    assert by_title["departments x"]["note"] == "note x"
    assert [row["count"] for row in by_title["deserts x"]["rows"]] == [None, None]
    assert "neighbours x" not in by_title
    facilities = next(g for g in legend if any("symbol" in row for row in g["rows"]))["rows"]
    assert [(r["symbol"], r["count"], r.get("open_count")) for r in facilities] == [
        ("police", 2, 1), ("protection", 2, 1), ("police", None, None),
    ]  # fmt: skip
    assert facilities[-1]["open"] and facilities[-1]["label"] == "one source x"


@given(st.text(alphabet="0123u", max_size=60))
def test_the_counts_of_a_legend_add_up_to_the_areas(classes):
    styles = theme.ramp_styles(4)
    layer = AreaLayer(
        layer_id="a",
        title="a",
        geometry=Geometry(url="app/static/geo/a.geojson"),
        ids=tuple(map(str, range(len(classes)))),
        classes=classes,
        entries=tuple(ClassEntry(c, style, c) for c, style in styles.items()),
    )
    assert list(layer.problems()) == []
    assert sum(row["count"] for row in layer.legend_rows()) == len(classes)


@pytest.mark.parametrize("service", ["shelter"])
def test_a_shelter_is_never_a_point(map_spec, service):
    layer = PointLayer(
        layer_id="s", title="s", symbol=service, ids=("a",), points=((-12.0, -77.0),), facts=(Facts("a"),)
    )
    with pytest.raises(SchemaError, match="badge of the department"):
        map_spec(layers=(layer,))


def test_a_badge_carries_no_position(map_spec):
    departments = next(layer for layer in map_spec("x").to_dict()["layers"] if layer["id"] == "departments")
    said = {"symbol", "text", "facts", "open", "kind", "proposed", "legend"}
    assert set(departments["badges"]["east"]) == said


def test_all_problems_are_told_at_once(map_spec):
    spec = map_spec("x")
    departments = replace(
        spec.layers[1], classes="0x", geometry=Geometry(url="https://elsewhere.example/a.json")
    )
    with pytest.raises(SchemaError) as caught:
        map_spec(
            layers=(departments, departments), labels={"map": "Map"}, credits=(), language='es"><script>'
        )
    problems = caught.value.details["problems"]
    for told in (
        "zoom_in",
        "credits",
        "language",
        "found 2 times",
        "3 ids, 2 classes",
        "'x'",
        "not a relative",
    ):
        assert any(told in problem for problem in problems), told


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/x",
        "//a.example/x",
        "../secret.json",
        "app/../../x",
        "javascript:alert(1)",
        "data:text/html,x",
        "a\\b",
        "",
    ],
)
def test_geometry_comes_from_our_own_host_only(map_spec, address):
    layer = replace(map_spec("x").layers[1], geometry=Geometry(url=address))
    with pytest.raises(SchemaError):
        map_spec(layers=(layer,))


@pytest.mark.parametrize("address", ["javascript:1", "https://a.example/x.png", "data:text/html;base64,AAAA"])
def test_images_come_from_our_own_host_only(map_spec, address):
    layer = replace(map_spec("x").layers[2], image=address)
    with pytest.raises(SchemaError, match="image"):
        map_spec(layers=(layer,))


@pytest.mark.parametrize("colour", ["red", "#12345", "url(x)", "#1234567", "{{7*7}}"])
def test_colours_have_one_form(map_spec, colour):
    entry = ClassEntry("0", theme.Style(fill=colour), "x")
    layer = replace(map_spec("x").layers[0], entries=(entry,))
    with pytest.raises(SchemaError, match="RRGGBB"):
        map_spec(layers=(layer,))


def test_every_text_can_be_audited(map_spec):
    texts = set(texts_of(map_spec("needle").to_dict()))
    assert {"Headline needle", "girls needle", "62–71 % needle", "Mazuko needle"} <= texts
