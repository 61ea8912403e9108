"""The app in a real browser: what is seen, what is sent, what a link brings back."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from capgap_geo.i18n import Translator

pytestmark = pytest.mark.browser
PAGES = ["", "compare", "plan", "evidence", "data"]
DESK, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


def test_the_map_shows_departments_zones_and_facilities(visit):
    reader = visit()
    reader.open("")
    layers = {layer["id"]: layer for layer in reader.wait_for_map()["layers"]}
    assert layers["departments"]["items"] == 25
    assert layers["zones"]["items"] == 28
    assert layers["facility_police"]["items"] == 9
    assert layers["facility_prosecution"]["items"] >= 9
    assert "facility_shelter" not in layers
    assert layers["deserts"]["items"] >= 1
    assert reader.page.evaluate("document.documentElement.lang") == "es"


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_serious_barrier_scrolls_sideways_or_asks_another_host(visit, name, size):
    reader = visit(size, language="fr-FR")
    page = reader.open(f"{name}?lang=es")
    judged(reader, name, size, "es")
    page.locator(".st-key-language").get_by_text("EN", exact=True).click()
    judged(reader, name, size, "en")


def judged(reader, name, size, language):
    page = reader.page
    page.wait_for_function("wanted => document.documentElement.lang === wanted", arg=language)
    reader.wait_for_rest()
    assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= size["width"]
    if name in ("compare", "evidence"):
        page.locator(".scroll table").first.wait_for(timeout=20_000)
        jumps = [link.get_attribute("href") for link in page.locator(".jumps a").all()]
        assert [page.locator(f"h2{anchor}").count() for anchor in jumps] == [1] * len(jumps)
        assert len(jumps) >= 5
    for table in page.locator(".scroll").all():
        assert table.evaluate("t => t.scrollWidth - t.clientWidth") <= 0
    if (name, size) == ("", DESK):
        reader.wait_for_map()
        headline_figures_and_the_whole_map_fit(page)
    assert page.title().startswith(Translator(language)(f"page.{name or 'map'}"))
    serious = [
        (found["id"], [node["target"] for node in found["nodes"]][:3])
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
    ]
    assert serious == []


def headline_figures_and_the_whole_map_fit(page):
    for part in (".figures", ".cg-host", ".cg-legend"):
        box = page.locator(part).bounding_box()
        assert box["y"] + box["height"] <= DESK["height"], part
    assert page.locator(".cg-legend-body").evaluate("b => b.scrollHeight - b.clientHeight") <= 0


def test_a_link_brings_back_the_view(visit):
    first = visit()
    page = first.open("?lang=en&service=shelter&profile=girls&threshold=480&area=d:17")
    said, address = first.headline(), page.url
    assert "Madre de Dios" in said
    again = visit()
    again.page.goto(address)
    again.page.wait_for_selector(".headline", timeout=20_000)
    assert again.headline() == said


def test_a_choice_is_in_the_address_and_back_undoes_it(visit):
    reader = visit()
    page = reader.open("?lang=en")
    before = reader.headline()
    page.get_by_role("radio", name="Prosecution").or_(
        page.get_by_role("button", name="Prosecution")
    ).first.click()
    page.wait_for_function("old => document.querySelector('.headline').innerText !== old", arg=before)
    page.wait_for_url(re.compile("service=prosecution"))
    page.wait_for_load_state("networkidle")  # what the map still asks for is gone once it is not shown
    page.go_back()
    page.wait_for_function("old => document.querySelector('.headline').innerText === old", arg=before)


def test_the_language_changes_everything(visit):
    reader = visit()
    page = reader.open("evidence?lang=es")
    reader.wait_for_rest()
    page.locator(".st-key-language").get_by_text("EN", exact=True).click()
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    page.wait_for_function("() => document.querySelector('.headline').innerText.startsWith('What Peru')")
    page.wait_for_url(re.compile("lang=en"))


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(
    ("size", "width", "height"), [("wide", 1200, 675), ("tall", 1080, 1350), ("a4", 794, 1123)]
)
def test_a_poster_has_its_size_and_leads_back(visit, size, width, height, language):
    reader = visit({"width": width, "height": height})
    page = reader.open(f"?lang={language}&view=poster&size={size}&title=A%20title%20of%20mine")
    reader.wait_for_map()
    box = page.locator("[class*=st-key-poster_]").first.bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, width, height)
    assert page.locator(".poster-title").inner_text() == "A title of mine"
    link = page.locator(".poster-link").inner_text()
    assert "view=poster" not in link
    assert page.locator(".poster-code").bounding_box()["y"] + 70 < height
    foot = page.locator(".poster-foot").bounding_box()
    assert foot["y"] + foot["height"] == pytest.approx(height, abs=1)
    for part in (".cg-host", ".cg-legend", ".leaflet-control-scale-line"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0, part
        assert box["y"] + box["height"] <= foot["y"] + 1, part
    assert not page.locator("[data-testid=stHeader]").is_visible()


def test_picking_a_department_from_the_list_opens_its_card(visit):
    reader = visit()
    page = reader.open("?lang=en")
    page.get_by_role("button", name="Loreto", exact=True).first.click()
    page.wait_for_selector("article.card", timeout=10_000)
    assert page.locator(".card-title").inner_text() == "Loreto"
    page.wait_for_url(re.compile("area=d(:|%3A)16"))


def test_a_click_on_the_map_opens_a_card(visit):
    reader = visit()
    page = reader.open("?lang=en")
    reader.wait_for_map()
    page.wait_for_timeout(800)
    spot = page.evaluate(
        "(() => { const m = capgapMap.map, p = m.latLngToContainerPoint([-5.2, -75.2]);"
        " const r = m.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; })()"
    )
    page.mouse.click(*spot)
    page.wait_for_selector("article.card", timeout=10_000)
    assert page.locator(".card-title").inner_text() == "Loreto"


def test_the_main_job_by_keyboard(visit):
    """Find a department by name, open its card: without a pointer."""
    reader = visit()
    page = reader.open("?lang=en")
    reader.wait_for_map()
    page.get_by_role("combobox", name="Find").focus()
    page.keyboard.type("Madre de")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("article.card", timeout=10_000)
    assert page.locator(".card-title").inner_text() == "Madre de Dios"


@pytest.mark.parametrize("question", ["service=shelter&profile=women", "service=shelter&profile=men"])
def test_departments_are_compared_also_where_nobody_is_within_reach(visit, question):
    """Infinite times and unknown shares are written as a browser can read them."""
    reader = visit()
    page = reader.open(f"compare?lang=en&{question}")
    table = page.get_by_role("table", name="All of them, in one table")
    table.wait_for(timeout=20_000)
    assert table.get_by_role("row").count() == 1 + 25


def test_a_list_of_departments_shows_every_row(visit):
    reader = visit()
    page = reader.open("?lang=es")
    page.get_by_role("table", name="Dónde hay más personas fuera de alcance").wait_for(timeout=20_000)
    box = page.locator(".scroll")
    assert box.locator("tbody tr").count() == 25
    assert box.evaluate("b => [b.scrollHeight - b.clientHeight, b.scrollWidth - b.clientWidth]") == [0, 0]
    page.get_by_role("button", name="Departamento").click()
    names = box.locator("tbody th").all_inner_texts()
    assert names[:3] == ["Amazonas", "Áncash", "Apurímac"]


@pytest.mark.parametrize(("area", "west"), [("d:17", -72.4), ("d:16", -77.8), ("p:1701", -71.6)])
def test_the_legend_does_not_cover_what_was_asked_for(visit, area, west):
    reader = visit()
    page = reader.open(f"?lang=en&area={area}")
    reader.wait_for_map()
    legend = page.locator(".cg-legend").bounding_box()
    left = page.evaluate(
        "west => { const m = capgapMap.map; return m.latLngToContainerPoint([m.getCenter().lat, west]).x"
        " + m.getContainer().getBoundingClientRect().x; }",
        west,
    )
    assert left >= legend["x"] + legend["width"]


def test_a_frame_in_another_site_shows_the_map_and_no_navigation(visit):
    reader = visit({"width": 800, "height": 640})
    page = reader.open("?lang=es&view=embed&embed=true")
    reader.wait_for_map()
    assert not page.locator("[data-testid=stHeader]").is_visible()
    assert not page.locator("[data-testid=stSidebar]").is_visible()
    box = page.locator(".cg-host").bounding_box()
    assert box["y"] + box["height"] <= 640
    assert not page.locator(".cg-legend-body").is_visible()
    page.get_by_role("button", name="Leyenda").click()
    assert page.locator(".cg-legend-body").is_visible()


@pytest.mark.parametrize(("service", "badges"), [("protection", 22), ("shelter", 5), ("police", 0)])
def test_the_chosen_service_is_on_the_map_and_no_other(visit, service, badges):
    reader = visit()
    reader.open(f"?lang=en&service={service}&profile=girls")
    stats = reader.wait_for_map()
    shown = [layer["id"] for layer in stats["layers"] if layer["kind"] == "points" and layer["on"]]
    assert shown == [f"facility_{service}"] * (service == "police")
    reader.page.evaluate("capgapMap.map.setView([-9.5, -75], 5.5, {animate: false})")
    assert sum("badge" in mark for mark in reader.page.evaluate("capgapMap.stats()")["marks"]) == badges


def test_a_phone_names_the_button_that_opens_the_controls(visit):
    reader = visit(PHONE)
    page = reader.open("?lang=es")
    button = page.get_by_test_id("stExpandSidebarButton")
    page.wait_for_function(
        "said => getComputedStyle(document.querySelector('[data-testid=stExpandSidebarButton]'),"
        " '::after').content === said",
        arg='"Menú: ayuda, para quién, límite"',
    )
    assert button.bounding_box()["width"] >= PHONE["width"] - 4
    button.click()
    page.get_by_text("Para", exact=True).wait_for(timeout=5_000)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stSidebar]').getAttribute('aria-expanded') !== 'false'"
    )


def test_sharing_offers_pictures_that_are_ready_before_pages_to_capture(visit):
    page = visit().open("?lang=en")
    page.get_by_role("button", name="Share", exact=True).click()
    ready = page.get_by_role("button", name="PNG").first
    ready.wait_for(timeout=10_000)
    capture = page.get_by_role("link", name="A4")
    assert ready.bounding_box()["y"] < capture.bounding_box()["y"]


def test_a_brief_of_what_is_in_view_is_saved_under_a_name_that_tells_it(visit):
    reader = visit()
    page = reader.open("?lang=en&area=d:17")
    page.locator(".st-key-download button").first.click()
    with page.expect_download(timeout=60_000) as saved:
        page.get_by_role("button", name="Two-page brief: Madre de Dios (PDF)").click()
    assert saved.value.suggested_filename == "capgap_police_everyone_240min_d17_brief.pdf"
    assert saved.value.path().read_bytes().startswith(b"%PDF")
