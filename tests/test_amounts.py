"""Amounts as words: never finer than the data know, the unit once, right in both languages."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capgap_geo.i18n import Translator
from capgap_geo.render import plan_words, story

ES, EN = Translator("es"), Translator("en")
SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("pair", "spanish", "english"),
    [
        ((0, 0), "0", "0"),
        ((510, 510), "menos de 1,000", "fewer than 1,000"),
        ((0, 510), "menos de 1,000", "fewer than 1,000"),
        ((510, 2_100), "hasta 2,100", "up to 2,100"),
        ((0, 2_100), "entre 0 y 2,100", "between 0 and 2,100"),
        ((33_900, 34_100), "34,000", "34,000"),
        ((900_000, 1_240_000), "entre 900,000 y 1.2 millones", "between 900,000 and 1.2 million"),
        ((1_010_000, 1_020_000), "1 millón", "1 million"),
        ((4_300_000, 6_020_000), "entre 4.3 y 6 millones", "between 4.3 and 6 million"),
        ((13_100_000, 17_700_000), "entre 13 y 18 millones", "between 13 and 18 million"),
    ],
)
def test_ranges_of_people(pair, spanish, english):
    assert story.people_pair(ES, *pair) == spanish
    assert story.people_pair(EN, *pair) == english


def test_a_range_in_a_table_is_short():
    assert story.people_span(ES, 1_310_000, 1_390_000) == "1.3–1.4 millones"
    assert story.people_span(EN, 0, 34_000) == "0–34,000"


@given(st.floats(0, 4e7), st.floats(0, 4e7))
def test_no_range_claims_more_than_two_figures_or_names_its_unit_twice(a, b):
    for t in (ES, EN):
        text = story.people_pair(t, *sorted((a, b)))
        assert text.count("mill") <= 1
        assert ".0" not in text


@pytest.mark.parametrize(
    ("pair", "unit", "spanish"),
    [
        ((0, 0), "min", "menos de 5 min"),
        ((4, 130), "min", "menos de 5 min a 2 h 10 min"),
        ((240.5, 240.5), "min", "4 h 10 min"),
        ((50, math.inf), "min", "al menos 50 min"),
        ((math.inf, math.inf), "min", "sin acceso"),
        ((0.2, 0.3), "km", "menos de 1 km"),
        ((99.2, 831), "km", "100–840 km"),
    ],
)
def test_travel_is_told_as_finely_as_it_is_known(pair, unit, spanish):
    assert story.nearest(ES, *pair, unit).replace(SPACE, " ") == spanish


def test_where_no_service_is_on_record_nothing_is_unreachable():
    assert story.nearest(ES, math.inf, math.inf, "min", served=False) == "no hay servicio registrado"


@given(st.floats(1e-6, 3e3), st.sampled_from(["min", "km"]))
def test_what_is_beyond_a_limit_never_reads_as_within_it(value, unit):
    assert story.coarse(value, unit) >= value


@pytest.mark.parametrize(
    ("stated", "spanish", "english"),
    [
        (None, "", ""),
        ("2025", "2025", "2025"),
        ("2008-2018", "2008–2018", "2008–2018"),
        ("2025-01 to 2025-11", "ene.–nov. 2025", "Jan–Nov 2025"),
        ("2018-01 to 2018-09", "ene.–set. 2018", "Jan–Sept 2018"),
        ("2007-01 to 2014-04", "ene. 2007 – abr. 2014", "Jan 2007 – Apr 2014"),
        ("2018 to 2025-Q3", "2018 – 3.er trim. 2025", "2018 – Q3 2025"),
        ("2024-06-30", "2024-06-30", "2024-06-30"),
    ],
)
def test_periods_of_the_data_in_words(stated, spanish, english):
    assert ES.period(stated) == spanish
    assert EN.period(stated) == english


def test_an_english_date_is_british():
    assert EN.date(dt.date(2026, 11, 24)) == "24 November 2026"


def test_a_change_that_may_be_none_is_told_by_its_most():
    assert plan_words.change_pair(ES, 0.0, 34_000.0) == "hasta 34,000 más"
    assert plan_words.change_pair(ES, -34_000.0, 0.0) == "hasta 34,000 menos"
    assert plan_words.change_pair(EN, 0.0, 300.0) == "up to 1,000 more"
    assert plan_words.change_pair(EN, 0.0, 0.2) == EN("plan.table.same")
