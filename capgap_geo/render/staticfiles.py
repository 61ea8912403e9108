"""The files that browsers are served, by the addresses under which a map names them."""

from __future__ import annotations

from pathlib import Path

from capgap_geo.errors import DataNotFoundError

#: What the app serves to browsers.
STATIC = Path(__file__).resolve().parents[2] / "static"
_PREFIXES = ("app/static/", "static/")


def static_file(address: str) -> Path:
    """Return the file behind an address such as ``app/static/geo/provinces-1a2b.geojson``.

    Raises
    ------
    DataNotFoundError
        The address is no file of the static folder.
    """
    relative = address.lstrip("/")
    for prefix in _PREFIXES:
        path = (STATIC / relative.removeprefix(prefix)).resolve()
        if relative.startswith(prefix) and path.is_relative_to(STATIC) and path.is_file():
            return path
    raise DataNotFoundError(
        f"The map needs {address}, which is not in the static folder: rebuild the web copies of the data",
        details={"address": address},
    )
