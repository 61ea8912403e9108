"""What comes out of an upload: a checked table, every problem, and what was done to protect people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from capgap_geo.sources.uploads.clean import harmless, slug
from capgap_geo.sources.uploads.messages import Note, Problem, refusal

#: How the id of a user's source begins: one that was stated, and one that was not.
BROUGHT = "upload-"
UNSOURCED = "unsourced-"
PROBLEM_COLUMNS = ("row", "column", "value", "code", "values", "remedy")


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A travel surface: minutes per km from the north, NaN where nobody can pass.

    Attributes
    ----------
    transform
        Affine coefficients a, b, c, d, e, f from column and row to `crs`.
    """

    cells: NDArray[np.float32]
    transform: tuple[float, ...]
    crs: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an upload of some kind comes from, as the user says: all three, or it counts as unsourced."""

    kind: str
    source: str | None = None
    licence: str | None = None
    date: str | None = None

    @classmethod
    def stated(cls, kind: str, source: str | None, licence: str | None, date: str | None) -> Origin:
        """Keep harmless texts; blank ones are none."""
        return cls(kind, *(harmless(t)[:300] or None if t else None for t in (source, licence, date)))

    @property
    def unsourced(self) -> bool:
        """Whether source, licence or date is missing."""
        return not (self.source and self.licence and self.date)

    @property
    def source_id(self) -> str:
        """Id of the source; it begins with `UNSOURCED` where it is."""
        said = "\x1f".join(t or "" for t in (self.source, self.licence, self.date))
        mark = hashlib.sha256(said.encode()).hexdigest()[:8]
        name = slug(self.source or "", fallback="data")[:30].replace("_", "-")
        return f"{UNSOURCED if self.unsourced else BROUGHT}{self.kind}-{name}-{mark}"


@dataclass(frozen=True, eq=False, slots=True)
class Upload:
    """A table brought by a user, checked and protected.

    Attributes
    ----------
    table
        The usable rows, by the contract of their kind; empty for a surface.
    problems
        Everything that keeps rows from being used: ``row`` (as the user counts), ``column``, ``value``
        (masked where it could locate or name someone), ``code``, ``values``, ``remedy`` (English).
    good
        The numbers of the rows that can be used.
    rows
        How many rows the file has.
    notes
        What was understood, changed or left out.
    generalised
        What was done to protect people.
    surface
        The travel surface of kind ``friction``.
    fingerprint
        SHA-256 of the result, never of the file: a hash of a short secret can be guessed.
    """

    kind: str
    table: gpd.GeoDataFrame | pd.DataFrame
    problems: pd.DataFrame
    good: tuple[int, ...]
    rows: int
    notes: tuple[Note, ...]
    generalised: tuple[Note, ...]
    origin: Origin
    surface: Surface | None
    fingerprint: str

    @property
    def unsourced(self) -> bool:
        """Whether everything made from it must say that no source stands behind it."""
        return self.origin.unsourced

    @property
    def complete(self) -> bool:
        """Whether every row can be used."""
        return self.problems.empty

    def use(self, *, without_bad_rows: bool = False) -> gpd.GeoDataFrame | pd.DataFrame:
        """Return the table, without the bad rows only if the user says so.

        Raises
        ------
        UploadError
            Code ``upload_has_problems``: there are problems and `without_bad_rows` is not set; or no row
            is usable.
        """
        if not self.complete and (not without_bad_rows or (self.table.empty and self.surface is None)):
            raise refusal("has_problems", found=self.rows - len(self.good) or len(self.problems))
        return self.table


def problem_table(problems: list[Problem]) -> pd.DataFrame:
    """Return problems as a table to show and to download."""
    records = [(p.row, p.column, p.value, p.code, dict(p.values), p.remedy) for p in problems]
    table = pd.DataFrame(records, columns=list(PROBLEM_COLUMNS))
    return table.astype({"row": "Int64"})


def unsourced_ids(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of sources that were not stated: whatever is made from them must say so."""
    return tuple(sorted(s for s in sources if s.startswith(UNSOURCED)))


def fingerprint_of(table: pd.DataFrame, surface: Surface | None = None) -> str:
    """Return SHA-256 over a checked table or surface."""
    digest = hashlib.sha256()
    if surface is not None:
        digest.update(np.ascontiguousarray(surface.cells).tobytes())
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    digest.update(plain.to_csv(index=False).encode())
    if "geometry" in table.columns:
        for blob in gpd.GeoSeries(table["geometry"]).to_wkb():
            digest.update(blob or b"-")
    return digest.hexdigest()
