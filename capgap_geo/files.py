"""Write files whole or not at all: neither a full disk nor the end of the process leaves half of one."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from capgap_geo.errors import CapGapError, WriteError

#: No room on the disk, in a quota, or for a file of this size.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_file(path: Path, content: bytes) -> None:
    """Write a file beside its place and put it there when it is whole; what stood there stays until then.

    Raises
    ------
    WriteError
        It cannot be written; nothing is left of it.
    """
    target = path.resolve()
    try:
        if target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe has no half
            return
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        remedy = "make room there or choose" if error.errno in _FULL else "choose"
        raise _refused(str(path), error, f"{remedy} another folder or name") from None


@contextmanager
def scratch(*unwritten: type[Exception]) -> Iterator[Path]:
    """Give a folder for temporary files, which goes with the block.

    Parameters
    ----------
    unwritten
        What the libraries that write there raise if they cannot.

    Raises
    ------
    WriteError
        There is no room for them.
    """
    failures: tuple[type[Exception], ...] = (OSError, *unwritten)
    try:
        with tempfile.TemporaryDirectory(prefix="capgap-") as name:
            yield Path(name)
    except CapGapError:
        raise
    except failures as error:
        if isinstance(error, OSError) and error.errno not in _FULL:
            raise
        raise _refused(
            tempfile.gettempdir(), error, "make room there, or name another folder in TMPDIR"
        ) from None


def _refused(where: str, error: Exception, remedy: str) -> WriteError:
    reason = getattr(error, "strerror", None) or str(error).partition(":")[0]
    return WriteError(f"{where}: could not be written ({reason}); {remedy}")
