"""What a table sends to the browser: numbers that JSON knows."""

import json
import math

import pytest

from capgap_geo.ui.sortable import Cell, _short


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_does_not_know_is_left_out(value):
    said = _short(Cell("x", value, value, value))
    assert json.dumps(said, allow_nan=False) == '["x"]'


def test_a_known_number_keeps_its_bounds():
    assert _short(Cell("x", 2.0, 0.12345, 1.0)) == ["x", 2.0, 0.123, 1.0]
