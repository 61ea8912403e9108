"""Work on a large file in a process of its own, so that whoever else uses this one does not wait for it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from capgap_geo.errors import CapGapError
from capgap_geo.sources.uploads.limits import DEFAULT
from capgap_geo.sources.uploads.messages import refusal

T = TypeVar("T")
#: Bytes from which it is worth the second that a process takes to start.
LARGE = 100_000
_ROOT = Path(__file__).resolve().parents[3]
_COMMAND = (sys.executable, "-m", "capgap_geo.sources.uploads.aside")
_SLOTS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))
_SECONDS = DEFAULT.waiting_seconds + 2 * DEFAULT.wall_seconds
_NICER = 5


def beside(work: Callable[..., T], content: bytes, filename: str, **how: Any) -> T:
    """Return ``work(content, filename, **how)``, from beside this process if the file is large.

    Parameters
    ----------
    work
        A function of this package, such as `read_upload`.

    Raises
    ------
    UploadError
        What `work` raises; or too many large files are being read, or this one took too long.
    """
    if len(content) < LARGE:
        return work(content, filename, **how)
    if not _SLOTS.acquire(timeout=DEFAULT.waiting_seconds):
        raise refusal("busy")
    try:
        answer = _asked(pickle.dumps((work, content, filename, how)))
    finally:
        _SLOTS.release()
    found = pickle.loads(answer)  # noqa: S301  # our own program's; a hostile file stays in its reader
    if isinstance(found, CapGapError):
        raise found
    return found  # type: ignore[no-any-return]


def _asked(request: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  # a fixed command
            _COMMAND, input=request, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SECONDS,
            check=True, env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise refusal("took_too_long") from None
    except subprocess.CalledProcessError:
        raise refusal("crashed") from None
    return done.stdout


def main() -> None:
    """Answer one request."""
    if hasattr(os, "nice"):
        os.nice(_NICER)
    work, content, filename, how = pickle.load(sys.stdin.buffer)  # noqa: S301  # from `beside`
    try:
        found = work(content, filename, **how)
    except CapGapError as error:
        found = error
    sys.stdout.buffer.write(pickle.dumps(found))


if __name__ == "__main__":
    main()
