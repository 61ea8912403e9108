"""The table of what was checked against what, for the page, the terminal and programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from capgap_geo.analysis.checks import Check, run
from capgap_geo.i18n import Translator
from capgap_geo.model import Study

#: Published travel times of the study's own package.
_PAIRS = "travel/validation.csv"


def verify(study: Study, *, progress: Callable[[Check], None] | None = None) -> list[Check]:
    """Run every check that needs no network, in under two minutes.

    Parameters
    ----------
    progress
        Called with each check as it is done.
    """
    path = study.path / _PAIRS
    pairs = pd.read_csv(path) if path.is_file() else None
    done = []
    for check in run(study, pairs=pairs):
        done.append(check)
        if progress is not None:
            progress(check)
    return done


def table(checks: Iterable[Check], t: Translator) -> pd.DataFrame:
    """Return one row per check as texts: what, against what, expected, ours, difference, command."""
    columns = [t(f"verify.column.{name}") for name in _COLUMNS]
    return pd.DataFrame([_row(check, t) for check in checks], columns=columns)


_COLUMNS = ("what", "peer", "expected", "ours", "difference", "tolerance", "passed", "command")


def _row(check: Check, t: Translator) -> list[str]:
    what = t(f"verify.{check.key}.what", what=check.what)
    values = (check.expected, check.ours, check.difference, check.tolerance)
    numbers = [_number(value, check, t) for value in values]
    passed = t("verify.passed" if check.passed else "verify.failed")
    return [what, t(f"verify.{check.key}.peer"), *numbers, passed, check.command]


def _number(value: float, check: Check, t: Translator) -> str:
    """Return a value with its unit: three or more figures, and nothing for a rounding error."""
    size = abs(value)
    if size < _NOTHING or size >= _WHOLE or value == round(value):
        text = t.number(round(value))
    else:
        text = t.significant(value, 2 if size < 1 else 3)
    return f"{text}\N{NO-BREAK SPACE}{t(f'verify.unit.{_UNITS[check.unit]}')}"


#: Below the first a number is noise of rounding; from the second on its decimals are.
_NOTHING, _WHOLE = 1e-6, 1000.0
_UNITS = {
    "m": "m", "mm": "mm", "min": "min", "per person": "per_person", "capacity": "capacity",
    "people": "people",
    "people min": "people_min", "km2": "km2", "areas": "areas", "%": "percent",
}  # fmt: skip


def records(checks: Sequence[Check], t: Translator) -> list[dict[str, Any]]:
    """Return the checks as JSON-ready values."""
    return [
        {
            "check": check.key, "what": check.what, "peer": t(f"verify.{check.key}.peer"),
            "expected": check.expected, "ours": check.ours,
            "difference": check.difference, "tolerance": check.tolerance, "unit": check.unit,
            "passed": check.passed, "command": check.command,
        }
        for check in checks
    ]  # fmt: skip
