"""What pages say in words and figures: true to the tables, and no surer than they are."""

import functools
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.capacity import held
from capgap_geo.i18n import Translator
from capgap_geo.model import Demand, Profile, Scenario, Service
from capgap_geo.privacy.settings import MINIMUM_CELL
from capgap_geo.render import disputes, evidence, facts, progress, recorded, story, zone_sources
from capgap_geo.render.about import Edition
from capgap_geo.render.card import card
from capgap_geo.render.figure import alt_text
from capgap_geo.render.figures import capacity_figure, key_figures
from capgap_geo.render.print_layout import SIZES, compose
from capgap_geo.render.used import used
from capgap_geo.sources.read import csv

BOTH = pytest.mark.parametrize("t", [Translator("es"), Translator("en")], ids=["es", "en"])
EN = Translator("en")


@pytest.fixture(scope="module")
def ask(study):
    return functools.cache(lambda **question: assess(study, Scenario(**question)))


def sections(found):
    return {section.kind: section for section in found.sections}


def records(study, service, department=None):
    rows = study.facilities[study.facilities["service"].eq(service)]
    return rows if department is None else rows[rows["department_id"].eq(department)]


@pytest.mark.parametrize("service", [Service.POLICE, Service.PROTECTION])
def test_mining_zones_are_counted_where_the_page_says(study, ask, service):
    answer = ask(service=service, profile=Profile.GIRLS)
    whole = 0
    for province in study.provinces["province_id"]:
        own = study.zones.loc[study.zones["province_id"].eq(province), "zone_id"]
        figure = key_figures(study, answer, EN, area=f"p:{province}")[2]
        listed = sections(card(study, answer, EN, f"p:{province}")).get("zones")
        assert len(listed.lines if listed else ()) == len(own)
        if own.empty:
            assert figure.value == EN("figure.none")
            continue
        far = answer.zones.loc[own, ["nearest_lower", "nearest_upper"]].gt(answer.scenario.threshold).sum()
        assert figure.value == f"{EN.pair(*far)} of {len(own)}"
        whole += len(own)
    assert whole == len(study.zones)


def test_a_zone_counts_the_zones_of_its_department_and_names_it(study, ask):
    figure = key_figures(study, ask(), EN, area="z:la_pampa")[2]
    assert figure.value.endswith(" of 9")
    assert "Madre de Dios" in figure.label


@BOTH
@pytest.mark.parametrize("area", ["p:1701", "z:la_pampa"])
def test_what_is_known_by_department_says_so_in_a_smaller_area(study, ask, t, area):
    found = sections(card(study, ask(), t, area))
    whole = sections(card(study, ask(), t, "d:17"))
    for kind in {"present", "absent", "incidents"} & set(found):
        assert found[kind].title.startswith(t("card.in_department", title=""))
        assert not whole[kind].title.startswith(t("card.in_department", title=""))
    assert "Madre de Dios" in capacity_figure(study, ask(), t, area=area).label


@pytest.mark.parametrize(
    ("service", "department", "name", "expected"),
    [
        ("police", None, "officers", (27, 47, 4)),
        ("police", "21", "officers", (4, 12, 2)),
        ("police", "20", "officers", (13, 25, 1)),
        ("police", "17", "officers", (10, 10, 1)),
        ("police", None, "vehicles", (1, 1, 2)),
        ("prosecution", None, "prosecutors", (2, 2, 1)),
    ],
)
def test_a_capacity_keeps_every_side_of_a_dispute(study, service, department, name, expected):
    assert held(records(study, service, department), study.contested, name) == expected


def test_a_capacity_that_nobody_tells_is_not_zero(study):
    assert held(records(study, "shelter"), study.contested, "beds") is None
    assert held(records(study, "police", "15"), study.contested, "officers") is None


def test_a_dispute_about_two_units_says_nothing_of_one(study):
    one = records(study, "police", "21").iloc[:1]
    assert held(one, study.contested, "officers") == (6, 6, 1)


def test_a_sum_of_what_is_known_says_of_how_many(study, ask):
    figure = capacity_figure(study, ask(), EN)
    assert figure.value == "27–47 officers in 4 of 9 units"
    assert "1 vehicle in 2 of 9 units" in figure.label
    assert EN("figure.rest_units") in figure.label
    for said in ("4–9 police units", "from 2011 to 2025", "1 undated", "one source", "Piura and Puno"):
        assert said in figure.note
    for area in ("", *(f"d:{d}" for d in study.departments["department_id"])):
        assert "at least 1 " not in capacity_figure(study, ask(), EN, area=area).value


