"""Every error that a reader can meet says what is wrong and what to do, in both languages."""

import ast
import re
from pathlib import Path

import pytest

from capgap_geo import errors
from capgap_geo.errors import CapGapError, ScenarioError, UploadError, WriteError
from capgap_geo.i18n import LANGUAGES, Translator, texts
from capgap_geo.ui.refusals import error_text

PACKAGE = Path(__file__).resolve().parents[1] / "capgap_geo"
SENTENCE = re.compile(r"error\.(\w+)")
#: Codes with no sentence of their own: a page that met one would show that of its kind.
GENERAL = {
    "defects of the program, which the general sentence asks to report": {"asset", "brief", "conservation"},
    "arguments of library functions; the pages pass none that is refused": {
        "breaks", "crs", "grid", "index_draws", "index_weights", "radius", "siting_fixed",
        "siting_no_variant", "siting_places", "siting_time_limit", "source", "speed", "terrain", "undo_order",
        "unknown_values", "vertices",
    },
    "choices of the command line; a page offers only those that exist": {"export", "picture", "upload_kind"},
    "told with the name of the file, as plan.problem.plan_file": {"plan_file"},
    "settings of the server, which does not start with a bad one": {"setting"},
}  # fmt: skip
EXEMPT = set().union(*GENERAL.values())


def raised(path):
    """Return every code that a file names: as ``code=...``, as a class's own, or of a surface."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case (
                ast.keyword(arg="code", value=ast.Constant(code))
                | ast.Assign(targets=[ast.Name("code")], value=ast.Constant(code))
                | ast.Call(func=ast.Name("_refusal"), args=[_, ast.Constant(code), *_])
            ):
                yield code


CODES = {code for path in PACKAGE.rglob("*.py") for code in raised(path)}


def test_codes_are_found():
    assert {"siting_count", "friction_coverage", "data_not_found", "error"} <= CODES


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_sentence_or_a_reason_for_none(language):
    said = {key.removeprefix("error.") for key in texts(language) if SENTENCE.fullmatch(key)}
    assert CODES - said == EXEMPT
    uploads = {code for code in said if code.startswith("upload_")}  # held to their list by another test
    assert said - uploads <= CODES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_says_what_to_do(language):
    for key, text in texts(language).items():
        if SENTENCE.fullmatch(key):
            assert text[0].isupper() or text.startswith("{"), key
            assert text.endswith("."), key
            assert len(re.split(r"[.;:,] ", text)) > 1, key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(CODES | {"anything"}))
def test_no_placeholder_is_ever_shown(language, code):
    t = Translator(language)
    for kind in (CapGapError, ScenarioError, UploadError):
        text = error_text(kind("x", code=code), t)
        assert "{" not in text
        assert text


def test_the_nearest_thing_that_works_is_offered():
    t = Translator("en")
    too_many = ScenarioError("x", code="siting_count", details={"p": 9, "largest": 1234})
    assert error_text(too_many, t) == "There are 1,234 candidates: ask for that many at most."
    too_poor = ScenarioError("x", code="siting_budget", details={"cheapest": 2.5, "site": "a"})
    assert "costs 2.5" in error_text(too_poor, t)
    nobody = ScenarioError("x", code="siting_no_candidate", details={"largest": 10_000_000.0})
    assert "the largest has 10,000,000" in error_text(nobody, t)


def test_what_has_no_sentence_gets_that_of_its_kind():
    t = Translator("es")
    assert error_text(ScenarioError("x", code="speed"), t) == t("error.scenario")
    assert error_text(ScenarioError("x", code="siting_count"), t) == t("error.scenario")
    assert error_text(UploadError("x", code="upload_kind"), t) == t("error.upload")
    assert error_text(CapGapError("x", code="asset"), t) == t("error.error")
    assert error_text(OSError(28, "No space left on device"), t) == t("error.write")


def test_every_kind_of_error_is_named_once():
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, CapGapError)]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert WriteError("x").code == "write"
