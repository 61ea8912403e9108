"""People by province."""

from __future__ import annotations

import numpy as np
import pandas as pd

from capgap_geo.model import GROUPS
from capgap_geo.sources.uploads.areas import Areas
from capgap_geo.sources.uploads.places import named_areas
from capgap_geo.sources.uploads.rows import Rows
from capgap_geo.sources.uploads.upload import Origin

#: Groups may miss the total by this much: people are rounded.
_ROUNDING = 4.0


def population(rows: Rows, areas: Areas, origin: Origin) -> pd.DataFrame:
    """Return persons by province, with the four groups where the file has all of them (NaN elsewhere)."""
    departments, provinces = named_areas(rows, areas, [None] * len(rows))
    people = rows.numbers("population", high=5e7, required=True)
    groups = {g.value: rows.numbers(g.value, high=5e7) for g in GROUPS}
    _check_sums(rows, people, groups)
    _check_provinces(rows, departments, provinces, areas)
    table = pd.DataFrame(
        {
            "province_id": provinces,
            "department_id": departments,
            "year": pd.array(rows.years("year"), dtype="Int64"),
            "population": people,
            **groups,
            "estimated": False,
            "source_ids": origin.source_id,
        }
    )
    return table[rows.good()].sort_values("province_id", ignore_index=True)


def _check_sums(
    rows: Rows, people: object, groups: dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]
) -> None:
    total = sum(groups.values(), start=np.zeros(len(rows)))
    for i in np.flatnonzero(np.abs(total - np.asarray(people)) > _ROUNDING):
        rows.problem(int(i), "population", "groups_differ", found=f"{total[i]:.0f}")


def _check_provinces(
    rows: Rows, departments: list[str | None], provinces: list[str | None], areas: Areas
) -> None:
    first: dict[str, int] = {}
    for i, province in enumerate(provinces):
        if province is None:
            field = next((f for f in ("province", "ubigeo", "department") if f in rows.mapping), "province")
            rows.problem(i, field, "empty" if departments[i] is None else "needs_province")
        elif province in first:
            rows.problem(i, "province", "twice", first=rows.raw.numbers[first[province]])
        else:
            first[province] = i
    for missing in sorted(set(areas.province_names) - set(first)):
        rows.problem(None, "province", "no_row", found=f"{missing} {areas.province_names[missing]}")
