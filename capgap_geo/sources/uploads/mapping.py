"""Guess which column holds which field, by HXL tag or name, and what kind of data a file holds."""

from __future__ import annotations

from collections.abc import Mapping

from capgap_geo.sources.uploads.kinds import KINDS, Field, Kind
from capgap_geo.sources.uploads.messages import refusal
from capgap_geo.sources.uploads.names import plain
from capgap_geo.sources.uploads.raw import Raw

_ENOUGH = 0.19
_TAG, _NAME, _PART = 3.0, 2.0, 1.0
#: What makes a table of this kind and of no other.
_TELLING: Mapping[str, tuple[str, ...]] = {
    "mining": ("mined_ha", "detection_id", "period"),
    "facilities": ("service", "officers", "beds", "prosecutors", "profiles"),
    "population": ("population", "girls", "boys", "women", "men"),
    "zones": ("zone_name", "mined_ha", "legality", "trafficking_evidence"),
    "boundaries": ("ubigeo", "boundary_name"),
    "incidents": ("value", "measure", "registry"),
}


def guess(raw: Raw, kind: Kind) -> dict[str, str]:
    """Return the column of each field that one was found for; no column serves twice."""
    scored = [
        (score, -order, field.name, column)
        for order, field in enumerate(kind.fields)
        for i, column in enumerate(raw.columns)
        if (score := _score(field, plain(column), raw.tags[i] if raw.tags else ""))
    ]
    found: dict[str, str] = {}
    for _, _, field_name, column in sorted(scored, reverse=True):
        if field_name not in found and column not in found.values():
            found[field_name] = column
    return {f.name: found[f.name] for f in kind.fields if f.name in found}


def _score(field: Field, name: str, tag: str) -> float:
    for rank, wanted in enumerate(field.tags):
        if tag and _tag_matches(tag, wanted):
            return _TAG - rank / 100 + wanted.count("+") / 10
    for rank, known in enumerate((field.name.replace("_", " "), *field.names)):
        if name == known:
            return _NAME - rank / 100
    for rank, known in enumerate(field.names):
        if len(known) > 3 and set(known.split()) <= set(name.split()):
            return _PART - rank / 100
    return 0.0


def _tag_matches(tag: str, wanted: str) -> bool:
    have, need = tag.split("+"), wanted.split("+")
    return have[0] == need[0] and set(need[1:]) <= set(have[1:])


def guess_kind(raw: Raw) -> str | None:
    """Return the kind of data that the columns and shapes speak for, or None."""
    if raw.grid is not None:
        return "friction"
    scores = {}
    for name, telling in _TELLING.items():
        kind = KINDS[name]
        if kind.needs_shape and raw.shapes is None:
            continue
        found = guess(raw, kind)
        hits = sum(field in found for field in telling)
        if all(f.name in found for f in kind.fields if f.required):
            scores[name] = hits / len(telling) + (0.5 if kind.needs_shape else 0.0)
    best = max(scores, key=lambda n: scores[n], default=None)
    if best and scores[best] >= _ENOUGH:
        return best
    # A date and a place, and nothing else that tells: one incident per row.
    return "incidents" if "incidents" in scores else None


def checked(mapping: Mapping[str, str], raw: Raw, kind: Kind) -> dict[str, str]:
    """Return a mapping of fields to columns, held against the file and the kind.

    Raises
    ------
    UploadError
        A field or column that does not exist, or a required field without a column.
    """
    for field, column in mapping.items():
        kind.field(field)
        if column not in raw.columns:
            raise refusal("unknown_column", found=column)
    missing = [f.name for f in kind.fields if f.required and f.name not in mapping]
    if missing:
        raise refusal("missing_columns", fields=", ".join(missing))
    return dict(mapping)
