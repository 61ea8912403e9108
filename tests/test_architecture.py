"""The floors hold: imports point down, and importing the package stays light. Standard library only."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "capgap_geo"
FLOOR = {
    "errors": 0, "files": 0.5, "provenance": 1, "i18n": 1, "model": 2, "privacy": 2.5,
    "sources": 3, "analysis": 3, "render": 4, "ui": 5, "cli": 6, "__main__": 7,
}  # fmt: skip
ONLY_IN = {"streamlit": {"ui"}, "folium": {"render"}, "branca": {"render"}, "matplotlib": {"render"}}


def modules():
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def floor_name(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path):
    own = floor_name(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] != "capgap_geo":
            assert own in ONLY_IN.get(parts[0], {own}), f"{path} imports {name}"
            continue
        assert len(parts) > 1, f"{path} imports the package root"
        assert FLOOR[parts[1]] < FLOOR[own] or parts[1] == own, f"{path} imports {name}"


def test_app_is_short_and_has_no_formula():
    text = (ROOT / "app.py").read_text("utf-8")
    assert len(text.splitlines()) < 60
    assert not set(imported(ROOT / "app.py")) & {"numpy", "pandas", "geopandas", "folium"}


def test_import_is_light():
    code = "import sys, json, capgap_geo; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    heavy = {"streamlit", "folium", "matplotlib", "pandas", "geopandas", "numpy", "numba", "scipy"}
    assert not heavy & set(json.loads(done.stdout))


def locale_texts(language):
    tree = json.loads((PACKAGE / "locale" / f"{language}.json").read_text("utf-8"))
    flat = {}

    def walk(node, prefix):
        for key, value in node.items():
            walk(value, f"{prefix}{key}.") if isinstance(value, dict) else flat.__setitem__(
                prefix + key, value
            )

    walk(tree, "")
    return flat


def test_languages_have_the_same_keys_and_placeholders():
    es, en = locale_texts("es"), locale_texts("en")
    assert es.keys() == en.keys()
    for key in es:
        names = [sorted(set(re.findall(r"{(\w+)", text[key]))) for text in (es, en)]
        assert names[0] == names[1], key
        assert es[key].strip(), key
        assert en[key].strip(), key


def test_every_key_used_in_code_has_a_text():
    known = locale_texts("es")
    for path in modules():
        for key in re.findall(r"""\bt\(\s*["']([\w.]+)["']""", path.read_text("utf-8")):
            assert key in known, f"{path}: no text for {key}"
        for key in re.findall(r"""\bt\.count\(\s*["']([\w.]+)["']""", path.read_text("utf-8")):
            assert f"{key}.other" in known, f"{path}: no text for {key}"
