"""Keep people safe: no shelter finer than its department, no small count that tells on someone."""

from __future__ import annotations

from capgap_geo.privacy.leaks import Leak, Secret, find_leaks
from capgap_geo.privacy.positions import (
    FINE_COLUMNS,
    PROTECTED_SERVICES,
    exposed,
    generalise,
    masked,
    names_a_refuge,
    protected,
    snap,
)
from capgap_geo.privacy.settings import MINIMUM_CELL, Level, PrivacySettings
from capgap_geo.privacy.suppression import round_down, suppress

__all__ = [
    "FINE_COLUMNS",
    "MINIMUM_CELL",
    "PROTECTED_SERVICES",
    "Leak",
    "Level",
    "PrivacySettings",
    "Secret",
    "exposed",
    "find_leaks",
    "generalise",
    "masked",
    "names_a_refuge",
    "protected",
    "round_down",
    "snap",
    "suppress",
]
