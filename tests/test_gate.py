"""A private instance: without the password there is no page, no session, no file and no upload."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from capgap_geo.cli import cli
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import texts
from capgap_geo.ui import gate
from capgap_geo.ui.attempts import TRIES, WINDOW, Attempts
from capgap_geo.ui.password import VARIABLE, Password
from capgap_geo.ui.shell import PAGES

ROOT = Path(__file__).parents[1]
WORD, WRONG = "cinco palabras ñandú", "cuatro palabras quizás"
PASSWORD = Password.of(WORD)
CLOSED = [
    "", "data", "app/static/geo/manifest.json", "app/static/fonts/../geo/manifest.json",
    "app/static/painter.js", "app/static/login.css/", "static/index.html", "media/x.json",
    "component/x/index.html", "_stcore/host-config", "_stcore/metrics", "_stcore/script-health-check",
    "_stcore/agent/openapi.json", "../_stcore/health",
]  # fmt: skip
OPEN = ["_stcore/health", "app/static/login.css", "app/static/icon.png", "app/static/fonts/fonts.css"]


def test_a_password_is_known_again_and_no_other():
    again = Password.read(PASSWORD.stored())
    assert again.matches("cinco palabras n\N{COMBINING TILDE}andu\N{COMBINING ACUTE ACCENT}")
    assert not again.matches(WRONG)
    assert not again.matches(WORD * 100)
    assert Password.of(WORD).stored() != PASSWORD.stored()


def test_a_hash_shows_nothing_and_survives_a_shell():
    assert not re.search(r"[^\w:=-]", PASSWORD.stored())
    assert repr(PASSWORD) == "Password()"


@pytest.mark.parametrize(
    "stored",
    ["", WORD, "scrypt-15-8-3:AAAA:AAAA", PASSWORD.stored()[:-5], "x" + PASSWORD.stored()],
    ids=["nothing", "the password", "too short", "cut", "another kind"],
)
def test_what_is_no_hash_is_refused_and_not_repeated(stored):
    with pytest.raises(ScenarioError, match="capgap password") as refused:
        Password.from_environment({VARIABLE: stored})
    assert not stored or stored not in str(refused.value)


def test_without_the_setting_everybody_is_admitted(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert gate.admitted({})


def cookie(password=PASSWORD, age=0.0):
    """Return a cookie that was given out some seconds ago."""
    signer = gate._signer(password)
    now = signer.get_timestamp
    signer.get_timestamp = lambda: int(now() - age)
    return {gate.COOKIE: signer.sign(b"1").decode()}


def test_only_a_fresh_cookie_of_this_password_admits(monkeypatch):
    monkeypatch.setenv(VARIABLE, PASSWORD.stored())
    assert gate.admitted(cookie())
    assert gate.admitted(cookie(age=gate.HOLDS - 60))
    assert not gate.admitted(cookie(age=gate.HOLDS + 60))
    assert not gate.admitted(cookie(Password.of(WORD)))
    assert not gate.admitted({gate.COOKIE: "1"})
    assert not gate.admitted({})


def test_tries_are_counted_by_address():
    now = [0.0]
    tries = Attempts(lambda: now[0])
    assert [tries.wait("192.0.2.1") for _ in range(TRIES + 1)] == [0] * TRIES + [WINDOW]
    assert tries.wait("::ffff:192.0.2.1") == WINDOW
    assert tries.wait("192.0.2.2") == 0
    now[0] = WINDOW - 10
    assert tries.wait("192.0.2.1") == 10
    now[0] = WINDOW
    assert tries.wait("192.0.2.1") == 0
    tries.forget("192.0.2.1")
    assert [tries.wait("192.0.2.1") for _ in range(TRIES)] == [0] * TRIES


def test_a_network_of_addresses_is_one_guesser_and_memory_is_bounded():
    tries = Attempts(lambda: 0.0)
    waits = [tries.wait(f"2001:db8:0:1::{n:x}") for n in range(TRIES + 1)]
    assert waits == [0] * TRIES + [WINDOW]
    for n in range(12_000):
        tries.wait(f"10.0.{n // 250}.{n % 250}")
    assert len(tries._tries) == 10_000


@pytest.mark.parametrize("view", ["page", "poster", "embed"])
@pytest.mark.parametrize("name", list(PAGES))
def test_no_page_draws_anything_before_the_login(monkeypatch, name, view):
    """Also where the gate in front of the server is missing."""
    monkeypatch.setenv(VARIABLE, PASSWORD.stored())
    app = AppTest.from_string(f"from capgap_geo.ui.shell import draw\ndraw({name!r})()")
    app.query_params["view"] = view
    app.run()
    assert [e.value for e in app.error] == [texts("es")["login.ended"]]
    assert len(app.main) == 1
    assert not app.sidebar
    assert "state" not in app.session_state


def test_a_hash_is_made_on_the_command_line():
    done = CliRunner().invoke(cli, ["password"], input=f"{WORD}\n{WORD}\n")
    name, _, stored = done.stdout.strip().partition("=")
    assert name == VARIABLE
    assert Password.read(stored).matches(WORD)
    assert WORD not in done.output


def test_a_bad_setting_ends_the_app_in_one_line():
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0"]
    environment = {**os.environ, VARIABLE: WORD}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"capgap: {VARIABLE}")
    assert WORD not in done.stderr + done.stdout


@dataclass(frozen=True)
class Private:
    """A private instance below a path of its host, and behind a proxy that it believes."""

    address: str
    log: Path

    @property
    def host(self):
        return self.address.removesuffix("/capgap")


@pytest.fixture(scope="module")
def private(serve, tmp_path_factory):
    log = tmp_path_factory.mktemp("private") / "log"
    settings = {VARIABLE: PASSWORD.stored(), "FORWARDED_ALLOW_IPS": "*"}
    with serve(log, base="capgap", **settings) as address:
        yield Private(address, log)


def ask(path, base, method="GET", data=None, **headers):
    """Return status, headers and text of an answer; a redirection is not followed."""
    asked = urllib.request.Request(f"{base}/{path}", method=method, data=data, headers=headers)  # noqa: S310
    try:
        answer = urllib.request.build_opener(_Stay).open(asked, timeout=10)
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers, answer.read().decode("utf-8", "replace")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@pytest.mark.browser
@pytest.mark.parametrize("path", CLOSED)
def test_nothing_is_sent(private, path):
    status, headers, text = ask(path, private.address)
    assert (status, text) == (403, "login needed\n")
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


@pytest.mark.browser
@pytest.mark.parametrize("path", OPEN)
def test_what_the_form_needs_is_sent(private, path):
    assert ask(path, private.address)[0] == 200


@pytest.mark.browser
def test_no_file_is_taken_and_no_session_begins(private):
    status, _, text = ask("_stcore/upload_file/a/b", private.address, "PUT", b"x")
    assert (status, text) == (403, "login needed\n")
    socket = private.address.replace("http", "ws", 1) + "/_stcore/stream"
    with pytest.raises(InvalidStatus) as refused:
        connect(socket, subprotocols=["streamlit"], origin=private.host)
    assert refused.value.response.status_code == 403
    known = "; ".join(f"{name}={value}" for name, value in cookie().items())
    with connect(
        socket, subprotocols=["streamlit"], origin=private.host, additional_headers={"Cookie": known}
    ):
        pass


@pytest.mark.browser
def test_the_form_leads_back_and_nowhere_else(private):
    """Also at an address that a browser would take for another host."""
    form = urlencode({"password": WORD}).encode()
    proxied = {"X-Forwarded-Proto": "https"}
    status, headers, _ = ask("/evil.example/?lang=en", private.host, "POST", form, **proxied)
    assert (status, headers["Location"]) == (303, "?lang=en")
    assert headers["Set-Cookie"].endswith("; HttpOnly; Path=/capgap; SameSite=lax; Secure")
    assert ask("", private.address, "POST", form + b" " * 5000)[0] == 403


@pytest.mark.browser
def test_a_link_survives_the_login_by_keyboard(private, chromium):
    context = chromium.new_context(locale="es-PE")
    page = context.new_page()
    troubles, foreign = [], []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda r: foreign.append(r.url) if private.host not in r.url else None)
    page.goto(f"{private.address}/?service=shelter&profile=girls&area=d:17")
    assert page.locator("h1").inner_text() == texts("es")["login.title"]
    page.keyboard.type(WRONG)
    page.keyboard.press("Enter")
    page.get_by_text(texts("es")["login.wrong"]).wait_for()
    page.get_by_role("link", name="English").press("Enter")
    page.get_by_text(texts("en")["login.why"]).wait_for()
    page.keyboard.type(WORD)
    page.keyboard.press("Enter")
    page.locator(".headline", has_text="Madre de Dios").wait_for(timeout=60_000)
    assert "profile=girls" in page.url
    page.reload()
    page.locator(".headline", has_text="Madre de Dios").wait_for(timeout=60_000)
    context.close()
    assert (troubles, foreign) == ([], [])
    said = private.log.read_text("utf-8")
    assert said
    assert WORD not in said
    assert WRONG not in said


@pytest.mark.browser
def test_the_form_has_no_serious_barrier(private, chromium):
    page = chromium.new_page(viewport={"width": 360, "height": 640})
    page.goto(f"{private.address}/data")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    page.close()


@pytest.mark.browser
def test_who_guesses_is_told_to_wait_and_nobody_else(private):
    guesser, other = ({"X-Forwarded-For": f"203.0.113.{n}"} for n in (9, 10))
    wrong, right = (urlencode({"password": word}).encode() for word in (WRONG, WORD))
    answers = [ask("data?lang=en", private.address, "POST", wrong, **guesser) for _ in range(TRIES + 1)]
    assert [status for status, _, _ in answers] == [403] * TRIES + [429]
    _, headers, text = answers[-1]
    assert 0 < int(headers["Retry-After"]) <= WINDOW
    assert "Too many tries; try again in 5\N{NO-BREAK SPACE}min." in text
    assert ask("", private.address, "POST", right, **guesser)[0] == 429
    assert ask("", private.address, "POST", right, **other)[0] == 303
