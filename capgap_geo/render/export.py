"""Every file that a result can be had as, each with its sources, terms, question and date inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from capgap_geo.errors import ScenarioError
from capgap_geo.render import archive, attribution
from capgap_geo.render.about import Edition, bibtex, citation, scenario_json
from capgap_geo.render.export_book import parquet_table, workbook
from capgap_geo.render.export_geo import geojson, geoparquet, kml
from capgap_geo.render.export_gpkg import geopackage
from capgap_geo.render.export_tables import TABLES, layers
from capgap_geo.render.export_text import csv_table, hxl_table
from capgap_geo.render.figure import picture
from capgap_geo.render.publish import map_spec

#: folium names the parts of a page at random.
_RANDOM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file.

    Attributes
    ----------
    extension, mime
        Of the file.
    parts
        What can be had in it: tables, layers, or the whole.
    make
        From an edition and a part to bytes.
    """

    extension: str
    mime: str
    parts: tuple[str, ...]
    make: Callable[[Edition, str], bytes]


def html(edition: Edition) -> bytes:
    """Return the map as one HTML file that opens with the network off."""
    # The map library of browsers is slow to import, and no other file needs it.
    from capgap_geo.render.webmap import standalone_html

    spec = map_spec(
        edition.study, edition.answer, edition.t, choice=edition.choice, base=edition.base, fine=False
    )
    page = standalone_html(spec)
    names = {
        name: f"{number:032x}" for number, name in enumerate(dict.fromkeys(_RANDOM.findall(page)), start=1)
    }
    return _RANDOM.sub(lambda found: names[found.group()], page).encode()


#: Size, format and resolution of the pictures of the bundle.
_PICTURES = (
    ("wide", "png", "2x"), ("tall", "png", "2x"), ("a4", "png", "300dpi"),
    ("a4", "pdf", "2x"), ("a4", "svg", "2x"),
)  # fmt: skip
_LAYERS = ("departments", "provinces", "mining_zones", "deserts", "facilities")
_TABLES = tuple(TABLES)
_ALL = ("all",)
#: Every kind of file, by the name that the command line uses.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "csv": Kind("csv", "text/csv", _TABLES, csv_table),
        "hxl": Kind("hxl.csv", "text/csv", ("departments", "provinces"), hxl_table),
        "xlsx": Kind(
            "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _ALL,
            lambda edition, _: workbook(edition),
        ),
        "parquet": Kind("parquet", "application/vnd.apache.parquet", _TABLES, parquet_table),
        "geojson": Kind("geojson", "application/geo+json", _LAYERS, geojson),
        "geoparquet": Kind("geo.parquet", "application/vnd.apache.parquet", _LAYERS, geoparquet),
        "gpkg": Kind("gpkg", "application/geopackage+sqlite3", _ALL, lambda edition, _: geopackage(edition)),
        "kml": Kind("kml", "application/vnd.google-earth.kml+xml", _ALL, lambda edition, _: kml(edition)),
        "html": Kind("html", "text/html", _ALL, lambda edition, _: html(edition)),
        "zip": Kind("zip", "application/zip", _ALL, lambda edition, _: bundle(edition)),
    }
)  # fmt: skip


def export(edition: Edition, kind: str, part: str = "") -> bytes:
    """Return a result as the bytes of a file.

    Parameters
    ----------
    kind
        One of `KINDS`.
    part
        Which table or layer; the first, or the whole, if empty.

    Raises
    ------
    ScenarioError
        Code ``export``: an unknown kind or part, or a layer that this result does not have.
    """
    if kind not in KINDS:
        raise _unknown("kind", kind, list(KINDS))
    known = KINDS[kind]
    part = part or known.parts[0]
    if part not in known.parts:
        raise _unknown("part", part, list(known.parts))
    if known.parts is _LAYERS and part not in (found := layers(edition)):
        raise _unknown("part", part, list(found))
    return known.make(edition, part)


def _unknown(what: str, found: str, known: list[str]) -> ScenarioError:
    problem = f"{what}: found {found!r}, use one of {', '.join(known)}"
    return ScenarioError(problem, code="export", details={"problems": [problem]})


def bundle(edition: Edition, *, progress: Callable[[int, int], None] | None = None) -> bytes:
    """Return everything in one ZIP: pictures, tables, map, how to read and cite it, and SHA-256 sums.

    Parameters
    ----------
    progress
        Called with the number of files made and of all files.
    """
    jobs = dict(_jobs(edition))
    parts = {}
    for number, (name, make) in enumerate(jobs.items(), start=1):
        parts[name] = make()
        if progress is not None:
            progress(number, len(jobs))
    parts["SHA256SUMS"] = archive.sums(parts)
    root = edition.file_name("", "").rstrip("_.")
    return archive.repacked({f"{root}/{name}": content for name, content in parts.items()}, date=edition.date)


def _jobs(edition: Edition) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield each file of the bundle with what makes it, in reading order."""
    yield "README.md", lambda: readme(edition).encode()
    yield "CITATION.txt", lambda: citation(edition).encode()
    yield "CITATION.bib", lambda: bibtex(edition).encode()
    yield "scenario.json", lambda: scenario_json(edition).encode()
    yield "map.html", partial(html, edition)
    for size, fmt, resolution in _PICTURES:
        options = {"size": size, "fmt": fmt, "resolution": resolution}
        yield f"pictures/{size}.{fmt}", partial(picture, edition.spec, **options)
    for table in TABLES:
        yield f"tables/{table}.csv", partial(csv_table, edition, table)
    yield "tables/humanitarian.hxl.csv", partial(hxl_table, edition)
    yield "tables/capgap.xlsx", partial(workbook, edition)
    yield "map/capgap.gpkg", partial(geopackage, edition)
    yield "map/capgap.kml", partial(kml, edition)
    for layer in layers(edition):
        yield f"map/{layer}.geojson", partial(geojson, edition, layer)


def readme(edition: Edition) -> str:
    """Return what stands beside the files: what they are, what they mean, what is in which."""
    t = edition.t
    facts = edition.facts()
    lines = [
        f"# {edition.title}",
        "",
        edition.headline,
        "",
        " ".join([edition.meaning, *attribution.brought(edition.study, t)]),
        "",
        f"## {t('export.readme.question')}",
        "",
    ]
    keys = ("scenario", "link", "date", "version", "data_fingerprint")
    lines += [f"* {t(f'export.fact.{key}')}: {facts[key]}" for key in keys if facts[key]]
    lines += ["", f"## {t('export.readme.files')}", ""]
    names = ("map", "pictures", "tables", "gis", "cite", "sums")
    lines += [f"* {t(f'export.readme.{name}')}" for name in names]
    lines += ["", f"## {t('cite.licences')}", "", *(f"* {line}" for line in edition.licences), ""]
    return "\n".join(lines)
