"""The online map: none without a setting, and off until a reader asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from capgap_geo.analysis.assess import assess
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import Translator
from capgap_geo.model import Measure, Scenario
from capgap_geo.render import publish, scene
from capgap_geo.render.layers import TileLayer
from capgap_geo.sources.study import load_study
from capgap_geo.ui.online import CREDIT, TILES, host, online_map
from capgap_geo.ui.policy import content_policy

ADDRESS = "https://tiles.example.org/{z}/{x}/{y}.png"


def test_without_a_setting_there_is_none_and_no_other_host():
    assert online_map({}) is None
    assert host(None) == ""
    assert "https:" not in content_policy("*", tiles=host(None))


def test_pictures_may_come_from_the_named_host_and_nothing_else_may():
    tiles = online_map({TILES: ADDRESS, CREDIT: "Example"})
    rules = [rule.strip() for rule in content_policy("*", tiles=host(tiles)).split(";")]
    assert [r for r in rules if "example" in r] == ["img-src 'self' data: blob: https://tiles.example.org"]


@pytest.mark.parametrize(
    "address",
    [
        "http://tiles.example.org/{z}/{x}/{y}.png",
        "https://tiles.example.org/{z}/{x}.png",
        "https://tiles.example.org; script-src *//{z}/{x}/{y}",
        "javascript:{z}{x}{y}",
    ],
)
def test_what_is_no_address_of_tiles_is_refused_with_what_is_missing_besides(address):
    with pytest.raises(ScenarioError) as told:
        online_map({TILES: address})
    assert told.value.code == "setting"
    assert len(told.value.details["problems"]) == 2


def test_the_map_offers_it_and_leaves_it_off():
    study = load_study()
    t = Translator("en")
    answer = assess(study, Scenario(measure=Measure.STRAIGHT_LINE, threshold=100.0))
    ground = publish.ground(study)
    assert not [x for x in scene.build(ground, answer, t).layers if isinstance(x, TileLayer)]
    spec = scene.build(replace(ground, tiles=(ADDRESS, "Example")), answer, t)
    (layer,) = [x for x in spec.layers if isinstance(x, TileLayer)]
    assert not layer.visible
    assert layer.toggle
