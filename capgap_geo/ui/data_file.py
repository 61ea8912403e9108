"""The file that a reader brought: what was understood of it, its kind, its columns, its source."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

from capgap_geo.errors import CapGapError
from capgap_geo.i18n import Translator
from capgap_geo.sources.uploads import KINDS, Understanding, Upload, beside, read_upload, understand
from capgap_geo.sources.uploads.clean import column_name
from capgap_geo.sources.uploads.formats import FORMATS
from capgap_geo.ui.refusals import error_text
from capgap_geo.ui.sortable import Column, plain, sortable
from capgap_geo.ui.text import block, items, tag

T = TypeVar("T")
_MEMORY, _ROUND = "brought", "brought_round"
_RESULTS = 8
_SHOWN_COLUMNS = 12
TYPES = [
    *("csv", "tsv", "txt", "xlsx"),
    *("geojson", "json", "gpkg", "zip", "kml", "kmz", "parquet"),
    *("tif", "tiff"),
]
#: Reference systems of Peruvian maps; any other can be written.
SYSTEMS = ("EPSG:4326", "EPSG:32717", "EPSG:32718", "EPSG:32719", "EPSG:24877", "EPSG:24878", "EPSG:24879")
UNITS = ("min_per_km", "min_per_m")
_NEEDS_SYSTEM = ("upload_no_crs", "upload_unknown_crs")


@dataclass(frozen=True, eq=False, slots=True)
class File:
    """What the browser sent; it is held by its widget only, and goes when the data are used."""

    id: str
    name: str
    content: bytes

    def key(self, name: str) -> str:
        """Return the key of a widget about this file."""
        return f"w_{name}_{self.id}"


def chosen(t: Translator) -> File | None:
    """Draw the place to drop a file; return the file."""
    number = st.session_state.get(_ROUND, 0)
    got = st.file_uploader(t("own.file"), type=TYPES, key=f"w_file_{number}", help=t("own.file_help"))
    return None if got is None else File(str(got.file_id), got.name, got.getvalue())


def forget() -> None:
    """Let go of the file and of everything that was read from it."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state.pop(_MEMORY, None)


def remembered(file: File, what: tuple[object, ...], compute: Callable[[], T]) -> T:
    """Return a result about a file; a reader who touches another control does not wait for it again."""
    owner, kept = st.session_state.get(_MEMORY, ("", OrderedDict()))
    if owner != file.id:
        owner, kept = file.id, OrderedDict()
    st.session_state[_MEMORY] = (owner, kept)
    if what not in kept:
        try:
            kept[what] = compute()
        except CapGapError as error:
            kept[what] = error.with_traceback(None)
        while len(kept) > _RESULTS:
            kept.popitem(last=False)
    found = kept[what]
    if isinstance(found, CapGapError):
        raise found
    return found  # type: ignore[no-any-return]


def read(file: File, t: Translator) -> Upload | None:
    """Draw what was understood and what the reader can say about it; return the checked table.

    None where the file cannot be used as it is: why and what to do is then on the page.
    """
    seen = _look(file, t)
    if seen is None:
        return None
    kind = _kind(file, seen, t)
    if kind is not None and kind != seen.kind:
        seen = _look(file, t) or seen
    _say_understood(seen, t)
    if kind is None:
        st.info(t("own.kind_unknown"), icon=":material/help:")
        return None
    mapping = _mapping(file, kind, seen, t)
    part, system, unit = _rest(file, kind, seen, t)
    source, licence, date = _origin(file, t)
    what = ("read", kind, tuple(mapping.items()), part, system, unit, source, licence, date)
    try:
        with st.spinner(t("own.wait"), show_time=False):
            return remembered(
                file,
                what,
                lambda: beside(
                    read_upload,
                    file.content,
                    file.name,
                    kind=kind,
                    mapping=mapping,
                    source=source,
                    licence=licence,
                    date=date,
                    part=part,
                    crs=system,
                    unit=unit,
                ),
            )
    except CapGapError as error:
        st.error(error_text(error, t), icon=":material/error:")
        return None


def _look(file: File, t: Translator) -> Understanding | None:
    """Return what was understood, with the kind, sheet and reference system that the reader chose."""
    kind, part, system = (st.session_state.get(file.key(n)) for n in ("kind", "part", "system"))

    def look() -> Understanding:
        return beside(understand, file.content, file.name, kind=kind, part=part, crs=system)

    try:
        with st.spinner(t("own.wait"), show_time=False):
            return remembered(file, ("look", kind, part, system), look)
    except CapGapError as error:
        st.error(error_text(error, t), icon=":material/error:")
        if error.code in _NEEDS_SYSTEM:
            _system(file, t)
        return None


def _kind(file: File, seen: Understanding, t: Translator) -> str | None:
    names = list(KINDS)
    return st.selectbox(
        t("own.kind"),
        names,
        index=None if seen.kind is None else names.index(seen.kind),
        format_func=lambda name: t(f"upload.kind.{name}"),
        key=file.key("kind"),
        placeholder=t("own.choose"),
        help=t("own.kind_help"),
    )


