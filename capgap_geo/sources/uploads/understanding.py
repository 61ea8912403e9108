"""Say what a file holds before it is used, without showing what could locate or name someone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from capgap_geo.privacy import masked, names_a_refuge
from capgap_geo.sources.uploads import amazon_mining_watch as amw
from capgap_geo.sources.uploads.clean import harmless
from capgap_geo.sources.uploads.jobs import read_raw
from capgap_geo.sources.uploads.kinds import KINDS, kind_named
from capgap_geo.sources.uploads.limits import DEFAULT, Limits
from capgap_geo.sources.uploads.mapping import guess, guess_kind
from capgap_geo.sources.uploads.messages import Note
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.worker import Options

_PREVIEW_ROWS = 8
_PREVIEW_TEXT = 60
#: Fields whose values are shown as they are in the preview of a kind that may tell on people.
_OPEN_FIELDS = frozenset({"service", "department", "profiles", "evidence", "measure", "registry", "unit"})
#: Fields whose values are shown where they are a few digits, which locate and name nobody.
_COUNT_FIELDS = frozenset({"year", "officers", "women_officers", "vehicles", "prosecutors"})
_FEW_DIGITS = re.compile(r"\d{1,4}")


@dataclass(frozen=True, eq=False, slots=True)
class Understanding:
    """What was understood of a file.

    Attributes
    ----------
    kind
        The kind asked for, or the one guessed; None when nothing speaks for any.
    mapping
        The column of each field of that kind, as guessed.
    rows
        Number of rows; 0 for a surface.
    part, parts
        The sheet or layer that was read, and all there are.
    shapes
        Whether the rows have shapes.
    preview
        The first rows by the number that a person sees beside each. In kinds that may tell on people every
        text that is neither a plain category nor a short count or year shows its form only, letters and
        digits as dots.
    """

    format: str
    encoding: str | None
    delimiter: str | None
    crs: str | None
    part: str | None
    parts: tuple[str, ...]
    columns: tuple[str, ...]
    kind: str | None
    mapping: dict[str, str]
    rows: int
    shapes: bool
    preview: pd.DataFrame
    notes: tuple[Note, ...]


def understand(
    content: bytes,
    filename: str,
    *,
    kind: str | None = None,
    part: str | None = None,
    crs: str | None = None,
    limits: Limits = DEFAULT,
) -> Understanding:
    """Read a file and say what it holds; nothing is kept.

    Parameters
    ----------
    kind
        What the user says the file holds; guessed where not given.
    part, crs
        As for `read_upload`.

    Raises
    ------
    UploadError
        The file cannot be used as a whole.
    """
    if kind is not None:
        kind_named(kind)
    raw = read_raw(content, filename, Options(part=part, crs=crs), limits)
    found = kind or ("mining" if amw.recognised(raw) else guess_kind(raw))
    mapping = guess(raw, KINDS[found]) if found else {}
    if found == "mining" and amw.recognised(raw):
        mapping = amw.mapping(raw)
    open_rows = found is not None and kind is not None and not KINDS[found].sensitive
    return Understanding(
        format=raw.format,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        crs=raw.crs,
        part=None if raw.part is None else harmless(raw.part),
        parts=tuple(harmless(p) for p in raw.parts),
        columns=tuple(raw.columns),
        kind=found,
        mapping=mapping,
        rows=len(raw.numbers),
        shapes=raw.shapes is not None,
        preview=_preview(raw, mapping, open_rows=open_rows),
        notes=tuple(raw.notes),
    )


def _preview(raw: Raw, mapping: dict[str, str], *, open_rows: bool) -> pd.DataFrame:
    shown, counts = (
        {column for field, column in mapping.items() if field in fields}
        for fields in (_OPEN_FIELDS, _COUNT_FIELDS)
    )
    rows = [_row(raw.columns, row, shown, counts, open_rows) for row in raw.rows[:_PREVIEW_ROWS]]
    numbers = raw.numbers[: len(rows)]
    return pd.DataFrame(rows, index=numbers, columns=[harmless(c) or "-" for c in raw.columns], dtype=object)


def _row(
    columns: Sequence[str], row: Sequence[str | None], shown: set[str], counts: set[str], open_rows: bool
) -> list[str | None]:
    refuge = any(names_a_refuge(c) for c in row)
    cells: list[str | None] = []
    for column, cell in zip(columns, row, strict=True):
        text = None if cell is None else harmless(cell)[:_PREVIEW_TEXT]
        count = column in counts and bool(_FEW_DIGITS.fullmatch(text or ""))
        free = (open_rows and not refuge) or column in shown or count
        cells.append(text if free else masked(text))
    return cells
