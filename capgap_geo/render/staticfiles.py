"""The files that browsers are served, by the addresses under which a map names them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from capgap_geo.errors import DataNotFoundError

#: What the app serves to browsers.
STATIC = Path(__file__).resolve().parents[2] / "static"
_PREFIXES = ("app/static/", "static/")


def geometry_addresses(static: Path = STATIC) -> Mapping[str, str]:
    """Return the address of each file with shapes, by its name.

    Raises
    ------
    DataNotFoundError
        The list of these files is missing or damaged.
    """
    path = static / "geo" / "manifest.json"
    try:
        names = json.loads(path.read_text("utf-8"))
        return {name: f"{_PREFIXES[0]}geo/{file}" for name, file in names.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise DataNotFoundError(f"{path}: cannot be read ({error}); restore the folder static/") from None


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
