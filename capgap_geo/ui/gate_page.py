"""The page that asks for the password: markup of its own, for nothing of Streamlit is sent before it."""

from __future__ import annotations

import html
import math
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse

from capgap_geo.i18n import DEFAULT_LANGUAGE, LANGUAGES, Translator
from capgap_geo.ui.text import base_path

#: What the page is drawn with.
FILES = (
    "app/static/login.css",
    "app/static/icon.png",
    "app/static/fonts/fonts.css",
    "app/static/fonts/public-sans-latin-wght-normal.woff2",
    "app/static/fonts/public-sans-latin-ext-wght-normal.woff2",
)
_PAGE = Template(Path(__file__).with_name("login.html").read_text("utf-8"))


def form(request: Request, said: str = "", *, status: int, wait: int = 0) -> HTMLResponse:
    """Return the page, in the language of the address or of the browser.

    Parameters
    ----------
    said
        Key of what is said about the last try.
    wait
        Seconds before the next try.
    """
    t = Translator(_language(request))
    texts = {
        "language": t.language,
        "base": base_path(),
        "name": t("app.name"),
        "said": t(said, time=t.duration(math.ceil(wait / 60))) if said else "",
        "choose": t("language.choose"),
        **{key: t(f"login.{key}") for key in ("title", "why", "password", "enter")},
    }
    safe = {key: html.escape(text) for key, text in texts.items()}
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(wait)} if wait else {})
    page = _PAGE.substitute(safe, others=_others(request, t.language))
    return HTMLResponse(page, status_code=status, headers=headers)


def _language(request: Request) -> str:
    wishes = (request.query_params.get("lang", ""), request.headers.get("accept-language", "")[:2])
    return next((wish for wish in wishes if wish in LANGUAGES), DEFAULT_LANGUAGE)


def _others(request: Request, language: str) -> str:
    """Return links to the same address in the other languages."""
    links = (
        (other, name, html.escape(urlencode({**request.query_params, "lang": other})))
        for other, name in LANGUAGES.items()
        if other != language
    )
    return " ".join(f'<a href="?{query}" lang="{other}">{name}</a>' for other, name, query in links)
