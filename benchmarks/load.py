"""``python -m benchmarks.load``: many readers at once, on this machine only, for a bounded time.

A crowd for ten minutes; the crowd while one reader brings files without pause; a crowd twice as big.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, field
from statistics import mean, median, quantiles
from typing import Any

from benchmarks import results
from benchmarks.bringer import ALLOWED, FORBIDDEN, Brought, bring
from benchmarks.server import memory_mb, running
from benchmarks.sessions import Reader, ask, connect, crowd

PAUSE = (2.5, 7.5)
#: Seconds of the two shorter parts.
SHORT = 60.0
SAMPLES = 10
#: The targets, in ms; and how much more memory the second half of the run may hold than the first.
P95, P95_BRINGING, FLAT = 400, 600, 1.03


@dataclass(frozen=True)
class Outcome:
    """What a crowd met, and what memory it took: in MB, one sample in each tenth of the time."""

    users: int
    seconds: float
    waits: list[float]
    errors: int
    kilobytes: float
    memory: list[float]
    brought: Brought = field(default_factory=Brought)

    @property
    def p95(self) -> float:
        return quantiles(self.waits, n=20)[18]

    @property
    def growth(self) -> float:
        """Memory in the second half of the time, as a multiple of that in the first."""
        half = len(self.memory) // 2
        return mean(self.memory[-half:]) / mean(self.memory[:half])


async def _warm(port: int) -> None:
    """Let the first reader pay for what all share."""
    async with await connect(port) as connection:
        for service in ("police", "prosecution", "protection"):
            await ask(connection, f"lang=en&service={service}", Reader())


async def _memory(pid: int, seconds: float) -> list[float]:
    found = [memory_mb(pid)]
    for _ in range(SAMPLES):
        await asyncio.sleep(seconds / SAMPLES)
        found.append(memory_mb(pid))
    return found


async def _part(port: int, pid: int, *, users: int, seconds: float, bringing: bool = False) -> Outcome:
    """Send a crowd and say what it met."""
    work: list[Coroutine[Any, Any, Any]] = [
        crowd(port, users=users, seconds=seconds, pause=PAUSE),
        _memory(pid, seconds),
    ]
    if bringing:
        work.append(bring(port, seconds=seconds))
    readers, memory, *brought = await asyncio.gather(*work)
    return Outcome(
        users=users,
        seconds=seconds,
        waits=[1000 * s for r in readers for s in r.seconds],
        errors=sum(r.errors for r in readers),
        kilobytes=median(b / 1024 for r in readers for b in r.bytes),
        memory=memory,
        brought=brought[0] if brought else Brought(),
    )


async def measure(port: int, pid: int, *, users: int, seconds: float) -> tuple[Outcome, Outcome, Outcome]:
    """Send the three crowds, one after the other."""
    await _warm(port)
    await crowd(port, users=users, seconds=min(20, seconds), pause=PAUSE)
    short = min(SHORT, seconds)
    long = await _part(port, pid, users=users, seconds=seconds)
    bringing = await _part(port, pid, users=users, seconds=short, bringing=True)
    return long, bringing, await _part(port, pid, users=2 * users, seconds=short)


def figures(long: Outcome, bringing: Outcome, double: Outcome) -> list[tuple[str, str, str, bool]]:
    """Return the lines of the table: what, its figure, the target, whether it is met."""
    brought = bringing.brought
    crowded = f"{long.users} readers, {long.seconds:g} s"
    beside = f"{bringing.users} readers, {bringing.seconds:g} s, one more brings files"
    doubled = f"{double.users} readers, {double.seconds:g} s"
    return [
        (f"{crowded}: 95th percentile", f"{long.p95:.0f} ms", f"<= {P95} ms", long.p95 <= P95),
        (f"{crowded}: errors", str(long.errors), "0", not long.errors),
        (f"{crowded}: sent for a change, median", f"{long.kilobytes:.1f} KB", "<= 25 KB",
         long.kilobytes <= 25),
        (f"{crowded}: memory, second half to first", f"{long.growth:.3f}", f"<= {FLAT}", long.growth <= FLAT),
        (f"{beside}: 95th percentile of the others", f"{bringing.p95:.0f} ms", f"<= {P95_BRINGING} ms",
         bringing.p95 <= P95_BRINGING),
        (f"{beside}: errors of the others", str(bringing.errors), "0", not bringing.errors),
        (f"{beside}: files of {FORBIDDEN // 10**6} MB refused, of {ALLOWED // 10**6} MB read",
         f"{brought.refused}, {len(brought.seconds)}", "all",
         bool(brought.refused and brought.seconds) and not brought.errors),
        (f"{doubled}: errors", str(double.errors), "0", not double.errors),
    ]  # fmt: skip


def report(outcomes: tuple[Outcome, Outcome, Outcome]) -> str:
    """Return the figures as a text."""
    lines = [
        f"| {what} | {found} | {target} | {'yes' if met else '**no**'} |"
        for what, found, target, met in figures(*outcomes)
    ]
    long, bringing, double = outcomes
    memory = [
        f"* {name}: {', '.join(f'{mb:.0f}' for mb in part.memory)}"
        for name, part in (("the crowd", long), ("beside files", bringing), ("twice the crowd", double))
    ]
    others = (
        f"Medians: {median(long.waits):.0f} ms, {median(bringing.waits):.0f} ms beside files, "
        f"{median(double.waits):.0f} ms (95th percentile {double.p95:.0f} ms) in twice the crowd; "
        f"{len(long.waits) + len(bringing.waits) + len(double.waits)} changes answered."
    )
    reading = bringing.brought.seconds
    if reading:
        others += f" A file of {ALLOWED // 10**6} MB was read in {median(reading):.0f} s."
    return "\n".join([
        f"A reader changes something every {PAUSE[0]} to {PAUSE[1]} s; readers and app share the machine.",
        "", "| what | figure | target | met |", "|---|---|---|---|", *lines, "", others, "",
        f"Memory of the app in MB, at the start and after each of {SAMPLES} equal parts of the time:",
        "", *memory,
    ])  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--save", action="store_true", help="write benchmarks/RESULTS.md")
    given = parser.parse_args()
    with running() as (port, pid):
        outcomes = asyncio.run(measure(port, pid, users=given.users, seconds=given.seconds))
    text = report(outcomes)
    print(text)
    for error in outcomes[1].brought.errors:
        print(error, file=sys.stderr)
    if given.save:
        results.keep("Load", text)
    return int(not all(met for *_, met in figures(*outcomes)))


if __name__ == "__main__":
    sys.exit(main())
