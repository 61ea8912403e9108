"""Who made the data of a view, in one line each."""

from __future__ import annotations

from capgap_geo.i18n import Translator
from capgap_geo.model import Source, Study

#: Packages whose producers stand on every map.
GROUND = ("boundaries", "travel", "population")


def line(source: Source, t: Translator) -> str:
    """Return a source as one line: producer, title and year."""
    year = (source.date_published or "")[:4] or t("source.undated")
    return f"{source.producer}: {source.title} ({year})"


def lines(study: Study, t: Translator) -> tuple[str, ...]:
    """Return the credits of a map: the producers of its ground, and where the facts are listed."""
    ground = [s.producer for s in study.sources.values() if s.package in GROUND]
    return (
        t("credit.ground", producers="; ".join(dict.fromkeys(ground))),
        t("credit.facts", count=len(study.sources)),
    )
