"""``python -m benchmarks.load``: many readers at once, on this machine only, for a bounded time."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import dataclass
from statistics import median, quantiles

from benchmarks import results
from benchmarks.server import memory_mb, running
from benchmarks.sessions import Reader, ask, connect, crowd

PAUSE = (2.5, 7.5)


@dataclass(frozen=True)
class Outcome:
    """What a crowd met."""

    users: int
    changes: int
    median_ms: float
    p95_ms: float
    errors: int
    kilobytes: float
    memory_before: float
    memory_after: float


async def _warm(port: int) -> None:
    """Let the first reader pay for what all share."""
    connection = await connect(port)
    for service in ("police", "prosecution", "protection"):
        await ask(connection, f"lang=en&service={service}", Reader())
    await connection.close()


def measure(port: int, pid: int, *, users: int, seconds: float) -> Outcome:
    """Send a crowd and say what it met."""
    asyncio.run(_warm(port))
    asyncio.run(crowd(port, users=users, seconds=20, pause=PAUSE))
    before = memory_mb(pid)
    readers = asyncio.run(crowd(port, users=users, seconds=seconds, pause=PAUSE))
    waits = [1000 * s for r in readers for s in r.seconds]
    sent = [b / 1024 for r in readers for b in r.bytes]
    return Outcome(
        users=users,
        changes=len(waits),
        median_ms=median(waits),
        p95_ms=quantiles(waits, n=20)[18],
        errors=sum(r.errors for r in readers),
        kilobytes=median(sent),
        memory_before=before,
        memory_after=memory_mb(pid),
    )


def report(outcome: Outcome, seconds: float) -> str:
    """Return the figures as a text."""
    growth = outcome.memory_after - outcome.memory_before
    return (
        f"{outcome.users} readers for {seconds:g} s, a change each {PAUSE[0]} to {PAUSE[1]} s;"
        " readers and app share the machine.\n\n"
        "| figure | value | target |\n|---|---|---|\n"
        f"| changes answered | {outcome.changes} | |\n"
        f"| median | {outcome.median_ms:.0f} ms | |\n"
        f"| 95th percentile | {outcome.p95_ms:.0f} ms | <= 400 ms at 100 readers |\n"
        f"| errors | {outcome.errors} | 0 |\n"
        f"| sent for a change, median | {outcome.kilobytes:.1f} KB | <= 25 KB |\n"
        f"| memory before, after | {outcome.memory_before:.0f} MB, {outcome.memory_after:.0f} MB "
        f"({growth:+.0f} MB) | flat |\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--save", action="store_true", help="write benchmarks/RESULTS.md")
    given = parser.parse_args()
    with running() as (port, pid):
        outcome = measure(port, pid, users=given.users, seconds=given.seconds)
    text = report(outcome, given.seconds)
    print(text)
    if given.save:
        results.keep("Load", text)
    print(json.dumps(outcome.__dict__))


if __name__ == "__main__":
    main()
