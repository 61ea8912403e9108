"""Open up what a file or page wraps: archives, compressed streams, base64, escapes."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

_DEPTH = 4
#: Tests read our own files, which unfold to far less.
_LARGEST = 200_000_000
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){21,}")
_ZLIB_START = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
_BETWEEN = re.compile(r"[^a-z0-9]+")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


def unfold(content: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """Yield the content, and all that can be unpacked or decoded from it."""
    yield content
    if depth:
        for inner in (*_members(content), *_streams(content), *_encoded(content)):
            yield from unfold(inner, depth - 1)


def texts(layer: bytes) -> Iterator[str]:
    """Yield a layer as text, as it stands and with its escapes undone."""
    text = layer.decode("utf-8", "replace")
    yield text
    if layer.count(b"\x00") > len(layer) // 4:
        yield layer.decode("utf-16-le", "replace")
        yield layer.decode("utf-16-be", "replace")
    undone = _ESCAPE.sub(lambda m: chr(int(m.group(1), 16)), unquote(html.unescape(text)))
    if undone != text:
        yield undone


def plain(text: str) -> str:
    """Return the Latin letters and digits of a text, without case and accents, words parted by one space."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return _BETWEEN.sub(" ", bare).strip()


def _members(content: bytes) -> Iterator[bytes]:
    if b"PK\x03\x04" not in content:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                yield entry.filename.encode()
                if entry.file_size <= _LARGEST:
                    yield archive.read(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error):
        return


def _streams(content: bytes) -> Iterator[bytes]:
    for match in _ZLIB_START.finditer(content):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            inner = unpacker.decompress(content[match.start() :], _LARGEST)
        except zlib.error:
            continue
        if inner:
            yield inner


def _encoded(content: bytes) -> Iterator[bytes]:
    for match in _BASE64.finditer(content):
        token = match.group().rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            yield base64.b64decode(token + b"=" * (-len(token) % 4))
        except binascii.Error:
            continue
    for match in _HEX.finditer(content):
        yield codecs.decode(match.group(), "hex")
