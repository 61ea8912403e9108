"""Nothing but the app runs in its pages, and nothing in them asks another host."""

import gzip
import urllib.error
import urllib.request

import pytest

from capgap_geo.errors import ScenarioError
from capgap_geo.ui.policy import content_policy, framing

#: One address for each kind of answer.
ANSWERS = [
    "", "compare", "app/static/painter.js", "app/static/nothing.js", "static/nothing.js", "media/x.json",
    "component/x/index.html", "_stcore/bidi-components/x/index.js", "_stcore/upload_file/a/b",
    "_stcore/host-config", "_stcore/health",
]  # fmt: skip
#: Ways in which a text that became markup could run, or could send something away.
ATTEMPTS = """async ([other, seconds]) => {
  globalThis.ran = [];
  const say = (name) => () => { ran.push(name); };
  const add = (name, properties) => {
    const element = Object.assign(document.createElement(name), properties);
    document.body.append(element);
    return element;
  };
  add("div").innerHTML = `<img src="no:thing" onerror="ran.push('handler')">`;
  add("script", { textContent: "ran.push('inline script')" });
  add("a", { href: "javascript:ran.push('link')" }).click();
  setTimeout("ran.push('text as code')", 0);
  add("script", { src: `${other}/static/painter.js`, type: "module", onload: say("script") });
  add("img", { src: `${other}/static/icon.png`, onload: say("image") });
  add("link", { rel: "stylesheet", href: `${other}/static/app.css`, onload: say("style") });
  fetch(`${other}/static/icon.png`, { mode: "no-cors" }).then(say("request"), () => {});
  navigator.sendBeacon(`${other}/static/`, "beacon");
  for (let n = 0; n < 10 * seconds && ran.length < 8; n++) await new Promise((done) => setTimeout(done, 100));
  return ran.sort();
}"""
ALL = ["handler", "image", "inline script", "link", "request", "script", "style", "text as code"]


def fetched(address, **headers):
    """Return status, headers and bytes of an answer, whatever its status."""
    asked = urllib.request.Request(address, headers=headers)  # noqa: S310 - the app's own
    try:
        answer = urllib.request.urlopen(asked, timeout=10)  # noqa: S310
    except urllib.error.HTTPError as refusal:
        answer = refusal
    with answer:
        return answer.status, answer.headers, answer.read()


def directives(policy):
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}


def test_the_policy_names_no_other_host_and_runs_no_text():
    rules = directives(content_policy("*"))
    allowed = {word for name, words in rules.items() if name != "frame-ancestors" for word in words}
    assert not {word for word in allowed if "." in word or "//" in word or "*" in word}
    assert not {"'unsafe-eval'", "'unsafe-inline'", "data:"} & set(rules["script-src"])
    assert rules["default-src"] == ["'self'"]
    assert rules["object-src"] == rules["base-uri"] == ["'none'"]
    assert rules["frame-ancestors"] == ["*"]


@pytest.mark.parametrize(
    ("given", "private", "who"),
    [
        ({}, False, "*"),
        ({}, True, "'self'"),
        ({"CAPGAP_FRAME_ANCESTORS": "'none'"}, False, "'none'"),
        (
            {"CAPGAP_FRAME_ANCESTORS": "'self'  https://*.example.org:8443"},
            True,
            "'self' https://*.example.org:8443",
        ),
    ],
)
def test_who_may_frame_the_app_is_a_setting(given, private, who):
    assert framing(given, private=private) == who


@pytest.mark.parametrize("value", ["", "self", "example.org", "* ; script-src *", "https://a\nX: y", "data:"])
def test_a_setting_that_is_no_site_is_refused(value):
    with pytest.raises(ScenarioError, match="CAPGAP_FRAME_ANCESTORS") as refused:
        framing({"CAPGAP_FRAME_ANCESTORS": value})
    assert refused.value.code == "setting"


@pytest.mark.browser
@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_carries_the_headers(app, path):
    _, headers, _ = fetched(f"{app}/{path}")
    assert headers.get_all("Content-Security-Policy") == [content_policy("*")]
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("Referrer-Policy") == ["no-referrer"]


@pytest.mark.browser
def test_files_still_come_compressed_in_parts_and_once(app):
    painter = f"{app}/app/static/painter.js"
    assert b"export function paint" in gzip.decompress(fetched(painter, **{"Accept-Encoding": "gzip"})[2])
    status, _, part = fetched(painter, Range="bytes=0-9")
    assert (status, len(part)) == (206, 10)
    _, headers, _ = fetched(app)
    assert fetched(app, **{"If-None-Match": headers["ETag"]})[::2] == (304, b"")


@pytest.mark.browser
def test_what_gets_into_a_page_runs_nothing_and_sends_nothing(chromium, visit, site):
    open_page = chromium.new_page()
    open_page.goto(f"{site}/static/")
    assert open_page.evaluate(ATTEMPTS, [site, 20]) == ALL  # where nothing forbids it, every attempt succeeds
    open_page.close()
    reader = visit()
    page = reader.open("?lang=en")
    assert page.evaluate(ATTEMPTS, [site, 1]) == []
    refused = " ".join(reader.troubles)
    for rule in ("script-src-attr", "script-src-elem", "img-src", "style-src-elem", "connect-src"):
        assert rule in refused
    reader.troubles.clear()
    reader.foreign.clear()  # asked for, and refused before it was sent


@pytest.mark.browser
def test_another_site_can_frame_a_view(visit, site, app):
    reader = visit()
    page = reader.page
    page.goto(f"{site}/static/")
    page.evaluate(
        "(source) => document.body.append(Object.assign(document.createElement('iframe'),"
        " { src: source, width: 900, height: 600 }))",
        f"{app}/?lang=en&view=embed&embed=true",
    )
    page.frame_locator("iframe").locator(".headline").wait_for(timeout=30_000)
    page.frame_locator("iframe").locator(".leaflet-container, canvas").first.wait_for(timeout=30_000)
    assert all(url.startswith(site) for url in reader.foreign)
    reader.foreign.clear()
