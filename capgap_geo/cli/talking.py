"""What the command line says: results to the output, everything else to the terminal, if there is one."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pandas as pd

from capgap_geo.files import write_file

#: A column of a table on a terminal is at most this wide.
_WIDEST = 52


def on_terminal() -> bool:
    """Return whether somebody watches: no progress is shown in a pipe or a log."""
    return sys.stderr.isatty()


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Say what is being done while it takes, on a terminal only."""
    if on_terminal():
        click.echo(f"{text} ...", err=True, nl=False)
    yield
    if on_terminal():
        click.echo("\r\033[K", err=True, nl=False)


@contextmanager
def steps(text: str, number: int) -> Iterator[Any]:
    """Show a bar over steps of a long work, on a terminal only; gives the bar's ``update``."""
    if not on_terminal():
        yield lambda _count: None
        return
    with click.progressbar(length=number, label=text, file=sys.stderr) as bar:
        yield bar.update


def wrote(path: Path, content: bytes, *, as_json: bool, **more: Any) -> None:
    """Write a file and say so: as JSON to the output, or as a line to a terminal."""
    write_file(path, content)
    if as_json:
        say_json({"file": str(path), "bytes": len(content), **more})
    elif on_terminal():
        click.echo(f"{path} ({len(content):,} bytes)", err=True)


def say_json(value: Any) -> None:
    """Print a value as JSON; what is not known is null, what is infinite a word."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Return JSON-ready values."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "unreachable"
    return None if value is pd.NA or value is pd.NaT else value


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON-ready values."""
    return [plain(row) for row in table.astype(object).where(table.notna(), None).to_dict("records")]


def say_table(table: pd.DataFrame) -> None:
    """Print a table of texts in columns; on a terminal, where lines would break, long cells are cut."""
    head = [str(name) for name in table.columns]
    rows = [[str(cell) for cell in row] for row in table.itertuples(index=False)]
    most = _WIDEST if sys.stdout.isatty() else sys.maxsize
    widths = [min(most, max(len(row[i]) for row in [head, *rows])) for i in range(len(head))]
    for row in (head, *rows):
        click.echo(_line(row, widths))


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    fitted = (
        cell if len(cell) <= wide else f"{cell[: wide - 1]}…"
        for cell, wide in zip(cells, widths, strict=True)
    )
    return "  ".join(cell.ljust(wide) for cell, wide in zip(fitted, widths, strict=True)).rstrip()
