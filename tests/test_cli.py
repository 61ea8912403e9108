"""The command line: the names of the URL, one line for an error, nothing but results in a pipe."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pypdf
import pytest
from PIL import Image

from capgap_geo.analysis import checks
from capgap_geo.analysis.assess import assess
from capgap_geo.cli import FAILED, FOUND, OK, cli
from capgap_geo.cli.asking import asked
from capgap_geo.cli.talking import say_table
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import LANGUAGES, Translator
from capgap_geo.model import Measure, Profile, Scenario, Service
from capgap_geo.render import verification
from capgap_geo.sources.uploads import template

ROOT = Path(__file__).parents[1]
KM = ("--measure", "straight_line", "--threshold", "100")
SCENARIO = Scenario(measure="straight_line", threshold=100)


def process(*words, **options):
    command = [sys.executable, "-m", "capgap_geo", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def commands(group=cli, path=()):
    for name, command in group.commands.items():
        yield (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", list(commands()), ids="-".join)
def test_every_command_has_help_with_an_example(capgap, path):
    code, out, err = capgap(*path, "--help")
    assert (code, err) == (OK, "")
    assert "Example" in out or path == ("data",)
    assert f"capgap {path[0]}" in out


def test_without_a_command_it_tells_what_there_is(capgap):
    code, out, _ = capgap()
    assert code == OK
    for (name,) in (path for path in commands() if len(path) == 1):
        assert name in out
    assert "Exit codes" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("assess", "--service", "fire"), "'fire'"),
        (("assess", "--threshold", "99999"), "threshold: found 99999"),
        (("assess", "--service", "first_response"), "would be false"),
        (("assess", "--oldest", "1800"), "oldest: found 1800"),
        (("assess", "--area", "d:99"), "'d:99'"),
        (("assess", "--from", "https://x.example/?service=fire&threshold=-1"), "service: found 'fire'"),
        (("assess", "--output", "a.shp", *KM), "a.shp"),
        (("assess", "--table", "deserts", *KM), "deserts"),
        (("assess", "--output", "/no/such/folder/a.csv", *KM), "/no/such/folder/a.csv"),
        (("map", "--output", "m.gif"), "m.gif"),
        (("map",), "--output"),
        (("brief", "--area", "x:1", "--output", "b.pdf"), "x:1"),
        (("plan",), "--best"),
        (("validate", "no.csv"), "no.csv"),
        (("data", "show", "weather"), "weather"),
        (("nothing",), "nothing"),
        (("assess", "--nothing"), "--nothing"),
        (("assess", "--table", "deserts", "--output", "x.csv", *KM), "table: found 'deserts'"),
        (("map", "--from", "hello", "--output", "m.png"), "'hello'"),
        (("plan", "--best", "1", "--area", "d:17", *KM), "--area"),
    ],
)
def test_an_error_is_one_line_and_code_2(capgap, words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = capgap(*words)
    assert code == FAILED
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("capgap: ")
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_all_problems_of_a_question_are_told_at_once():
    with pytest.raises(ScenarioError) as told:
        asked({"url": "?service=fire&profile=dogs&threshold=-3"})
    assert len(told.value.details["problems"]) == 3


def test_a_link_asks_the_same_as_its_names():
    link = "https://capgap.example/map?service=shelter&profile=women&area=d:17&lang=en&paint=department"
    by_link = asked({"url": link})
    by_name = asked(
        {"service": "shelter", "profile": "women", "area": "d:17", "lang": "en", "paint": "department",
         "base": "https://capgap.example/map"}
    )  # fmt: skip
    assert by_link == by_name
    assert by_link.scenario == Scenario(Service.SHELTER, Profile.WOMEN)
    assert asked({"url": link, "profile": "men"}).scenario.profile is Profile.MEN
    assert asked({"url": "service=police&oldest=2020"}).scenario.oldest == 2020


def test_the_usual_threshold_follows_the_measure():
    assert asked({"measure": "straight_line"}).scenario.threshold == 100
    assert asked({"measure": "straight_line", "threshold": 240.0}).scenario.threshold == 240
    assert asked({}).scenario == Scenario()
    assert asked({"url": "?measure=straight_line"}).scenario.measure is Measure.STRAIGHT_LINE


def test_every_field_of_a_question_is_an_option():
    options = {name for option in cli.commands["assess"].params for name in (option.name,)}
    assert set(Scenario.__dataclass_fields__) <= options
    assert {"area", "lang"} <= options


def test_assess_writes_one_row_per_department(capgap, study, tmp_path):
    path = tmp_path / "a.csv"
    code, out, err = capgap("assess", "--service", "shelter", "--profile", "women", *KM, "--output", path)
    assert (code, out, err) == (OK, "", "")
    table = pd.read_csv(path, dtype={"department_id": str})
    own = assess(study, Scenario("shelter", "women", "straight_line", 100))
    assert list(table["department_id"]) == list(own.departments.index)
    np.testing.assert_allclose(
        table["uncovered_people_upper"], own.departments["uncovered_people_upper"], atol=0.5
    )


def test_assess_prints_the_answer_and_json(capgap, study):
    own = assess(study, SCENARIO)
    code, out, err = capgap("assess", *KM, "--lang", "en")
    assert (code, err) == (OK, "")
    assert out.splitlines()[0].startswith("In Peru, between")
    assert len(out.splitlines()) == 3 + 25
    worst = own.departments.nlargest(25, ["uncovered_people_lower", "uncovered_people_upper"])
    assert all(
        line.startswith(n) for line, n in zip(out.splitlines()[3:], worst["department_name"], strict=True)
    )
    code, out, err = capgap("assess", *KM, "--json", "--table", "provinces")
    told = json.loads(out)
    assert (code, err) == (OK, "")
    assert len(told["provinces"]) == 196
    assert told["country"]["uncovered_people_upper"] == pytest.approx(own.country["uncovered_people_upper"])
    assert told["scenario"] == SCENARIO.to_query()
    code, out, _ = capgap("assess", "--service", "shelter", "--profile", "men", *KM, "--json")
    assert json.loads(out)["country"]["nearest_lower"] == "unreachable"


@pytest.mark.parametrize("ending", ["hxl.csv", "xlsx", "parquet", "geojson", "geo.parquet", "gpkg", "kml"])
def test_the_ending_says_which_file(capgap, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    code, out, _ = capgap("assess", *KM, "--output", path, "--json")
    assert code == OK
    assert json.loads(out) == {
        "file": str(path),
        "bytes": path.stat().st_size,
        "kind": json.loads(out)["kind"],
    }
    if ending in ("geojson", "gpkg"):
        assert (
            len(pyogrio.read_dataframe(path, **({"layer": "departments"} if ending == "gpkg" else {}))) == 25
        )
    if ending == "hxl.csv":
        assert next(csv.reader(io.StringIO(path.read_text("utf-8").split("\n", 1)[1])))[0].startswith(
            "#country"
        )


def test_everything_in_one_archive(capgap, tmp_path):
    path = tmp_path / "all.zip"
    assert capgap("assess", *KM, "--output", path) == (OK, "", "")
    with zipfile.ZipFile(path) as archive:
        assert any(name.endswith("SHA256SUMS") for name in archive.namelist())


def test_map_draws_in_every_form(capgap, tmp_path):
    for ending, words in (
        ("png", ("--size", "tall", "--resolution", "1x")),
        ("svg", ()),
        ("pdf", ("--size", "a4")),
    ):
        path = tmp_path / f"m.{ending}"
        assert capgap("map", *KM, "--output", path, *words) == (OK, "", "")
    with Image.open(tmp_path / "m.png") as image:
        assert image.size == (1080, 1350)
    assert len(pypdf.PdfReader(tmp_path / "m.pdf").pages) == 1
    code, out, _ = capgap("map", "--from", "https://c.example/?service=shelter&profile=men&measure=straight_line"
                          "&threshold=100&lang=en", "--output", tmp_path / "m.html", "--json")  # fmt: skip
    told = json.loads(out)
    assert code == OK
    assert "adult men" in told["alt"]
    assert told["link"].startswith("https://c.example/?service=shelter")


def test_the_same_question_by_link_and_by_name_gives_the_same_bytes(capgap, tmp_path):
    one, other = tmp_path / "1.svg", tmp_path / "2.svg"
    link = "https://c.example/?service=prosecution&measure=straight_line&threshold=100&area=d:17&lang=en"
    capgap("map", "--from", link, "--output", one)
    capgap("map", "--service", "prosecution", *KM, "--area", "d:17", "--lang", "en", "--base", "https://c.example/",
           "--output", other)  # fmt: skip
    assert one.read_bytes() == other.read_bytes()


def test_brief_writes_a_pdf_of_two_pages(capgap, tmp_path):
    path = tmp_path / "b.pdf"
    assert capgap("brief", "--area", "d:09", *KM, "--lang", "en", "--output", path) == (OK, "", "")
    reader = pypdf.PdfReader(path)
    assert len(reader.pages) == 2
    assert reader.trailer["/Root"]["/Lang"] == "en"


def test_a_plan_is_found_written_read_and_told(capgap, study, tmp_path):
    path = tmp_path / "plan.json"
    code, out, err = capgap("plan", "--best", "1", *KM, "--output", path, "--json")
    found = json.loads(out)
    assert (code, err) == (OK, "")
    assert found["proven"] is True
    assert json.loads(path.read_text())["format"] == "capgap-plan"
    code, out, _ = capgap("plan", path, *KM, "--json")
    told = json.loads(out)
    assert told["people"] == found["people"]
    assert sum(d["people"][0] for d in told["departments"]) == pytest.approx(told["people"][0], abs=30)
    code, out, _ = capgap("plan", path, *KM)
    assert found["changes"][0]["change"] in out


def test_a_plan_is_told_as_finely_as_on_the_page_and_a_loss_as_a_loss(capgap, tmp_path):
    path = tmp_path / "close.json"
    changes = [{"change": "remove", "facility_id": "police_tacna"}]
    path.write_text(json.dumps({"format": "capgap-plan", "version": 1, "name": "x", "changes": changes}))
    for language, closes in (("es", "Cierra: Policía, Tacna"), ("en", "Closes: Police, Tacna")):
        code, out, err = capgap("plan", path, *KM, "--lang", language)
        assert (code, err) == (OK, "")
        assert closes in out
        assert ("fuera de alcance" if language == "es" else "fall beyond reach") in out.splitlines()[0]
        assert not re.search(r"\d,\d\d[1-9]", out), "no number is surer than the page tells it"


def test_what_a_link_says_and_nobody_reads_is_named(capfd):
    asked({"url": "https://c.example/?servce=shelter&at=1,2,3&size=wide&lang=en"})
    assert capfd.readouterr().err.splitlines() == ["capgap: servce: stands in the link and is not used here"]


def test_no_bench_of_that_name_is_an_error():
    done = process("bench", "nosuchbench")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "nosuchbench" in done.stderr


def test_a_question_of_siting_and_bad_plans(capgap, tmp_path):
    asks, bad, wrong = tmp_path / "q.json", tmp_path / "bad.json", tmp_path / "wrong.json"
    asks.write_text(json.dumps({"format": "capgap-siting", "aim": "people", "p": 2}))
    code, out, _ = capgap("plan", asks, *KM, "--json")
    assert code == OK
    assert len(json.loads(out)["changes"]) == 2
    bad.write_text('{"x"')
    changes = [
        {"change": "remove", "facility_id": "police_nowhere"},
        {"change": "add", "service": "police", "at": "99"},
    ]
    wrong.write_text(json.dumps({"format": "capgap-plan", "version": 1, "name": "x", "changes": changes}))
    for path, words in ((bad, ["JSON"]), (wrong, ["«police_nowhere»", "número 99"])):
        code, out, err = capgap("plan", path, *KM)
        assert code == FAILED
        assert out == ""
        assert all(word in err for word in words)
        assert len(err.splitlines()) == 1


def test_candidates_of_ones_own_come_from_a_file_or_a_question(capgap, study, tmp_path):
    rows, mine = study.places.nlargest(3, "population"), tmp_path / "mine.csv"
    ids = rows["place_id"].tolist()
    mine.write_text("\ufeffplace_id;note\n" + "".join(f"{name};x\n" for name in ids), "utf-8")
    points, asks = tmp_path / "points.json", tmp_path / "q.json"
    points.write_text(json.dumps([[-70.19, -12.59], {"lon": "-73.25", "lat": "-3.75"}, {"place_id": ids[0]}]))
    asks.write_text(json.dumps({"format": "capgap-siting", "p": 1, "places": ids}))
    for words in (("--best", "1", "--places", mine), ("--best", "1", "--places", points), (asks,)):
        code, out, err = capgap("plan", *words, *KM, "--json")
        assert (code, err) == (OK, "")
        found = json.loads(out)
        assert found["candidates"] == 3
        assert found["changes"][0]["change"].startswith("add.police.")
    shelters = tmp_path / "shelters.csv"
    shelters.write_text("department_id\n17\n08\n")
    women = ("--service", "shelter", "--profile", "women")
    code, out, _ = capgap("plan", "--best", "1", *women, *KM, "--places", shelters, "--json")
    assert code == OK
    assert json.loads(out)["candidates"] == 2


def test_a_list_of_places_that_cannot_be_used_says_where_and_what_to_do(capgap, tmp_path):
    def refused(name, text, *words):
        (tmp_path / name).write_text(text)
        code, out, err = capgap("plan", "--best", "1", *KM, *words, "--places", tmp_path / name)
        assert (code, out) == (FAILED, "")
        assert len(err.splitlines()) == 1
        return err

    assert "neither JSON nor CSV" in refused("bad.json", "[")
    assert "no list of places" in refused("empty.csv", "place_id\n")
    told = refused("mixed.csv", "lon,lat\n-70.19,-12.59\nx,1\n,\n")
    assert "entry 2" in told
    assert "entry 3" in told
    assert "use place_id, department_id, or lon and lat" in told
    assert "never placed more closely" in refused("p.json", "[[-70.19, -12.59]]", "--service", "shelter")
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"format": "capgap-plan", "version": 1, "name": "x", "changes": []}))
    (tmp_path / "ids.json").write_text('["17"]')
    code, _, err = capgap("plan", plan, *KM, "--places", tmp_path / "ids.json")
    assert code == FAILED
    assert "--best N" in err


def test_validate_and_import_protect_and_say_what_they_did(capgap, tmp_path):
    path, mine = tmp_path / "units.csv", tmp_path / "mine.zip"
    path.write_bytes(template("facilities", "en"))
    code, out, _ = capgap("validate", path)
    assert code == OK
    assert "facilities, 2 rows, 2 usable" in out
    code, out, _ = capgap("validate", path, "--json")
    assert json.loads(out)["unsourced"] is True
    broken = tmp_path / "broken.csv"
    broken.write_text("service,department\npolice,Atlantis\npolice,Cusco\n")
    code, out, _ = capgap("validate", broken, "--kind", "facilities")
    assert code == FOUND
    assert "Atlantis" in out
    assert capgap("validate", ROOT / "LICENSE")[0] == FAILED
    stated = ("--source", "Some NGO", "--licence", "CC BY 4.0", "--date", "2026")
    code, out, err = capgap("import", path, *stated, "--output", mine)
    assert (code, err) == (OK, "")
    assert "2 of 2 rows" in out
    assert "shelters kept by department only: 1" in out
    code, out, err = capgap("import", broken, "--kind", "facilities", "--output", tmp_path / "none.zip")
    assert (code, out) == (FAILED, "")
    assert "--without-bad-rows" in err
    assert not (tmp_path / "none.zip").exists()
    broken.write_text("service,department,comment\npolice,Cusco,x\n")
    assert "columns not used: 1 (comment)" in capgap("validate", broken, "--kind", "facilities")[1]
    svg = tmp_path / "m.svg"
    assert capgap("map", "--study", mine, *KM, "--lang", "en", "--output", svg)[0] == OK
    assert "Some NGO" in svg.read_text("utf-8")


def test_verify_passes_and_tells_every_check(capgap):
    start = time.perf_counter()
    code, out, err = capgap("verify", "--json")
    assert time.perf_counter() - start < 120
    told = json.loads(out)
    assert (code, err) == (OK, "")
    assert {c["check"] for c in told} >= {
        "geodesic_published", "nearest_peer", "least_cost_peer", "catchment_hand", "siting_covering",
        "area_official", "total_population", "travel_median_error", "travel_journey",
    }  # fmt: skip
    for check in told:
        assert check["peer"]
        assert abs(check["difference"]) <= check["tolerance"]
        for file in re.findall(r"tests/\S+", check["command"]):
            assert (ROOT / file).exists(), file


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_has_its_words(study, language):
    t = Translator(language)
    done = [
        *checks.geodesics(study),
        *checks.least_costs(study),
        *checks.catchments(study),
        *checks.siting(study),
    ]
    table = verification.table(done, t)
    assert len(table) == len(done)
    assert set(table[t("verify.column.passed")]) == {t("verify.passed")}
    assert "Flinders Peak" in table.iloc[0, 0]
    for check in done:
        assert t.has(f"verify.{check.key}.peer")


def test_a_check_tells_how_far_it_may_be_off_and_a_pipe_gets_all_of_it(capsys):
    within = checks.Check("travel_median_error", 0.0, 15.4, 16.0, "%", "pytest tests/" + 80 * "x")
    say_table(verification.table([within], Translator("en")))
    line = capsys.readouterr().out.splitlines()[1]
    assert "16 %" in line.replace("\N{NO-BREAK SPACE}", " ")
    assert 80 * "x" in line


def test_a_check_that_fails_is_told_as_failed():
    wrong = checks.Check("area_official", 100.0, 130.0, 1.0, "km2", "pytest")
    assert not wrong.passed
    for language in LANGUAGES:
        t = Translator(language)
        row = verification.table([wrong], t).iloc[0]
        assert row[t("verify.column.passed")] == t("verify.failed")
    assert verification.records([wrong], Translator("es"))[0]["passed"] is False


def test_the_checks_catch_an_error(study):
    halved = study.population.assign(population=study.population["population"] / 2)
    from dataclasses import replace

    found = {c.key: c for c in checks.totals(replace(study, population=halved))}
    assert not found["total_population"].passed
    assert found["total_spread"].passed


def test_data_is_listed_and_verified(capgap):
    code, out, _ = capgap("data", "list", "--json")
    names = {row["name"] for row in json.loads(out)}
    assert code == OK
    assert names == {path.parent.name for path in (ROOT / "data").glob("*/datapackage.json")}
    code, out, _ = capgap("data", "show", "population")
    assert code == OK
    assert "provinces.csv" in out
    assert capgap("data")[0] == OK


def test_quiet_in_a_pipe_and_codes_of_the_process():
    done = process("data", "list", "--json")
    assert (done.returncode, done.stderr) == (OK, "")
    json.loads(done.stdout)
    done = process("assess", "--service", "fire")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert len(done.stderr.splitlines()) == 1
    assert process("--version").stdout.startswith("capgap ")


def test_whoever_stops_reading_gets_no_complaint():
    words = f"{sys.executable} -m capgap_geo data show facilities | head -n 1"
    done = subprocess.run(["sh", "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith("facilities:")


def test_a_shell_completes_commands_and_values(capgap):
    for shell in ("bash", "zsh", "fish"):
        code, out, _ = capgap("completion", shell)
        assert code == OK
        assert "_CAPGAP_COMPLETE" in out
    words = {
        "COMP_WORDS": "capgap assess --service sh",
        "COMP_CWORD": "3",
        "_CAPGAP_COMPLETE": "bash_complete",
    }
    done = process(env={**os.environ, **words})
    assert done.stdout.split() == ["plain,shelter"]
