"""Own data in a real browser: a template brought, a column mapped, a shelter that no byte gives away."""

import re

import pytest

from capgap_geo.privacy import Secret, find_leaks
from capgap_geo.sources.uploads import template

pytestmark = pytest.mark.browser
#: Far from the outlines that are drawn with two decimals only: they would be found in its place.
SECRET = Secret(-73.3876543, -5.2312346, ("Casa de acogida Flor de Aguaje",))
SHELTER = f"shelter,Loreto,{SECRET.names[0]},{SECRET.latitude},{SECRET.longitude},,,9,girls,2024,\n"


@pytest.fixture
def filled():
    """The template for facilities with a shelter more, and a column that no list of names knows."""
    text = template("facilities", "en").decode("utf-8-sig").replace("\r\n", "\n") + SHELTER
    return text.replace("service,", "what it is,", 1).encode()


class Ears:
    """Everything that a page receives: answers to its requests, and the frames of its websocket."""

    def __init__(self, page):
        self.heard = []
        page.on("websocket", lambda s: s.on("framereceived", self._frame))
        page.on("response", self._answer)

    def _frame(self, payload):
        self.heard.append(payload.encode() if isinstance(payload, str) else payload)

    def _answer(self, response):
        if response.status == 200 and not re.search(r"\.(js|css|woff2|png)$", response.url):
            self.heard.append(response)

    def content(self):
        """Return it all as bytes; what the browser let go of meanwhile is left out."""
        parts = [p if isinstance(p, bytes) else p.body() for p in self.heard]
        return b"\n".join(parts)


def choose(page, label, option):
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that opens while the page still scrolls closes again
    box.click()
    page.get_by_role("option", name=option, exact=True).click()


def drawn(page):
    """Return the number of things in each layer of the main map, once it has taken the place of another."""
    has = "() => globalThis.capgapMap?.stats().layers.some((l) => l.id === 'facility_police')"
    page.wait_for_function(has, timeout=30_000)
    return {layer["id"]: layer["items"] for layer in page.evaluate("capgapMap.stats()")["layers"]}


def test_a_template_is_brought_mapped_and_on_the_map_and_no_byte_tells_where_the_shelter_is(visit, filled):
    reader = visit(language="en-GB")
    ears = Ears(reader.page)
    page = reader.open("data?lang=en")
    file = {"name": "facilities.csv", "mimeType": "text/csv", "buffer": filled}
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_text("What was understood of the file").wait_for(timeout=30_000)
    choose(page, "What does it hold?", "Services")
    page.get_by_text("No column was found for Service; map one.").wait_for(timeout=30_000)
    choose(page, "Service *", "what it is")
    page.get_by_text("3 of 3 rows can be used.").wait_for(timeout=30_000)
    page.get_by_text("Shelters kept by department only: 2.").wait_for()
    reader.wait_for_map()
    page.get_by_role("button", name="Use in this session").click()
    page.locator(".st-key-own").wait_for(timeout=60_000)
    page.get_by_role("link", name="Map", exact=True).click()
    page.wait_for_selector(".figures", timeout=60_000)
    assert page.locator(".own-mark").inner_text().lower().startswith("unsourced")
    assert drawn(page)["facility_police"] == 10
    assert "facility_shelter" not in drawn(page)
    heard = ears.content()
    assert b"No column was found for Service" in heard
    assert not find_leaks(heard, [SECRET])
    page.get_by_role("button", name="Remove them").click()
    page.locator(".st-key-own").wait_for(state="detached", timeout=30_000)


def test_another_reader_sees_nothing_of_it(visit, filled):
    mine, other = visit(language="en-GB"), visit(language="en-GB")
    page = mine.open("data?lang=en")
    text = filled.replace(b"what it is,", b"service,")
    file = {"name": "facilities.csv", "mimeType": "text/csv", "buffer": text}
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_role("button", name="Use in this session").click(timeout=30_000)
    page.locator(".st-key-own").wait_for(timeout=60_000)
    other.open("?lang=en")
    assert drawn(other.page)["facility_police"] == 9
    assert other.page.locator(".st-key-own").count() == 0
