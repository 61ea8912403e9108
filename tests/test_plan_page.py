"""The Plan page: changes, undo, links, files, search, comparison; one click in a browser."""

import gc
import json
import math
import re
import weakref
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.plan import MOST_CHANGES, Add, Remove, from_json, to_json, to_text
from capgap_geo.analysis.proposal import Aim, Proposal, Question, propose
from capgap_geo.analysis.siting import Siting
from capgap_geo.analysis.whatif import apply, difference, parse
from capgap_geo.i18n import LANGUAGES, Translator, texts
from capgap_geo.model import Measure, Profile, Scenario, Service
from capgap_geo.privacy import PROTECTED_SERVICES, Secret, find_leaks
from capgap_geo.render import plan_words, proposal_words, story
from capgap_geo.render.plan_file import plan_file
from capgap_geo.render.plan_map import Drawn, plan_spec
from capgap_geo.render.plan_outline import plan_features
from capgap_geo.render.scene import Choice
from capgap_geo.sources.uploads import read_upload
from capgap_geo.ui import prepared
from capgap_geo.ui.data_use import built

SCRIPT = "from capgap_geo.ui.shell import draw\ndraw('plan')()"
STRAIGHT = {"measure": "straight_line", "threshold": "100"}
PLAN = "add.police.-70.383_-13.108~remove.police_tacna"
BAD = (
    "add.police.-90_-12~remove.police_puira~accept.shelter_cusco_children.girls~fly~add.polis.17~"
    "add.police.17.cats~add.police.111~remove.police_piura~accept.police_piura.men~remove.police_piura~"
    "add.shelter.99"
)


def open_page(**params):
    app = AppTest.from_string(SCRIPT, default_timeout=90)
    for key, value in (STRAIGHT | params).items():
        app.query_params[key] = value
    return app.run()


def page_text(app):
    parts = [e.proto.body for e in app.get("html")]
    return "\n".join([*parts, *(e.value for e in app.caption)]).replace("\N{NO-BREAK SPACE}", " ")


def plan_of(app):
    return app.session_state["state"].plan


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_a_link_opens_its_plan_and_says_its_numbers(study, language):
    app = open_page(lang=language, plan=PLAN)
    assert not app.exception
    assert not app.error
    t = Translator(language)
    scenario = Scenario(service=Service.POLICE, measure=Measure.STRAIGHT_LINE, threshold=100.0)
    before = assess(study, scenario)
    plan = parse(study, PLAN)
    after = assess(study, scenario, facilities=apply(study, plan))
    said = page_text(app)
    for words in (plan_words.headline(before, after, t, plan=plan), *plan_words.names(study, t, plan)):
        assert words.replace("\N{NO-BREAK SPACE}", " ") in said
    assert plan_of(app) == PLAN
    assert app.query_params["plan"] in (PLAN, [PLAN])


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_problem_is_told_and_the_rest_is_used(language):
    app = open_page(lang=language, plan=BAD)
    assert not app.exception
    assert not app.error
    said = page_text(app)
    assert texts(language)["plan.problems"] in said
    assert "Sechura" in said
    for offered in ("(police_piura)", "(police)", "(19)"):
        assert offered in said
    assert "plan_" not in said.replace("plan_changes", "")
    assert plan_of(app) == "remove.police_piura"


def test_add_undo_remove_accept():
    app = open_page(lang="en", service="shelter", profile="women")
    app.selectbox(key="w_plan_department").set_value("17").run()
    app.button(key="plan_add").click().run()
    assert plan_of(app) == "add.shelter.17.women"
    app.segmented_control(key="w_plan_way").set_value("accept").run()
    app.button(key="plan_accept").click().run()
    assert plan_of(app) == "add.shelter.17.women~accept.shelter_cusco_children.women"
    app.button(key="plan_drop_0").click().run()
    assert plan_of(app) == "accept.shelter_cusco_children.women"
    undo = next(b for b in app.button if b.label == "Undo")
    undo.click().run()
    assert plan_of(app) == "add.shelter.17.women~accept.shelter_cusco_children.women"
    app.segmented_control(key="w_plan_way").set_value("remove").run()
    app.button(key="plan_remove").click().run()
    assert plan_of(app).endswith("remove.shelter_cusco_children")
    next(b for b in app.button if b.label == "Remove all").click().run()
    assert plan_of(app) == ""
    assert not app.exception