@BOTH
@pytest.mark.parametrize(
    ("department", "unit", "values"), [("20", "piura", (13, 25)), ("21", "puno", (4, 12))]
)
def test_a_disputed_capacity_says_by_whom(study, ask, t, department, unit, values):
    rows = study.contested[study.contested["department_id"].eq(department)]
    note = capacity_figure(study, ask(), t, area=f"d:{department}").note
    lines = sections(card(study, ask(), t, f"d:{department}"))["present"].lines
    row = study.facilities.set_index("facility_id", drop=False).loc[f"police_{unit}"]
    for said in (note, lines[0].note, facts.facility_facts(study, t, row).note):
        assert all(disputes.said_by(claim, t) in said for _, claim in rows.iterrows())
        assert all(str(value) in said for value in values)


def test_records_by_department_are_not_told_as_their_number(study, ask):
    figure = capacity_figure(study, ask(service="shelter", profile="girls"), EN)
    assert figure.value == "5 departments with a shelter"
    assert "7 shelters in the country (US Department of State, 2020)" in figure.note
    assert (
        "14 offices in the country (Convoca, 2025)"
        in capacity_figure(study, ask(service="prosecution"), EN).note
    )
    support = capacity_figure(study, ask(service="victim_support", profile="women"), EN)
    assert support.value == "0–4 departments with an assistance unit"


def test_a_zone_cites_for_each_fact_who_says_it(study, ask):
    measured = facts.sources(study, EN, zone_sources.DETECTIONS)
    for zone in study.zones.itertuples():
        mined, legality, link, _, *counted = sections(card(study, ask(), EN, f"z:{zone.zone_id}"))[
            "zone"
        ].lines
        known = pd.notna(zone.mined_ha)
        assert mined.source == (measured if known else "")
        assert bool(mined.note) == known, "the sum joins two detectors"
        assert measured not in link.source
        assert bool(link.source) == (zone.trafficking_evidence != "none_found")
        assert legality.note
        assert measured not in legality.source
        assert all(line.source and line.year and line.note for line in counted)


@BOTH
def test_a_zone_tells_the_victims_and_venues_that_sources_count(study, ask, t):
    told = sections(card(study, ask(), t, "z:la_pampa"))["zone"].lines[4:]
    assert [(line.value, line.year) for line in told] == [("120", "2019"), ("130", "2019"), ("6", "2019")]
    for zone_id in study.zones["zone_id"]:
        found = zone_sources.counted(study, zone_id)
        assert len(sections(card(study, ask(), t, f"z:{zone_id}"))["zone"].lines) == 4 + len(found)


@BOTH
def test_a_small_count_of_victims_in_a_zone_is_not_told_exactly(study, ask, t, tmp_path):
    (tmp_path / "zones").mkdir()
    rows = csv(study.path / "zones" / "context.csv")
    rows.loc[rows["context_id"] == "mercury_rescued_2019", "value"] = "4"
    rows.to_csv(tmp_path / "zones" / "context.csv", index=False)
    told = sections(card(replace(study, path=tmp_path), ask(), t, "z:la_pampa"))["zone"].lines[4:]
    assert told[0].value == t("value.fewer", n=MINIMUM_CELL)
    assert told[2].value == "6", "places are no people"


@BOTH
def test_a_documented_absence_is_told_wherever_the_record_is(study, ask, t):
    """Piura has no shelter, says its sources: that is not the same as having no record."""
    table = evidence.coverage_of_knowledge(study, t).set_index(t("deserts.department"))
    shelters = table[t("service.shelter.name")]
    assert shelters["Piura"] == t("evidence.short.absent", year=2025)
    assert shelters["Lima"] in {t(f"evidence.short.{level}") for level in ("corroborated", "reported")}
    assert t("service.first_response.name") not in table
    lines = sections(card(study, ask(), t, "d:20"))["absent"].lines
    assert t("service.shelter.long") not in {
        line.label for line in lines if line.value == t("card.no_record")
    }


