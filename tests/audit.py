"""Look for known vulnerabilities of what is installed here: ``python tests/audit.py [options of pip-audit]``.

Ends with 1 if there is one. Where the service cannot be asked it says so in one line and ends with 0: that
is no audit, and nothing of ours is wrong either. Whether it can be asked is seen from a package that is
known to be vulnerable: it is asked about each time, and an index without such knowledge does not find it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

SECONDS = 60
OPTIONS = ("--format=json", "--progress-spinner=off", "--timeout=10", "--skip-editable")
PROBE, PROBE_VERSION = "django", "2.2"


def main(options: list[str]) -> int:
    """Run pip-audit and say in a line what came of it."""
    where = [] if "--path" in options else ["--path", sysconfig.get_path("purelib")]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip_audit", *OPTIONS, *options, *where, "--path", _probe(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
            packages = {p["name"]: p for p in json.loads(done.stdout)["dependencies"]}
        except subprocess.TimeoutExpired:
            return _not_done(f"no answer within {SECONDS} s")
        except (ValueError, LookupError):
            return _not_done((done.stderr.strip().splitlines() or ["no answer"])[-1])
    if not packages.pop(PROBE, {}).get("vulns"):
        return _not_done("the service has no list of vulnerabilities")
    return _judge(list(packages.values()))


def _probe(folder: str) -> str:
    info = Path(folder) / f"{PROBE}-{PROBE_VERSION}.dist-info"
    info.mkdir()
    text = f"Metadata-Version: 2.1\nName: {PROBE}\nVersion: {PROBE_VERSION}\n"
    (info / "METADATA").write_text(text, "utf-8")
    return folder


def _judge(packages: list[dict]) -> int:
    found = [(p, v) for p in packages for v in p.get("vulns", ())]
    for package, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        _say(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    unknown = [p["name"] for p in packages if "editable" not in p.get("skip_reason", "editable")]
    more = f"; the service does not know {', '.join(unknown)}" if unknown else ""
    _say(f"{len(found)} known vulnerabilities in {len(packages) - len(unknown)} packages{more}")
    return int(bool(found))


def _not_done(why: str) -> int:
    _say(f"NOT DONE, known vulnerabilities were not looked for: {why[:200]}")
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"audit: {line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
