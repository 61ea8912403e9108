"""Tables as text: CSV that says where it comes from, and CSV with the tags that humanitarians share."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from capgap_geo.model import Profile
from capgap_geo.render.about import Edition
from capgap_geo.render.export_tables import TABLES

#: A spreadsheet reads a cell that begins so as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A number is none, however it is signed: with an apostrophe it would be a text.
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?")
#: What stands in every row, so that a part of the table still says what it is.
CARRIED = ("scenario", "date", "version")
#: What stands in the first row only, because it is long.
CARRIED_ONCE = ("meaning", "licences", "sources")
#: HXL attributes of the groups.
_GROUP = {
    Profile.EVERYONE: "", Profile.GIRLS: "+f+children", Profile.BOYS: "+m+children",
    Profile.WOMEN: "+f+adults", Profile.MEN: "+m+adults",
}  # fmt: skip


def harmless(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: such a text gets an apostrophe before it.

    Examples
    --------
    >>> harmless("=1+1"), harmless("Áncash"), harmless(-3.5), harmless("-3.5")
    ("'=1+1", 'Áncash', -3.5, '-3.5')
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def csv_table(edition: Edition, name: str) -> bytes:
    """Return one of `TABLES` as CSV: UTF-8, a row per line, empty for not known.

    The last columns carry the question, the date and the version; their first row also what the figures
    mean, the terms and the sources.
    """
    table = _signed(TABLES[name](edition), edition)
    return _written([list(table.columns), *_rows(table)])


def _signed(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    facts = edition.facts()
    signed = table.assign(**{f"capgap_{key}": facts[key] for key in CARRIED})
    for key in CARRIED_ONCE:
        signed[f"capgap_{key}"] = [facts[key], *[None] * (len(signed) - 1)][: len(signed)]
    return signed


def hxl_table(edition: Edition, name: str = "departments") -> bytes:
    """Return departments or provinces as CSV with HXL hashtags below the header, and P-codes.

    See https://hxlstandard.org for the vocabulary.
    """
    table = TABLES[name](edition)
    columns = _hxl_columns(edition, name)
    kept = table[list(columns)].copy()
    kept.insert(0, "country", "PER")
    tags = ["#country+code+v_iso3", *columns.values(), *_HXL_FACTS]
    signed = _signed(kept, edition)
    return _written([list(signed.columns), tags, *_rows(signed)])


#: Tags of the carried columns, in their order.
_HXL_FACTS = (
    "#meta+scenario", "#date+generated", "#meta+version",
    "#meta+description", "#meta+licence", "#meta+source",
)  # fmt: skip


def _hxl_columns(edition: Edition, name: str) -> dict[str, str]:
    level = "adm1" if name == "departments" else "adm2"
    who, unit = _GROUP[edition.answer.scenario.profile], edition.answer.unit
    area = {"pcode": f"#{level}+code+v_pcode", f"{name.removesuffix('s')}_name": f"#{level}+name"}
    if name == "provinces":
        area |= {"department_name": "#adm1+name"}
    columns = {**area, "people": f"#population{who}+estimated"}
    for bound, attribute in (("lower", "min"), ("upper", "max")):
        columns |= {
            f"covered_people_{bound}": f"#reached{who}+{attribute}",
            f"uncovered_people_{bound}": f"#affected{who}+unreached+{attribute}",
            f"uncovered_share_{bound}": f"#indicator{who}+unreached+share+{attribute}",
            f"nearest_{bound}": f"#access+nearest+median+{unit}+{attribute}",
        }
        if name == "departments":
            columns[f"records_{bound}"] = f"#service+records+{attribute}"
    return columns | {"reachable": "#status+reachable"}


def _rows(table: pd.DataFrame) -> Iterable[list[Any]]:
    columns = [_cells(table[name]) for name in table.columns]
    return (list(row) for row in zip(*columns, strict=True))


def _cells(column: pd.Series) -> list[Any]:
    """Return a column as text: numbers as short as they are, empty for not known."""
    return ["" if pd.isna(value) else harmless(_text(value)) for value in column.astype(object)]


def _text(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else repr(float(value))
    return value


def _written(rows: Sequence[Sequence[Any]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()