@pytest.mark.parametrize("params", [{"service": "police"}, {"service": "shelter", "profile": "girls"}])
def test_the_first_click_already_helps_somebody(params):
    app = open_page(lang="en", **params)
    app.button(key="plan_add").click().run()
    assert "come within reach" in page_text(app)
    assert plan_words_none("en") not in page_text(app)


def test_the_same_change_twice_is_told_once():
    app = open_page(lang="en", plan="add.shelter.17.women", service="shelter", profile="women")
    app.selectbox(key="w_plan_department").set_value("17").run()
    app.button(key="plan_add").click().run()
    assert "in the plan already" in page_text(app)
    assert texts("en")["plan.problems"] not in page_text(app)
    assert plan_of(app) == "add.shelter.17.women"
    assert "in the plan already" not in page_text(app.run())


def test_a_change_to_another_service_is_said_to_move_nothing():
    app = open_page(lang="en", plan="add.shelter.17")
    assert texts("en")["plan.other_service"].split(":")[0] in page_text(app)
    assert plan_words_none("en") in page_text(app)


def plan_words_none(language):
    return texts(language)["plan.head.none"].split("{")[0].strip()


def test_a_search_proposes_proves_and_goes_into_the_plan(study):
    app = open_page(lang="en")
    app.select_slider(key="w_plan_least").set_value(100_000.0).run()
    app.slider(key="w_plan_p").set_value(2).run()
    app.button(key="plan_search").click().run()
    assert not app.exception
    scenario = app.session_state["state"].scenario
    found = propose(study, scenario, Question(p=2, min_population=100_000.0))
    said = page_text(app)
    for words in plan_words.names(study, Translator("en"), found.plan):
        assert words in said
    assert "it is proven" in said
    assert "with at most 2 changes" in said
    assert "at least 100,000 people" in said
    app.button(key="plan_steady").click().run()
    assert not app.exception
    assert re.search(r"holds? in \d+ of 12 searches|chosen in \d+ of 12 searches", page_text(app))
    app.button(key="plan_put").click().run()
    assert plan_of(app) == "~".join(map(str, found.plan))
    # What speaks for the choice stays when it is taken; it is not offered again.
    said = page_text(app)
    assert "it is proven" in said
    assert texts("en")["plan.put_done"] in said
    assert not [button for button in app.button if button.key == "plan_put"]
    app.button(key="plan_drop_0").click().run()
    assert "it is proven" not in page_text(app)
    next(b for b in app.button if b.label == "Undo").click().run()
    after = assess(study, scenario, facilities=apply(study, found.plan))
    assert difference(assess(study, scenario), after).people[0] > 0


def test_an_answer_does_not_stand_under_another_question():
    app = open_page(lang="en")
    app.select_slider(key="w_plan_least").set_value(100_000.0).run()
    app.button(key="plan_search").click().run()
    title, stale = texts("en")["plan.found.title"], texts("en")["plan.found.stale"]
    assert title in page_text(app)
    for ask, value, back in (
        (lambda: app.slider(key="w_plan_p"), 5, 3),
        (lambda: app.select_slider(key="w_plan_least"), 50_000.0, 100_000.0),
        (lambda: app.pills(key="w_plan_aim"), "time", "people"),
    ):
        ask().set_value(value).run()
        said = page_text(app)
        assert stale in said
        assert title not in said
        assert "found-line" not in said
        ask().set_value(back).run()
    assert title in page_text(app)
    app.pills(key="w_plan_aim").set_value("budget").run()
    app.button(key="plan_search").click().run()
    assert "budget 20" in page_text(app)
    app.number_input(key="w_plan_new_cost").set_value(7.0).run()
    assert stale in page_text(app)


