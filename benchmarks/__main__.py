"""``python -m benchmarks [WORD ...]``: run all benches, or those whose file name holds a word."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from benchmarks import results
from benchmarks.harness import Row, table

HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    rows: list[Row] = []
    files = sorted(HERE.glob("bench_*.py"))
    if unknown := [word for word in words if not any(word.lower() in file.stem for file in files)]:
        names = ", ".join(file.stem.removeprefix("bench_") for file in files)
        print(f"capgap: no bench is called {', '.join(unknown)}; there are {names}", file=sys.stderr)
        return 2
    for file in files:
        if not words or any(word.lower() in file.stem for word in words):
            print(f"... {file.stem}", file=sys.stderr, flush=True)
            rows += import_module(f"benchmarks.{file.stem}").run()
    rows.sort(key=lambda row: (int(row.target.strip("T") or 0), row.work))
    text = table(rows)
    print(text)
    if not words:
        results.keep("Speed", text)
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
