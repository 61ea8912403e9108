"""How a comparison is made: both sides in turn, the median of at least five, one table of ratios.

A ``bench_*.py`` file beside this one exposes ``run() -> list[Row]``. It checks that both sides give the
same answer before it measures, and says so in the row's `note`.
"""

from __future__ import annotations

import gc
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time

ROUNDS = 5
#: Seconds that a turn should last.
TURN = 0.1


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    target
        Number of the target, such as ``T1``.
    work
        What is computed, with its size.
    ours
        Seconds.
    peer
        Name of what it is compared with.
    theirs
        Seconds; None if the peer is not installed, or if there is none.
    limit
        The target: largest ratio, or largest number of (processor) seconds where there is no peer.
    note
        What was checked, and what the figures contain.
    """

    target: str
    work: str
    ours: float
    peer: str
    theirs: float | None
    limit: float
    note: str = ""
    absolute: bool = False

    @property
    def figure(self) -> float | None:
        """The ratio to the peer, or the seconds themselves; None if there is nothing to compare with."""
        if self.absolute:
            return self.ours
        return None if self.theirs is None else self.ours / self.theirs

    @property
    def met(self) -> bool | None:
        return None if self.figure is None else self.figure <= self.limit


def race(
    ours: Callable[[], object], theirs: Callable[[], object] | None = None, *, rounds: int = ROUNDS
) -> tuple[float, float | None]:
    """Return the median seconds of both sides, run in turn; the first turn of each only warms up.

    What takes a few milliseconds is repeated within a turn, so that a turn lasts long enough to be timed.
    Without a peer it is processor time: nothing else would cancel out what the machine does besides.
    """
    mine: list[float] = []
    yours: list[float] = []
    times = _repeats(ours)
    clock = process_time if theirs is None else perf_counter
    if theirs is not None:
        theirs()
    for _ in range(max(rounds, ROUNDS)):
        mine.append(seconds(ours, times=times, clock=clock))
        if theirs is not None:
            yours.append(seconds(theirs))
    return median(mine), median(yours) if yours else None


def seconds(
    work: Callable[[], object], *, times: int = 1, clock: Callable[[], float] = perf_counter
) -> float:
    """Return the mean seconds of `times` calls."""
    gc.collect()
    start = clock()
    for _ in range(times):
        work()
    return (clock() - start) / times


def _additions() -> None:
    """Do what any Python does alike: it tells how fast a machine is on that day."""
    total = 0
    for number in range(10_000_000):
        total += number


def _repeats(work: Callable[[], object]) -> int:
    work()
    return min(max(1, int(TURN / max(seconds(work), 1e-6))), 50)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as Markdown."""
    head = ["target", "work", "ours", "peer", "theirs", "ratio", "limit", "met", "checked"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    machine += f", where ten million additions took {seconds(_additions, clock=process_time):.2f} s"
    words = (
        "Both sides run in turn in one run; each figure is a median. Compare ratios, not seconds. "
        "Figures in seconds, without a peer, are processor time."
    )
    return f"{words} Measured on {machine}.\n\n" + "\n".join(lines)


def _cells(row: Row) -> list[str]:
    figure = "not installed" if row.figure is None else _number(row.figure)
    unit = " s" if row.absolute else ""
    met = {True: "yes", False: "**no**", None: "-"}[row.met]
    theirs = "-" if row.theirs is None else _time(row.theirs)
    return [
        row.target, row.work, _time(row.ours), row.peer, theirs,
        figure + unit, f"<= {_number(row.limit)}{unit}", met, row.note,
    ]  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.3g}"


def _time(value: float) -> str:
    return f"{value * 1000:.3g} ms" if value < 1.0 else f"{value:.3g} s"
