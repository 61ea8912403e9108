"""What an administrator may tighten: the smallest published count and the level of incidents."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from capgap_geo.errors import ScenarioError

#: No setting publishes a count of people below this (Synthetic Data Showcase, built with IOM's CTDC: 10).
MINIMUM_CELL = 10


class Level(StrEnum):
    """How finely incident points may be kept. Shelters are always kept by department."""

    DEPARTMENT = "department"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """Levels of protection.

    Parameters
    ----------
    k
        Counts of people from 1 to ``k - 1`` are suppressed; never below `MINIMUM_CELL`.
    incidents
        The finest area that an incident point is snapped to.
    round_down
        Whether published counts are also rounded down to a multiple of 10.

    Raises
    ------
    ScenarioError
        Code ``privacy_setting``: a level below the minimum, or an unknown name.
    """

    k: int = MINIMUM_CELL
    incidents: Level = Level.DEPARTMENT
    round_down: bool = False

    def __post_init__(self) -> None:
        problems = []
        if not isinstance(self.k, int) or self.k < MINIMUM_CELL:
            problems.append(f"k: found {self.k!r}, use a whole number of at least {MINIMUM_CELL}")
        try:
            object.__setattr__(self, "incidents", Level(self.incidents))
        except ValueError:
            problems.append(f"incidents: found {self.incidents!r}, use one of {', '.join(Level)}")
        if problems:
            raise ScenarioError("; ".join(problems), code="privacy_setting", details={"problems": problems})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read ``CAPGAP_PRIVACY_K``, ``CAPGAP_PRIVACY_INCIDENTS`` and ``CAPGAP_PRIVACY_ROUND_DOWN`` (0 or 1).

        Raises
        ------
        ScenarioError
            A value is unknown or below the minimum.
        """
        given = os.environ if environment is None else environment
        k = given.get("CAPGAP_PRIVACY_K", str(MINIMUM_CELL))
        if not k.isdecimal():
            raise ScenarioError(
                f"CAPGAP_PRIVACY_K: found {k!r}, use a whole number of at least {MINIMUM_CELL}",
                code="privacy_setting",
            )
        level = given.get("CAPGAP_PRIVACY_INCIDENTS", Level.DEPARTMENT.value)
        rounding = given.get("CAPGAP_PRIVACY_ROUND_DOWN", "0") == "1"
        return cls(k=int(k), incidents=level, round_down=rounding)  # type: ignore[arg-type]
