"""The audit tells three things apart: a known vulnerability, none, and that nobody could be asked."""

import functools
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

AUDIT = Path(__file__).with_name("audit.py")


class _Service(http.server.BaseHTTPRequestHandler):
    """Answers as osv.dev does: some packages are known to be vulnerable, the others are not."""

    def __init__(self, vulnerable, *given):
        self.vulnerable = vulnerable
        super().__init__(*given)

    def do_POST(self):
        name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}}]
        known = {"vulns": [{"id": f"PYSEC-{name}", "summary": "bad", "affected": affected}]}
        self.send_response(503 if self.vulnerable is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(known if name in (self.vulnerable or ()) else {}).encode())

    def log_message(self, *_):
        pass


@pytest.mark.parametrize(
    ("vulnerable", "code", "said"),
    [
        ({"django", "jinja2"}, 1, "audit: jinja2 2.11.2: PYSEC-jinja2, fixed in no version yet\n"),
        ({"django"}, 0, "audit: 0 known vulnerabilities in 1 packages\n"),
        (set(), 0, "audit: NOT DONE, known vulnerabilities were not looked for: the service has no list"),
        (None, 0, "audit: NOT DONE, known vulnerabilities were not looked for: "),
    ],
    ids=["vulnerable", "clean", "knows-nothing", "no-answer"],
)
def test_the_audit_says_what_it_did(tmp_path, vulnerable, code, said):
    folder = tmp_path / "jinja2-2.11.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: jinja2\nVersion: 2.11.2\n", "utf-8")
    handler = functools.partial(_Service, vulnerable)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        options = ["--path", tmp_path, "--vulnerability-service=osv", f"--osv-url={address}"]
        done = subprocess.run([sys.executable, AUDIT, *options], capture_output=True, text=True)
        server.shutdown()
    assert done.returncode == code
    assert done.stdout.startswith(said)
    assert done.stdout.count("\n") == code + 1
