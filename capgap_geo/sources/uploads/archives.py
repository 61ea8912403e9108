"""Open archives without trusting them: names, sizes and counts are checked before and while unpacking."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import PurePosixPath

from capgap_geo.errors import UploadError
from capgap_geo.sources.uploads.limits import MB, Limits
from capgap_geo.sources.uploads.messages import refusal

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_CHUNK = 1 << 16
_END_RECORD = b"PK\x05\x06"
_BROKEN = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, struct.error)


class Archive:
    """A ZIP file whose members are safe to name and bounded to read.

    Raises
    ------
    UploadError
        A member leads out of the archive or is a link, there are too many, a password is needed, or the
        stated sizes exceed the limit.
    """

    def __init__(self, content: bytes, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.unpacked_bytes
        _check_count(content, limits)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _BROKEN:
            raise refusal("unreadable", format="ZIP") from None
        entries = [e for e in self._zip.infolist() if not e.filename.endswith("/")]
        _check_entries(entries, limits)
        self._entries = {e.filename: e for e in entries}

    @property
    def names(self) -> list[str]:
        """The members, folders and the leavings of operating systems aside."""
        return [n for n in self._entries if not n.startswith("__MACOSX/") and not _hidden(n)]

    def ending(self, *suffixes: str) -> list[str]:
        """Return the members whose name ends so, in any case."""
        return [n for n in self.names if PurePosixPath(n.lower()).suffix in suffixes]

    def read(self, name: str) -> bytes:
        """Unpack one member, counting every byte.

        Raises
        ------
        UploadError
            More comes out than may, or the member is damaged.
        """
        parts: list[bytes] = []
        try:
            with self._zip.open(self._entries[name]) as stream:
                while part := stream.read(_CHUNK):
                    self._left -= len(part)
                    if self._left < 0:
                        raise _too_large(self._limits)
                    parts.append(part)
        except UploadError:
            raise
        except (*_BROKEN, zlib.error):
            raise refusal("unreadable", format="ZIP") from None
        return b"".join(parts)


def safe_name(name: str) -> bool:
    """Return whether a member's name stays inside the archive."""
    path = PurePosixPath(name.replace("\\", "/"))
    return not (path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name or not path.name)


def _check_count(content: bytes, limits: Limits) -> None:
    """Refuse by the end record, before a directory with a million entries is parsed."""
    at = content.rfind(_END_RECORD, max(0, len(content) - 66_000))
    if at < 0 or len(content) < at + 22:
        raise refusal("unreadable", format="ZIP")
    count, size = struct.unpack_from("<H", content, at + 10)[0], struct.unpack_from("<I", content, at + 12)[0]
    if count > limits.members or size > limits.members * 400:
        raise refusal("too_many_members", limit=limits.members)


def _check_entries(entries: Iterable[zipfile.ZipInfo], limits: Limits) -> None:
    total = 0
    for entry in entries:
        if not safe_name(entry.filename) or stat.S_ISLNK(entry.external_attr >> 16):
            raise refusal("archive_unsafe", found=entry.filename[:80])
        if entry.flag_bits & 0x1:
            raise refusal("archive_encrypted")
        if entry.compress_type not in _METHODS:
            raise refusal("unreadable", format="ZIP")
        total += entry.file_size
    if total > limits.unpacked_bytes:
        raise _too_large(limits)


def _too_large(limits: Limits) -> UploadError:
    return refusal("unpacks_too_large", limit=limits.unpacked_bytes // MB)


def _hidden(name: str) -> bool:
    return PurePosixPath(name).name.startswith(".")
