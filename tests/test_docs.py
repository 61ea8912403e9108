"""The documents say what the program does: their examples run, their links lead somewhere."""

import doctest
import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

import capgap_geo

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
LOOSE = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\]\(<?([^)>\s]+)>?\)")


def named(paths):
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def maker():
    """The script that makes the pages about the data."""
    spec = importlib.util.spec_from_file_location("docs_data", DOCS / "data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = maker()
PACKAGES, MADE = MAKER.packages(), MAKER.pages()


def anchors(text):
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", head).strip().lower() for head in heads)
    return {re.sub(r"[\s-]+", "-", head) for head in plain}


def text_of(path):
    own = path.relative_to(DOCS).as_posix() if path.is_relative_to(DOCS) else ""
    return MADE[own] if own in MADE else path.read_text("utf-8")


@pytest.mark.parametrize("page", named(p for p in PAGES if ">>> " in p.read_text("utf-8")))
def test_examples_print_what_they_say(page):
    test = doctest.DocTestParser().get_doctest(page.read_text("utf-8"), {}, page.name, str(page), 0)
    said = []
    outcome = doctest.DocTestRunner().run(test, out=said.append)
    assert outcome.attempted > 0
    assert outcome.failed == 0, "".join(said)


def test_the_readme_example_runs(capsys):
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    exec(compile(block.group(1), "README.md", "exec"), {})  # noqa: S102
    assert "Madre de Dios" in capsys.readouterr().out


def cells(kind):
    notebook = json.loads((DOCS / "example.ipynb").read_text("utf-8"))
    assert notebook["nbformat"] == 4
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def test_the_notebook_runs_from_top_to_bottom():
    namespace = {"display": lambda *_: None}
    for number, cell in enumerate(cells("code"), start=1):
        exec(compile("".join(cell["source"]), f"example.ipynb cell {number}", "exec"), namespace)  # noqa: S102
    assert "<iframe" in namespace["page_map"]._repr_html_()
    assert list(namespace["table"].columns) == ["Department", "People", "Beyond reach", "Evidence agrees"]
    assert len(namespace["table"]) == 25


def test_the_notebook_is_kept_without_outputs():
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells("code"))


def leads_nowhere(page, text, there):
    broken = []
    for address in LINK.findall(CODE.sub("", text)):
        if address.startswith(("http://", "https://")):
            continue
        file, _, anchor = address.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not there(target) or (anchor and anchor not in anchors(text_of(target))):
            broken.append(address)
    return broken


@pytest.mark.parametrize("page", named([*PAGES, *LOOSE]))
def test_links_lead_somewhere_in_the_repository(page):
    assert leads_nowhere(page, page.read_text("utf-8"), Path.exists) == []


@pytest.mark.parametrize("page", named([*PAGES, *(DOCS / name for name in MADE)]))
def test_links_lead_somewhere_in_the_site(page):
    def there(target):
        inside = target.is_relative_to(DOCS)
        return inside and (target.is_file() or target.relative_to(DOCS).as_posix() in MADE)

    assert leads_nowhere(page, MAKER.on_page_markdown(text_of(page)), there) == []


def test_every_page_is_in_the_navigation_and_the_navigation_has_no_other():
    listed = re.findall(r": ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    there = {page.relative_to(DOCS).as_posix() for page in PAGES} | set(MADE)
    assert sorted(listed) == sorted(there)


def test_every_source_file_and_licence_is_on_the_data_pages():
    for name, manifest in PACKAGES.items():
        page = MADE[f"data/{name}.md"]
        for source in manifest["sources"]:
            assert f"| `{source['id']}` |" in page
            assert source["url"] is None or f"(<{source['url']}>)" in page
        for resource in manifest["resources"]:
            assert f"| `{resource['path']}` |" in page
            assert all(licence["name"] in page for licence in resource["licenses"])
    assert set(PACKAGES) == {path.name for path in (ROOT / "data").iterdir() if (path / "README.md").exists()}


def test_text_of_a_source_is_no_markup():
    assert MAKER._text("a|b\n<script> [x](y) `z`") == r"a\|b \<script\> \[x\](y) \`z\`"


def test_the_site_asks_no_other_host():
    settings = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert re.search(r"^  font: false", settings, re.MULTILINE)
    assert not re.search(r"analytics|https?://", settings)
    assert "http" not in (DOCS / "style.css").read_text("utf-8")


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    version = capgap_geo.__version__
    assert project["version"] == version
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## {version}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
