"""Fit the speeds to one half of the published travel times: ``python data/travel/calibrate.py``.

Four road speeds and the speed of assumed tracks are fitted together to the road times, the speed of boats to
the river times; everything else in `Speeds` is an assumption and stays. What is minimised is the mean size of
the logarithm of modelled over published minutes: half weighs as much as double, and an outlier no more than
its size. Pairs under an hour are not used, since where in its cell a town lies would decide. The result is
rounded and written by hand into the defaults of `Speeds`; the other half is never looked at here. The times
say little about tracks (the loss hardly changes from 20 to 40 km/h): a value at the slow end is written.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import buildkit  # noqa: E402  (the scripts' parts lie outside any package)
import friction  # noqa: E402
import times  # noqa: E402

from capgap_geo.analysis.travel_time import Speeds, Ways  # noqa: E402

SHORTEST_MIN = 60.0
FITTED = {
    "road": ("road_coast", "road_highlands", "road_rainforest", "road_steep", "track"),
    "river": ("river",),
}
EVALUATIONS = 120


def loss(pairs: pd.DataFrame, ways: Ways, speeds: Speeds) -> float:
    """Return the mean absolute logarithm of modelled over published minutes."""
    minutes = times.modelled(pairs, ways.friction(speeds), ways.grid)
    return float(np.mean(np.abs(np.log(minutes / pairs["published_min"]))))


def fit(pairs: pd.DataFrame, ways: Ways, start: Speeds, names: tuple[str, ...]) -> Speeds:
    """Return the speeds with those named fitted by Nelder and Mead's simplex on their logarithms."""

    def with_(logs: npt.NDArray[np.float64]) -> Speeds:
        return replace(start, **dict(zip(names, np.exp(logs).tolist(), strict=True)))

    first = np.log([getattr(start, name) for name in names])
    simplex = first + np.vstack([np.zeros(len(names)), 0.2 * np.eye(len(names))])
    options = {"initial_simplex": simplex, "maxfev": EVALUATIONS, "xatol": 0.01, "fatol": 1e-4}
    found = minimize(lambda x: loss(pairs, ways, with_(x)), first, method="Nelder-Mead", options=options)
    return with_(found.x)


def main() -> None:
    """Fit and print."""
    ways = friction.read_ways(buildkit.inputs_folder())
    pairs = times.read_pairs(HERE)
    usable = (pairs["half"] == times.HALVES[0]) & (pairs["published_min"] >= SHORTEST_MIN)
    speeds = Speeds()
    for mode, names in FITTED.items():
        mine = pairs[usable & (pairs["mode"] == mode)].reset_index(drop=True)
        before = loss(mine, ways, speeds)
        speeds = fit(mine, ways, speeds, names)
        fitted = {name: round(getattr(speeds, name), 1) for name in names}
        after = loss(mine, ways, speeds)
        sys.stdout.write(f"{mode}: {len(mine)} pairs, loss {before:.3f} -> {after:.3f}, {fitted}\n")


if __name__ == "__main__":
    main()
