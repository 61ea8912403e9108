"""Commands for data of one's own: understand and check a file, and make a study of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from capgap_geo.cli.talking import say_json, waiting, wrote
from capgap_geo.errors import UploadError

F = TypeVar("F", bound=Callable[..., Any])
_KINDS = ("facilities", "incidents", "zones", "mining", "boundaries", "population", "friction")
_SHOWN = 20


def _reading(command: F) -> F:
    """Give a command the options that say what a file holds."""
    options = [
        click.option("--kind", type=click.Choice(_KINDS), help="What the file holds; guessed if not given."),
        click.option(
            "--column", "columns", multiple=True, metavar="FIELD=COLUMN", help="Which column holds a field."
        ),
        click.option("--part", metavar="NAME", help="Sheet of a workbook or layer of a map file."),
        click.option("--crs", metavar="EPSG:CODE", help="Reference system, where the file states none."),
        click.option(
            "--unit", type=click.Choice(["min_per_km", "min_per_m"]), help="Of a travel-time surface."
        ),
        click.option("--source", metavar="TEXT", help="Who made the data."),
        click.option("--licence", metavar="TEXT", help="Under which terms."),
        click.option("--date", metavar="YYYY[-MM[-DD]]", help="Of when they are."),
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _read(file: Path, options: dict[str, Any]) -> Any:
    from capgap_geo.sources.uploads import read_upload, understand

    content = file.read_bytes()
    part, crs = options["part"], options["crs"]
    kind = options["kind"]
    if kind is None:
        kind = understand(content, file.name, part=part, crs=crs).kind
    if kind is None:
        raise UploadError(
            f"{file}: nothing says what it holds; give --kind, one of {', '.join(_KINDS)}", code="upload_kind"
        )
    pairs = [text.partition("=")[::2] for text in options["columns"]]
    return read_upload(
        content, file.name, kind=kind, mapping=dict(pairs) or None, part=part, crs=crs, unit=options["unit"],
        source=options["source"], licence=options["licence"], date=options["date"],
    )  # fmt: skip


@click.command(
    epilog="""\b
Examples
  capgap validate units.csv
  capgap validate cases.xlsx --kind incidents --part 2024
  capgap validate zones.geojson --json
"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_reading
def validate(file: Path, as_json: bool, **options: Any) -> int:
    """Check a file of your own.

    Says what it holds, what of it can be used, and everything that is wrong with it.
    """
    with waiting("Reading"):
        upload = _read(file, options)
    problems = upload.problems
    if as_json:
        say_json(
            {"file": str(file), "kind": upload.kind, "rows": upload.rows, "usable": len(upload.good),
             "unsourced": upload.unsourced, "notes": [str(n) for n in upload.notes],
             "protected": [str(n) for n in upload.generalised], "problems": problems.to_dict("records")}
        )  # fmt: skip
        return int(not upload.complete)
    click.echo(f"{file}: {upload.kind}, {upload.rows} rows, {len(upload.good)} usable")
    for note in (*upload.notes, *upload.generalised):
        click.echo(f"  {note}")
    for row in problems.head(_SHOWN).itertuples():
        where = row.column if row.row != row.row or row.row is None else f"row {row.row}, {row.column}"
        click.echo(f"  {where}: found {row.value or 'nothing'}; {row.remedy}")
    if len(problems) > _SHOWN:
        click.echo(f"  ... and {len(problems) - _SHOWN} more; --json lists all")
    return int(not upload.complete)


@click.command(
    "import",
    epilog="""\b
Examples
  capgap import units.csv --source "NGO" --licence "CC BY 4.0" --date 2026 --output mine.zip
  capgap import cases.csv --into mine.zip --output mine.zip
  capgap assess --study mine.zip --service police
""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_reading
@click.option("--into", type=click.Path(exists=True, path_type=Path), metavar="FOLDER|ZIP",
              help="The study to add to; the shipped one by default.")  # fmt: skip
@click.option("--without-bad-rows", is_flag=True, help="Give up the rows with problems.")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="ZIP",
              help="The study with the data in it.")  # fmt: skip
def import_(
    file: Path, as_json: bool, into: Path | None, without_bad_rows: bool, output: Path, **options: Any
) -> None:
    """Add a file of your own to a study.

    The study is written as a ZIP; nothing finer than allowed is kept, and it is said what was protected.
    """
    with waiting("Reading"):
        upload = _read(file, options)
    base = {} if into is None else {"base": into.read_bytes() if into.is_file() else into}
    with waiting("Writing"):
        content = _saved(upload, without_bad_rows, base)
    protected = [str(note) for note in upload.generalised]
    wrote(output, content, as_json=as_json, kind=upload.kind, rows=len(upload.good), protected=protected)
    if not as_json:
        click.echo(f"{file}: {upload.kind}, {len(upload.good)} of {upload.rows} rows")
        for line in protected or ["nothing was found that needs protection"]:
            click.echo(f"  {line}")


def _saved(upload: Any, without_bad_rows: bool, base: dict[str, Any]) -> bytes:
    from capgap_geo.sources.uploads import save_study

    try:
        return save_study([upload], without_bad_rows=without_bad_rows, **base)
    except UploadError as error:
        if error.code != "upload_has_problems" or without_bad_rows:
            raise
        raise UploadError(
            f"{error}; --without-bad-rows leaves them out, `capgap validate` lists them",
            code=error.code, details=error.details,
        ) from None  # fmt: skip
