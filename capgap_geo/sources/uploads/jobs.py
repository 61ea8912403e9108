"""Run the reader in a confined process, a few at a time, and turn its end into a table or a clear error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.limits import DEFAULT, MB, Limits
from capgap_geo.sources.uploads.messages import refusal
from capgap_geo.sources.uploads.raw import Raw, load
from capgap_geo.sources.uploads.worker import Options, request_head

_ROOT = Path(__file__).resolve().parents[3]
_COMMAND = (sys.executable, "-s", "-P", "-B", "-m", "capgap_geo.sources.uploads.worker")
#: Files read at the same time, so that uploads leave the pages their share of the machine.
_SLOTS = threading.BoundedSemaphore(max(1, min(4, (os.cpu_count() or 1) // 2)))
_LARGEST_ANSWER = 400 * MB
_NICER = 10


def read_raw(content: bytes, filename: str, options: Options | None = None, limits: Limits = DEFAULT) -> Raw:
    """Read a file in a process of its own that has limits and no network.

    Raises
    ------
    UploadError
        The file cannot be used, took too much, or stopped the reader. This process stays up.
    """
    if len(content) > limits.upload_bytes:
        found, limit = f"{len(content) / MB:.1f}", f"{limits.upload_bytes / MB:g}"
        raise refusal("too_large", found=found, limit=limit)
    if not _SLOTS.acquire(timeout=limits.waiting_seconds):
        raise refusal("busy")
    try:
        answer = _answer(request_head(filename, options or Options(), limits), content, limits)
    finally:
        _SLOTS.release()
    if answer[:1] == b"+":
        return load(answer[1:])
    tree = json.loads(answer[1:])
    raise refusal(tree["code"], **tree["values"])


def _answer(head: bytes, content: bytes, limits: Limits) -> bytes:
    process = subprocess.Popen(  # noqa: S603  # a fixed command; the content goes through a pipe
        _COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(limits.wall_seconds, stop)
    timer.start()
    try:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101  # pipes were asked for
        feeder = threading.Thread(target=_feed, args=(process.stdin, head, content), daemon=True)
        feeder.start()
        answer = process.stdout.read(_LARGEST_ANSWER + 1)
        if len(answer) > _LARGEST_ANSWER:
            raise refusal("too_much_memory")
    finally:
        timer.cancel()
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            _end(process)
    return _judged(process.returncode, answer, late.is_set())


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _feed(pipe: IO[bytes], head: bytes, content: bytes) -> None:
    try:
        with pipe:
            pipe.write(head)
            pipe.write(content)
    except BrokenPipeError:
        return  # the reader ended early; its answer tells why


def _judged(code: int, answer: bytes, late: bool) -> bytes:
    if late or code in (-signal.SIGXCPU, -signal.SIGKILL):
        raise refusal("took_too_long")
    if code != 0 or answer[:1] not in (b"+", b"-"):
        raise _stopped(code)
    return answer


def _stopped(code: int) -> UploadError:
    # A native library that gets no memory aborts; Python itself leaves with 1.
    return refusal("too_much_memory" if code == 1 else "crashed")


def _environment() -> dict[str, str]:
    """Pass on nothing of ours: no secrets, no settings, one thread per library."""
    one = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "ARROW", "ARROW_IO", "GDAL")}
    return {
        **one,
        "PYTHONPATH": str(_ROOT),
        "PYTHONUTF8": "1",
        "PROJ_NETWORK": "OFF",
        "MALLOC_ARENA_MAX": "2",
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "PATH": os.defpath,
    }
