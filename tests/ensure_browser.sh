#!/bin/sh
# Make sure that the browser tests find a browser: Playwright's own, else one on the PATH, else the
# system's package. Usage: ensure_browser.sh PYTHON
set -eu
python=$1
found() {
  "$python" - <<'PY'
import pathlib, shutil, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as p:
    own = pathlib.Path(p.chromium.executable_path).exists()
sys.exit(0 if own or any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))) else 1)
PY
}
found && exit 0
echo "no browser found: installing Playwright's Chromium"
"$python" -m playwright install --with-deps chromium >/dev/null 2>&1 || true
found && exit 0
echo "not available: installing the system's package chromium"
if command -v apt-get >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
fi
found || { echo "no browser: install Chromium and run again" >&2; exit 1; }
