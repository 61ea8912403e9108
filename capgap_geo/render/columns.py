"""What each column of a table means, with its unit, in the reader's language."""

from __future__ import annotations

from capgap_geo.i18n import Translator

_BOUNDS = ("_lower", "_upper")


def described(name: str, unit: str, t: Translator) -> str:
    """Return the meaning of a column.

    Parameters
    ----------
    name
        Its name, with ``_lower`` or ``_upper`` if it is one of a pair.
    unit
        Unit of the scenario's measure, ``min`` or ``km``.
    """
    base, bound = name, ""
    for ending in _BOUNDS:
        if name.endswith(ending):
            base, bound = name.removesuffix(ending), t(f"column.bound{ending}")
    key = f"column.{base}"
    if not t.has(key) and t.has(f"indicator.{base}.name"):
        key = f"indicator.{base}.name"
    text = _rate(base, t) or t(key)
    return f"{text.format(unit=unit)}{bound}"


def _rate(base: str, t: Translator) -> str:
    """Return the meaning of a capacity per people or per area, or of its unknowns."""
    for ending in ("_per_100k", "_per_10000_km2", "_unknown"):
        if base.endswith(ending):
            return t(f"column.of{ending}", what=t(f"capacity.{base.removesuffix(ending)}.name"))
    return ""
