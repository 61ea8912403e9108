"""benchmarks/RESULTS.md: one file for all figures; each run that measures replaces its own section."""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path(__file__).with_name("RESULTS.md")
#: The sections in their order, each with the command that measures it.
SECTIONS = {
    "Speed": "make bench",
    "What a reader waits for": "make bench-ui",
    "Load": "make load",
}
_HEAD = "# What was measured\n"
_SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)


def keep(title: str, body: str, *, file: Path = FILE) -> None:
    """Replace the section of a title, and leave the others as they are."""
    _, *parts = _SECTION.split(file.read_text("utf-8")) if file.exists() else [""]
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    found[title] = f"Written by `{SECTIONS[title]}`.\n\n{body}"
    texts = [f"## {name}\n\n{found[name].strip()}\n" for name in SECTIONS if name in found]
    file.write_text("\n".join([_HEAD, *texts]), encoding="utf-8")
