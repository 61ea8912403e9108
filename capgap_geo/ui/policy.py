"""Headers that tell a browser to run nothing but this app, and to ask no other host."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from capgap_geo.errors import ScenarioError

#: Sites that may show the app in a frame.
FRAMING = "CAPGAP_FRAME_ANCESTORS"
_SITE = re.compile(r"\*|'self'|'none'|https?://(\*\.)?[\w-]+(\.[\w-]+)*(:(\d+|\*))?")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def framing(environment: Mapping[str, str] | None = None, *, private: bool = False) -> str:
    """Return who may frame the app: anybody, unless the instance is private or the setting says otherwise.

    Raises
    ------
    ScenarioError
        Code ``setting``: the setting names something that is no site.
    """
    default = "'self'" if private else "*"
    given = (os.environ if environment is None else environment).get(FRAMING, default).split()
    wrong = [site for site in given if not _SITE.fullmatch(site)]
    if wrong or not given:
        raise ScenarioError(
            f"{FRAMING}: found {' '.join(wrong)!r}, use sites such as https://www.example.org, 'self', 'none'"
            " or *, with spaces between them",
            code="setting",
        )
    return " ".join(given)


def content_policy(framing: str, *, tiles: str = "") -> str:
    """Return the Content-Security-Policy of every answer; pictures may come from the host of `tiles` too.

    Scripts come from files of the app, from modules that Streamlit makes of components (``blob:``), and from
    the one inline script of Streamlit's page, by its hash. WebAssembly is what Streamlit counts long
    numbers with. Styles are inline because Streamlit writes them so.
    """
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' {_inline_scripts()}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob: {tiles}".rstrip(),
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {framing}",
        ]
    )


def _inline_scripts() -> str:
    """Return the hashes of the scripts that stand in Streamlit's own page."""
    page = Path(st.__file__).with_name("static") / "index.html"
    hashes = (hashlib.sha256(s.encode()).digest() for s in _INLINE.findall(page.read_text("utf-8")))
    return " ".join(f"'sha256-{base64.b64encode(h).decode()}'" for h in hashes)


class Headers:
    """Puts the headers on every answer."""

    def __init__(self, app: ASGIApp, *, framing: str, tiles: str = "") -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": content_policy(framing, tiles=tiles),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its answer."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, answer if scope["type"] == "http" else send)
