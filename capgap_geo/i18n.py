"""Words, numbers and dates in the reader's language. Texts live in ``locale/``."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from babel import Locale
from babel.dates import format_date, get_month_names
from babel.numbers import format_decimal

LANGUAGES: Mapping[str, str] = {"es": "Español", "en": "English"}
DEFAULT_LANGUAGE = "es"
_LOCALES = {"es": "es_PE", "en": "en_GB"}
DASH = "–"
#: A year, a month, a quarter or a range of years, as the tables write them.
_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?P<until>\d{4})|-(?P<month>0[1-9]|1[0-2])|-Q(?P<quarter>[1-4]))?")
#: A share that differs by less from 0 or 1 does so by rounding alone.
_NOTHING = 1e-9


class Translator:
    """Turn keys into sentences and values into text, in one language.

    Parameters
    ----------
    language
        ``es`` or ``en``; anything else falls back to Spanish.
    """

    def __init__(self, language: str = DEFAULT_LANGUAGE) -> None:
        self.language = language if language in LANGUAGES else DEFAULT_LANGUAGE
        self._texts = texts(self.language)
        self._locale = _LOCALES[self.language]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Translator) and other.language == self.language

    def __hash__(self) -> int:
        return hash(self.language)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of a key with its placeholders filled.

        Raises
        ------
        KeyError
            No such key: a defect of the program, found by the tests.
        """
        text = self._texts[key]
        return text.format_map(values) if values else text

    def has(self, key: str) -> bool:
        """Return whether the key has a text."""
        return key in self._texts

    def count(self, key: str, n: int, **values: object) -> str:
        """Return ``key.one`` or ``key.other`` by the plural rule of the language, with ``{n}``."""
        return self.count_pair(key, n, n, **values)

    def count_pair(self, key: str, lower: float, upper: float, **values: object) -> str:
        """Return the same for a lower and an upper bound: ``4-9 units``."""
        rule = Locale.parse(self._locale).plural_form(upper)
        form = rule if self.has(f"{key}.{rule}") else "other"
        return self(f"{key}.{form}", n=self.pair(lower, upper), **values)

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with the separators of the language; NaN is the word for not known."""
        if math.isnan(value):
            return self("value.unknown")
        if math.isinf(value):
            return self("value.unreachable")
        if not digits:
            return _formatted(round(value), "#,##0", self._locale)
        return _formatted(value, "#,##0." + "0" * digits, self._locale)

    def significant(self, value: float, figures: int = 2) -> str:
        """Return a number rounded to some significant figures, for what the data cannot know better."""
        if not math.isfinite(value) or value == 0:
            return self.number(value)
        places = figures - 1 - math.floor(math.log10(abs(value)))
        return self.number(round(value, places), max(0, places))

    def pair(self, lower: float, upper: float, digits: int = 0, unit: str = "") -> str:
        """Return a lower and upper bound as ``62-71 %``, or one value where both agree."""
        low, high = self.number(lower, digits), self.number(upper, digits)
        text = low if low == high else f"{low}{DASH}{high}"
        return f"{text}\N{NO-BREAK SPACE}{unit}" if unit and math.isfinite(upper) else text

    def percent(self, lower: float, upper: float | None = None, digits: int = 0) -> str:
        """Return a share in [0, 1] (or a pair of shares) in percent.

        Only nothing reads 0 %, and only everything 100 %: a little is ``<1 %``, nearly all ``>99 %``, a
        span up to there ``92 to over 99 %``.
        """
        shares = (lower, lower if upper is None else upper)
        if not all(map(math.isfinite, shares)):
            return self.pair(100 * shares[0], 100 * shares[1], digits, "%")
        low, high = (self._percent(share, digits) for share in sorted(shares))
        if low == high or high.startswith("<"):
            text = high
        elif low.startswith(">"):
            text = low
        elif high.startswith(">"):
            text = f"{low} {self('word.to')} {self('word.over')} {high[1:]}"
        else:
            text = f"{low}{DASH}{high}"
        return f"{text}\N{NO-BREAK SPACE}%"

    def _percent(self, share: float, digits: int) -> str:
        text, step = self.number(100 * share, digits), 10.0**-digits
        if share > _NOTHING and text == self.number(0, digits):
            return f"<{self.number(step, digits)}"
        if share < 1 - _NOTHING and text == self.number(100, digits):
            return f">{self.number(100 - step, digits)}"
        return text

    def duration(self, minutes: float) -> str:
        """Return minutes in words: ``45 min``, ``4 h``, ``4 h 30 min``."""
        if not math.isfinite(minutes):
            return self.number(minutes)
        hours, rest = divmod(round(minutes), 60)
        parts = [f"{self.number(hours)}\N{NO-BREAK SPACE}h"] if hours else []
        if rest or not hours:
            parts.append(f"{rest}\N{NO-BREAK SPACE}min")
        return "\N{NO-BREAK SPACE}".join(parts)

    def span(self, first: int, last: int) -> str:
        """Return a range of years."""
        return str(first) if first == last else f"{first}{DASH}{last}"

    def date(self, day: dt.date) -> str:
        """Return a day in words."""
        return str(format_date(day, "long", locale=self._locale))

    def period(self, text: object) -> str:
        """Return a period as the data state it, such as ``2025-01 to 2025-11``, in words: ``Jan-Nov 2025``.

        A text of another form is returned as it is; None becomes the empty text.
        """
        first, _, last = ("" if text is None else str(text)).partition(" to ")
        start, end = _PERIOD.fullmatch(first), _PERIOD.fullmatch(last)
        if not start or (last and not end):
            return f"{first} {DASH} {last}" if last else first
        if not end:
            return self._moment(start)
        if start["month"] and end["month"] and start["year"] == end["year"]:
            return f"{self._month(start)}{DASH}{self._moment(end)}"
        return f"{self._moment(start)} {DASH} {self._moment(end)}"

    def _moment(self, part: re.Match[str]) -> str:
        if part["until"]:
            return self.span(int(part["year"]), int(part["until"]))
        if part["quarter"]:
            return self(f"period.quarter.{part['quarter']}", year=part["year"])
        return f"{self._month(part)} {part['year']}" if part["month"] else part["year"]

    def _month(self, part: re.Match[str]) -> str:
        return str(get_month_names("abbreviated", locale=self._locale)[int(part["month"])])

    def join(self, items: list[str]) -> str:
        """Return a list as words: ``a, b and c``."""
        if len(items) < 2:
            return "".join(items)
        last = self("list.last", a=items[-2], b=items[-1])
        return ", ".join([*items[:-2], last])


@lru_cache(maxsize=1 << 16)
def _formatted(value: float, pattern: str, locale: str) -> str:
    return str(format_decimal(value, pattern, locale=locale))


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language, keys joined by dots."""
    raw = resources.files("capgap_geo").joinpath(f"locale/{language}.json").read_text("utf-8")
    return _flat(json.loads(raw))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
