"""The command that asks what a plan would change, and which changes would help most."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pandas as pd

from capgap_geo.cli.asking import asked, question, study_of
from capgap_geo.cli.places import places_of, read_places
from capgap_geo.cli.talking import say_json, say_table, waiting
from capgap_geo.errors import DataNotFoundError, ScenarioError
from capgap_geo.files import write_file

_AIMS = ("people", "budget", "time", "everyone")
#: What a file with a question of siting says of itself.
_SITING = "capgap-siting"


@click.command(
    epilog="""\b
Examples
  capgap plan plan.json --service shelter --profile women
  capgap plan --best 3 --service police --output plan.json
  capgap plan --best 2 --aim time --min-population 20000
  capgap plan --best 2 --service shelter --profile women --places departments.csv
  capgap plan question.json
\b
A plan:      {"format": "capgap-plan", "version": 1, "name": "...", "changes": [
               {"change": "add", "service": "police", "at": "3927942"},
               {"change": "accept", "facility_id": "shelter_cusco_children", "profiles": ["women"]},
               {"change": "remove", "facility_id": "police_tacna"}]}
A question:  {"format": "capgap-siting", "aim": "people", "p": 3, "min_population": 10000}
             or with "places" in place of "min_population": ids of places, or points as [lon, lat]
Places:      a JSON list of these, or a CSV file with a column place_id, or lon and lat;
             for shelters department_id: they are never placed more closely
