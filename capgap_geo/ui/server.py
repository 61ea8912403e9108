"""What stands between a browser and Streamlit's server: the headers of its answers, and a gate if wanted."""

from __future__ import annotations

import sys

from starlette.middleware import Middleware

from capgap_geo.errors import CapGapError
from capgap_geo.ui.gate import Gate
from capgap_geo.ui.online import host, online_map
from capgap_geo.ui.password import Password
from capgap_geo.ui.policy import Headers, framing


def middleware() -> list[Middleware]:
    """Return the layers around the server, the outermost first.

    A setting that cannot be used ends the program: an instance that was meant to be closed never opens.
    """
    try:
        password = Password.from_environment()
        origin = host(online_map())
        layers = [Middleware(Headers, framing=framing(private=password is not None), tiles=origin)]
    except CapGapError as error:
        sys.exit(f"capgap: {error}")
    if password is not None:
        layers.append(Middleware(Gate, password=password))
    return layers
