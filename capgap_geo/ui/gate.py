"""A closed door in front of a private instance: nothing of the app is sent before the password.

It stands before Streamlit: without a valid cookie there is no page, no session, no file and no upload. Any
address answers with the form, and the form leads back to that address, so a link keeps what it says.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qs

from itsdangerous import BadSignature, TimestampSigner
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from capgap_geo.ui import gate_page
from capgap_geo.ui.attempts import Attempts
from capgap_geo.ui.password import Password
from capgap_geo.ui.text import base_path

COOKIE = "capgap_admitted"
#: How long a login holds, in seconds; closing the browser ends it before.
HOLDS = 12 * 3600
#: A form with a password is not longer, in bytes.
_LONGEST_FORM = 4096
#: What is sent to anybody: that the server is up, and what the form is drawn with.
_OPEN = frozenset({"_stcore/health", *gate_page.FILES})


class Gate:
    """Lets through who knows the password."""

    def __init__(self, app: ASGIApp, *, password: Password) -> None:
        self._app = app
        self._password = password
        self._attempts = Attempts()
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        answer = self._app
        if scope["type"] == "http":
            request = Request(scope, receive)
            if _is_form(request):
                answer = await self._enter(request)
            elif not (_is_open(request) or _knows(self._password, request.cookies)):
                answer = _refusal(request)
        elif scope["type"] == "websocket" and not _knows(self._password, HTTPConnection(scope).cookies):
            answer = WebSocketClose(1008)
        await answer(scope, receive, send)

    async def _enter(self, request: Request) -> Response:
        """Answer a form: lead back to the same address with a cookie, or show the form again."""
        address = request.client.host if request.client else ""
        if wait := self._attempts.wait(address):
            return gate_page.form(request, "login.wait", status=429, wait=wait)
        if not await self._right(request):
            return gate_page.form(request, "login.wrong", status=403)
        self._attempts.forget(address)
        answer = RedirectResponse(f"?{request.url.query}", status_code=303)
        answer.headers["Cache-Control"] = "no-store"
        answer.set_cookie(
            COOKIE,
            _signer(self._password).sign(b"1").decode(),
            path=base_path().rstrip("/") or "/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    async def _right(self, request: Request) -> bool:
        """Return whether the form holds the password; guesses are compared one after the other."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _LONGEST_FORM:
            return False
        given = parse_qs((await request.body()).decode("utf-8", "replace"))
        text = given.get("password", [""])[0]
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._password.matches, text)


def admitted(cookies: Mapping[str, str]) -> bool:
    """Return whether a session with these cookies may see the app: always, unless the instance is private."""
    password = Password.from_environment()
    return password is None or _knows(password, cookies)


def _signer(password: Password) -> TimestampSigner:
    """Return what signs the cookie: another password makes every older cookie void."""
    return TimestampSigner(password.key, salt=COOKIE, digest_method=hashlib.sha256)


def _knows(password: Password, cookies: Mapping[str, str]) -> bool:
    try:
        _signer(password).unsign(cookies.get(COOKIE, ""), max_age=HOLDS)
    except BadSignature:
        return False
    return True


def _is_open(request: Request) -> bool:
    return request.method in ("GET", "HEAD") and request.url.path.removeprefix(base_path()) in _OPEN


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return request.method == "POST" and kind == "application/x-www-form-urlencoded"


def _refusal(request: Request) -> Response:
    """Show the form to whoever opens a page; say no to whatever asks for a file."""
    if request.method in ("GET", "HEAD") and "text/html" in request.headers.get("accept", ""):
        return gate_page.form(request, status=403)
    return PlainTextResponse("login needed\n", status_code=403, headers={"Cache-Control": "no-store"})
