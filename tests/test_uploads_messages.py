"""Every code that can be raised has its sentences, in both languages, with the same values."""

import ast
import json
import re
from pathlib import Path

import pytest

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads import KINDS
from capgap_geo.sources.uploads.messages import ERRORS, NOTES, PROBLEMS, Note, Problem, refusal

PACKAGE = Path(__file__).resolve().parents[1] / "capgap_geo"
SOURCES = sorted((PACKAGE / "sources" / "uploads").glob("*.py"))


def strings(path):
    return {
        n.value
        for n in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_every_sentence_is_used_and_none_is_missing():
    used = set().union(*(strings(p) for p in SOURCES if p.name != "messages.py"))
    assert not {*ERRORS, *PROBLEMS, *NOTES} - used
    called = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refusal" and node.args:
                code = node.args[0]
                choices = [code.body, code.orelse] if isinstance(code, ast.IfExp) else [code]
                called |= {c.value for c in choices if isinstance(c, ast.Constant)}
    assert called
    assert called <= set(ERRORS)


def names(text):
    return sorted(set(re.findall(r"{(\w+)", text)))


def flat(tree, prefix=""):
    return {
        k: v
        for key, value in tree.items()
        for k, v in (
            flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        ).items()
    }


@pytest.mark.parametrize("language", ["es", "en"])
def test_both_languages_have_every_code_kind_and_field(language):
    texts = flat(json.loads((PACKAGE / "locale" / f"{language}.json").read_text("utf-8")))
    wanted = {f"error.upload_{code}": text for code, text in ERRORS.items()}
    wanted |= {f"upload.problem.{code}": what for code, (what, _) in PROBLEMS.items()}
    wanted |= {f"upload.remedy.{code}": remedy for code, (_, remedy) in PROBLEMS.items()}
    wanted |= {f"upload.note.{code}": text for code, text in NOTES.items()}
    for key, text in wanted.items():
        assert names(texts[key]) == names(text), key
    for kind in KINDS.values():
        assert texts[f"upload.kind.{kind.name}"]
        assert all(texts[f"upload.field.{field.name}"] for field in kind.fields)


def test_errors_carry_code_values_and_sentence():
    error = refusal("too_many_rows", limit=5)
    assert isinstance(error, UploadError)
    assert isinstance(error, ValueError)
    assert (error.code, dict(error.details)) == ("upload_too_many_rows", {"limit": 5})
    assert "more than 5 rows" in str(error)


def test_problems_and_notes_are_sentences():
    problem = Problem(3, "lat", "x", "out_of_range", {"low": "0", "high": "9"})
    assert str(problem) == "row 3, lat: found x; the value lies outside 0 to 9; check the value and its unit"
    assert str(Note("swapped", {"count": 2})) == "rows in which latitude and longitude were exchanged: 2"