def _say_understood(seen: Understanding, t: Translator) -> None:
    """Draw format, encoding, delimiter, reference system, columns and the first rows."""
    unknown = t("own.not_stated")
    size = t("own.surface") if seen.format == "geotiff" else t.count("own.rows", seen.rows)
    pairs = [
        ("format", t(f"upload.format.{seen.format}")),
        ("encoding", (seen.encoding or "").upper()),
        ("delimiter", t(f"upload.word.{seen.delimiter}") if seen.delimiter else ""),
        ("part", seen.part or ""),
        ("system", seen.crs or (unknown if seen.shapes else "")),
        ("rows", size),
        ("columns", ", ".join(column_name(c) for c in seen.columns)),
    ]
    lines = [tag("dt", "", t(f"own.seen.{k}")) + tag("dd", "", text) for k, text in pairs if text]
    st.html(tag("h3", "card-section", t("own.understood")) + block("dl", "card-lines seen", lines))
    if len(seen.preview):
        _first_rows(seen, t)


def _first_rows(seen: Understanding, t: Translator) -> None:
    used = [c for c, name in enumerate(seen.columns) if name in seen.mapping.values()]
    order = [*used, *(c for c in range(len(seen.columns)) if c not in used)][:_SHOWN_COLUMNS]
    rows = [
        (str(number), [plain(str(number)), *(plain(row[c] or "") for c in order)])
        for number, *row in seen.preview.itertuples(name=None)
    ]
    columns = [Column(t("own.row")), *(Column(column_name(seen.columns[c])) for c in order)]
    st.html(tag("p", "own-small", t("own.first_rows")))
    sortable(columns, rows, key="first_rows", caption=t("own.first_rows"))


def _mapping(file: File, kind: str, seen: Understanding, t: Translator) -> dict[str, str]:
    """Draw a choice of column for each field of the kind; return those that have one."""
    fields = KINDS[kind].fields
    if not fields or not seen.columns:
        return {}
    missing = any(f.required and f.name not in seen.mapping for f in fields)
    options: Sequence[str] = seen.columns
    found: dict[str, str] = {}
    with st.expander(t("own.mapping"), expanded=missing):
        st.html(tag("p", "own-small", t("own.mapping_help")))
        places: list[Any] = []
        for field in fields:
            # A row at a time, so that a phone shows the fields in their order.
            places = places or list(st.columns(3))
            guess = seen.mapping.get(field.name)
            column = places.pop(0).selectbox(
                t(f"upload.field.{field.name}") + (" *" if field.required else ""),
                options,
                index=None if guess is None else options.index(guess),
                format_func=column_name,
                key=file.key(f"map_{field.name}_{kind}_{seen.part}"),
                placeholder=t("own.no_column"),
            )
            if column is not None:
                found[field.name] = column
    return found


def _rest(
    file: File, kind: str, seen: Understanding, t: Translator
) -> tuple[str | None, str | None, str | None]:
    """Draw sheet, reference system and unit, where they matter."""
    part = st.session_state.get(file.key("part"))
    if len(seen.parts) > 1:
        start = seen.parts.index(seen.part) if seen.part in seen.parts else 0
        part = st.selectbox(t("own.part"), seen.parts, index=start, key=file.key("part"))
    system = unit = None
    if any(f.name in ("latitude", "easting") for f in KINDS[kind].fields) or seen.shapes:
        system = _system(file, t)
    if kind == "friction":
        unit = st.selectbox(
            t("own.unit"),
            UNITS,
            index=None,
            format_func=lambda name: t(f"upload.word.{name}"),
            key=file.key("unit"),
            placeholder=t("own.detect"),
        )
    return part, system, unit


def _system(file: File, t: Translator) -> str | None:
    return st.selectbox(
        t("own.system"),
        SYSTEMS,
        index=None,
        key=file.key("system"),
        placeholder=t("own.detect"),
        accept_new_options=True,
        help=t("own.system_help"),
    )


def _origin(file: File, t: Translator) -> tuple[str, str, str]:
    """Draw where the data come from; without all three they are marked unsourced."""
    st.html(tag("h3", "card-section", t("own.origin")) + tag("p", "section-note", t("own.origin_note")))
    texts = []
    for place, name in zip(st.columns(3), ("source", "licence", "date"), strict=True):
        texts.append(
            place.text_input(
                t(f"own.{name}"), key=file.key(name), max_chars=200, placeholder=t(f"own.{name}_hint")
            )
        )
    source, licence, date = (text.strip() for text in texts)
    return source, licence, date


def say_formats(t: Translator) -> None:
    """Draw which files are read."""
    st.html(items([t("own.formats", formats=", ".join(FORMATS)), t("own.importers")]))
