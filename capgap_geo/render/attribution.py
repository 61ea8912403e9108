"""Who made the data of a view, in one line each."""

from __future__ import annotations

from capgap_geo.i18n import Translator
from capgap_geo.model import Source, Study
from capgap_geo.sources.uploads.upload import BROUGHT, UNSOURCED

#: Packages whose producers stand on every map.
GROUND = ("boundaries", "travel", "population")


def line(source: Source, t: Translator) -> str:
    """Return a source as one line: producer, title and year."""
    year = (source.date_published or "")[:4] or t("source.undated")
    if is_brought(source.source_id):
        return f"{producer(source, t)} ({year})"
    return f"{source.producer}: {source.title} ({year})"


def is_brought(source_id: str) -> bool:
    """Return whether a source stands for data that a user brought."""
    return source_id.startswith((BROUGHT, UNSOURCED))


def producer(source: Source, t: Translator) -> str:
    """Return who made a source; of a user's own data, that it is theirs, and whether it is unsourced."""
    if not is_brought(source.source_id):
        return source.producer
    if source.source_id.startswith(UNSOURCED):
        return t("own.unsourced")
    return t("own.stated", source=source.title)


def title(source: Source, t: Translator) -> str:
    """Return the title of a source; of a user's own data, that they are theirs."""
    return t("own.title") if is_brought(source.source_id) else source.title


def brought(study: Study, t: Translator) -> tuple[str, ...]:
    """Return one line on the data that a user brought into a study; none where there are none.

    Every map, picture and file made from them carries it.
    """
    own = [s for s in study.sources.values() if is_brought(s.source_id)]
    names = dict.fromkeys(producer(s, t) for s in own)
    return (t("own.credit", sources="; ".join(names)),) if own else ()


def lines(study: Study, t: Translator) -> tuple[str, ...]:
    """Return the credits of a map: the producers of its ground, and where the facts are listed."""
    ground = [s.producer for s in study.sources.values() if s.package in GROUND]
    return (
        t("credit.ground", producers="; ".join(dict.fromkeys(ground))),
        t("credit.facts", count=len(study.sources)),
        *brought(study, t),
    )
