"""ZIP archives that are the same bytes for the same content."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Mapping

#: ZIP knows no earlier day.
_EARLIEST = dt.date(1980, 1, 1)


def repacked(parts: Mapping[str, bytes], *, date: dt.date) -> bytes:
    """Return an archive of named parts, in their order, all dated alike."""
    day = max(date, _EARLIEST)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, content)
    return buffer.getvalue()


def sums(parts: Mapping[str, bytes]) -> bytes:
    """Return the SHA-256 of each part, as ``sha256sum -c`` reads them."""
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in parts.items()
    ).encode()
