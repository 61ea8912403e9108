"""From rows of cells to a table: find the header and the HXL tags, number the rows."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.archives import Archive
from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import Note, Problem, refusal
from capgap_geo.sources.uploads.raw import Raw

Row = list[str | None]
_LOOK = 25
_GAP = 200
_TAG = re.compile(r"#[a-z][a-z0-9_]*(?:\s*\+\s*[a-z][a-z0-9_]*)*", re.IGNORECASE)
_ENTITY = (b"<!ENTITY", "<!ENTITY".encode("utf-16-le"), "<!ENTITY".encode("utf-16-be"))
_NAME_LENGTH = 120


def to_raw(records: Sequence[Row], format_: str, limits: Limits) -> Raw:
    """Return the table below the header that `records` hold.

    The header is the first row that is nearly as wide as the widest of the first rows, so that titles
    above it do no harm; a row of HXL tags may stand below it or in its place.

    Raises
    ------
    UploadError
        No header, or no row below it.
    """
    header = _header(records)
    names, tags = records[header], None
    first = header + 1
    if _is_tags(names):
        tags = names
    elif first < len(records) and _is_tags(records[first]):
        tags, first = records[first], first + 1
    raw = Raw(format=format_, columns=_columns(names))
    raw.tags = None if tags is None else [(t or "").lower().replace(" ", "") for t in _fit(tags, len(names))]
    raw.notes = [Note("hxl")] if tags else []
    if header:
        raw.notes.append(Note("header_row", {"row": header + 1}))
    for number, record in enumerate(records[first:], start=first + 1):
        if any(cell is not None for cell in record):
            _add(raw, record, number, limits)
    if not raw.rows:
        raise refusal("no_rows")
    return raw


def _add(raw: Raw, record: Row, number: int, limits: Limits) -> None:
    extra = [cell for cell in record[len(raw.columns) :] if cell is not None]
    if extra:
        raw.problems.append(Problem(number, "", str(len(record)), "row_width"))
    for name, cell in zip(raw.columns, record, strict=False):
        if cell is not None and len(cell) > limits.text:
            raw.problems.append(Problem(number, name, "", "too_long", {"limit": limits.text}))
    raw.rows.append([None if c is None else c[: limits.text] for c in _fit(record, len(raw.columns))])
    raw.numbers.append(number)


def _fit(record: Row, width: int) -> Row:
    return [*record[:width], *([None] * (width - len(record)))]


def _header(records: Sequence[Row]) -> int:
    filled = [sum(cell is not None for cell in record) for record in records[:_LOOK]]
    widest = max(filled, default=0)
    if not widest:
        raise refusal("no_header" if any(records) else "empty")
    return next(i for i, n in enumerate(filled) if n >= max(1, 0.6 * widest))


def _is_tags(record: Row) -> bool:
    cells = [c for c in record if c]
    return bool(cells) and sum(bool(_TAG.fullmatch(c)) for c in cells) >= max(1, len(cells) / 2)


def _columns(names: Row) -> list[str]:
    """Return unique column names without control signs."""
    seen: dict[str, int] = {}
    unique = []
    for i, name in enumerate(names, start=1):
        text = "".join(c for c in name or f"column {i}" if c.isprintable())[:_NAME_LENGTH] or f"column {i}"
        seen[text] = seen.get(text, 0) + 1
        unique.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return unique


def read_xlsx(content: bytes, limits: Limits, sheet: str | None = None) -> Raw:
    """Read one sheet of a workbook: stored results, never formulas.

    Parameters
    ----------
    sheet
        The sheet to read; the first visible one that holds anything by default.

    Raises
    ------
    UploadError
        The workbook is damaged, unpacks too large, declares XML entities, or has no such sheet.
    """
    archive = Archive(content, limits)
    for name in archive.names:
        if name.lower().endswith((".xml", ".rels", ".vml")) and any(e in archive.read(name) for e in _ENTITY):
            raise refusal("xml_entities")
    import openpyxl  # here, so that reading text stays quick

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks about styles and extensions that are not used
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            sheets = [s for s in book.worksheets if s.sheet_state == "visible"] or list(book.worksheets)
            chosen = _choose(sheets, sheet)
            records = list(_cells(chosen, limits))
    except UploadError:
        raise
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        zipfile.BadZipFile,
        SyntaxError,
        OSError,
    ):
        raise refusal("unreadable", format="XLSX") from None
    raw = to_raw(records, "xlsx", limits)
    raw.part, raw.parts = chosen.title, [s.title for s in sheets]
    others = [s for s in raw.parts if s != raw.part]
    if others:
        raw.notes.append(Note("other_sheets", {"sheet": raw.part, "others": ", ".join(others)}))
    return raw


def _choose(sheets: Sequence[Any], name: str | None) -> Any:
    for sheet in sheets:
        sheet.reset_dimensions()
    if name is not None:
        for sheet in sheets:
            if sheet.title == name:
                return sheet
        raise refusal("no_sheet", found=name, known=", ".join(s.title for s in sheets))
    for sheet in sheets:
        first = sheet.iter_rows(max_row=_LOOK, max_col=20, values_only=True)
        if any(cell is not None for row in first for cell in row):
            return sheet
    raise refusal("no_rows")


def _cells(sheet: Any, limits: Limits) -> Iterator[Row]:
    """Yield rows as text. A sheet may claim a million empty rows: a long gap ends it."""
    cells, gap = 0, 0
    rows = sheet.iter_rows(max_col=limits.columns + 1, max_row=limits.rows + _LOOK, values_only=True)
    for count, values in enumerate(rows):
        row = [_text(v) for v in values]
        while row and row[-1] is None:
            row.pop()
        if len(row) > limits.columns:
            raise refusal("too_many_columns", limit=limits.columns)
        gap = 0 if row else gap + 1
        cells += len(row)
        if gap > _GAP:
            return
        if cells > limits.cells or count > limits.rows:
            raise refusal("too_many_rows", limit=limits.rows)
        yield row


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return str(value).strip() or None
