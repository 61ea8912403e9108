"""What every file says of itself: the question, the sources, the terms, the date, what figures mean."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario, Service, Source, Study
from capgap_geo.render import attribution, licences, story
from capgap_geo.render.mapspec import MapSpec
from capgap_geo.render.publish import map_spec, note, permalink
from capgap_geo.render.scene import Choice
from capgap_geo.render.used import used


def version() -> str:
    """Return the version of the program."""
    # The package is loaded whenever a module of it is; naming it here would turn the imports around.
    root = sys.modules[__name__.partition(".")[0]]
    return str(getattr(root, "__version__", ""))


@dataclass(frozen=True, eq=False)
class Edition:
    """One answer, ready to be written to files in one language.

    Parameters
    ----------
    study, answer, t
        The data, what they say, and in which language.
    choice
        What the reader chose to see.
    base
        Public address of the app, if it has one.
    date
        Day of the edition; it is the only thing in its files that time changes.
    """

    study: Study
    answer: Assessment
    t: Translator
    choice: Choice = field(default_factory=Choice)
    base: str = ""
    date: dt.date = field(default_factory=dt.date.today)

    @cached_property
    def spec(self) -> MapSpec:
        """The map for paper and pictures."""
        return map_spec(self.study, self.answer, self.t, choice=self.choice, base=self.base)

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources that this result and its tables rest on, and no others."""
        return tuple(used(self.study, self.answer, registries=True))

    @property
    def link(self) -> str:
        """The permalink of the view; empty where nobody said at which address the app is."""
        if not self.base:
            return ""
        scenario, choice = self.answer.scenario, self.choice
        return permalink(scenario, self.t.language, base=self.base, area=choice.area, paint=choice.paint)

    @property
    def title(self) -> str:
        """The title of the result."""
        return self.choice.title or self.t("app.tagline")

    @property
    def headline(self) -> str:
        """The sentence that the numbers make."""
        return story.headline(self.study, self.answer, self.t, area=self.choice.area)

    @cached_property
    def note(self) -> str:
        """What must stand below the headline."""
        return note(self.study, self.answer, self.t, area=self.choice.area)

    @property
    def meaning(self) -> str:
        """What the figures mean, and what they do not."""
        said = [*self._notes(), self.t("export.meaning")]
        if self.answer.scenario.service is Service.SHELTER:
            said.append(self.t("export.meaning_shelter"))
        return " ".join(said)

    def _notes(self) -> list[str]:
        """Return the notes of the headline and, where that is of a part, of the country that tables hold."""
        name = story.area_row(self.answer, self.choice.area)[1]
        notes = {note(self.study, self.answer, self.t): self.t("brief.country"), self.note: name}
        told = {text: where for text, where in notes.items() if text}
        if not name:
            return list(told)
        return [self.t("export.note_of", name=where, note=text) for text, where in reversed(told.items())]

    @cached_property
    def licences(self) -> tuple[str, ...]:
        """The terms of the data used, one line per kind of data."""
        lines = []
        stated = licences.terms(self.study)
        for package in dict.fromkeys(source.package for source in self.sources):
            terms = stated.get(package)
            if terms is not None:
                pairs = ((licences.said(title, self.t), path) for title, path in terms.licences.values())
                names = "; ".join(" ".join(filter(None, pair)) for pair in pairs)
                lines.append(f"{self.t(f'print.package.{package}')}: {names}")
        return tuple(lines)

    def licence_of(self, source: Source) -> str:
        """Return the licence that a source states, or that none is stated."""
        terms = licences.terms(self.study).get(source.package)
        found = terms.sources.get(source.source_id, "") if terms else ""
        return licences.said(found, self.t) if found else self.t("export.no_licence")

    def facts(self) -> dict[str, str]:
        """Return what a file says of itself, as texts by name: for metadata of every format."""
        return {
            "title": self.title,
            "headline": self.headline,
            "meaning": self.meaning,
            "scenario": self.answer.scenario.to_query() or "service=police",
            "link": self.link,
            "version": version(),
            "data_fingerprint": self.answer.fingerprint,
            "date": self.date.isoformat(),
            "language": self.t.language,
            "sources": "; ".join(source_line(source, self.t) for source in self.sources),
            "licences": "; ".join(self.licences),
        }

    def file_name(self, what: str, extension: str) -> str:
        """Return a name that tells the question, as ``capgap_police_everyone_240min_departments.csv``."""
        return f"{slug(self.answer.scenario, self.choice.area)}_{what}.{extension}"


def slug(scenario: Scenario, area: str = "") -> str:
    """Return a question as the beginning of a file name."""
    unit = "min" if scenario.measure == "travel_time" else "km"
    parts = [
        "capgap",
        scenario.service,
        scenario.profile,
        f"{scenario.threshold:g}{unit}",
        area.replace(":", ""),
    ]
    return "_".join(part for part in parts if part)


def source_line(source: Source, t: Translator) -> str:
    """Return a source as one line: producer, year, title, address."""
    who, year, what = (say(source, t) for say in (attribution.producer, attribution.year, attribution.title))
    return f"{who} ({year}). {what}." + (f" {source.url}" if source.url else "")


def scenario_json(edition: Edition) -> str:
    """Return the question and what answered it, for whoever wants to ask it again."""
    data: Mapping[str, Any] = {
        "scenario": asdict(edition.answer.scenario),
        "area": edition.choice.area,
        "paint": str(edition.choice.paint),
        "language": edition.t.language,
        "link": edition.link,
        "capgap_version": version(),
        "data_fingerprint": edition.answer.fingerprint,
        "date": edition.date.isoformat(),
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def citation(edition: Edition) -> str:
    """Return how to cite a result, after APA, and the lines that its data ask for.

    Only what this result used is listed.
    """
    t = edition.t
    lines = [t("cite.title"), "", apa(edition), "", t("cite.data"), ""]
    lines += [f"* {source_line(s, t)} [{edition.licence_of(s)}]" for s in edition.sources]
    return "\n".join([*lines, "", t("cite.licences"), "", *(f"* {line}" for line in edition.licences), ""])


def apa(edition: Edition) -> str:
    """Return how to cite a result, after APA, as one line."""
    link = edition.link if edition.base else ""
    return edition.t(
        "cite.apa", year=edition.date.year, headline=edition.headline.rstrip("."), version=version(),
        data=edition.answer.fingerprint[:12], link=f" {link}" if link else "",
    )  # fmt: skip


def bibtex(edition: Edition) -> str:
    """Return the entry of a result for BibTeX."""
    question = edition.answer.scenario.to_query() or "service=police"
    own = attribution.brought(edition.study, edition.t)
    note = _tex("; ".join([question, f"data {edition.answer.fingerprint[:12]}", *own]))
    fields = {
        "author": "{{CapGap Geo}}",
        "title": f"{{{_tex(edition.headline.rstrip('.'))}}}",
        "year": f"{{{edition.date.year}}}",
        "month": f"{{{edition.date.month}}}",
        "version": f"{{{version()}}}",
        "note": f"{{{note}}}",
        "language": f"{{{edition.t.language}}}",
    }
    if edition.base:
        fields["url"] = f"{{{edition.link}}}"
    body = ",\n".join(f"  {key} = {value}" for key, value in fields.items())
    return f"@misc{{{slug(edition.answer.scenario, edition.choice.area)}_{edition.date.year},\n{body}\n}}\n"


def _tex(text: str) -> str:
    """Escape what TeX would read as a command; also a user's own words stand in an entry."""
    words = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(words.get(c, f"\\{c}" if c in "&%$#_{}" else c) for c in text)
