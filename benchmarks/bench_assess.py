"""A whole answer: of a new scenario, of a changed threshold alone, and the first one of a fresh process."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from itertools import cycle
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.harness import ROUNDS, Row, race, seconds
from capgap_geo.analysis.assess import assess
from capgap_geo.model import Profile, Scenario, Service
from capgap_geo.sources.study import load_study

ROOT = Path(__file__).resolve().parents[1]
#: Each has facilities, or people, of its own.
FRESH = (
    Scenario(service=Service.POLICE),
    Scenario(service=Service.PROSECUTION),
    Scenario(service=Service.PROTECTION),
    Scenario(service=Service.SHELTER, profile=Profile.WOMEN),
    Scenario(service=Service.SHELTER, profile=Profile.GIRLS),
)
START = """
from capgap_geo.analysis.assess import assess
from capgap_geo.model import Scenario
from capgap_geo.sources.study import load_study
assess(load_study(), Scenario())
"""


def run() -> list[Row]:
    start = float(np.median([_fresh_process() for _ in range(ROUNDS)]))
    study = load_study()
    assess(study, Scenario(service=Service.FIRST_RESPONSE))  # the country is prepared, no answer is known
    new = float(np.median([seconds(partial(assess, study, s), clock=process_time) for s in FRESH]))
    others = cycle(FRESH[0].with_(threshold=float(minutes)) for minutes in range(1, 1000))
    changed, _ = race(lambda: assess(study, next(others)))
    return [
        _row("a fresh process to its first answer", start, 6.0, "imports included, kernels compiled before"),
        _row("all tables, read and checked", race(load_study)[0], 1.0),
        _row("answer to a new scenario", new, 0.400, "1,293,365 cells; 5 scenarios"),
        _row("answer to a changed threshold alone", changed, 0.030, "no threshold twice"),
    ]


def _row(work: str, ours: float, limit: float, note: str = "") -> Row:
    return Row("", work, ours, "-", None, limit, note, absolute=True)


def _fresh_process() -> float:
    command = [sys.executable, "-c", START]
    return seconds(lambda: subprocess.run(command, cwd=ROOT, check=True))