"""
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@question
@click.option(
    "--best", type=click.IntRange(1, 20), metavar="N", help="Search the N changes that serve an aim best."
)
@click.option(
    "--aim", type=click.Choice(_AIMS), default="people", show_default=True, help="What they should achieve."
)
@click.option(
    "--min-population", type=float, default=10_000.0, show_default=True, help="Smallest town that is tried."
)
@click.option(
    "--places",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Candidates of your own, instead of towns by their size.",
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the plan as JSON, for the app or for this command.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(
    file: Path | None, best: int | None, aim: str, min_population: float, places: Path | None,
    output: Path | None, as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """Say what a plan changes, or find the best.

    FILE holds a plan, or a question of siting.
    """
    wanted = _question(file, best, aim, min_population)
    if places is not None:
        if wanted is None:
            raise click.UsageError("--places says where to search: give --best N or a question too")
        wanted = replace(wanted, places=read_places(places))
    if wanted is None and file is None:
        raise click.UsageError("give a plan or a question as FILE, or --best N")
    what = asked(options)
    if what.area:
        raise click.UsageError("a plan is counted for the whole country; leave --area out")
    with waiting("Reading the data"):
        study = study_of(options.get("folder"))
    with waiting("Searching" if wanted else "Computing"):
        found = _searched(study, what, wanted) if wanted else _read(study, file, what.lang)
        before, after = _answers(study, what, found["plan"])
    if output is not None:
        write_file(output, _file(study, what, found, (before, after)).encode())
    if as_json:
        told = _told(study, before, after, found["plan"], what.lang)
        say_json({k: v for k, v in found.items() if k != "plan"} | told)
    else:
        _say(study, found, before, after, what.lang)


def _question(file: Path | None, best: int | None, aim: str, min_population: float) -> Any:
    """Return the question of siting that the options or the file ask; None for a plan."""
    from capgap_geo.analysis.proposal import Question

    if best is not None:
        return Question(aim=aim, p=best, min_population=min_population)  # type: ignore[arg-type]
    if file is None:
        return None
    try:
        raw = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise ScenarioError(f"{file}: not valid JSON ({error})", code="plan_file") from None
    if not isinstance(raw, dict) or raw.get("format") != _SITING:
        return None
    known = {k: v for k, v in raw.items() if k in Question.__dataclass_fields__}
    if known.get("aim", "people") not in _AIMS:
        raise ScenarioError(
            f"{file}: aim: found {known['aim']!r}, use one of {', '.join(_AIMS)}", code="plan_file"
        )
    if "places" in known:
        known["places"] = places_of(known["places"], f"{file}: places")
    return Question(**known)


def _searched(study: Any, what: Any, wanted: Any) -> dict[str, Any]:
    from capgap_geo.analysis.plan import MOST_CHANGES
    from capgap_geo.analysis.proposal import Aim, Question, propose

    proposal = propose(study, what.scenario, Question(**{**_fields(wanted), "aim": Aim(wanted.aim)}))
    return {
        "name": f"{wanted.aim} {wanted.p}", "plan": proposal.plan[:MOST_CHANGES],
        "left_out": max(len(proposal.plan) - MOST_CHANGES, 0), "proven": proposal.siting.proven,
        "objective": proposal.siting.objective, "bound": proposal.siting.bound,
        "candidates": proposal.offered,
    }  # fmt: skip


def _fields(wanted: Any) -> dict[str, Any]:
    return {name: getattr(wanted, name) for name in type(wanted).__dataclass_fields__}


def _read(study: Any, file: Path | None, lang: str) -> dict[str, Any]:
    from capgap_geo.analysis.plan import from_json
    from capgap_geo.analysis.whatif import check
    from capgap_geo.i18n import Translator
    from capgap_geo.render.plan_words import problem

    if file is None:
        raise DataNotFoundError("plan: no file")
    name, changes, unread = from_json(file.read_text("utf-8"))
    usable, problems = check(study, changes)
    found = [*unread, *problems]
    if found:
        t = Translator(lang)
        said = " ".join(problem(study, t, one) for one in found)
        raise ScenarioError(f"{file}: {said}", code="plan", details={"problems": found})
    return {"name": name, "plan": usable}


def _file(study: Any, what: Any, found: dict[str, Any], answers: tuple[Any, Any]) -> str:
    from capgap_geo.i18n import Translator
    from capgap_geo.render.plan_file import plan_file

    return plan_file(study, found["name"], found["plan"], answers, Translator(what.lang))


def _answers(study: Any, what: Any, changes: Any) -> tuple[Any, Any]:
    """Return the answers before and after a plan."""
    from capgap_geo.analysis.assess import assess
    from capgap_geo.analysis.whatif import apply

    return assess(study, what.scenario), assess(study, what.scenario, facilities=apply(study, changes))


def _told(study: Any, before: Any, after: Any, changes: Any, lang: str) -> dict[str, Any]:
    """Return what a plan changes as values for programs: persons newly within reach, negative if fewer."""
    from capgap_geo.analysis.whatif import difference
    from capgap_geo.i18n import Translator
    from capgap_geo.render.brief_words import change_text

    t, gained = Translator(lang), difference(before, after)
    names = before.departments["department_name"]
    return {
        "changes": [{"change": str(c), "text": change_text(study, c, t)} for c in changes],
        "people": list(gained.people), "area_km2": list(gained.area_km2), "zones": list(gained.zones),
        "departments": [
            {"department_id": d, "department_name": names[d], "people": list(people)}
            for d, people in _moved(before, after)
        ],
    }  # fmt: skip


def _moved(before: Any, after: Any) -> list[tuple[str, tuple[float, float]]]:
    """Return the departments in which a plan changes something, with the persons newly within reach."""
    from capgap_geo.analysis.whatif import difference

    pairs = [(str(d), difference(before, after, department=str(d)).people) for d in before.departments.index]
    return [(d, people) for d, people in pairs if max(map(abs, people)) >= 1]


def _say(study: Any, found: dict[str, Any], before: Any, after: Any, lang: str) -> None:
    """Print what the page says of a plan, as finely as it says it."""
    from capgap_geo.analysis.whatif import difference
    from capgap_geo.i18n import Translator
    from capgap_geo.render import plan_words, story

    t = Translator(lang)
    click.echo(plan_words.headline(before, after, t, plan=found["plan"]))
    if "proven" in found:
        click.echo(t("plan.proven" if found["proven"] else "plan.not_proven"))
    if found.get("left_out"):
        n, gain = t.number(len(found["plan"])), difference(before, after).people
        click.echo(t("plan.put_part", most=n, n=n, gain=story.people_pair(t, *gain)))
    click.echo()
    for change in found["plan"]:
        click.echo(f"{change}  {plan_words.change(study, t, change)}")
    click.echo()
    head = [t(f"plan.table.{name}") for name in ("what", "before", "after", "change")]
    say_table(pd.DataFrame(plan_words.comparison(before, after, t), columns=head))
    names = before.departments["department_name"]
    rows = [(names[d], plan_words.change_pair(t, *people)) for d, people in _moved(before, after)]
    if rows:
        click.echo()
        say_table(pd.DataFrame(rows, columns=[t("deserts.department"), t("plan.departments_change")]))