def test_a_proposal_beyond_the_room_of_a_plan_says_what_goes_in_and_what_that_gives(study):
    params = {"service": "police", "threshold": "30"}
    app = open_page(lang="en", **params)
    app.pills(key="w_plan_aim").set_value("everyone").run()
    app.button(key="plan_search").click().run()
    scenario = app.session_state["state"].scenario
    found = propose(study, scenario, Question(aim=Aim.EVERYONE))
    assert len(found.plan) > MOST_CHANGES
    assert app.button(key="plan_put").label == f"Put the first {MOST_CHANGES} into the plan"
    part = found.plan[:MOST_CHANGES]
    before, after = assess(study, scenario), assess(study, scenario, facilities=apply(study, part))
    promised = story.people_pair(Translator("en"), *difference(before, after).people)
    assert f"more people within reach: {promised}" in page_text(app)
    app.button(key="plan_put").click().run()
    assert plan_of(app) == to_text(part)
    assert 'class="problems"' not in page_text(app)
    assert plan_words.headline(before, after, Translator("en"), plan=part).replace("\xa0", " ") in page_text(
        app
    )
    app.button(key="plan_search").click().run()
    assert app.button(key="plan_put").disabled


@pytest.mark.parametrize("aim", list(Aim))
def test_each_aim_has_its_own_proof_and_doubt(aim):
    siting = Siting(("a", "b"), 150.0, 150.0, proven=True, seconds=1.0, baseline=100.0)
    bound = 140.0 if aim in (Aim.TIME, Aim.EVERYONE) else 160.0
    open_end = replace(siting, bound=bound, proven=False)
    for language in LANGUAGES:
        t = Translator(language)
        said = [
            proposal_words.lines(Proposal(s, (), math.nan, 9, 99), Question(aim=aim), (0, 0), "min", t)[-1]
            for s in (siting, open_end)
        ]
        assert said[0] == t(f"plan.found.proven.{aim}", offered="9", points="99")
        gap = {Aim.EVERYONE: "10", Aim.TIME: t.percent(10 / 150, digits=1)}.get(aim, t.percent(0.2, digits=1))
        assert said[1] == t(f"plan.found.gap.{aim}", gap=gap, n=gap)  # of what is newly covered: 10 of 50


def test_where_nobody_reaches_anything_that_is_said():
    app = open_page(lang="es", service="shelter", profile="women")
    app.pills(key="w_plan_aim").set_value("time").run()
    app.button(key="plan_search").click().run()
    assert "Hoy nadie llega a ningún servicio" in page_text(app)


def test_a_shelter_that_takes_two_more_groups_is_one_change_on_the_page():
    app = open_page(lang="en", service="shelter", profile="everyone")
    app.slider(key="w_plan_p").set_value(4).run()
    app.button(key="plan_search").click().run()
    assert len(re.findall('class="plain found"(.*?)</ul>', page_text(app))[0].split("<li")) - 1 == 4
    app.button(key="plan_put").click().run()
    assert len(plan_of(app).split("~")) == 4


@pytest.mark.parametrize("aim", ["budget", "time", "everyone"])
def test_every_aim_is_answered(aim):
    app = open_page(lang="es", service="shelter", profile="women")
    app.pills(key="w_plan_aim").set_value(aim).run()
    app.button(key="plan_search").click().run()
    assert not app.exception
    assert not app.error
    assert texts("es")["plan.found.title"] in page_text(app)


def test_a_budget_that_is_too_small_says_what_the_cheapest_costs():
    app = open_page(lang="en", service="shelter", profile="women")
    app.pills(key="w_plan_aim").set_value("budget").run()
    app.number_input(key="w_plan_budget").set_value(0.5).run()
    app.button(key="plan_search").click().run()
    assert "costs 1" in app.error[0].value


