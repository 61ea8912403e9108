"""The index on Compare: each rank with its interval, weights that move it, norms with their origin."""

import html
import re

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.indicators import BY_NAME, INDICATORS, definitions, indicators
from capgap_geo.analysis.standing import standings, tables
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import LANGUAGES, Translator, texts
from capgap_geo.model import MAPPED, Measure, Profile, Scenario, Service
from capgap_geo.render import attribution, index_words
from capgap_geo.render.norms import norms, reference_lines
from capgap_geo.ui import index_panel
from capgap_geo.ui.index_panel import rank_text

SCRIPT = "from capgap_geo.ui.shell import draw\ndraw('compare')()"
SCENARIO = Scenario(measure=Measure.STRAIGHT_LINE, threshold=100.0)


def open_page(**params):
    app = AppTest.from_string(SCRIPT, default_timeout=90)
    for key, value in ({"measure": "straight_line", "threshold": "100"} | params).items():
        app.query_params[key] = value
    return app.run()


def page_text(app):
    parts = [e.proto.body for e in app.get("html")]
    return "\n".join([*parts, *(e.value for e in app.caption)])


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_index_says_what_it_may_not_be_used_for(language):
    app = open_page(lang=language)
    assert not app.exception
    assert not app.error
    said = page_text(app)
    for key in ("index.title", "index.use", "norm.title"):
        assert texts(language)[key] in said


def test_the_page_and_the_brief_give_a_department_one_rank(study):
    answer = assess(study, SCENARIO)
    names = tuple(sorted(i.name for i in definitions(indicators(study, answer))))
    page = index_panel._ranks(SCENARIO, tuple((p, 1.0) for p in ("need", "reach", "capacity")), names)
    pd.testing.assert_frame_equal(page, standings(study, answer))


def test_weights_of_zero_are_refused_in_words_and_one_question_alone_is_answered():
    app = open_page(lang="en")
    for pillar in ("need", "reach", "capacity"):
        app.slider(key=f"w_index_{pillar}").set_value(0)
    app.run()
    assert not app.exception
    assert app.warning[0].value == texts("en")["index.weights_zero"]
    app.slider(key="w_index_need").set_value(3).run()
    assert not app.exception
    assert not app.warning
    app.multiselect(key="w_index_names").set_value([]).run()
    assert not app.exception
    assert app.warning[0].value == texts("en")["index.needs_indicator"]


def test_every_rank_is_written_with_its_interval(study):
    ranks = standings(study, assess(study, SCENARIO), draws=200)
    assert len(ranks) == 25
    for language in LANGUAGES:
        for _, row in ranks.iterrows():
            assert re.fullmatch(r"[\d.]+ \(\d+–\d+\)", rank_text(row, Translator(language)))
    assert (ranks["rank_p05"] <= ranks["rank_median"]).all()
    assert (ranks["rank_median"] <= ranks["rank_p95"]).all()


def test_ranks_vary_over_threshold_and_rural_people(study):
    assert len(tables(study, SCENARIO)) == 6
    ranks = standings(study, assess(study, SCENARIO), draws=400)
    assert (ranks["moves_variant"] > 0).any()
    again = standings(study, assess(study, SCENARIO), draws=400)
    pd.testing.assert_frame_equal(ranks, again)


def test_a_weight_moves_ranks_and_zero_weights_are_refused(study):
    answer = assess(study, SCENARIO)
    need = standings(study, answer, weights={"need": 1, "reach": 0, "capacity": 0}, draws=400)
    reach = standings(study, answer, weights={"need": 0, "reach": 1, "capacity": 0}, draws=400)
    assert need.loc["17", "rank_median"] == 1  # Madre de Dios: most complaints, cases, zones and mined land
    assert reach.loc["17", "rank_median"] > 5  # and a police unit in its capital
    with pytest.raises(ScenarioError) as caught:
        standings(study, answer, weights={"need": 0, "reach": 0, "capacity": 0}, draws=10)
    assert caught.value.code == "index_weights"


def test_what_nobody_knows_is_left_out_and_named(study):
    scenario = SCENARIO.with_(service=Service.SHELTER, profile=Profile.MEN)
    table = indicators(study, assess(study, scenario))
    used = {i.name for i in definitions(table)}
    unknown = {
        i.name for i in INDICATORS if table[[f"{i.name}_lower", f"{i.name}_upper"]].isna().all(axis=None)
    }
    assert unknown
    assert used == {i.name for i in INDICATORS} - unknown
    app = open_page(lang="en", service="shelter", profile="men")
    assert not app.exception
    for name in unknown:
        assert texts("en")[f"indicator.{name}.name"] in page_text(app)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_norm_has_words_an_origin_and_says_whether_it_binds(study, language):
    t = Translator(language)
    rows = reference_lines(study)
    for figure, binding in zip(rows["figure_id"], rows["binding"], strict=True):
        assert t.has(f"norm.{figure}")
        assert t.has(f"norm.binding.{binding}")
    said = norms(study, t, within=None)
    assert len(said) == len(rows)
    assert said[0].binding == t("norm.binding.national_policy")
    for norm in said:
        assert norm.origin
        assert "{" not in norm.text
    shelters = study.facilities[study.facilities["service"] == "shelter"]["department_id"].nunique()
    assert any(str(shelters) in n.stands and "25" in n.stands for n in said)


