"""Every page in both languages, without a browser: no error, every text translated, numbers that agree."""

import random

import pytest
from streamlit.testing.v1 import AppTest

from capgap_geo.analysis.assess import assess
from capgap_geo.i18n import Translator, texts
from capgap_geo.model import Demand, Evidence, Measure, Profile, Scenario, Service
from capgap_geo.render import story, verification
from capgap_geo.ui import verified
from capgap_geo.ui.state import State
from capgap_geo.ui.text import link

#: Few enough that most scenarios share their facilities, and so their surfaces, with another.
SERVICES = [Service.POLICE, Service.PROSECUTION, Service.SHELTER, Service.PROTECTION]
SCRIPT = "from capgap_geo.ui.shell import draw\ndraw({name!r})()"


def open_page(name, **params):
    app = AppTest.from_string(SCRIPT.format(name=name), default_timeout=60)
    for key, value in params.items():
        app.query_params[key] = value
    return app.run()


def page_text(app):
    parts = [e.proto.body for e in app.get("html")]
    return "\n".join([*parts, *(e.value for e in app.caption)])


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("area", ["d:17", "p:1701", "z:la_pampa"])
def test_a_card_opens_from_its_address(area, language):
    app = open_page("map", lang=language, area=area)
    assert not app.exception
    assert texts(language)["card.present"].lower() in page_text(app).lower()


def test_the_app_opens_on_the_map():
    app = AppTest.from_file("../app.py", default_timeout=60).run()
    assert not app.exception
    assert not app.error


def test_bad_values_in_the_address_fall_back():
    app = open_page(
        "map", lang="xx", service="spa", threshold="-4", profile="women", area="d:99999", paint="<b>"
    )
    assert not app.exception
    assert not app.error
    state = app.session_state["state"]
    assert state.scenario == Scenario(profile=Profile.WOMEN)
    assert (state.lang, state.area, state.paint) == ("es", "", "desert")


@pytest.mark.parametrize("area", ["d:99", "p:9901", "z:nowhere"])
def test_an_area_that_is_not_there_is_told_and_the_country_shown(area):
    app = open_page("map", lang="en", area=area)
    assert [warning.value for warning in app.warning] == [texts("en")["error.area"]]
    assert app.session_state["state"].area == ""
    assert (
        page_text(app).count("27–47 officers")
        == page_text(open_page("map", lang="en")).count("27–47 officers")
        > 0
    )


def test_nobody_serves_men_and_the_page_says_so_with_its_source():
    app = open_page("map", service="shelter", profile="men", lang="en")
    text = page_text(app)
    assert "no shelter in Peru took adult men" in text
    assert "2022" in text
    assert "World Evangelical Alliance" in text


@pytest.mark.parametrize("view", ["page", "poster", "embed"])
def test_an_estimate_says_so_wherever_it_is_read(view):
    text = page_text(open_page("map", lang="en", view=view))
    assert "An estimate. With rural people spread evenly" in text


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_checks_run_from_the_page_and_all_of_them_pass(language):
    t = Translator(language)
    app = open_page("evidence", lang=language)
    before = len(app.get("bidi_component"))
    app = app.button(key="verify_run").click().run()
    assert not app.exception
    assert len(app.get("bidi_component")) == before + 1
    table = verification.table(verified._checks(), t)
    assert set(table[t("verify.column.passed")]) == {t("verify.passed")}
    assert len(table) > 20


def test_a_source_leads_to_its_page_and_nowhere_else():
    assert 'href="https://a.example/?b=1&amp;c=2"' in link("A & B", "https://a.example/?b=1&c=2")
    assert ">A &amp; B</a>" in link("A & B", "https://a.example/")
    for address in (None, "", "javascript:alert(1)", "//a.example"):
        assert link("<b>", address) == "&lt;b&gt;"


def test_controls_write_the_state():
    app = open_page("map", lang="en", measure="straight_line", threshold="100")
    app.pills(key="w_service").set_value(Service.SHELTER).run()
    app.pills(key="w_profile").set_value(Profile.GIRLS).run()
    scenario = app.session_state["state"].scenario
    assert (scenario.service, scenario.profile, scenario.threshold) == (Service.SHELTER, Profile.GIRLS, 100)
    assert app.query_params["service"] in ("shelter", ["shelter"])


def scenarios(count):
    pick = random.Random(7)  # noqa: S311
    for _ in range(count):
        yield Scenario(
            service=pick.choice(SERVICES),
            profile=pick.choice(list(Profile)),
            measure=Measure.STRAIGHT_LINE,
            threshold=pick.choice([10, 50, 100, 200, 400]),
            evidence=pick.choice(list(Evidence)),
            demand=pick.choice(list(Demand)),
            oldest=pick.choice([2000, 2020]),
        )


def percent(share):
    """Return a share as a page does: only nothing is 0, only everything 100."""
    if 1e-9 < share < 0.005:
        return "<1"
    return ">99" if 0.995 < share < 1 - 1e-9 else str(round(100 * share))


def test_the_headline_says_the_numbers_of_the_answer(study):
    t = Translator("en")
    pick = random.Random(11)  # noqa: S311
    for scenario in scenarios(200):
        answer = assess(study, scenario)
        area = pick.choice(["", *(f"d:{d}" for d in answer.departments.index)])
        said = story.headline(study, answer, t, area=area)
        if answer.nobody_serves:
            assert "%" not in said
            continue
        row = answer.departments.loc[area[2:]] if area else answer.country
        if row["uncovered_people_upper"] < 1:
            assert said.count("no ") == 1
            continue
        low, high = (percent(row[f"uncovered_share_{b}"]) for b in ("lower", "upper"))
        one = low == high or high == "<1" or low == ">99"
        shown = f"({low if low == '>99' else high} %)" if one else f"({low}–{high} %)"
        assert shown in said.replace("\N{NO-BREAK SPACE}", " ").replace(" to over ", "–>")


def test_state_goes_through_the_address_and_back():
    for scenario in scenarios(50):
        state = State(scenario=scenario, lang="en", area="z:la_pampa", paint="surface", at="-70.1,-12.9,8")
        assert State.from_params(state.to_params()) == state


@pytest.mark.parametrize(
    ("area", "name"), [("", "Peru"), ("d:17", "Madre de Dios"), ("z:la_pampa", "La Pampa")]
)
def test_what_is_in_view_can_be_had_as_a_brief_and_cited(area, name):
    app = open_page("map", lang="en", area=area, measure="straight_line", threshold="100")
    app.session_state["download"] = True
    app.run()
    assert not app.exception
    labels = {button.label for button in app.get("download_button")}
    assert {f"Two-page brief: {name} (PDF)", "Map of departments (GeoJSON)"} <= labels
    assert any(code.value.startswith("CapGap Geo. (") for code in app.code)
