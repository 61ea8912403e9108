"""The command that asks what a plan would change, and which changes would help most."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pandas as pd

from capgap_geo.cli.asking import asked, question, study_of
from capgap_geo.cli.talking import on_terminal, say_json, say_table, waiting
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
  capgap plan question.json
\b
A plan:      {"format": "capgap-plan", "version": 1, "name": "...", "changes": [
               {"change": "add", "service": "police", "at": "3927942"},
               {"change": "accept", "facility_id": "shelter_cusco_children", "profiles": ["women"]},
               {"change": "remove", "facility_id": "police_tacna"}]}
A question:  {"format": "capgap-siting", "aim": "people", "p": 3, "min_population": 10000}
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
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write the plan as JSON, for the app or for this command.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(
    file: Path | None, best: int | None, aim: str, min_population: float, output: Path | None, as_json: bool,
    **options: Any,
) -> None:  # fmt: skip
    """Say what a plan changes, or find the best.

    FILE holds a plan, or a question of siting.
    """
    wanted = _question(file, best, aim, min_population)
    if wanted is None and file is None:
        raise click.UsageError("give a plan or a question as FILE, or --best N")
    what = asked(options)
    with waiting("Reading the data"):
        study = study_of(options.get("folder"))
    with waiting("Searching" if wanted else "Computing"):
        found = _searched(study, what, wanted) if wanted else _read(study, file)
        told = _told(study, what, found["plan"])
    if output is not None:
        write_file(output, _file(study, what, found).encode())
    if as_json:
        say_json({k: v for k, v in found.items() if k != "plan"} | told)
    else:
        _say(found, told)


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


def _read(study: Any, file: Path | None) -> dict[str, Any]:
    from capgap_geo.analysis.plan import from_json
    from capgap_geo.analysis.whatif import check

    if file is None:
        raise DataNotFoundError("plan: no file")
    name, changes, unread = from_json(file.read_text("utf-8"))
    usable, problems = check(study, changes)
    found = [*unread, *problems]
    if found:
        raise ScenarioError(
            f"{file}: " + "; ".join(map(str, found)), code="plan", details={"problems": found}
        )
    return {"name": name, "plan": usable}


def _file(study: Any, what: Any, found: dict[str, Any]) -> str:
    from capgap_geo.analysis.assess import assess
    from capgap_geo.analysis.whatif import apply
    from capgap_geo.i18n import Translator
    from capgap_geo.render.plan_file import plan_file

    answers = (
        assess(study, what.scenario),
        assess(study, what.scenario, facilities=apply(study, found["plan"])),
    )
    return plan_file(study, found["name"], found["plan"], answers, Translator(what.lang))


def _told(study: Any, what: Any, changes: Any) -> dict[str, Any]:
    from capgap_geo.analysis.assess import assess
    from capgap_geo.analysis.whatif import apply, difference
    from capgap_geo.i18n import Translator
    from capgap_geo.render.brief_words import change_text

    before = assess(study, what.scenario)
    after = assess(study, what.scenario, facilities=apply(study, changes))
    t = Translator(what.lang)
    gained = difference(before, after)
    names = before.departments["department_name"]
    return {
        "changes": [{"change": str(c), "text": change_text(study, c, t)} for c in changes],
        "people": list(gained.people), "area_km2": list(gained.area_km2), "zones": list(gained.zones),
        "departments": [
            {"department_id": d, "department_name": names[d], "people": list(people)}
            for d in names.index
            if max(map(abs, people := difference(before, after, department=str(d)).people)) >= 1
        ],
    }  # fmt: skip


def _say(found: dict[str, Any], told: dict[str, Any]) -> None:
    for change in told["changes"]:
        click.echo(f"{change['change']}  {change['text']}")
    if "proven" in found and on_terminal():
        click.echo("proven best" if found["proven"] else "not proven best in the time given", err=True)
    if found.get("left_out"):
        click.echo(
            f"a plan holds {len(told['changes'])} changes: these help most, {found['left_out']} are left out"
        )
    low, high = told["people"]
    click.echo(f"people newly within reach: {low:,.0f} to {high:,.0f}")
    click.echo("mining zones newly within reach: {} to {}".format(*told["zones"]))
    rows = [(d["department_name"], *(f"{v:,.0f}" for v in d["people"])) for d in told["departments"]]
    if rows:
        click.echo()
        say_table(pd.DataFrame(rows, columns=["department", "people, at least", "people, at most"]))