def test_only_kinds_of_service_that_are_mapped_are_counted(study):
    """The one centre of first response in the data says nothing about hundreds that are not."""
    counted = indicators(study, assess(study, SCENARIO))
    kinds = study.facilities.groupby("department_id")["service"].agg(set)
    expected = kinds.map(lambda found: len(found & set(MAPPED))).reindex(counted.index).fillna(0)
    assert (counted["services_upper"] == expected).all()
    assert any(Service.FIRST_RESPONSE in found for found in kinds)
    assert counted.loc["17", "services_upper"] == len(kinds["17"] - {"first_response"})


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_each_indicator_has_meaning_direction_coverage_and_sources(study, language):
    t = Translator(language)
    answer = assess(study, SCENARIO)
    table = indicators(study, answer)
    app = open_page(lang=language)
    said = html.unescape(page_text(app))
    for name in (i.name for i in definitions(table)):
        what = f'<p class="what">{t(f"indicator.{name}.name")}</p>'
        part = next(p for p in said.split('<div class="absence">') if what in p)
        assert t(f"indicator.{name}.help") in part
        assert t("index.part.more" if BY_NAME[name].more_is_worse else "index.part.less") in part
        assert index_words.coverage(table, answer.departments["department_name"], name, t) in part
        sources = index_words.origins(study, answer, name)
        assert sources
        for source in sources:
            assert attribution.line(source, t) in part
            assert not source.url or f'href="{source.url}"' in part
    assert t("index.no_record") in said


def test_an_indicator_names_the_sources_it_rests_on_and_no_others(study):
    answer = assess(study, SCENARIO)

    def ids(name):
        return {s.source_id for s in index_words.origins(study, answer, name)}

    assert ids("mined_ha") == {"zon-amw-2018-2025"}
    assert "inc-mpfn-delitos-2025" in ids("offences_2025")
    assert not any(i.startswith("fac-") for i in ids("offences_2025") | ids("zones"))
    officers = study.facilities[
        study.facilities["service"].eq("police") & study.facilities["officers"].notna()
    ]
    assert ids("officers") == {i for text in officers["source_ids"] for i in text.split(";")}
    assert ids("officers") < ids("officers_per_100k")


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_what_few_departments_know_stands_beside_the_index_and_by_department(study, language):
    t = Translator(language)
    table = indicators(study, assess(study, SCENARIO))
    used = definitions(table)
    said = " ".join(index_words.thin(table, used, t))
    for name in ("officers", "officers_per_100k"):
        assert t("index.thin_one", name=t(f"indicator.{name}.name"), n="3", all="25") in said
    assert t("indicator.records.name") not in said
    assert said in html.unescape(page_text(open_page(lang=language)))
    loreto, pasco = (index_words.unknown(table, used, d, t) for d in ("16", "19"))
    assert t("indicator.offences_2025.name") in pasco
    assert t("indicator.offences_2025.name") not in loreto
    assert table.loc["16", "officers_lower"] != table.loc["16", "officers_upper"]
    assert t("indicator.officers.name") in loreto
    assert index_words.unknown(table, [i for i in used if i.name == "zones"], "16", t) == t(
        "index.unknown.all_known"
    )
    assert index_words.thin(table, [i for i in used if i.name == "zones"], t) == []


def test_one_click_weighs_capacity_only_and_one_more_all_alike():
    app = open_page(lang="en")
    app.button(key="index_preset_capacity").click().run()
    assert not app.exception
    pillars = ("need", "reach", "capacity")
    assert [app.slider(key=f"w_index_{p}").value for p in pillars] == [0, 0, 1]
    app.slider(key="w_index_need").set_value(4)
    app.button(key="index_preset_equal").click().run()
    assert [app.slider(key=f"w_index_{p}").value for p in pillars] == [1, 1, 1]


def test_departments_that_share_a_middle_rank_are_named(study):
    t = Translator("en")
    names = study.departments.set_index("department_id")["department_name"]
    ranks = pd.DataFrame(
        {"rank_median": [2.0, 1.0, 2.0], "rank_p05": [2.0, 1.0, 1.0], "rank_p95": [3.0, 1.0, 3.0]},
        index=["17", "16", "08"],
    )
    assert list(index_panel.in_order(ranks).index) == ["16", "08", "17"]
    assert "rank 2, Cusco and Madre de Dios" in index_panel.shared(ranks, names, t)
    assert index_panel.shared(ranks.iloc[:2], names, t) == ""


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("name", ["compare", "evidence"])
def test_every_link_at_the_top_leads_to_a_section_of_the_page(language, name):
    app = AppTest.from_string(f"from capgap_geo.ui.shell import draw\ndraw({name!r})()", default_timeout=90)
    app.query_params["lang"] = language
    app.query_params["measure"], app.query_params["threshold"] = "straight_line", "100"
    said = page_text(app.run())
    links = re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', said)
    assert len(links) >= 5
    assert links == re.findall(r'<h2 class="section" id="([\w-]+)">([^<]+)</h2>', said)
