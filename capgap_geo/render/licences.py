"""Under which terms data may be passed on: read from the packages that hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from capgap_geo.i18n import Translator, texts
from capgap_geo.model import Study
from capgap_geo.provenance import MANIFEST

#: Terms that oblige nobody to name the maker.
_FREE = ("public domain", "pddc", "cc0", "none-stated")


@dataclass(frozen=True, slots=True)
class Terms:
    """The licence of a data package's files, and of the sources that state one.

    Attributes
    ----------
    version
        Version of the package.
    licences
        Title and address of each licence, by its name.
    resources
        Ids of the sources of each file of the package, by the file's name.
    sources
        Licence as stated by a source, by source id.
    """

    package: str
    title: str
    version: str
    licences: Mapping[str, tuple[str, str]]
    resources: Mapping[str, frozenset[str]]
    sources: Mapping[str, str]


def terms(study: Study) -> Mapping[str, Terms]:
    """Return the terms of every package of a study, by the package's name."""
    return _read(study.path)


@lru_cache(maxsize=4)
def _read(path: Path) -> Mapping[str, Terms]:
    found = {}
    for manifest in sorted(path.glob(f"*/{MANIFEST}")):
        raw = json.loads(manifest.read_text("utf-8"))
        found[manifest.parent.name] = _terms(manifest.parent.name, raw)
    return MappingProxyType(found)


def _terms(name: str, raw: Mapping[str, Any]) -> Terms:
    licences = {}
    for stated in [raw, *raw.get("resources", ())]:
        for item in stated.get("licenses") or ():
            licences[str(item["name"])] = (str(item.get("title", item["name"])), str(item.get("path", "")))
    return Terms(
        package=name,
        title=str(raw.get("title", name)),
        version=str(raw.get("version", "")),
        licences=MappingProxyType(licences),
        resources=MappingProxyType({str(r["name"]): _ids(r) for r in raw.get("resources", ())}),
        sources=MappingProxyType(
            {str(s["id"]): text for s in raw.get("sources", ()) if (text := _stated(s))}
        ),
    )


def _ids(resource: Mapping[str, Any]) -> frozenset[str]:
    named = resource.get("sources") or ()
    return frozenset(s if isinstance(s, str) else str(s.get("id")) for s in named)


def _stated(source: Mapping[str, Any]) -> str:
    if source.get("license"):
        return str(source["license"])
    return ", ".join(str(item.get("name", "")) for item in source.get("licenses") or ())


def said(stated: str, t: Translator) -> str:
    """Return a stated licence in the reader's language where the sentence is ours, else as it stands."""
    key = _sentences().get(stated)
    return t(key) if key else stated


@cache
def _sentences() -> Mapping[str, str]:
    return {text: key for key, text in texts("en").items() if key.startswith("licence.")}


def claim(licence: str) -> int:
    """Return how strongly a stated licence asks that the maker be named: 0 most, 2 not at all.

    Examples
    --------
    >>> [claim(text) for text in ("ODbL 1.0", "CC BY 4.0", "MIT", "Public domain", "")]
    [0, 0, 1, 2, 2]
    """
    text = licence.lower()
    if not text or any(word in text for word in _FREE):
        return 2
    return 0 if text.startswith(("odbl", "cc by", "cc-by")) else 1
