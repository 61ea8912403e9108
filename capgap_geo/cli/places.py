"""A list of places of the user's own, from a JSON or a CSV file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from capgap_geo.errors import ScenarioError

_IDS = ("place_id", "department_id")
_FORM = "use place_id, department_id, or lon and lat"


def read_places(path: Path) -> tuple[str, ...]:
    """Return the places of a file as a plan writes them.

    Parameters
    ----------
    path
        JSON: a list of ids, of pairs ``[lon, lat]`` or of objects. CSV: columns ``place_id``,
        ``department_id``, or ``lon`` and ``lat``.

    Raises
    ------
    ScenarioError
        Code ``siting_places``, with every entry that cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
        entries = _rows(text) if path.suffix.lower() == ".csv" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(f"{path}: neither JSON nor CSV in UTF-8 ({error})") from None
    return places_of(entries, str(path))


def places_of(entries: object, where: str) -> tuple[str, ...]:
    """Return the entries of a list as a plan writes places.

    Raises
    ------
    ScenarioError
        Code ``siting_places``, with every entry that cannot be read.
    """
    if not isinstance(entries, list) or not entries:
        raise _refused(f"{where}: found no list of places; {_FORM}")
    read = [_entry(entry) for entry in entries]
    problems = [
        f"entry {row}: found {json.dumps(entry, ensure_ascii=False)[:80]}, {_FORM}"
        for row, (entry, at) in enumerate(zip(entries, read, strict=True), 1)
        if not at
    ]
    if problems:
        raise _refused(f"{where}: {'; '.join(problems)}", problems)
    return tuple(read)


def _refused(message: str, problems: Sequence[str] = ()) -> ScenarioError:
    return ScenarioError(message, code="siting_places", details={"problems": list(problems) or [message]})


def _rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file; a spreadsheet set to Spanish writes semicolons."""
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    return [{str(k).strip().casefold(): str(v or "").strip() for k, v in row.items()} for row in reader]


def _entry(entry: object) -> str:
    """Return an id or a point as a plan writes it; empty if it is neither."""
    if isinstance(entry, Mapping):
        named = next((entry[name] for name in _IDS if entry.get(name)), None)
        return _entry([entry.get("lon"), entry.get("lat")] if named is None else named)
    if isinstance(entry, list):
        return _point(entry)
    return str(entry).strip() if isinstance(entry, str | int) and not isinstance(entry, bool) else ""


def _point(pair: Sequence[Any]) -> str:
    from capgap_geo.analysis.plan import point_at

    try:
        lon, lat = (float(value) for value in pair)
    except (TypeError, ValueError):
        return ""
    return point_at(lon, lat)
