"""``python -m benchmarks.ui``: what a reader waits for, in a real browser."""

from __future__ import annotations

import time
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import results
from benchmarks.browser import launch
from benchmarks.server import running
from benchmarks.wire import Wire, counting

ROUNDS = 9
DESK = {"width": 1366, "height": 768}
#: Resolves when the map has painted a spec that it had not painted before.
PAINTED = """() => {
  const host = document.querySelector('[data-testid^=stBidiComponent]');
  const find = (node) => node.querySelector?.('[data-cg-ready]')
    ?? [...node.querySelectorAll('*')].map((n) => n.shadowRoot && find(n.shadowRoot)).find(Boolean);
  return Number(find(document)?.dataset.cgReady ?? 0);
}"""


def painted(page: Page) -> int:
    return int(page.evaluate(PAINTED))


def wait_for_paint(page: Page, before: int) -> None:
    page.wait_for_function(f"() => ({PAINTED})() > {before}", polling=10)


def first_map(page: Page, address: str) -> float:
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_function(f"() => ({PAINTED})() > 0", polling=20, timeout=60_000)
    return time.perf_counter() - start


#: From the key to the frame that shows the answer, in seconds, by the browser's own clock.
SEEN = """() => { globalThis.capgapSeen = new Promise((done) => {
  let start;
  addEventListener('keydown', () => { start = performance.now(); }, { once: true, capture: true });
  const painted = new MutationObserver(() => {
    painted.disconnect();
    requestAnimationFrame(() => setTimeout(() => done((performance.now() - start) / 1000)));
  });
  painted.observe(capgapMap.map.getContainer(), { attributes: true, attributeFilter: ['data-cg-ready'] });
}); }"""


def threshold_change(page: Page) -> float:
    page.get_by_role("slider").first.focus()
    page.evaluate(SEEN)
    page.keyboard.press("ArrowRight")
    return float(page.evaluate("capgapSeen"))


def sent_for_changes(page: Page, wire: Wire) -> list[float]:
    """Return the KB that come over the wire for each of some changes of the threshold."""
    found = []
    for _ in range(ROUNDS):
        before = wire.sent
        threshold_change(page)
        page.wait_for_timeout(1000)
        found.append((wire.sent - before) / 1024)
    return found


def click_answer(page: Page, lat: float, lon: float) -> float:
    spot = page.evaluate(
        "([lat, lon]) => { const m = capgapMap.map, p = m.latLngToContainerPoint([lat, lon]);"
        " const r = m.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; }",
        [lat, lon],
    )
    said = page.locator(".headline").first.inner_text()
    start = time.perf_counter()
    page.mouse.click(*spot)
    page.wait_for_function(
        "old => document.querySelector('.headline').innerText !== old", arg=said, polling=10
    )
    return time.perf_counter() - start


def first_maps(browser: Browser, address: str) -> list[float]:
    """Return what some readers wait for the first map; the very first one warms the process."""
    found = []
    for _ in range(5):
        page = browser.new_page(viewport=DESK)
        found.append(first_map(page, address))
        page.close()
    return found[1:]


def clicks(page: Page) -> list[float]:
    spots = [(-5.2, -75.2), (-9.2, -73.6), (-5.2, -75.2), (-9.2, -73.6), (-6.9, -76.7)]
    found = []
    for spot in spots:
        found.append(click_answer(page, *spot))
        page.keyboard.press("Escape")
        page.wait_for_timeout(600)
    return found


def opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport=DESK)
    first_map(page, address)
    page.wait_for_timeout(1500)
    return page


def measure(port: int) -> dict[str, float]:
    query = "?lang=en&threshold=30"
    with sync_playwright() as playwright, counting(port) as wire:
        browser = launch(playwright)
        firsts = first_maps(browser, f"http://localhost:{port}/?lang=en")
        page = opened(browser, f"http://localhost:{port}/{query}")
        changes = []
        for _ in range(ROUNDS):
            changes.append(threshold_change(page))
            page.wait_for_timeout(400)
        answered = clicks(page)
        page.close()
        sent = sent_for_changes(
            opened(browser, f"http://127.0.0.1:{wire.port}/{query}&service=prosecution"), wire
        )
        browser.close()
    named = {"first": firsts, "change": changes, "click": answered, "sent": sent}
    return {name: median(values) for name, values in named.items()}


def main() -> None:
    with running() as (port, _):
        found = measure(port)
    text = (
        "Chromium on the same machine, medians. A threshold is new to the process, and is visible with the\n"
        "frame that draws its deserts; bytes are those on the wire, of all that the app sends for it.\n\n"
        "| what | found | target |\n|---|---|---|\n"
        f"| first map visible, warm process | {found['first']:.2f} s | < 2 s |\n"
        f"| change of the threshold visible | {1000 * found['change']:.0f} ms | < 150 ms |\n"
        f"| sent for a change of the threshold | {found['sent']:.1f} KB | < 25 KB |\n"
        f"| click on the map answered | {1000 * found['click']:.0f} ms | < 250 ms |\n"
    )
    print(text)
    results.keep("What a reader waits for", text)


if __name__ == "__main__":
    main()
