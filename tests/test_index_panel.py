"""The index on Compare: each rank with its interval, weights that move it, norms with their origin."""

import re

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.indicators import INDICATORS, definitions, indicators
from capgap_geo.analysis.standing import standings, tables
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import LANGUAGES, Translator, texts
from capgap_geo.model import MAPPED, Measure, Profile, Scenario, Service
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
