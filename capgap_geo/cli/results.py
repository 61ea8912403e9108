"""Commands that give an answer: as a table, a map, a picture, a brief."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from capgap_geo.cli.asking import PAINTS, edition_of, question
from capgap_geo.cli.talking import records, say_json, say_table, steps, waiting, wrote
from capgap_geo.errors import ScenarioError
from capgap_geo.files import write_file

_OUT = click.Path(dir_okay=False, path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_TABLES = ("departments", "provinces", "zones", "places", "facilities", "indicators", "sources")
_LAYERS = ("departments", "provinces", "mining_zones", "deserts", "facilities")


@click.command(
    epilog="""\b
Examples
  capgap assess --service prosecution --threshold 120
  capgap assess --service shelter --profile women --output a.csv
  capgap assess --table provinces --output provinces.parquet
  capgap assess --table deserts --output deserts.geojson
  capgap assess --output everything.zip
"""
)
@question
@click.option("--table", default="departments", show_default=True,
              type=click.Choice([*_TABLES, *_LAYERS[2:4]]),
              help="Which table, or layer of a map.")  # fmt: skip
@click.option("--output", "-o", type=_OUT, metavar="FILE",
              help="Write a file; its ending says which: .csv .hxl.csv .xlsx .parquet .geojson .geo.parquet "
                   ".gpkg .kml .html .zip")  # fmt: skip
@_JSON
def assess(output: Path | None, table: str, as_json: bool, **options: Any) -> None:
    """Answer a question as a table or a file.

    Without --output the answer is printed: the sentence, and one row per department.
    """
    if output is None:
        _known(table)
    with waiting("Reading the data and computing"):
        edition = edition_of(options)
    if output is not None:
        _write(edition, output, table, as_json)
        return
    from capgap_geo.render import export_tables, tables

    if as_json:
        say_json(
            {**edition.facts(), "country": dict(edition.answer.country), "unit": edition.answer.unit,
             table: records(export_tables.TABLES[table](edition))}
        )  # fmt: skip
        return
    click.echo(edition.headline)
    click.echo()
    if table == "departments":
        rows = tables.worst_first(edition.answer.departments)
        say_table(tables.deserts(rows, edition.answer, edition.t))
    else:
        say_table(export_tables.TABLES[table](edition).astype(object).fillna(""))


def _known(table: str) -> None:
    if table not in _TABLES:
        raise ScenarioError(
            f"table: {table!r} is a layer of a map; give --output FILE.geojson", code="export"
        )


def _write(edition: Any, output: Path, table: str, as_json: bool) -> None:
    from capgap_geo.render.export import KINDS, bundle, export

    kinds = sorted(KINDS, key=lambda k: -len(KINDS[k].extension))
    kind = next((k for k in kinds if output.name.endswith(f".{KINDS[k].extension}")), "")
    if not kind:
        known = ", ".join(sorted(f".{k.extension}" for k in KINDS.values()))
        raise ScenarioError(f"output: found {output.name!r}, end it with one of {known}", code="export")
    if kind == "zip":
        seen = [0]
        with steps("Writing", 30) as update:

            def progress(done: int, of: int) -> None:
                update(round(30 * done / of) - seen[0])
                seen[0] = round(30 * done / of)

            content = bundle(edition, progress=progress)
    else:
        alike = {"zones": "mining_zones"} if kind in ("geojson", "geoparquet") else {}
        part = "" if KINDS[kind].parts == ("all",) else alike.get(table, table)
        if part and part not in KINDS[kind].parts:
            known = ", ".join(KINDS[kind].parts)
            raise ScenarioError(
                f"table: found {table!r}; a .{KINDS[kind].extension} file holds one of {known}", code="export"
            )
        with waiting("Writing"):
            content = export(edition, kind, part)
    wrote(output, content, as_json=as_json, kind=kind)


@click.command(
    "map",
    epilog="""\b
Examples
  capgap map --service police --output m.png
  capgap map --service shelter --profile girls --area d:17 --size tall --output m.png
  capgap map --paint department --size a4 --output m.pdf
  capgap map --from "https://.../?service=shelter&profile=women" --output m.svg
  capgap map --output map.html
""",
)
@question
@click.option("--paint", type=click.Choice(PAINTS), help="What the land is coloured by. Default: desert.")
@click.option("--title", metavar="TEXT", help="Title of the picture.")
@click.option("--size", default="wide", show_default=True,
              type=click.Choice(["wide", "tall", "story", "a4", "a4wide"]),
              help="Shape of the paper.")  # fmt: skip
@click.option("--resolution", default="2x", show_default=True, type=click.Choice(["1x", "2x", "300dpi"]),
              help="Of a PNG.")  # fmt: skip
@click.option(
    "--output", "-o", type=_OUT, required=True, metavar="FILE", help="Ends with .png, .svg, .pdf or .html."
)
@_JSON
def map_(output: Path, size: str, resolution: str, as_json: bool, **options: Any) -> None:
    """Draw a map: a picture, or an offline page.

    It carries its sources, their date, and a link back.
    """
    ending = output.suffix.lower().lstrip(".")
    if ending not in ("png", "svg", "pdf", "html"):
        raise ScenarioError(
            f"output: found {output.name!r}, end it with .png, .svg, .pdf or .html", code="export"
        )
    with waiting("Reading the data and computing"):
        edition = edition_of(options)
    from capgap_geo.render import export, figure

    with waiting("Drawing"):
        if ending == "html":
            content = export.html(edition)
        else:
            content = figure.picture(edition.spec, size=size, fmt=ending, resolution=resolution)
        said = figure.alt_text(edition.spec, edition.t)
    wrote(output, content, as_json=as_json, alt=said, link=edition.link)


@click.command(
    epilog="""\b
Examples
  capgap brief --area d:17 --output madre_de_dios.pdf
  capgap brief --area z:la_pampa --lang en --output la_pampa.pdf
  capgap brief --service shelter --profile women --output peru.pdf
  capgap brief --all --output briefs/
"""
)
@question
@click.option(
    "--all", "everywhere", is_flag=True, help="One brief for each department, into the folder OUTPUT."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, metavar="FILE|FOLDER")
@_JSON
def brief(output: Path, everywhere: bool, as_json: bool, **options: Any) -> None:
    """Write a two-page PDF of an area.

    Of a department, a mining zone, or the country.
    """
    with waiting("Reading the data and computing"):
        edition = edition_of(options)
    from capgap_geo.render.brief import informed_brief

    if not everywhere:
        with waiting("Writing"):
            content = informed_brief(edition)
        wrote(output, content, as_json=as_json, area=edition.choice.area)
        return
    output.mkdir(parents=True, exist_ok=True)
    made = _all_briefs(edition, output)
    if as_json:
        say_json({"folder": str(output), "files": made})


def _all_briefs(edition: Any, folder: Path) -> list[str]:
    from dataclasses import replace

    from capgap_geo.render.brief import informed_brief

    departments = list(edition.study.departments["department_id"])
    made = []
    with steps("Writing briefs", len(departments)) as update:
        for department in departments:
            area = f"d:{department}"
            one = replace(edition, choice=replace(edition.choice, area=area, framed=area))
            name = one.file_name("brief", "pdf")
            write_file(folder / name, informed_brief(one))
            made.append(name)
            update(1)
    return made
