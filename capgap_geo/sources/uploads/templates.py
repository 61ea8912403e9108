"""Files to fill in: the columns of each kind in both languages, with examples that are no facts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence

from capgap_geo.i18n import LANGUAGES
from capgap_geo.sources.uploads.messages import refusal

#: Columns in Spanish and English, then example rows; a pair of texts is one in each language.
_Cell = str | tuple[str, str]
_TABLES: Mapping[str, tuple[Sequence[tuple[str, str]], Sequence[Sequence[_Cell]]]] = {
    "facilities": (
        (
            ("servicio", "service"),
            ("departamento", "department"),
            ("lugar", "place name"),
            ("latitud", "latitude"),
            ("longitud", "longitude"),
            ("efectivos", "officers"),
            ("vehículos", "vehicles"),
            ("camas", "beds"),
            ("perfil", "profiles"),
            ("año", "year"),
            ("evidencia", "evidence"),
        ),
        (
            (
                ("policía", "police"),
                "Cusco",
                ("EJEMPLO", "EXAMPLE"),
                "-13.52",
                "-71.97",
                "10",
                "1",
                "",
                ("todas", "everyone"),
                "2024",
                "reported",
            ),
            (
                ("albergue", "shelter"),
                "Puno",
                "",
                "",
                "",
                "",
                "",
                "20",
                ("niñas; niños", "girls; boys"),
                "2024",
                "reported",
            ),
        ),
    ),
    "incidents": (
        (
            ("departamento", "department"),
            ("año", "year"),
            ("medida", "measure"),
            ("casos", "cases"),
            ("registro", "registry"),
        ),
        (
            ("Cusco", "2023", ("denuncias", "complaints"), "40", ("EJEMPLO", "EXAMPLE")),
            ("Puno", "2023", ("denuncias", "complaints"), "25", ("EJEMPLO", "EXAMPLE")),
        ),
    ),
    "population": (
        (
            ("departamento", "department"),
            ("provincia", "province"),
            ("ubigeo", "ubigeo"),
            ("población", "population"),
            ("año", "year"),
        ),
        (("Cusco", "Cusco", "0801", "500000", "2025"), ("Puno", "Puno", "2101", "250000", "2025")),
    ),
}
_MAPS: Mapping[str, Mapping[str, _Cell]] = {
    "zones": {
        "zone_name": ("EJEMPLO", "EXAMPLE"),
        "mined_ha": "100",
        "mined_ha_period": "2024",
        "legality": "unknown",
        "precision_km": "2",
    },
    "boundaries": {"ubigeo": "170101", "boundary_name": ("EJEMPLO", "EXAMPLE")},
}
_RING = ((-70.0, -13.0), (-69.9, -13.0), (-69.9, -12.9), (-70.0, -12.9), (-70.0, -13.0))


def template(kind: str, language: str) -> bytes:
    """Return a file to fill in: CSV (UTF-8 that spreadsheets know), or GeoJSON where rows are areas.

    Parameters
    ----------
    kind
        ``facilities``, ``incidents``, ``population``, ``zones`` or ``boundaries``.
    language
        ``es`` or ``en``.

    Raises
    ------
    UploadError
        There is no template of this kind: surfaces and mining files are made by others.
    """
    which = list(LANGUAGES).index(language) if language in LANGUAGES else 0
    if kind in _MAPS:
        return _map(_MAPS[kind], which)
    if kind not in _TABLES:
        raise refusal("unknown_kind", found=kind, known=", ".join((*_TABLES, *_MAPS)))
    columns, rows = _TABLES[kind]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(c[which] for c in columns)
    writer.writerows([_in(cell, which) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8")


def template_name(kind: str) -> str:
    """Return the file name of a template."""
    return f"{kind}.{'geojson' if kind in _MAPS else 'csv'}"


def _map(properties: Mapping[str, _Cell], which: int) -> bytes:
    feature = {
        "type": "Feature",
        "properties": {name: _in(cell, which) for name, cell in properties.items()},
        "geometry": {"type": "Polygon", "coordinates": [_RING]},
    }
    return json.dumps(
        {"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False, indent=1
    ).encode()


def _in(cell: _Cell, which: int) -> str:
    return cell if isinstance(cell, str) else cell[which]
