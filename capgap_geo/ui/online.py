"""An online map below the layers: none unless an administrator names one; off until a reader asks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from capgap_geo.errors import ScenarioError

#: Address of the tiles with ``{z}``, ``{x}`` and ``{y}``, and who is to be named for them.
TILES, CREDIT = "CAPGAP_TILES", "CAPGAP_TILES_CREDIT"
_ADDRESS = re.compile(r"https://[\w.-]+(:\d+)?/[^\s\"'<>;,]*")


def online_map(environment: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return address and credit of the online map; None where none is offered.

    Raises
    ------
    ScenarioError
        Code ``setting``: the address is no https address with ``{z}``, ``{x}`` and ``{y}``, or nobody is
        named for it.
    """
    given = os.environ if environment is None else environment
    address, credit = given.get(TILES, "").strip(), given.get(CREDIT, "").strip()
    if not address:
        return None
    problems = []
    if not (_ADDRESS.fullmatch(address) and all(f"{{{k}}}" in address for k in "zxy")):
        problems.append(f"{TILES}: found {address!r}, use https://host/{{z}}/{{x}}/{{y}}.png")
    if not credit:
        problems.append(f"{CREDIT}: found nothing, name who made the tiles")
    if problems:
        raise ScenarioError("; ".join(problems), code="setting", details={"problems": problems})
    return address, credit


def host(tiles: tuple[str, str] | None) -> str:
    """Return the origin from which tiles come; nothing where none are offered."""
    return "" if tiles is None else "https://" + urlsplit(tiles[0]).netloc
