"""Read numbers as people write them: decimal comma, thousands signs, words for not known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_NOT_KNOWN = frozenset(
    {"", "-", "--", "?", ".", "...", "na", "nan", "nd", "n d", "n a", "sd", "s d", "sin dato", "sin datos"}
    | {
        "sin informacion",
        "no data",
        "no disponible",
        "not available",
        "desconocido",
        "unknown",
        "null",
        "none",
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a column writes numbers: its decimal sign, and whether the other sign groups thousands."""

    decimal: str = "."
    thousands: bool = False


def is_unknown(text: str | None) -> bool:
    """Return whether a cell says that something is not known. Zero is known.

    Examples
    --------
    >>> [is_unknown(t) for t in ("N/D", "s.d.", "0", None)]
    [True, True, False, True]
    """
    if text is None:
        return True
    stripped = text.strip()
    if stripped in _NOT_KNOWN:
        return True
    bare = unicodedata.normalize("NFKD", stripped).encode("ascii", "ignore").decode()
    return (
        bool(bare)
        and " ".join(re.sub(r"[^a-z]+", " ", bare.lower()).split()) in _NOT_KNOWN
        and not any(c.isdigit() for c in bare)
    )


def style_of(texts: Iterable[str | None], *, fraction: bool = False) -> Style:
    """Return how a column writes its numbers, by the values that can be read in one way only.

    Parameters
    ----------
    fraction
        Whether to read one sign before three digits as decimal (degrees) or as a thousands sign (people)
        when nothing in the column tells.

    Examples
    --------
    >>> style_of(["1.234,5", "12,5"]).decimal, style_of(["1,234", "5,678"])
    (',', Style(decimal='.', thousands=True))
    """
    votes = {".": 0, ",": 0}
    doubtful = {".": 0, ",": 0}
    for text in texts:
        signs = re.findall(r"[.,]", text or "")
        if not signs:
            continue
        last = signs[-1]
        other = "," if last == "." else "."
        tail = (text or "").rpartition(last)[2]
        head = (text or "").rpartition(last)[0]
        if other in signs:
            votes[last] += 1
        elif signs.count(last) > 1:
            votes[other] += 1
        elif len(tail.strip()) != 3 or head.strip(" +-") in ("", "0") or len(head.strip(" +-")) > 3:
            votes[last] += 1
        else:
            doubtful[last] += 1
    if votes["."] or votes[","]:
        decimal = "," if votes[","] > votes["."] else "."
    elif fraction:
        decimal = "," if doubtful[","] > doubtful["."] else "."
    else:
        decimal = "." if doubtful[","] >= doubtful["."] else ","
    return Style(decimal, bool(doubtful["," if decimal == "." else "."]))


def to_number(text: str | None, style: Style | None = None) -> float | None:
    """Return a number, or None where the text is none; NaN and infinity are none.

    Examples
    --------
    >>> to_number("1.234,5", Style(",")), to_number("12 %"), to_number("inf"), to_number("1e3")
    (1234.5, 12.0, None, 1000.0)
    """
    if text is None or len(text) > 40:
        return None
    style = style or Style()
    bare = unicodedata.normalize("NFKC", text).replace("−", "-").strip().removesuffix("%").strip()
    other = "," if style.decimal == "." else "."
    if re.fullmatch(r"[+-]?\d+(\.\d+)?[eE][+-]?\d{1,3}", bare):
        value = float(bare)
        return value if abs(value) < 1e300 else None
    grouped = re.fullmatch(
        rf"[+-]?\d{{1,3}}(?:[\s'’{re.escape(other)}]\d{{3}})+(?:{re.escape(style.decimal)}\d*)?", bare
    )
    if grouped:
        bare = re.sub(rf"[\s'’{re.escape(other)}]", "", bare)
    bare = bare.replace(style.decimal, ".") if style.decimal == "," and "." not in bare else bare
    return float(bare) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", bare, re.ASCII) else None