def test_two_plans_stand_side_by_side():
    app = open_page(lang="en", plan=PLAN)
    app.text_input(key="w_plan_name").set_value("North & south").run()
    app.button(key="plan_save").click().run()
    app.button(key="plan_drop_1").click().run()
    said = page_text(app)
    assert said.count("compare-value") == 6
    # By default a plan is compared with today, not with itself.
    assert app.selectbox(key="w_plan_side_b").value not in app.session_state["plans"]
    assert texts("en")["plan.table.same"] in re.findall('compare-value">(.*?)<', said)
    app.selectbox(key="w_plan_side_b").set_value("North & south").run()
    app.button(key="plan_open_b").click().run()
    assert plan_of(app) == PLAN


def test_a_plan_goes_out_as_json_and_comes_back(study):
    app = open_page(lang="en", plan=PLAN)
    scenario = app.session_state["state"].scenario
    plan = parse(study, PLAN)
    answers = assess(study, scenario), assess(study, scenario, facilities=apply(study, plan))
    text = plan_file(study, "From a colleague", plan, answers, Translator("en"))
    assert from_json(text) == from_json(to_json("From a colleague", plan))
    whole = json.loads(text)
    assert Scenario.from_query(whole["scenario"]) == scenario
    low, high = difference(*answers).people
    assert whole["result"]["people_newly_within_reach"] == {"lower": round(low), "upper": round(high)}
    assert whole["result"]["people_beyond_reach_before"]["upper"] == round(
        answers[0].country["uncovered_people_upper"]
    )
    assert whole["sources"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", whole["date"])
    other = open_page(lang="en")
    other.file_uploader(key="plan_file").set_value(("plan.json", text.encode(), "application/json")).run()
    assert plan_of(other) == plan_of(app)
    assert "From a colleague" in other.selectbox(key="w_plan_side_b").options
    assert other.text_input(key="w_plan_name").value == "From a colleague"
    link = other.code[0].value
    assert "name=From+a+colleague" in link
    linked = open_page(lang="en", plan=PLAN, name="From a colleague")
    assert linked.text_input(key="w_plan_name").value == "From a colleague"
    assert from_json(text)[1] == (Add(Service.POLICE, "-70.383_-13.108"), Remove("police_tacna"))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b'{"format": "capgap-plan"}', b"{" * 5000])
def test_a_file_that_is_no_plan_is_refused_in_words(content):
    app = open_page(lang="en", plan=PLAN)
    app.file_uploader(key="plan_file").set_value(("plan.json", content, "application/json")).run()
    assert not app.exception
    assert "not a plan" in page_text(app)
    assert texts("en")["plan.problems"] not in page_text(app)  # no part of it is a plan
    assert plan_of(app) == PLAN


def test_every_bad_change_of_a_file_is_told():
    bad = [
        {"change": "add", "service": "police", "at": "-90_-12"},
        {"change": "add", "service": "polis", "at": "17"},
        {"change": "remove", "facility_id": "police_puira"},
        {"change": "accept", "facility_id": "shelter_cusco_children", "profile": "cats"},
        {"change": "remove", "facility_id": "police_piura"},
    ]
    text = json.dumps({"format": "capgap-plan", "version": 1, "name": "x", "changes": bad})
    app = open_page(lang="en")
    app.file_uploader(key="plan_file").set_value(("p.json", text.encode(), "application/json")).run()
    told = re.findall('class="problems">(.*?)</div>', page_text(app))
    assert len(told) == 1
    assert texts("en")["plan.problems"] in told[0]
    assert told[0].count("<li") == 4
    assert plan_of(app) == "remove.police_piura"


