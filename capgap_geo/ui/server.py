"""What stands between a browser and Streamlit's server: the headers of its answers."""

from __future__ import annotations

import sys

from starlette.middleware import Middleware

from capgap_geo.errors import CapGapError
from capgap_geo.ui.policy import Headers, framing


def middleware() -> list[Middleware]:
    """Return the layers around the server; a setting that cannot be used ends the program."""
    try:
        return [Middleware(Headers, framing=framing())]
    except CapGapError as error:
        sys.exit(f"capgap: {error}")
