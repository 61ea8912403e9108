"""The browser that tests and measurements use."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

#: In the order of preference: without windows it is the same engine and takes a seventh less time.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def executable(playwright: Playwright) -> str | None:
    """Return the path of Playwright's own Chromium, else of one on the PATH, else None."""
    own = playwright.chromium.executable_path
    return own if Path(own).exists() else next(filter(None, map(shutil.which, NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser without a window.

    Raises
    ------
    RuntimeError
        If there is none; ``tests/ensure_browser.sh`` installs one.
    """
    path = executable(playwright)
    if path is None:
        raise RuntimeError("no browser: run tests/ensure_browser.sh, or install Chromium")
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


if __name__ == "__main__":
    with sync_playwright() as found:
        sys.exit(executable(found) is None)