@BOTH
def test_what_is_no_newer_than_the_report_says_so(study, t):
    rows = {row.indicator: row for row in progress.recommendations(study, t)}
    assert rows[t("progress.follow_up")].dated == t("progress.same_year", year=2022)
    assert rows[t("progress.care", who=t("profile.girls.who"))].dated == t("progress.before", year=2020)
    assert rows[t("progress.offices")].dated == ""
    officers = rows[t("progress.staff.officers")]
    assert officers.present == t.count_pair("capacity.officers", 27, 47)
    assert f"Puno, {t.pair(4, 12)}" in officers.gap
    assert all(row.cites and row.year for row in rows.values())


def test_a_mined_area_has_a_claim_of_who_measured_it(study):
    for _, zone in study.zones[study.zones["mined_ha"].notna()].iterrows():
        claims = zone_sources.claims(study, zone)
        assert zone_sources.DETECTIONS in set(claims.loc[claims["aspect"].eq("mining"), "source_id"])


@pytest.mark.parametrize(
    ("profile", "es", "en"),
    [
        (
            "men",
            "Según la sociedad civil, en 2022 ningún albergue del Perú acogía a hombres adultos"
            " víctimas de trata.",
            "As of 2022, civil society reported that no shelter in Peru took adult men"
            " who are victims of trafficking.",
        ),
        (
            "women",
            "Según la Defensoría del Pueblo y la sociedad civil, en 2022 ningún albergue del Perú"
            " estaba especializado en mujeres adultas víctimas de trata.",
            "As of 2022, the ombudsman and civil society reported that no shelter in Peru"
            " specialised in adult women who are victims of trafficking.",
        ),
    ],
)
def test_a_documented_absence_says_who_and_when(study, ask, profile, es, en):
    answer = ask(service="shelter", profile=profile)
    assert story.headline(study, answer, Translator("es")) == es
    assert story.headline(study, answer, EN) == en
    figure = capacity_figure(study, answer, EN)
    assert figure.note == "documented absence, 2022"
    assert EN(f"profile.{profile}.who") in figure.label


def test_an_absence_of_a_department_is_told_there(study, ask):
    answer = ask(service="shelter", profile="girls")
    assert capacity_figure(study, answer, EN, area="d:20").note == "documented absence, 2025"
    assert capacity_figure(study, answer, EN, area="d:19").note == EN("figure.none_note")


@BOTH
def test_a_dispute_about_whom_a_service_takes_stands_below_the_headline(study, ask, t):
    for profile, named in (("boys", 2), ("women", 1), ("girls", 0), ("men", 0)):
        answer = ask(service="shelter", profile=profile)
        said = disputes.of_question(study, answer.scenario, t)
        assert len(re.findall(r"\(20\d\d\)", said)) == named
        assert said in story.headline_note(study, answer, None, t)


def test_a_group_that_sources_dispute_is_within_reach_by_one_bound_only(study, ask):
    """The map says of boys what the Evidence page says: from none to five departments."""
    boys, girls = (ask(service="shelter", profile=profile) for profile in ("boys", "girls"))
    assert boys.country["covered_people_lower"] == 0 < boys.country["covered_people_upper"]
    assert boys.country["nearest_upper"] == np.inf
    assert girls.country["covered_people_lower"] > 0
    assert np.array_equal(boys.wide, girls.wide)
    assert capacity_figure(study, boys, EN).value.startswith(EN.pair(0, 5))


@BOTH
def test_evidence_tells_what_is_not_sure_of_the_shelters(study, t):
    gaps = {row.indicator: row for row in progress.recommendations(study, t)}
    care = {p: gaps[t("progress.care", who=t(f"profile.{p}.who"))] for p in ("girls", "boys", "women")}
    assert care["girls"].present == t("figure.of", part="5", whole=25)
    assert care["boys"].present == t("figure.of", part="0–5", whole=25)
    for profile in ("boys", "women"):
        assert disputes.of_question(study, Scenario("shelter", profile), t) in care[profile].gap
    assert evidence.contested(study, t)[t("evidence.table.note")].str.len().gt(0).all()


