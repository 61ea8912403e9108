"""Read, verify and write data packages: what has no source, no licence or other bytes is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capgap_geo.errors import DataNotFoundError, ProvenanceError
from capgap_geo.files import write_file

MANIFEST = "datapackage.json"
_SOURCE_KEYS = ("id", "title", "producer", "date_accessed")


@dataclass(frozen=True, slots=True)
class Resource:
    """One verified file of a package.

    Attributes
    ----------
    path
        The file.
    hash
        SHA-256 of its bytes, in hexadecimal.
    fields
        The fields of its table schema, as stated in the package.
    """

    name: str
    path: Path
    hash: str
    fields: tuple[Mapping[str, Any], ...]
    primary_key: tuple[str, ...]
    licenses: tuple[Mapping[str, str], ...]
    source_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """A verified data package."""

    name: str
    folder: Path
    title: str
    sources: tuple[Mapping[str, Any], ...]
    resources: Mapping[str, Resource]

    def resource(self, name: str) -> Resource:
        """Return a resource by name.

        Raises
        ------
        DataNotFoundError
            The package lists no such resource.
        """
        try:
            return self.resources[name]
        except KeyError:
            found = ", ".join(sorted(self.resources))
            raise DataNotFoundError(
                f"{self.folder / MANIFEST}: no resource named {name!r}; it lists {found}"
            ) from None


def read_package(folder: Path) -> Package:
    """Read ``datapackage.json`` and verify bytes, hashes, licences and sources of every resource.

    Parameters
    ----------
    folder
        The folder that holds ``datapackage.json``.

    Raises
    ------
    DataNotFoundError
        The folder, its manifest or a listed file is missing.
    ProvenanceError
        With every problem found in the package.
    """
    manifest = _read_manifest(folder)
    sources = tuple(manifest.get("sources") or ())
    ids = {str(s.get("id")) for s in sources}
    resources = manifest.get("resources") or ()
    problems = [
        *_source_problems(sources),
        *_duplicate_problems("source", (str(s.get("id")) for s in sources)),
    ]
    problems += _duplicate_problems("resource", (str(r.get("name")) for r in resources))
    if not resources:
        problems.append("resources: found none, list at least one file")
    for raw in resources:
        problems += _resource_problems(folder, raw, ids, manifest)
    if problems:
        where = folder / MANIFEST
        text = "\n".join(f"  {p}" for p in problems)
        raise ProvenanceError(f"{where}: {len(problems)} problem(s)\n{text}", details={"problems": problems})
    read = {raw["name"]: _resource(folder, raw, manifest) for raw in resources}
    return Package(str(manifest["name"]), folder, str(manifest.get("title", "")), sources, read)


def write_package(folder: Path, *, meta: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> None:
    """Write ``datapackage.json``, filling bytes and hash of each resource from its file.

    Parameters
    ----------
    folder
        Where the package lives.
    meta
        Everything of the manifest but its resources.
    resources
        The resources without ``bytes`` and ``hash``.

    Raises
    ------
    ProvenanceError
        What was written would be refused by `read_package`.
    """
    filled = [_filled(folder, dict(r)) for r in resources]
    text = json.dumps({**meta, "resources": filled}, ensure_ascii=False, indent=2) + "\n"
    write_file(folder / MANIFEST, text.encode())
    read_package(folder)


def _filled(folder: Path, resource: dict[str, Any]) -> dict[str, Any]:
    content = (folder / resource["path"]).read_bytes()
    stated = {"bytes": len(content), "hash": "sha256:" + hashlib.sha256(content).hexdigest()}
    order = ["name", "path", "title", "description", "format", "mediatype", "encoding", "bytes", "hash"]
    merged = {**resource, **stated}
    return {k: merged[k] for k in [*order, *(k for k in merged if k not in order)] if k in merged}


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataNotFoundError(f"{path}: not found; a data package needs this file") from None
    except ValueError as error:
        raise ProvenanceError(f"{path}: not valid JSON ({error}); restore the file") from None
    if not isinstance(manifest, dict) or not manifest.get("name"):
        raise ProvenanceError(f"{path}: no package name found; state `name`")
    return manifest


def _source_problems(sources: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    for number, source in enumerate(sources, start=1):
        label = f"source {source.get('id') or number}"
        for key in _SOURCE_KEYS:
            if not source.get(key):
                yield f"{label}: no {key}; state it"
        for key in ("url", "date_published"):
            if key not in source:
                yield f"{label}: no {key}; state it, or null where it is not known"
        if not source.get("url") and not source.get("citation"):
            yield f"{label}: neither url nor citation; a reader must be able to find it"


def _duplicate_problems(kind: str, ids: Iterable[str]) -> Iterable[str]:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            yield f"{kind} {name}: listed twice; keep one"
        seen.add(name)


def _resource_problems(
    folder: Path, raw: Mapping[str, Any], ids: set[str], manifest: Mapping[str, Any]
) -> Iterable[str]:
    label = f"resource {raw.get('name') or '?'}"
    for key in ("name", "path", "hash", "bytes", "schema"):
        if not raw.get(key):
            yield f"{label}: no {key}; state it"
    if not _licenses(raw, manifest):
        yield f"{label}: no licence; state `licenses` with a name"
    named = _source_ids(raw)
    if not named:
        yield f"{label}: no source; state `sources`"
    for missing in sorted(set(named) - ids):
        yield f"{label}: source {missing!r} is not among the package's sources; add it"
    if raw.get("path"):
        yield from _byte_problems(folder, raw, label)


def _byte_problems(folder: Path, raw: Mapping[str, Any], label: str) -> Iterable[str]:
    path = folder / str(raw["path"])
    if not path.resolve().is_relative_to(folder.resolve()):
        yield f"{label}: {raw['path']} leads out of the package; name a file inside it"
        return
    if not path.is_file():
        yield f"{label}: {path} is missing; restore it or rebuild the package with its build.py"
        return
    content = path.read_bytes()
    size, found = len(content), "sha256:" + hashlib.sha256(content).hexdigest()
    changed = "the file was changed; restore it"
    if size != raw.get("bytes"):
        yield f"{label}: {path} has {size} bytes, {raw.get('bytes')} are stated; {changed}"
    elif found != raw.get("hash"):
        yield f"{label}: {path} has hash {found}, {raw.get('hash')} is stated; {changed}"


def _licenses(raw: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[Mapping[str, str], ...]:
    stated = raw.get("licenses") if "licenses" in raw else manifest.get("licenses")
    return tuple(item for item in stated or () if item.get("name"))


def _source_ids(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(s if isinstance(s, str) else str(s.get("id")) for s in raw.get("sources") or ())


def _resource(folder: Path, raw: Mapping[str, Any], manifest: Mapping[str, Any]) -> Resource:
    schema = raw["schema"]
    key = schema.get("primaryKey") or ()
    return Resource(
        name=str(raw["name"]),
        path=folder / str(raw["path"]),
        hash=str(raw["hash"]).removeprefix("sha256:"),
        fields=tuple(schema.get("fields") or ()),
        primary_key=(key,) if isinstance(key, str) else tuple(key),
        licenses=_licenses(raw, manifest),
        source_ids=_source_ids(raw),
    )
