"""Indicators as text: every value with its pair, its unit and its word for not known."""

from __future__ import annotations

import math

import pandas as pd

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.indicators import Named
from capgap_geo.i18n import Translator
from capgap_geo.render import story


def text(t: Translator, indicator: Named, low: float, high: float, unit: str, *, served: bool = True) -> str:
    """Return a pair of bounds of an indicator in words.

    Parameters
    ----------
    unit
        Unit of the scenario's measure, ``min`` or ``km``.
    served
        Whether the service is on record anywhere.
    """
    if math.isnan(low) and math.isnan(high):
        return t("value.unknown")
    if math.isnan(high):
        return t("figure.at_least", text=_one(t, indicator, low, unit))
    if math.isnan(low):
        return t("figure.reported", text=_one(t, indicator, high, unit))
    if indicator.unit == "share":
        return t.percent(low, high)
    if indicator.unit == "people":
        return story.people_span(t, low, high)
    if indicator.unit == "nearest":
        return story.nearest(t, low, high, unit, served=served)
    first, last = _one(t, indicator, low, unit), _one(t, indicator, high, unit)
    return first if first == last else f"{first} {t('word.to')} {last}"


def _one(t: Translator, indicator: Named, value: float, unit: str) -> str:
    if indicator.unit == "share":
        return t.percent(value)
    if indicator.unit == "people":
        return story.people(t, value)
    if indicator.unit == "nearest":
        return story.nearest(t, value, value, unit)
    return t.significant(value, 3) if indicator.unit == "ha" else t.number(value, indicator.digits)


def worst_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return areas by their people beyond reach, most first: by the lower bound, then by the upper."""
    return table.sort_values(["uncovered_people_lower", "uncovered_people_upper"], ascending=False)


def deserts(table: pd.DataFrame, answer: Assessment, t: Translator) -> pd.DataFrame:
    """Return areas with their people beyond reach, as text, in the order of `table`."""

    def pairs(name: str) -> zip[tuple[float, float]]:
        return zip(table[f"{name}_lower"], table[f"{name}_upper"], strict=True)

    return pd.DataFrame(
        {
            t("deserts.department"): table["department_name"],
            t("deserts.people"): [story.people_span(t, *p) for p in pairs("uncovered_people")],
            t("deserts.share"): [t.percent(*p) for p in pairs("uncovered_share")],
            t("deserts.nearest"): [
                story.nearest(t, *p, answer.unit, served=not answer.nobody_serves) for p in pairs("nearest")
            ],
        },
        index=table.index,
    )
