"""Which sources say what of a mining zone: one that measured it says nothing of trafficking there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pandas as pd

from capgap_geo.model import Study
from capgap_geo.sources.read import csv

#: Measured every mined area of the zones (README.md of their package); it sees scars, not whose they are.
DETECTIONS = "zon-amw-2018-2025"


def mined(study: Study, zone: pd.Series) -> str:
    """Return the source of a zone's mined area."""
    said = claims(study, zone)
    return _joined(said[said["aspect"].eq("mining") & said["source_id"].eq(DETECTIONS)], zone)


def described(zone: pd.Series) -> str:
    """Return the sources that describe a zone, and so its mining: not what only saw it from above."""
    return ";".join(s for s in str(zone["source_ids"]).split(";") if s != DETECTIONS)


def linked(study: Study, zone: pd.Series) -> str:
    """Return the sources of a zone's link with trafficking; none where none was found."""
    link = zone["trafficking_evidence"]
    if link == "none_found":
        return ""
    said = claims(study, zone)
    return _joined(said[said["aspect"].eq("trafficking") & said["relation"].eq(link)], zone)


def claims(study: Study, zone: pd.Series) -> pd.DataFrame:
    """Return what sources say of a zone, one row for each statement; none of a zone that a user brought."""
    said = _read(study.path)
    return said[said["zone_id"].eq(zone["zone_id"])]


def counted(study: Study, zone_id: str) -> pd.DataFrame:
    """Return the victims and venues that sources count in a zone, the newest first."""
    said = _context(study.path)
    here = said["zone_id"].eq(zone_id) & said["topic"].isin(("victims", "venues"))
    return said[here].sort_values("period", ascending=False, na_position="last", kind="stable")


def _joined(said: pd.DataFrame, zone: pd.Series) -> str:
    """Return the sources of claims; where there are none, those of the zone."""
    return ";".join(dict.fromkeys(said["source_id"])) or str(zone["source_ids"])


def _read(path: Path) -> pd.DataFrame:
    return _table(path / "zones" / "claims.csv", ("zone_id", "aspect", "relation", "source_id"))


def _context(path: Path) -> pd.DataFrame:
    columns = ("context_id", "zone_id", "topic", "measure", "value", "period", "source_id")
    return _table(path / "zones" / "context.csv", columns)


@lru_cache(maxsize=8)
def _table(file: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if file.exists():
        return csv(file)
    # Of a saved study the folder is gone once it is read.
    return pd.DataFrame(columns=list(columns))
