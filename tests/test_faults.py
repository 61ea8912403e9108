"""Faults of the machine: a killed process, a damaged file, a full disk. A sentence, and nothing half done."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from capgap_geo.analysis.assess import assess
from capgap_geo.analysis.engines import engine, hold
from capgap_geo.cli import FAILED, OK, _code
from capgap_geo.cli.asking import study_of
from capgap_geo.cli.talking import plain
from capgap_geo.errors import DataNotFoundError
from capgap_geo.files import write_file
from capgap_geo.i18n import texts
from capgap_geo.model import Scenario
from capgap_geo.render.staticfiles import geometry_addresses
from capgap_geo.sources.study import DEFAULT_PATH
from capgap_geo.sources.uploads import add_to_study, read_upload, save_study

ROOT = Path(__file__).parents[1]
KM = ("--measure", "straight_line", "--threshold", "100")
UNITS = b"""service,department,latitude,longitude,officers,year,evidence
police,Madre de Dios,-13.1,-70.38,4,2024,reported
"""
#: One file of each kind that a study is read from.
DAMAGED = (
    "travel/friction.tif", "travel/places.csv", "zones/zones.geojson", "boundaries/datapackage.json",
    "boundaries/provinces.geojson", "population/provinces.csv",
)  # fmt: skip


def in_a_new_process(*words, **options):
    command = [sys.executable, "-m", "capgap_geo", *map(str, words)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def failed_in_one_line(code, out, err):
    return (code, out) == (FAILED, "") and err.startswith("capgap: ") and len(err.splitlines()) == 1


@pytest.fixture(scope="module")
def upload():
    return read_upload(UNITS, "units.csv", kind="facilities")


@pytest.fixture(scope="module")
def shipped():
    """The project's study, which the command line answers from as well."""
    return study_of(None)


def answer_of_a_session(study, uploads):
    """Return what a reader sees who has brought some tables."""
    own = study
    for upload in uploads:
        own = add_to_study(own, upload)
    held = hold(own, base=study)
    answer = assess(own, Scenario(measure="straight_line", threshold=100))
    assert engine(own) is held
    return plain(dict(answer.country))


def test_a_killed_process_loses_no_saved_study(tmp_path, upload, shipped):
    path, more = tmp_path / "mine.zip", tmp_path / "more.csv"
    more.write_bytes(UNITS)
    before = save_study([upload])
    after = save_study([upload], base=before)
    write_file(path, before)
    seen = path.stat()
    process = in_a_new_process("import", more, "--kind", "facilities", "--into", path, "--output", path)
    while process.poll() is None and path.stat() == seen and not list(tmp_path.glob(".*.part")):
        time.sleep(0.0002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert path.read_bytes() in (before, after)
    kept = [upload] if path.read_bytes() == before else [upload, upload]
    said, _ = in_a_new_process("assess", "--study", path, *KM, "--json").communicate()
    assert json.loads(said)["country"] == answer_of_a_session(shipped, kept)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A copy of the data, to be damaged; whoever damages a file puts it back."""
    folder = tmp_path_factory.mktemp("study") / "data"
    shutil.copytree(DEFAULT_PATH, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return folder


def cut(path, part=0.6):
    """Cut a file; return what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    return whole


@pytest.mark.parametrize("name", DAMAGED)
def test_a_cut_file_of_a_study_is_one_line_that_names_it(data, capgap, name):
    whole = cut(data / name)
    code, out, err = capgap("assess", "--study", data, *KM)
    (data / name).write_bytes(whole)
    assert failed_in_one_line(code, out, err)
    assert str(data / name) in err
    assert "restore" in err


def test_a_cut_saved_study_is_one_line(tmp_path, upload, capgap):
    path = tmp_path / "mine.zip"
    write_file(path, save_study([upload]))
    cut(path)
    assert failed_in_one_line(*capgap("assess", "--study", path, *KM))


def test_a_cut_list_of_the_web_copies_is_named(tmp_path):
    folder = shutil.copytree(ROOT / "static" / "geo", tmp_path / "geo").parent
    assert geometry_addresses(folder) == geometry_addresses()
    for damage in (cut, Path.unlink):
        damage(folder / "geo" / "manifest.json")
        with pytest.raises(DataNotFoundError, match=r"manifest\.json: cannot be read .*; restore"):
            geometry_addresses(folder)


def test_the_app_says_a_sentence_for_a_cut_file(data):
    """In a process of its own, where the data folder of the program is the damaged one."""
    home = data.parent
    for name in ("capgap_geo", "static", ".streamlit"):
        (home / name).symlink_to(ROOT / name)
    script = f"""
        import json, pathlib
        from streamlit.testing.v1 import AppTest
        said = {{}}
        for name in {DAMAGED!r}:
            path = pathlib.Path("data", name)
            whole = path.read_bytes()
            path.write_bytes(whole[:len(whole) // 2])
            page = "from capgap_geo.ui.shell import draw; draw('map')()"
            app = AppTest.from_string(page, default_timeout=60)
            app.query_params["lang"] = "es"
            app.run()
            path.write_bytes(whole)
            said[name] = [[e.value for e in app.error], len(app.exception)]
        print(json.dumps(said))
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        cwd=home, env={**os.environ, "PYTHONPATH": str(home)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said == {name: [[texts("es")["error.provenance"]], 0] for name in DAMAGED}
    for name in DAMAGED:
        assert name in done.stderr


@pytest.fixture
def full_disk():
    """Let no file become larger than a few bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Let libraries write what they keep for themselves while there is room."""
    folder = tmp_path_factory.mktemp("room")
    (folder / "plan.json").write_text(json.dumps(PLAN))
    assert _code(["plan", str(folder / "plan.json"), *KM]) == OK
    assert _code(["brief", *KM, "--area", "d:01", "--output", str(folder / "b.pdf")]) == OK


PLAN = {"format": "capgap-plan", "version": 1, "name": "x", "changes": [
    {"change": "add", "service": "police", "at": "3927942"}]}  # fmt: skip
WRITING = {
    "a.csv": ("assess", *KM),
    "a.gpkg": ("assess", *KM),
    "briefs": ("brief", *KM, "--all"),
    "s.zip": ("import", "units.csv", "--kind", "facilities"),
    "p.json": ("plan", "plan.json", *KM),
}


@pytest.mark.parametrize("name", WRITING)
@pytest.mark.usefixtures("ready")
def test_a_full_disk_leaves_no_half_file(capgap, full_disk, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("units.csv").write_bytes(UNITS)
    Path("plan.json").write_text(json.dumps(PLAN))
    folder = name == "briefs"
    if not folder:
        Path(name).write_text("what was there")
    full_disk()
    code, out, err = capgap(*WRITING[name], "--output", name)
    assert failed_in_one_line(code, out, err)
    assert "could not be written" in err
    assert "make room" in err
    left = {str(p): p.read_text() for p in Path().rglob("*") if p.is_file()}
    expected = {"units.csv": UNITS.decode(), "plan.json": json.dumps(PLAN)}
    assert left == (expected if folder else {**expected, name: "what was there"})
