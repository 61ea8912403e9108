"""The whole result as one GeoPackage: layers with their colours, tables, sources and metadata."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pyogrio

from capgap_geo.files import scratch
from capgap_geo.render import qml
from capgap_geo.render.about import Edition
from capgap_geo.render.columns import described
from capgap_geo.render.export_geo import rounded
from capgap_geo.render.export_tables import TABLES, layers
from capgap_geo.render.map_classes import ClassOf, class_of
from capgap_geo.render.scene import SHARE_LIMITS

#: What is raised where the disk is full.
_UNWRITTEN = (
    sqlite3.Error, pyogrio.errors.DataLayerError, pyogrio.errors.DataSourceError, pyogrio.errors.FeatureError,
)  # fmt: skip
#: Tables without a shape that go along.
_PLAIN = ("facilities", "indicators", "sources")
#: As QGIS writes and reads it.
_STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)"""
_CONTENTS = (
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
    "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)"
)


def geopackage(edition: Edition) -> bytes:
    """Return all layers and tables of an answer as one GeoPackage.

    QGIS opens each layer with the page's colours (table ``layer_styles``). What the file says of itself
    is in its metadata and in the table ``about``; facilities known by department only have no shape.
    """
    with scratch(*_UNWRITTEN) as folder:
        path = folder / "capgap.gpkg"
        _write_layers(edition, path)
        with closing(sqlite3.connect(path)) as database:
            _add_tables(edition, database)
            _fix_dates(edition, database)
        return _counted_alike(path.read_bytes())


def _write_layers(edition: Edition, path: Path) -> None:
    facts = edition.facts()
    found = layers(edition)
    for number, (name, layer) in enumerate(found.items()):
        layer = layer.set_geometry(gpd.GeoSeries(rounded(layer.geometry.to_numpy()), crs=layer.crs))
        # Version 1.2 is what every GIS in use reads without a warning.
        options = {} if number else {"dataset_options": {"VERSION": "1.2"}}
        pyogrio.write_dataframe(
            layer, path, layer=name, driver="GPKG", append=number > 0,
            dataset_metadata=facts if number == 0 else None, **options,
            layer_metadata={"title": class_of(name, edition).title, "meaning": facts["meaning"]},
            promote_to_multi=name != "facilities",
            layer_options={"DESCRIPTION": class_of(name, edition).title},
        )  # fmt: skip
    for name in _PLAIN:
        table = TABLES[name](edition)
        pyogrio.write_dataframe(table, path, layer=f"{name}_table", driver="GPKG", append=True)


def _add_tables(edition: Edition, database: sqlite3.Connection) -> None:
    stamp = _stamp(edition)
    with database:
        database.execute(_STYLE_TABLE)
        database.execute(_CONTENTS, (stamp,))
        for name in layers(edition):
            _add_style(edition, database, name)
        database.execute("CREATE TABLE about (fid INTEGER PRIMARY KEY, name TEXT NOT NULL, value TEXT)")
        database.executemany("INSERT INTO about (name, value) VALUES (?, ?)", list(edition.facts().items()))
        database.execute(_CONTENTS.replace("'layer_styles'", "'about'"), (stamp,))
        database.execute("CREATE TABLE columns (fid INTEGER PRIMARY KEY, name TEXT NOT NULL, meaning TEXT)")
        names = dict.fromkeys(
            str(c) for layer in layers(edition).values() for c in layer.drop(columns="geometry")
        )
        rows = [(name, described(name, edition.answer.unit, edition.t)) for name in names]
        database.executemany("INSERT INTO columns (name, meaning) VALUES (?, ?)", rows)
        database.execute(_CONTENTS.replace("'layer_styles'", "'columns'"), (stamp,))


def _add_style(edition: Edition, database: sqlite3.Connection, name: str) -> None:
    classes = class_of(name, edition)
    geometry = "marker" if name == "facilities" else "polygon"
    (column,) = database.execute(
        "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (name,)
    ).fetchone()
    text = qml.style(classes, geometry, expression(name, classes))
    database.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
        "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
        "VALUES ('', '', ?, ?, 'capgap', ?, '', 1, ?, '', NULL, ?)",
        (name, column, text, classes.title, _stamp(edition)),
    )


def expression(name: str, classes: ClassOf) -> str:
    """Return the QGIS expression that gives a feature its class."""
    if name not in ("departments", "provinces"):
        return f'"{classes.column}"'
    tests = " ".join(
        f"WHEN \"{classes.column}\" * 100 <= {limit:g} THEN '{key}'"
        for limit, key in zip(SHARE_LIMITS, classes.labels, strict=False)
    )
    last = str(len(SHARE_LIMITS))
    return f"CASE WHEN \"{classes.column}\" IS NULL THEN 'u' {tests} ELSE '{last}' END"


def _stamp(edition: Edition) -> str:
    return f"{edition.date.isoformat()}T00:00:00.000Z"


def _fix_dates(edition: Edition, database: sqlite3.Connection) -> None:
    """Put the day of the edition where the moment of writing stands; then pack the file."""
    stamp = _stamp(edition)
    with database:
        database.execute("UPDATE gpkg_contents SET last_change = ?", (stamp,))
        database.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", (stamp,))
    database.execute("VACUUM")


def _counted_alike(content: bytes) -> bytes:
    """Set the counter of changes, which depends on the disk, and the number that must agree with it."""
    one = (1).to_bytes(4, "big")
    return content[:24] + one + content[28:92] + one + content[96:]
