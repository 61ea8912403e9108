"""What the upload library says by code, in the reader's language; values it quotes are harmless already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from capgap_geo.i18n import Translator
from capgap_geo.sources.uploads import Note


def note_text(note: Note, t: Translator) -> str:
    """Return something that was understood, changed or left out."""
    return t(f"upload.note.{note.code}", **said(note.values, t))


def problem_text(code: str, values: Mapping[str, Any], t: Translator) -> str:
    """Return what is wrong with one value."""
    return t(f"upload.problem.{code}", **said(values, t))


def problem_column(column: str, values: Mapping[str, Any], t: Translator) -> str:
    """Return the column of a problem as the file calls it; of a field that has none, the field's name."""
    return _fields(values["field"], t) if "field" in values else column


def remedy_text(code: str, values: Mapping[str, Any], t: Translator) -> str:
    """Return what to do about one value."""
    return t(f"upload.remedy.{code}", **said(values, t))


def said(values: Mapping[str, Any], t: Translator) -> dict[str, Any]:
    """Return the values of a sentence: keys as words, numbers as the language writes them."""
    return {name: _SAY.get(name, _plain)(value, t) for name, value in values.items()}


def _plain(value: Any, t: Translator) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return t.number(value) if float(value).is_integer() else t.significant(value, 3)
    return _word(str(value), t)


def _named(group: str) -> Callable[[Any, Translator], str]:
    return lambda value, t: t(f"{group}.{value}") if t.has(f"{group}.{value}") else str(value)


def _fields(value: Any, t: Translator) -> str:
    say = _named("upload.field")
    return t.join([say(name.strip(), t) for name in str(value).split(",")])


def _known(value: Any, t: Translator) -> str:
    return ", ".join(_word(word.strip(), t) for word in str(value).split(","))


def _word(word: str, t: Translator) -> str:
    """Return a service or group by its name, which the file may hold as well; any other word as it is."""
    for key in (f"service.{word}.name", f"profile.{word}.name", f"upload.kind.{word}", f"upload.word.{word}"):
        if t.has(key):
            return t(key)
    return word


def _format(value: Any, t: Translator) -> str:
    key = f"upload.format.{str(value).lower()}"
    return t(key) if t.has(key) else t("upload.format.other")


_SAY: Mapping[str, Callable[[Any, Translator], str]] = {
    "field": _fields,
    "fields": _fields,
    "known": _known,
    "kind": _named("upload.kind"),
    "format": _format,
}
