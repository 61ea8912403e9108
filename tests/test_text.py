"""Markup of texts: escaped, and ranges in one piece."""

from capgap_geo.ui.text import headline


def test_a_range_stays_on_one_line_and_everything_is_escaped():
    said = headline(
        "En <b>Puno</b>, 12–100\N{NO-BREAK SPACE}% (19\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}>99\N{NO-BREAK SPACE}%) viven lejos"
    )
    assert "<b>" not in said
    for whole in (
        "12–100\N{NO-BREAK SPACE}%",
        "(19\N{NO-BREAK SPACE}–\N{NO-BREAK SPACE}&gt;99\N{NO-BREAK SPACE}%)",
    ):
        assert f'<span class="range">{whole}</span>' in said
    assert said.count("<span") == 2


def test_a_headline_without_a_range_is_left_alone():
    assert headline("Nadie & nada") == '<h1 class="headline">Nadie &amp; nada</h1>'
