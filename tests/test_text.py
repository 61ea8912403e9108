"""Markup of texts: escaped, and ranges in one piece."""

from capgap_geo.ui.text import headline

_ = "\N{NO-BREAK SPACE}"


def test_a_range_stays_on_one_line_and_everything_is_escaped():
    said = headline(f"En <b>Puno</b>, 12–100{_}% (19{_}–{_}>99{_}%) viven lejos")
    assert "<b>" not in said
    for whole in (f"12–100{_}%", f"(19{_}–{_}&gt;99{_}%)"):
        assert f'<span class="range">{whole}</span>' in said
    assert said.count("<span") == 2


def test_a_headline_without_a_range_is_left_alone():
    assert headline("Nadie & nada") == '<h1 class="headline">Nadie &amp; nada</h1>'
