"""What became of a file: how many rows, what was protected, every problem, a map, and the way to use it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from capgap_geo.errors import CapGapError
from capgap_geo.i18n import Translator
from capgap_geo.render.preview import Preview, preview
from capgap_geo.sources.uploads import KINDS, Upload
from capgap_geo.sources.uploads.clean import harmless
from capgap_geo.ui.data_file import File, forget, remembered
from capgap_geo.ui.data_use import used, with_upload
from capgap_geo.ui.data_words import note_text, problem_column, problem_text, remedy_text
from capgap_geo.ui.live_map import live_map
from capgap_geo.ui.own import keep
from capgap_geo.ui.prepared import shared_ground, shared_study
from capgap_geo.ui.refusals import error_text
from capgap_geo.ui.sortable import Cell, Column, plain, sortable
from capgap_geo.ui.text import block, items, tag

MAP_HEIGHT = 420
#: Problems in the table; the file to download has them all.
_LISTED = 500
SAID = "own_said"


def result(file: File, upload: Upload, t: Translator) -> None:
    """Draw everything about a checked table, and use it if the reader says so."""
    st.html(tag("h2", "section", t("own.result")) + tag("p", "own-count", counted(upload, t)))
    _protected(upload, t)
    if upload.unsourced:
        st.warning(t("own.unsourced_help"), icon=":material/contract_delete:")
    _notes(upload, t)
    _problems(upload, t)
    if not upload.good and upload.surface is None:
        return
    if _drawn(file, upload, t):
        _use(file, upload, t)


def counted(upload: Upload, t: Translator) -> str:
    """Return how much of a file can be used."""
    if upload.surface is not None:
        return t("own.surface_usable")
    return t("own.usable", good=t.number(len(upload.good)), rows=t.number(upload.rows))


def _protected(upload: Upload, t: Translator) -> None:
    """Say what was generalised, and that the exact values were not kept."""
    if not KINDS[upload.kind].sensitive:
        return
    lines = [note_text(n, t) for n in upload.generalised] or [t("own.nothing_protected")]
    st.html(block("div", "own-protected", [tag("h3", "card-section", t("own.protected")), items(lines)]))


def _notes(upload: Upload, t: Translator) -> None:
    lines = [note_text(n, t) for n in upload.notes if n.code != "unsourced"]
    if lines:
        with st.expander(t.count("own.notes", len(lines))):
            st.html(items(lines))


def problem_rows(upload: Upload, t: Translator) -> pd.DataFrame:
    """Return every problem in the reader's language: row, column, value, what is wrong, what to do."""
    titles = [t(f"own.problem.{name}") for name in ("row", "column", "value", "what", "remedy")]
    found = upload.problems
    reasons = list(zip(found["code"], found["values"], strict=True))
    columns = (
        found["row"],
        [problem_column(*named, t) for named in zip(found["column"], found["values"], strict=True)],
        found["value"],
        [problem_text(code, values, t) for code, values in reasons],
        [remedy_text(code, values, t) for code, values in reasons],
    )
    return pd.DataFrame(dict(zip(titles, columns, strict=True)))


def problem_file(table: pd.DataFrame) -> bytes:
    """Return problems as CSV that spreadsheets open; no cell of it can run as a formula."""
    first = table.columns[0]
    safe = table.drop(columns=first).map(lambda text: harmless(str(text)))
    safe.insert(0, first, table[first])
    return b"\xef\xbb\xbf" + safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8")


def _problems(upload: Upload, t: Translator) -> None:
    if upload.complete:
        return
    table = problem_rows(upload, t)
    st.html(tag("h3", "card-section", t.count("own.problems", len(table))))
    rows = [
        (str(n), [_number(row.iloc[0]), *(plain(str(cell)) for cell in row.iloc[1:])])
        for n, (_, row) in enumerate(table.head(_LISTED).iterrows())
    ]
    columns = [Column(str(c)) for c in table.columns]
    sortable(columns, rows, key="problems", caption=t("own.problem.caption"), height=360)
    if len(table) > _LISTED:
        st.html(
            tag("p", "own-small", t("own.more_problems", shown=t.number(_LISTED), all=t.number(len(table))))
        )
    st.download_button(
        t("own.problem.download"),
        problem_file(table),
        file_name=t("own.problem.file"),
        mime="text/csv",
        key="w_problem_file",
        icon=":material/download:",
        on_click="ignore",
    )


def _number(row: Any) -> Cell:
    return Cell("", None) if pd.isna(row) else Cell(str(row), float(row))


def _drawn(file: File, upload: Upload, t: Translator) -> bool:
    """Draw the usable rows on a small map; return whether that was possible."""
    try:
        with st.spinner(t("own.wait"), show_time=False):
            held = remembered(
                file, ("study", upload.fingerprint), lambda: with_upload(shared_study(), upload)
            )
    except CapGapError as error:
        st.error(error_text(error, t), icon=":material/error:")
        return False
    st.html(tag("h3", "card-section", t("own.preview")))
    live_map(preview(Preview(upload, held, shared_ground()), t), key="preview", height=MAP_HEIGHT)
    return True


def _use(file: File, upload: Upload, t: Translator) -> None:
    without = False
    if not upload.complete:
        good = len(upload.good)
        label = t("own.without_bad", bad=t.number(upload.rows - good), good=t.number(good))
        without = st.checkbox(label, key=file.key("without"))
    ready = upload.complete or without
    st.html(tag("p", "own-small", t("own.session_only")))
    if not st.button(t("own.use"), key="w_use", type="primary", disabled=not ready):
        return
    try:
        with st.spinner(t("own.wait_study"), show_time=False):
            keep(used(upload, without_bad_rows=without))
    except CapGapError as error:
        st.error(error_text(error, t), icon=":material/error:")
        return
    st.session_state[SAID] = t("own.in_use", what=t(f"upload.kind.{upload.kind}"))
    forget()
    st.rerun()
