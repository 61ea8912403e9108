"""Read the fields of a table row by row, gathering every problem instead of stopping at the first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capgap_geo.privacy import masked
from capgap_geo.sources.uploads.clean import harmless
from capgap_geo.sources.uploads.kinds import Kind
from capgap_geo.sources.uploads.messages import Note, Problem
from capgap_geo.sources.uploads.names import plain
from capgap_geo.sources.uploads.numbers import Style, is_unknown, style_of, to_number
from capgap_geo.sources.uploads.raw import Raw

Texts = list[str | None]
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20\d\d|2100)(?!\d)")
_SHOWN = 80
_MOST_PROBLEMS, _MOST_HINTS = 50_000, 200


class Rows:
    """The rows of one upload while they are judged.

    Parameters
    ----------
    raw
        The file as read.
    mapping
        The column of each field.

    Attributes
    ----------
    hidden
        Rows whose values must not be shown in a problem.
    """

    def __init__(self, raw: Raw, mapping: Mapping[str, str], kind: Kind) -> None:
        self.raw, self.mapping, self.kind = raw, dict(mapping), kind
        self.hidden: set[int] = set()
        self.notes: list[Note] = [*raw.notes]
        self.counts: Counter[str] = Counter()
        self._found: list[tuple[int | None, str, str, str, Mapping[str, Any]]] = []
        self._bad: set[int] = set()
        self._known: dict[str, Texts] = {}
        self._places = {field: raw.columns.index(column) for field, column in self.mapping.items()}
        at = {number: i for i, number in enumerate(raw.numbers)}
        used = {*self.mapping.values(), "geometry", ""}
        for p in raw.problems:
            wanted = kind.needs_shape or (kind.shape is not None and p.code != "no_shape")
            if p.column in used and (p.column != "geometry" or wanted):
                self._add(at.get(p.row or -1), p.column, p.value, p.code, p.values)

    def __len__(self) -> int:
        return len(self.raw.numbers)

    def column(self, field: str) -> str:
        """Return the file's name of a field's column."""
        return self.mapping.get(field, field)

    def cells(self, field: str) -> Texts:
        """Return the cells of a field as they stand; all None where no column was mapped."""
        if field not in self._places:
            return [None] * len(self)
        i = self._places[field]
        return [row[i] for row in self.raw.rows]

    def texts(self, field: str, *, required: bool = False) -> Texts:
        """Return the cells of a field, None where they say that nothing is known."""
        if field not in self._known:
            cells = self.cells(field)
            self._known[field] = [None if is_unknown(cell) else cell for cell in cells]
            said = sum(cell is not None for cell in cells)
            self.counts["not_known"] += said - sum(text is not None for text in self._known[field])
        known = self._known[field]
        if required:
            for i, text in enumerate(known):
                if text is None:
                    self.problem(i, field, "empty")
        return known

    def labels(self, field: str, *, required: bool = False) -> Texts:
        """Return free texts made harmless."""
        clean: Texts = []
        for text in self.texts(field, required=required):
            bare = None if text is None else harmless(text)
            if text is not None and bare != " ".join(text.split()):
                self.counts["text_cleaned"] += 1
            clean.append(bare or None)
        return clean

    def numbers(
        self,
        field: str,
        *,
        low: float = 0.0,
        high: float = 1e9,
        whole: bool = False,
        fraction: bool = False,
        required: bool = False,
    ) -> NDArray[np.float64]:
        """Return numbers, NaN where not known; a word or a value out of range is a problem."""
        texts = self.texts(field, required=required)
        style = self.style(field, texts, fraction=fraction)
        values = np.full(len(texts), np.nan)
        for i, text in enumerate(texts):
            if text is None:
                continue
            value = to_number(text, style)
            if value is None:
                self.problem(i, field, "not_a_number")
            elif not low <= value <= high:
                self.problem(i, field, "out_of_range", low=f"{low:g}", high=f"{high:g}")
            elif whole and value % 1:
                self.problem(i, field, "not_whole")
            else:
                values[i] = value
        return values

    def style(self, field: str, texts: Iterable[str | None], *, fraction: bool) -> Style:
        """Return how a column writes numbers, and note what is not the plain way."""
        style = style_of(texts, fraction=fraction)
        if style.decimal == ",":
            self.notes.append(Note("decimal_comma", {"column": self.column(field)}))
        if style.thousands:
            self.notes.append(Note("thousands", {"column": self.column(field)}))
        return style

    def years(self, field: str) -> list[int | None]:
        """Return the year in each cell, None where nothing stands."""
        years: list[int | None] = []
        for i, text in enumerate(self.texts(field)):
            match = _YEAR.search(text or "")
            if text is not None and match is None:
                self.problem(i, field, "not_a_date")
            years.append(int(match.group()) if match else None)
        return years

    def words(
        self, field: str, known: Mapping[str, str], *, required: bool = False, offered: Sequence[str] = ()
    ) -> Texts:
        """Return the key of each word; an unknown word is a problem."""
        keys: Texts = []
        for i, text in enumerate(self.texts(field, required=required)):
            key = None if text is None else known.get(plain(text))
            if text is not None and key is None:
                self.problem(i, field, "not_allowed", known=", ".join(offered or sorted(set(known.values()))))
            keys.append(key)
        return keys

    def problem(self, row: int | None, field: str, code: str, /, **values: object) -> None:
        """Note a problem; a row with one is not used. Where a field has no column, the values name it."""
        place = self._places.get(field)
        if place is None and any(f.name == field for f in self.kind.fields):
            values["field"], code = field, "no_column" if code == "empty" else code
        cell = None if row is None or place is None else self.raw.rows[row][place]
        self._add(row, self.column(field), cell or "", code, values)

    def _add(self, row: int | None, column: str, value: str, code: str, values: Mapping[str, Any]) -> None:
        if row is not None:
            self._bad.add(row)
        if len(self._found) < _MOST_PROBLEMS:
            self._found.append((row, column, value, code, values))
        else:
            self.counts["more_problems"] += 1

    @property
    def patient(self) -> bool:
        """Whether there are so few problems yet that each deserves a hint, which takes time to find."""
        return len(self._found) < _MOST_HINTS

    def good(self) -> NDArray[np.bool_]:
        """Return which rows can be used."""
        return np.array([i not in self._bad for i in range(len(self))], dtype=bool)

    def problems(self) -> list[Problem]:
        """Return every problem in the order of the rows; values that could locate or name someone masked."""
        order = sorted(self._found, key=lambda p: (p[0] is not None, p[0] or 0))
        return [
            Problem(
                None if row is None else self.raw.numbers[row],
                harmless(column),
                self._shown(row, value),
                code,
                values,
            )
            for row, column, value, code, values in order
        ]

    def _shown(self, row: int | None, value: str) -> str:
        shown = harmless(value)[:_SHOWN]
        return masked(shown) or "" if row in self.hidden else shown

    def all_notes(self) -> list[Note]:
        """Return the notes with those that were counted along the way."""
        return [*self.notes, *(Note(code, {"count": n}) for code, n in self.counts.items() if n)]
