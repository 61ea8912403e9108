"""Read delimited text as people save it: any encoding, any delimiter, a title above the header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence

from capgap_geo.sources.uploads.limits import Limits
from capgap_geo.sources.uploads.messages import Note, refusal
from capgap_geo.sources.uploads.raw import Raw
from capgap_geo.sources.uploads.tables import to_raw

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ONE_BYTE = ("cp1252", "cp850", "mac_roman")
_SPANISH = frozenset("áéíóúüñÁÉÍÓÚÜÑ¿¡°º")
_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 64_000


def decode(content: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding.

    UTF-8 proves itself. Of the one-byte encodings the one wins in which the foreign bytes are letters
    that Spanish uses.

    Raises
    ------
    UploadError
        The bytes are no text.

    Examples
    --------
    >>> decode("Áncash;Huánuco".encode("cp850"))
    ('Áncash;Huánuco', 'cp850')
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decoded(content[3:] if name == "utf-8" else content, name), name
    if b"\x00" in content:
        even, odd = content[0::2].count(0), content[1::2].count(0)
        if max(even, odd) < len(content) // 5:
            raise refusal("not_text")
        name = "utf-16-le" if odd > even else "utf-16-be"
        return _decoded(content, name), name
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _one_byte(content)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeError:
        raise refusal("not_text") from None


def _one_byte(content: bytes) -> tuple[str, str]:
    foreign = Counter(b for b in content[: 1 << 20] if b >= 0x80)
    seen = bytes(foreign)

    def spanish(name: str) -> int:
        letters = (bytes([b]).decode(name, "replace") for b in seen)
        return sum(n for letter, n in zip(letters, foreign.values(), strict=True) if letter in _SPANISH)

    best = max(_ONE_BYTE, key=spanish)
    return content.decode(best, "replace"), best


def read_text(content: bytes, limits: Limits) -> Raw:
    """Read CSV, TSV and their kin; every cell stays text.

    Raises
    ------
    UploadError
        No text, no header, no row, or more than the limits allow.
    """
    text, encoding = decode(content)
    if any(ord(c) < 32 and c not in "\t\r\n\f\v" for c in text[:_SAMPLE]):
        raise refusal("not_text")
    delimiter = find_delimiter(text[:_SAMPLE])
    raw = to_raw(_records(text, delimiter, limits), "tsv" if delimiter == "\t" else "csv", limits)
    raw.encoding, raw.delimiter = encoding, _NAMES[delimiter]
    noted = [] if encoding == "utf-8" else [Note("encoding", {"encoding": encoding})]
    if delimiter != ",":
        noted.append(Note("delimiter", {"delimiter": _NAMES[delimiter]}))
    raw.notes[:0] = noted
    return raw


def find_delimiter(sample: str) -> str:
    r"""Return the delimiter that gives most rows the same number of cells, above one.

    Examples
    --------
    >>> find_delimiter("a;b\n1,5;2\n3,5;4\n")
    ';'
    """
    lines = sample.splitlines()[:60]

    def agreement(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(r) for r in _parsed(lines, delimiter) if len(r) > 1)
        if not widths:
            return 0, 0
        width, rows = max(widths.items(), key=lambda item: (item[1], item[0]))
        return rows, width

    return max(_DELIMITERS, key=agreement)


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


def _records(text: str, delimiter: str, limits: Limits) -> list[list[str | None]]:
    """Split into cells, counting as it goes: a row of a million cells is refused before the next is read."""
    previous = csv.field_size_limit(len(text) + 1)
    records: list[list[str | None]] = []
    cells = 0
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if len(record) > limits.columns:
                raise refusal("too_many_columns", limit=limits.columns)
            cells += len(record)
            if len(records) > limits.rows:
                raise refusal("too_many_rows", limit=limits.rows)
            if cells > limits.cells:
                raise refusal("too_many_cells", limit=limits.cells)
            records.append([cell.strip() or None for cell in record])
    except csv.Error:
        raise refusal("unreadable", format="CSV") from None
    finally:
        csv.field_size_limit(previous)
    return records