def test_the_map_tells_the_planned_from_the_real_and_shows_no_shelter_as_a_point(study):
    scenario = Scenario(
        service=Service.SHELTER, profile=Profile.WOMEN, measure=Measure.STRAIGHT_LINE, threshold=150.0
    )
    plan = parse(study, f"{PLAN}~add.shelter.17.women~accept.shelter_cusco_children.women")
    proposed = parse(study, "add.shelter.25.women~add.police.-75.2_-5.1")
    before = assess(study, scenario)
    after = assess(study, scenario, facilities=apply(study, plan))
    ground = prepared.shared_ground()
    outlines = plan_features(ground.grid, before, after)
    for language in LANGUAGES:
        drawn = Drawn(before, after, plan, proposed, outlines)
        spec = plan_spec(ground, drawn, Translator(language), choice=Choice(picking=True))
        layers = {layer.layer_id: layer for layer in spec.layers}
        assert layers["plan_police"].ringed
        assert layers["proposed_police"].ringed
        assert not any(f"_{service}" in name for name in layers for service in PROTECTED_SERVICES)
        assert "police_tacna" not in layers["facility_police"].ids
        badges = layers["departments"].badges
        assert set(badges) >= {"17", "08", "25"}
        looks = {key: (badges[key].kind, badges[key].proposed) for key in ("17", "08", "25")}
        assert looks == {"17": ("new", False), "08": ("more", False), "25": ("new", True)}
        on_record = [badge for key, badge in badges.items() if key not in looks]
        assert on_record
        assert all(badge.kind == "" for badge in on_record)
        rows = [row for group in spec.legend() for row in group["rows"] if row.get("kind")]
        explained = {(row["kind"], row["proposed"]) for row in rows}
        assert explained == set(looks.values())
        said = json.dumps(spec.to_dict(), ensure_ascii=False)
        assert not re.search(r"shelter[^}]{0,40}\"(lat|lon)\"", said)
        ids = [f["id"] for f in outlines["changes"]["features"]]
        assert ids == ["gained"]


BROUGHT = b"""servicio,lugar,departamento,latitud,longitud,efectivos,perfil
albergue,Casa de acogida Flor de Aguaje,Madre de Dios,-12.5912346,-69.1876543,,"hombres"
"""


def test_a_plan_on_brought_data_stays_with_the_session_and_leaks_nothing():
    upload = read_upload(
        BROUGHT, "f.csv", kind="facilities", source="Mesa", licence="CC BY 4.0", date="2024-06-30"
    )
    own = built(None, (upload,))
    app = AppTest.from_string(SCRIPT, default_timeout=90)
    for key, value in (
        STRAIGHT | {"service": "shelter", "profile": "men", "plan": "add.shelter.25.men"}
    ).items():
        app.query_params[key] = value
    app.session_state["own"] = own
    app.run()
    assert not app.exception
    assert not app.error
    assert "plan_last" in app.session_state
    app.button(key="plan_search").click().run()
    assert not app.exception
    sent = page_text(app) + json.dumps([str(b.label) for b in app.button])
    assert (
        find_leaks(sent.encode(), [Secret(-69.1876543, -12.5912346, ("Casa de acogida Flor de Aguaje",))])
        == []
    )
    gone = weakref.ref(own.engine)
    del own, app
    gc.collect()
    assert gone() is None


@pytest.mark.browser
def test_a_click_on_the_map_adds_and_undo_takes_it_back(visit):
    reader = visit()
    page = reader.open("plan?lang=en")
    reader.wait_for_map()
    page.wait_for_timeout(800)

    def click(lat, lon):
        page.evaluate("capgapMap.map.getContainer().scrollIntoView({block: 'center'})")
        page.wait_for_timeout(300)
        spot = page.evaluate(
            "([lat, lon]) => { const m = capgapMap.map, p = m.latLngToContainerPoint([lat, lon]);"
            " const r = m.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; }",
            [lat, lon],
        )
        page.mouse.click(*spot)

    before = reader.headline()
    click(-9.3, -74.9)
    page.wait_for_url(re.compile(r"plan=add\.police\.-7"))
    page.wait_for_function("old => document.querySelector('.headline').innerText !== old", arg=before)
    assert page.locator("p.change").count() == 1
    click(-15.0, -80.0)
    page.wait_for_selector(".problems")
    assert "outside Peru" in page.locator(".problems").inner_text()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("() => document.querySelectorAll('p.change').length === 0")
    page.wait_for_function("() => !location.search.includes('plan=')")
