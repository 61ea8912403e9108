"""Pages about the data, made from the packages themselves each time the documents are built.

MkDocs calls `on_files`, and `on_page_markdown` for the links to these pages: in the repository they lead
to the README of a package, in the site to its page. Nothing of these pages is kept in the repository, so none can go stale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
Row = tuple[str, ...]


def packages(root: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Return the manifest of every data package by the name of its folder."""
    found = sorted((root / "data").glob("*/datapackage.json"))
    return {path.parent.name: json.loads(path.read_text("utf-8")) for path in found}


def pages(root: Path = ROOT) -> dict[str, str]:
    """Return the Markdown of every page by its path below ``docs``."""
    manifests = packages(root)
    made = {f"data/{name}.md": _page(root / "data" / name, m) for name, m in manifests.items()}
    return {"data/index.md": _overview(manifests), **made}


def on_files(files: Any, config: Any) -> Any:
    """Give MkDocs the pages."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        files.append(File.generated(config, path, content=text))
    return files


#: A link from a page to the folder of the packages, or to the README of one.
_TO_DATA = re.compile(r"\]\(\.\./((?:\.\./)*)data(?:/(\w+)/README\.md)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Turn links to the packages in the repository into links to their pages in the site."""
    return _TO_DATA.sub(lambda m: f"]({m[1]}data/{m[2] or 'index'}.md)", markdown)


def _overview(manifests: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, manifest in manifests.items():
        licences = "; ".join(dict.fromkeys(_linked(x["title"], x.get("path")) for x in _licences(manifest)))
        title = _linked(manifest["title"], f"{name}.md")
        rows.append((f"`data/{name}`", title, str(len(manifest["sources"])), licences))
    return "\n".join(
        [
            "# Data and sources",
            "",
            "Every number of CapGap Geo comes from one of these packages (Frictionless Data Package, one",
            "folder each). A package without a source, a licence or the stated bytes is refused when the",
            "study is loaded. These pages are made from each package's `datapackage.json` and `README.md`.",
            "",
            *_table(("folder", "what", "sources", "licences"), rows),
            "",
            "Each folder holds the script that made it, `build.py`. The licence of a package is the one",
            "under which it is passed on; what the producers state is listed beside each source.",
            "",
        ]
    )


def _page(folder: Path, manifest: Mapping[str, Any]) -> str:
    readme = (folder / "README.md").read_text("utf-8").strip()
    files = [
        (f"`{r['path']}`", _text(r.get("title", "")), f"{r['bytes']:,}", _text(_licence_names(r, manifest)))
        for r in manifest["resources"]
    ]
    parts = [
        readme,
        "",
        "## Files",
        f"Package `{manifest['name']}`, version {manifest['version']}, made on {manifest['created']}.",
        "",
        *_table(("file", "what", "bytes", "licence"), files),
        "",
        "## Columns",
        *_columns(manifest["resources"]),
        "",
        "## All sources",
        *_sources(manifest["sources"]),
        "",
    ]
    return "\n".join(parts)


def _columns(resources: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for resource in resources:
        fields = resource["schema"].get("fields", ())
        if resource["format"] == "tif" or not fields:
            continue
        rows = [
            (f"`{f['name']}`", _text(f.get("type", "")), _text(f.get("unit", "")), _text(_meaning(f)))
            for f in fields
        ]
        yield from ("", f"### {resource['path']}", "")
        yield from _table(("column", "type", "unit", "meaning"), rows)


def _meaning(field: Mapping[str, Any]) -> str:
    return str(field.get("description") or field.get("title", ""))


def _sources(sources: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = []
    for source in sorted(sources, key=lambda s: str(s["id"])):
        title = _linked(source["title"], source.get("url"))
        if not source.get("url"):
            title += f". {_text(source['citation'])}"
        dates = f"{source.get('date_published') or 'undated'}; read {source['date_accessed']}"
        licence = _text(source.get("license") or "none stated")
        rows.append((f"`{source['id']}`", title, _text(source["producer"]), _text(dates), licence))
    yield from ("",)
    yield from _table(("id", "title", "producer", "published; read", "licence of the source"), rows)


def _licences(manifest: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [item for part in (manifest, *manifest["resources"]) for item in part.get("licenses", ())]


def _licence_names(resource: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    return "; ".join(item["name"] for item in resource.get("licenses") or manifest["licenses"])


def _linked(text: str, address: str | None) -> str:
    return f"[{_text(text)}](<{address}>)" if address else _text(text)


def _text(value: object) -> str:
    """Return a value as plain text for a cell: nothing in it is markup."""
    text = " ".join(str(value).split())
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def _table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"
