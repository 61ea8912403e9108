"""How a question is asked on the command line: the names of the URL, or the URL itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

import click

from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import DEFAULT_LANGUAGE, LANGUAGES
from capgap_geo.model import MAPPED, Demand, Evidence, Measure, Profile, Scenario, Service

if TYPE_CHECKING:
    from capgap_geo.model import Study
    from capgap_geo.render.about import Edition

F = TypeVar("F", bound=Callable[..., Any])
PAINTS = ("desert", "surface", "department", "province")
_VIEW = ("area", "paint", "lang", "title")
#: What a link of the app also says, and no file shows.
_SCREEN = ("view", "at", "size", "show", "embed", "embed_options")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command was asked: the question, and how the answer is to be shown."""

    scenario: Scenario
    lang: str
    area: str
    paint: str
    title: str
    base: str


def question(command: F) -> F:
    """Give a command the options of a question."""
    options = [
        click.option("--from", "url", metavar="URL", help="Take all from a link; other options come on top."),
        _choice("--service", Service, "Which help. Default: police.", shown=MAPPED),
        _choice("--profile", Profile, "For whom. Default: everyone."),
        _choice("--measure", Measure, "Default: travel_time."),
        click.option("--threshold", type=float, metavar="NUMBER",
                     help="Within reach: minutes (default 240), or km for straight_line (default 100)."),
        _choice("--evidence", Evidence, "What the map draws. Default: reported."),
        _choice("--demand", Demand, "Spread of rural people. Default: near_access."),
        click.option("--oldest", type=int, metavar="YEAR", help="Leave out older records."),
        click.option("--friction", metavar="NAME", help="Travel-time surface. Default: shipped."),
        click.option("--area", metavar="d:ID|p:ID|z:ID", help="A department, province or zone: d:17."),
        _choice("--lang", LANGUAGES, f"Language of the result. Default: {DEFAULT_LANGUAGE}."),
        click.option("--base", metavar="URL", help="Public address of the app, for links and QR codes."),
        click.option("--study", "folder", type=click.Path(exists=True, path_type=Path),
                     metavar="FOLDER|ZIP", help="Data of your own, as `capgap import` writes them."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def _choice(name: str, values: Iterable[str], text: str, *, shown: Iterable[str] = ()) -> Callable[[F], F]:
    """Return an option that takes some values; one that is taken but not shown is refused with a reason."""
    metavar = f"[{'|'.join(shown)}]" if shown else None
    return click.option(name, type=click.Choice([str(v) for v in values]), help=text, metavar=metavar)


def asked(options: Mapping[str, Any]) -> Asked:
    """Return what the options ask; those of a link first, others on top.

    Raises
    ------
    ScenarioError
        With everything that is unknown or out of range.
    """
    parts, given = _read(options.get("url") or "")
    names = [f.name for f in fields(Scenario)]
    for name in sorted(set(given) - {*names, *_VIEW, *_SCREEN}):
        click.echo(f"capgap: {name}: stands in the link and is not used here", err=True)
    given |= {k: str(v) for k, v in options.items() if k in (*names, *_VIEW) and v is not None}
    lang, paint = given.get("lang", DEFAULT_LANGUAGE), given.get("paint", PAINTS[0])
    scenario = Scenario.from_query(given)
    _check(lang, paint, scenario)
    origin = f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.scheme else ""
    return Asked(
        scenario, lang, given.get("area", ""), paint, given.get("title", ""),
        options.get("base") or origin,
    )  # fmt: skip


def _read(link: str) -> tuple[SplitResult, dict[str, str]]:
    """Return the parts of a link, or of its query alone, and what it asks by name."""
    parts = urlsplit(link if "?" in link or "://" in link else f"?{link}")
    given = dict(parse_qsl(parts.query))
    if link and not given and not parts.scheme:
        raise ScenarioError(f"from: found {link!r}, use a link of the app, or what stands behind its ?")
    return parts, given


def _check(lang: str, paint: str, scenario: Scenario) -> None:
    problems = [
        f"{name}: found {found!r}, use one of {', '.join(known)}"
        for name, found, known in (("lang", lang, LANGUAGES), ("paint", paint, PAINTS))
        if found not in known
    ]
    if scenario.service not in MAPPED:
        problems.append(
            f"service: {scenario.service} has hundreds of centres whose positions are not in the data, so a "
            f"map of the few on record would be false; use one of {', '.join(MAPPED)}"
        )
    if problems:
        raise ScenarioError("; ".join(problems), details={"problems": problems})


def study_of(folder: Path | None) -> Study:
    """Return the study in a folder, in a ZIP that `capgap import` wrote, or the shipped one."""
    if folder is None:
        return _shipped()
    if folder.is_file():
        from capgap_geo.sources.uploads import load_saved

        return load_saved(folder.read_bytes()).study
    from capgap_geo.sources.study import load_study

    return load_study(folder)


@lru_cache(maxsize=1)
def _shipped() -> Study:
    from capgap_geo.sources.study import load_study

    return load_study()


def edition_of(options: Mapping[str, Any]) -> Edition:
    """Return the answer to what the options ask, ready to be written.

    Raises
    ------
    ScenarioError
        The question, or the area, cannot be used.
    """
    from capgap_geo.analysis.assess import assess
    from capgap_geo.i18n import Translator
    from capgap_geo.render.about import Edition
    from capgap_geo.render.scene import Choice, Paint

    what = asked(options)
    study = study_of(options.get("folder"))
    _check_area(study, what.area)
    choice = Choice(paint=Paint(what.paint), area=what.area, framed=what.area, title=what.title)
    answer = assess(study, what.scenario)
    return Edition(study, answer, Translator(what.lang), choice=choice, base=what.base)


def _check_area(study: Study, area: str) -> None:
    if not area:
        return
    kind, _, name = area.partition(":")
    known = {
        "d": study.departments["department_id"], "p": study.provinces["province_id"],
        "z": study.zones["zone_id"]
    }  # fmt: skip
    if kind not in known:
        raise ScenarioError(f"area: found {area!r}, use d:<id>, p:<id> or z:<id>", code="area")
    if name not in set(known[kind]):
        some = ", ".join(sorted(known[kind])[:8])
        raise ScenarioError(f"area: found {area!r}, no such id; known are {some}, ...", code="area")
