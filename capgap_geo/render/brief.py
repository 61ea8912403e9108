"""A two-page PDF of a department, a mining zone or the country: tagged, in Spanish or English."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import segno
import typst

from capgap_geo.analysis.advice import Gain, best_changes, best_together
from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.recall import kept_with_answer
from capgap_geo.analysis.standing import standings
from capgap_geo.errors import CapGapError, ScenarioError
from capgap_geo.model import Study
from capgap_geo.render import figures, story, theme
from capgap_geo.render.about import Edition
from capgap_geo.render.brief_words import Advice, Part, Standing, advice_of, parts, standing_of
from capgap_geo.render.card import card
from capgap_geo.render.figure import alt_text, panel_svg
from capgap_geo.render.print_fonts import FOLDER
from capgap_geo.render.print_page import PER_INCH
from capgap_geo.render.publish import credit_lines

_TEMPLATE = Path(__file__).with_name("brief.typ")
#: Sizes that are tried until all fits on two pages, as shares of the wanted one.
_SHARES = (1.0, 0.96, 0.92, 0.88, 0.84, 0.8, 0.76, 0.72, 0.68)
PAGES = 2
#: The map on the page, in millimetres, and the size of its text in pixels.
_MAP = (178.0, 92.0)
_MAP_TEXT = 10.2
_COLOURS = {"ink": theme.INK, "soft": theme.INK_SOFT, "rule": theme.RULE, "accent": theme.ACCENT}


def brief(
    edition: Edition,
    *,
    standing: Standing | None = None,
    standings: pd.DataFrame | None = None,
    advice: Sequence[Advice] | None = None,
) -> bytes:
    """Return the brief of an edition's area as a tagged PDF (PDF/UA-1) of two pages of A4.

    Parameters
    ----------
    edition
        Its `choice.area` is ``d:17`` (a department), ``z:la_pampa`` (a mining zone) or empty (the country).
    standing
        Rank of the department in the Capacity Gap Index, with its interval.
    standings
        For the country: the robustness table of the index, by department.
    advice
        What would help most; an empty list where nothing would, None where nobody asked.

    Raises
    ------
    ScenarioError
        Code ``area``: there is no such department or zone.
    """
    _check(edition)
    edition = replace(edition, choice=replace(edition.choice, framed=edition.choice.area))
    data = _data(edition, parts(edition, standing=standing, standings=standings, advice=advice))
    text = json.dumps(data, ensure_ascii=False)
    inputs = {"data": text, "share": str(_share(text))}
    return _compiled(inputs)


def informed_brief(edition: Edition) -> bytes:
    """Return the brief of an edition with its rank and with what would help most, computed here.

    Rank and interval are those of the Capacity Gap Index of this scenario. For a department (also that of
    a mining zone) the best single changes are told, for the country the best three together.

    Raises
    ------
    ScenarioError
        As `brief`.
    """
    _check(edition)
    study, answer = edition.study, edition.answer
    table = _standings(study, answer)
    department = story.department_of(study, edition.choice.area)
    advice = advice_of(study, _gains(study, answer, department), edition.t)
    if department is None:
        return brief(edition, standings=table, advice=advice)
    return brief(edition, standing=standing_of(table, department), advice=advice)


@kept_with_answer
def _standings(study: Study, answer: Assessment) -> pd.DataFrame:
    return standings(study, answer)


@kept_with_answer
def _gains(study: Study, answer: Assessment, department: str | None) -> Sequence[Gain]:
    if department is None:
        return tuple(best_together(study, answer))
    return tuple(best_changes(study, answer, department=department))


def _check(edition: Edition) -> None:
    area = edition.choice.area
    if area and card(edition.study, edition.answer, edition.t, area) is None:
        raise ScenarioError(
            f"area: found {area!r}, use d:<department>, p:<province>, z:<zone> or nothing for the country",
            code="area",
        )


def _data(edition: Edition, sections: Sequence[Part]) -> Mapping[str, Any]:
    """Return everything that the template prints."""
    study, t, spec = edition.study, edition.t, edition.spec
    area = edition.choice.area
    found = card(study, edition.answer, t, area) if area else None
    name = found.title if found else t("brief.country")
    kind = found.subtitle if found else t("brief.kind.country")
    public = bool(edition.base)
    makers = credit_lines(study, edition.answer, t, registries=True)
    return {
        "title": t("brief.title", name=name), "author": t("app.name"), "language": t.language,
        "date": {"year": edition.date.year, "month": edition.date.month, "day": edition.date.day},
        "colours": _COLOURS, "name": name, "kicker": t("brief.kicker", kind=kind, date=t.date(edition.date)),
        "headline": edition.headline, "subline": _subline(edition),
        "figures": [asdict(f) for f in figures.key_figures(study, edition.answer, t, area=area)],
        "map": _map(edition), "alt": alt_text(spec, t), "caption": t("brief.caption", date=spec.date),
        "sections": [asdict(section) for section in sections],
        "sources": {"title": t("brief.sources"), "lines": [*makers, spec.date, t("brief.method")]},
        "link": edition.link, "shown": edition.link.split("://")[-1],
        "code": _code(edition.link) if public else "", "code_alt": t("brief.code_alt", link=edition.link),
        "footer": t("brief.footer", name=name),
    }  # fmt: skip


def _subline(edition: Edition) -> str:
    if edition.answer.nobody_serves:
        return edition.note
    return f"{edition.note} {edition.t('brief.pair_note')}".strip()


def _map(edition: Edition) -> str:
    wide, high = (side / 25.4 * PER_INCH for side in _MAP)
    return panel_svg(edition.spec, width=wide, height=high, text=_MAP_TEXT).decode()


@lru_cache(maxsize=64)
def _code(link: str) -> str:
    buffer = BytesIO()
    segno.make(link, error="m", micro=False).save(buffer, kind="svg", border=4, xmldecl=False, light="white")
    return buffer.getvalue().decode()


def _share(text: str) -> float:
    """Return the largest share of the wanted sizes at which all fits."""
    for share in _SHARES:
        pages = typst.query(
            _TEMPLATE, "<pages>", field="value", one=True, font_paths=[FOLDER], ignore_system_fonts=True,
            sys_inputs={"data": text, "share": str(share)},
        )  # fmt: skip
        if int(json.loads(pages)) <= PAGES:
            return share
    raise CapGapError(f"The brief does not fit on {PAGES} pages", code="brief")


def _compiled(inputs: Mapping[str, str]) -> bytes:
    return typst.compile(
        _TEMPLATE,
        font_paths=[FOLDER],
        ignore_system_fonts=True,
        sys_inputs=dict(inputs),
        pdf_standards=["ua-1"],
    )