@BOTH
@pytest.mark.parametrize("demand", list(Demand))
def test_a_headline_with_people_is_an_estimate_and_says_the_other(study, ask, t, demand):
    answer = ask(demand=demand)
    other = ask(demand=story.other_spread(answer.scenario).demand)
    assert other.scenario.demand != demand
    for area in ("", "d:17", "p:1701"):
        row = story.area_row(other, area)[0]
        share = t.percent(row["uncovered_share_lower"], row["uncovered_share_upper"])
        assert f": {share}." in story.headline_note(study, answer, other, t, area=area)
    assert story.headline_note(study, answer, other, t, area="z:la_pampa") == ""


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 2))
def test_a_percentage_is_never_surer_than_the_share(one, other, digits):
    low, high = sorted((one, other))
    said = EN.percent(one, other, digits).replace("\N{NO-BREAK SPACE}", " ")
    step = 10.0**-digits
    bounds = [part.strip() for part in said.removesuffix(" %").replace(" to over ", "–>").split("–")]
    first, last = bounds[0], bounds[-1]
    for text, share in ((first, low), (last, high)):
        value = float(text.lstrip("<>")) / 100
        if text[0] == "<":
            assert share < value
        elif text[0] == ">":
            assert share > value - 1e-12
        else:
            assert abs(value - share) <= step / 200 + 1e-9
    if said == "0 %":
        assert high <= 1e-9
    if first.startswith("100"):
        assert low >= 1 - 1e-9


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.0,), "0 %"),
        ((1.0,), "100 %"),
        ((0.003,), "<1 %"),
        ((0.999,), ">99 %"),
        ((0.003, 0.02), "<1–2 %"),
        ((0.02, 0.003), "<1–2 %"),
        ((0.12, 0.997), "12 to over 99 %"),
        ((0.0, 0.003), "<1 %"),
        ((0.997, 1.0), ">99 %"),
        ((0.0, 1.0), "0–100 %"),
        ((1 - 1e-12,), "100 %"),
        ((0.62, 0.71), "62–71 %"),
    ],
)
def test_only_nothing_is_0_and_only_everything_100_percent(shares, said):
    assert EN.percent(*shares).replace("\N{NO-BREAK SPACE}", " ") == said
    assert EN.percent(0.0003, digits=1) == "<0.1\N{NO-BREAK SPACE}%"
    assert Translator("es").percent(0.92, 0.997) == "92 a más de 99\N{NO-BREAK SPACE}%"


@BOTH
@pytest.mark.parametrize(
    ("service", "profile"), [("police", "everyone"), ("shelter", "men"), ("shelter", "boys")]
)
def test_what_stands_below_a_headline_goes_with_it(study, ask, t, service, profile):
    answer = ask(service=service, profile=profile)
    other = None if answer.nobody_serves else ask(service=service, profile=profile, demand="even")
    said = story.headline_note(study, answer, other, t)
    edition = Edition(study, answer, t)
    assert said
    assert edition.spec.note == edition.note == said
    assert said in alt_text(edition.spec)
    assert said in edition.facts()["meaning"]
    drawn = compose(edition.spec, SIZES["wide"], t).figure.findobj(Text)
    assert said.replace(" ", "") in "".join(text.get_text().replace(" ", "") for text in drawn)


def test_the_sources_of_a_view_are_those_of_all_that_it_shows(study, ask):
    def ids(**question):
        return {source.source_id for source in used(study, ask(**question))}

    zones = {s for row in study.zones["source_ids"] for s in row.split(";")}
    assert zones <= ids()
    assert {"fac-la-republica-puno-2025", "fac-el-tiempo-piura"} <= ids()
    assert "fac-convoca-piura" in ids(service="prosecution")
    assert {"fac-tip-2021-state", "fac-ilo-2020"} <= ids(service="shelter", profile="boys")
    assert "fac-chs-hrt-mdd" in ids(service="shelter", profile="women")
    assert "fac-chs-hrt-mdd" not in ids(service="shelter", profile="girls")


@BOTH
def test_a_badge_says_whom_the_shelter_takes_and_what_is_disputed(study, t):
    badges = recorded.unplaced(study, t, Service.SHELTER, frozenset())
    assert set(badges) == set(records(study, "shelter")["department_id"])
    line = recorded.badge_line(study, t, Service.SHELTER, frozenset())
    assert line is not None
    assert story.profiles(t, "girls;boys") in line.label
    for badge in badges.values():
        assert badge.text == story.profiles(t, "girls;boys")
        assert t("dispute.short.boys_served") in badge.facts.note
