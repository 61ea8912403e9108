"""Everything that can be said about an upload: a stable code with values, and its English sentence.

The app shows its own translation of the code; programs and logs get the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from capgap_geo.errors import UploadError

#: The file as a whole cannot be used.
ERRORS: Mapping[str, str] = {
    "empty": "the file is empty; choose the file again",
    "too_large": "the file has {found} MB, at most {limit} MB are read; leave out columns or areas",
    "unpacks_too_large": "the file unpacks to more than {limit} MB; leave out columns or areas",
    "too_many_members": "the archive holds more than {limit} files; keep only the needed ones",
    "too_many_rows": "the table has more than {limit} rows; split it",
    "too_many_columns": "the table has more than {limit} columns; keep only the needed ones",
    "too_many_cells": "the table has more than {limit} cells; keep only the needed columns",
    "too_many_vertices": "the shapes have more than {limit} points; simplify them",
    "too_many_groups": "the table has more than {limit} kinds of counts; keep those that are needed",
    "raster_too_large": "the grid has {found} cells, at most {limit} are read; clip it or make it coarser",
    "too_much_memory": "reading the file takes more memory than one upload may use; make it smaller",
    "took_too_long": "reading the file takes longer than one upload may take; make it smaller or simpler",
    "crashed": "the reader stopped on this file; it is damaged or made to do harm; save it again",
    "busy": "other files are being read; try again in a minute",
    "unsupported_format": "{found} files are not read; save it as {formats}",
    "unreadable": "the content is damaged or no {format} file; save it again",
    "not_text": "the file holds bytes that are no text; save it as CSV in UTF-8",
    "no_header": "no row with column names was found; name the columns in the first row",
    "no_rows": "the file holds no rows; check that the right sheet or layer was saved",
    "no_sheet": "there is no sheet named {found}; use one of {known}",
    "archive_unsafe": "the archive holds a path that leads out of it ({found}); pack the files anew",
    "archive_encrypted": "the archive has a password; save it without",
    "archive_unknown": "the archive holds no map or table that is read; use {formats}",
    "archive_parts": "the archive lacks {missing}; pack all files of the Shapefile together",
    "xml_entities": "the file declares XML entities, which no map or table needs; save it again without",
    "xml_depth": "the file nests its elements too deeply; save it again",
    "no_geometry": "a {kind} file needs shapes; use a map file such as GeoJSON or GeoPackage",
    "no_raster": "a travel surface is a GeoTIFF; this is a {format} file",
    "not_a_table": "a GeoTIFF is a travel surface, not a table of {kind}; choose the kind again",
    "no_crs": "the coordinates are not degrees and no reference system is stated; choose it",
    "unknown_crs": "the reference system {found} is not known; use for instance EPSG:32718",
    "several_layers": "the file has {found} layers, none named {layer}; use one of {known}",
    "missing_columns": "no column was found for {fields}; map one",
    "unknown_column": "there is no column {found}; map one of those in the file",
    "unknown_kind": "there is no kind of data {found}; use one of {known}",
    "unknown_field": "{found} is not a field of {kind}; use one of {known}",
    "raster_unit": "the unit of the surface is not known; say whether it is minutes per km or per metre",
    "raster_values": "the surface holds no usable value: minutes per km lie between 0.2 and 10 000",
    "raster_outside": "the surface does not lie over Peru; check its reference system",
    "has_problems": "rows that cannot be used: {found}; repair them, or say that the others are to be used",
    "not_mining": "this is no file of Amazon Mining Watch: no mined area is stated; use the published file",
    "not_a_study": "the archive is no saved study: {found}; save it again",
}

#: One row cannot be used: what is wrong, and what to do.
PROBLEMS: Mapping[str, tuple[str, str]] = {
    "empty": ("a value is required", "fill the cell"),
    "no_column": ("the file has no column for {field}", "map a column, or add one"),
    "not_a_number": ("this is not a number", "write digits, with one decimal sign"),
    "not_whole": ("this is not a whole number", "write a whole number"),
    "out_of_range": ("the value lies outside {low} to {high}", "check the value and its unit"),
    "not_allowed": ("the word is not known", "use one of {known}"),
    "unknown_department": ("no such department", "use its name or two-digit code{hint}"),
    "unknown_province": ("no such province in {department}", "use its name or four-digit code{hint}"),
    "unknown_ubigeo": ("no such ubigeo", "use the official code with its leading zero"),
    "departments_differ": (
        "the row names {named}, its code or position says {found}",
        "correct one of them",
    ),
    "not_a_coordinate": ("this is not a coordinate", "write degrees, for instance -12.59 or 12°35'S"),
    "half_position": ("one coordinate is missing", "give both or neither"),
    "outside_peru": ("the position lies outside Peru", "check sign, order and reference system"),
    "needs_place": ("neither a department nor a position", "give at least the department"),
    "no_shape": ("the row has no shape", "draw its outline"),
    "bad_shape": ("the shape is damaged", "draw it again or repair it"),
    "not_finite": ("the shape has a coordinate that is no number", "draw it again"),
    "wrong_shape": ("the shape is a {found}, a {wanted} is needed", "draw it as a {wanted}"),
    "not_a_date": ("this is not a date or year", "write a year, or 2024-06-30"),
    "twice": ("the same key stands in row {first}", "keep one of them"),
    "row_width": ("the row has more cells than the header", "put text with separators in quotes"),
    "too_long": ("the text has more than {limit} characters", "shorten it"),
    "names_refuge": ("the text names a place that hides people", "leave the name out"),
    "groups_differ": ("the groups sum to {found}", "make them sum to the population"),
    "needs_province": ("the row names no province", "give the province or its four-digit code"),
    "no_row": ("no row for {found}", "give every province, or keep the shipped value"),
}

#: What was understood, changed or left out, without harm to any row; a count stands behind what it counts,
#: so that one reads as well as many.
NOTES: Mapping[str, str] = {
    "format_differs": "the name ends in {name}, the content is {format}; the content counts",
    "encoding": "the text was read as {encoding}",
    "delimiter": "columns are parted by {delimiter}",
    "decimal_comma": "a comma was read as the decimal sign in {column}",
    "thousands": "a sign between groups of three digits was read as a thousands sign in {column}",
    "header_row": "the column names were found in row {row}",
    "hxl": "HXL tags were found and used",
    "other_sheets": "only the sheet {sheet} was read; there are also {others}",
    "other_layers": "only the layer {layer} was read; there are also {others}",
    "crs": "the coordinates were changed from {crs} to degrees",
    "crs_assumed": "no reference system is stated; the coordinates were read as degrees (WGS 84)",
    "swapped": "rows in which latitude and longitude were exchanged: {count}",
    "dms": "rows with degrees, minutes and seconds: {count}",
    "leading_zero": "codes that got their leading zero back: {count}",
    "not_known": "cells such as 'n/a' read as not known, not as zero: {count}",
    "text_cleaned": "texts with signs that can run as code, now replaced: {count}",
    "height_dropped": "heights of the shapes were left out",
    "repaired": "shapes that cross themselves, now repaired: {count}",
    "other_bands": "only the first band of {count} was read",
    "links_ignored": "links to other files were not followed",
    "generalised_shelters": "shelters kept by department only: {count}; neither position nor name was kept",
    "generalised_names": "rows that name a place that hides people: {count}; kept by department only",
    "generalised_points": "incidents kept by {level} and year only: {count}; no position was kept",
    "suppressed": "counts withheld: {count}; from 1 to {most}, and others so that no sum reveals them",
    "rounded": "counts were rounded down to a multiple of 10",
    "unsourced": "no source, licence or date was given: everything made from it says so",
    "evidence_lowered": "rows that count as reported by one source, because no source was given: {count}",
    "mining_legality": "not all of it is illegal: a footprint says nothing about permits",
    "mining_detector": "the detector changed in 2024: later years are not to be read as growth",
    "mining_basin": "only the Amazon basin is covered, not the coast and not hard-rock mining in the Andes",
    "mining_scar": "areas are the mined scar, not the larger patch around it",
    "overlaps": "areas that overlap or leave gaps with their neighbours: {count}",
    "profiles_assumed": "police or prosecution rows that name no group: {count}; they count for everyone",
    "precision_assumed": "outlines that state no precision: {count}; they were taken as good to 1 km",
    "surface_unit": "the surface was read in {unit}",
    "more_problems": "further problems that are not listed: {count}",
    "columns_left": "columns not used: {count} ({names})",
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was understood, changed or left out."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return NOTES[self.code].format_map(self.values)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a row from being used.

    Attributes
    ----------
    row
        The number that a person sees beside the row (1 is the first line of a table, the first
        feature of a map); None when no single row is meant.
    column
        The column as the file calls it.
    value
        What stands there; masked where it could locate or name someone.
    """

    row: int | None
    column: str
    value: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return PROBLEMS[self.code][1].format_map(self.values)

    def __str__(self) -> str:
        what = PROBLEMS[self.code][0].format_map(self.values)
        where = self.column if self.row is None else f"row {self.row}, {self.column}"
        return f"{where}: found {self.value or 'nothing'}; {what}; {self.remedy}"


def refusal(code: str, /, **values: object) -> UploadError:
    """Return the error for a file that cannot be used as a whole; its code is ``upload_<code>``."""
    return UploadError(ERRORS[code].format_map(values), code=f"upload_{code}", details=values)
