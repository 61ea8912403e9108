"""Tables for a spreadsheet and for programs: a workbook that explains itself, and Parquet."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from capgap_geo.render import theme
from capgap_geo.render.about import Edition, citation
from capgap_geo.render.archive import repacked
from capgap_geo.render.columns import described
from capgap_geo.render.export_tables import TABLES
from capgap_geo.render.export_text import harmless

_HEAD = PatternFill("solid", fgColor=theme.PAPER_DEEP.lstrip("#"))
_WIDEST, _NARROWEST = 60, 9
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")


def workbook(edition: Edition) -> bytes:
    """Return all tables of an answer as XLSX, with a sheet to read first and one of the sources."""
    book = Workbook()
    book.remove(book.active)
    tables = {name: table(edition) for name, table in TABLES.items()}
    t = edition.t
    _read_me(book.create_sheet(t("export.sheet.read_me")), edition, tables)
    for name, table in tables.items():
        _fill(book.create_sheet(t(f"export.sheet.{name}")), table)
    book.properties.title = edition.title
    book.properties.subject = edition.headline
    book.properties.creator = t("app.name")
    book.properties.description = edition.meaning
    book.properties.keywords = edition.link
    book.properties.language = t.language
    buffer = io.BytesIO()
    book.save(buffer)
    return _dated(buffer.getvalue(), edition)


def _read_me(sheet: Worksheet, edition: Edition, tables: dict[str, pd.DataFrame]) -> None:
    t = edition.t
    facts = edition.facts()
    rows: list[tuple[Any, ...]] = [(edition.title,), (edition.headline,), (), (edition.meaning,), ()]
    rows += [
        (t(f"export.fact.{key}"), facts[key])
        for key in ("scenario", "link", "date", "version", "data_fingerprint")
        if facts[key]
    ]
    rows += [(), (t("export.columns"),)]
    names = dict.fromkeys(str(c) for table in tables.values() for c in table.columns)
    rows += [(name, described(name, edition.answer.unit, t)) for name in names]
    rows += [(), *((line,) for line in citation(edition).splitlines())]
    for row in rows:
        sheet.append([harmless(cell) for cell in row])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"].font = Font(bold=True, size=12)
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 100
    for cell in sheet["B"]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _fill(sheet: Worksheet, table: pd.DataFrame) -> None:
    sheet.append([str(name) for name in table.columns])
    for row in table.astype(object).itertuples(index=False):
        sheet.append([None if pd.isna(value) else _cell(value) for value in row])
    for number, name in enumerate(table.columns, start=1):
        head = sheet.cell(1, number)
        head.font, head.fill = Font(bold=True), _HEAD
        longest = max([len(str(name)), *(len(str(v)) for v in table[name].head(40))], default=0)
        sheet.column_dimensions[get_column_letter(number)].width = min(max(longest + 1, _NARROWEST), _WIDEST)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = sheet.dimensions


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    return value.item() if hasattr(value, "item") else value


def _dated(content: bytes, edition: Edition) -> bytes:
    """Return the workbook with the day of the edition in place of the moment of writing."""
    stamp = f"{edition.date.isoformat()}T00:00:00Z".encode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    core = "docProps/core.xml"
    parts[core] = _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", parts[core])
    return repacked(parts, date=edition.date)


def parquet_table(edition: Edition, name: str) -> bytes:
    """Return one of `TABLES` as Parquet; what the file says of itself is in its schema's metadata."""
    table = pa.Table.from_pandas(_typed(TABLES[name](edition)), preserve_index=False)
    return parquet(table, edition)


def parquet(table: pa.Table, edition: Edition) -> bytes:
    """Return an Arrow table as Parquet with the edition's facts added to its metadata."""
    said = {f"capgap:{key}".encode(): value.encode() for key, value in edition.facts().items()}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **said})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose text columns are text, whatever is missing in them."""
    typed = table.copy()
    for name in typed.columns:
        if typed[name].dtype == object:
            typed[name] = typed[name].astype("string")
    return typed
