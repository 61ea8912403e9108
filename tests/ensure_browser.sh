#!/bin/sh
# Make sure that the browser tests find a browser: one that is there, else the system's package, else
# Playwright's download. Usage: ensure_browser.sh PYTHON
set -eu
python=$1
found() { "$python" -m benchmarks.browser; }
found && exit 0
if command -v apt-get >/dev/null; then
  echo "no browser found: installing the system's package"
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  install="$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
  $sudo apt-get update -qq || true
  $install chromium-headless-shell >/dev/null 2>&1 || $install chromium >/dev/null || true
  found && exit 0
fi
echo "not available: installing Playwright's Chromium"
"$python" -m playwright install --with-deps chromium || true
found || { echo "no browser: install Chromium and run again" >&2; exit 1; }
