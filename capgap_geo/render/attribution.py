"""Who made the data of a view, in one line each."""

from __future__ import annotations

import re

from capgap_geo.i18n import Translator
from capgap_geo.model import Source, Study
from capgap_geo.sources.uploads.upload import BROUGHT, UNSOURCED

#: Packages whose producers stand on every map.
GROUND = ("boundaries", "travel", "population")
#: Tables that the project compiled name their sources themselves.
_OURS = "CapGap"
#: How a maker came by it, as ", citing MAAP"; and what stands in brackets behind a name.
_HOW = re.compile(r", [a-z].*$")
_ASIDE = re.compile(r"^(.*) \((.*)\)$")
_ACRONYM = re.compile(r"[A-ZÁÉÍÓÚÑ]{3,8}")


def line(source: Source, t: Translator) -> str:
    """Return a source as one line: producer, title and year."""
    if is_brought(source.source_id):
        return cited(source, t)
    return f"{producer(source, t)}: {title(source, t)} ({year(source, t)})"


def cited(source: Source, t: Translator) -> str:
    """Return a source as briefly as a figure is sourced: producer and year."""
    return f"{producer(source, t)}, {year(source, t)}"


def year(source: Source, t: Translator) -> str:
    """Return the year in which a source was published, or the mark of an undated one."""
    return (source.date_published or "")[:4] or t("source.undated")


def is_brought(source_id: str) -> bool:
    """Return whether a source stands for data that a user brought."""
    return source_id.startswith((BROUGHT, UNSOURCED))


def producer(source: Source, t: Translator) -> str:
    """Return who made a source; of a user's own data, that it is theirs, and whether it is unsourced."""
    if not is_brought(source.source_id):
        return (source.producer_es if t.language == "es" else "") or source.producer
    if source.source_id.startswith(UNSOURCED):
        return t("own.unsourced")
    return t("own.stated", source=source.title)


def title(source: Source, t: Translator) -> str:
    """Return the title of a source; of a user's own data, that they are theirs."""
    if is_brought(source.source_id):
        return t("own.title")
    return (source.title_es if t.language == "es" else "") or source.title


def makers(source: Source, t: Translator) -> list[str]:
    """Return the makers of a source by their short names; the project itself and the user sign elsewhere.

    A name becomes its acronym, and what only says how a maker came by it is left out.
    """
    if is_brought(source.source_id) or _OURS in source.producer:
        return []
    return [_short(part.strip()) for part in producer(source, t).split(";")]


def _short(name: str) -> str:
    name = _HOW.sub("", name)
    aside = _ASIDE.match(name)
    if aside is None:
        return name
    return aside[2] if _ACRONYM.fullmatch(aside[2]) else aside[1]


def brought(study: Study, t: Translator) -> tuple[str, ...]:
    """Return one line on the data that a user brought into a study; none where there are none.

    Every map, picture and file made from them carries it.
    """
    own = [s for s in study.sources.values() if is_brought(s.source_id)]
    names = dict.fromkeys(producer(s, t) for s in own)
    return (t("own.credit", sources="; ".join(names)),) if own else ()


def lines(study: Study, t: Translator) -> tuple[str, ...]:
    """Return the credits of a map: its ground's makers, and where the sources of its facts are listed."""
    ground = [s for s in study.sources.values() if s.package in GROUND]
    names = dict.fromkeys(name for source in ground for name in makers(source, t))
    return (t("credit.ground", producers="; ".join(names)), t("credit.facts"), *brought(study, t))
