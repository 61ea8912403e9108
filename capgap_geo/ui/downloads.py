"""The result as files: made only when asked for, each with its sources inside."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.i18n import Translator
from capgap_geo.render.scene import Choice, Paint
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import State

#: What is offered: kind, part, and the extension of the file.
FILES = (
    ("csv", "departments", "csv"),
    ("csv", "provinces", "csv"),
    ("xlsx", "all", "xlsx"),
    ("hxl", "departments", "hxl.csv"),
    ("gpkg", "all", "gpkg"),
    ("kml", "all", "kml"),
    ("html", "all", "html"),
    ("zip", "all", "zip"),
)
#: Pictures: size and format.
PICTURES = (("wide", "png"), ("tall", "png"), ("a4", "pdf"), ("a4", "svg"))


def downloads(state: State, found: Assessment, t: Translator) -> None:
    """Draw the files that this view can be had as, folded."""
    folded = st.popover(t("download.label"), icon=":material/download:", key="download", on_change="rerun")
    if not folded.open:
        return
    with folded:
        st.caption(t("download.note"))
        pictures(state, found, t, place="file")
        for kind, part, extension in FILES:
            make = _file(state, found, t, kind, part)
            _button(t(f"download.{kind}.{part}"), f"{part}.{extension}", make, place="file")


def pictures(state: State, found: Assessment, t: Translator, *, place: str) -> None:
    """Draw a button for each picture that is ready to publish.

    Parameters
    ----------
    place
        Tells the buttons of two places on a page apart.
    """
    for size, fmt in PICTURES:
        label = t("download.picture", size=t(f"share.size.{size}"), format=fmt.upper())
        _button(label, f"{size}.{fmt}", _picture(state, found, t, size, fmt), place=place)


def _button(label: str, name: str, make: Callable[[], bytes], *, place: str) -> None:
    st.download_button(
        label, make, file_name=f"capgap_{name}", on_click="ignore", key=f"{place}_{name}", width="stretch"
    )


def _choice(state: State) -> Choice:
    return Choice(paint=Paint(state.paint), area=state.area, framed=state.area, title=state.title)


def _file(state: State, found: Assessment, t: Translator, kind: str, part: str) -> Callable[[], bytes]:
    data, base = study(), _base()

    def make() -> bytes:
        # The libraries that write files are slow to import, and a page needs none of them.
        from capgap_geo.render.about import Edition
        from capgap_geo.render.export import export

        return export(Edition(data, found, t, choice=_choice(state), base=base), kind, part)

    return make


def _picture(state: State, found: Assessment, t: Translator, size: str, fmt: str) -> Callable[[], bytes]:
    data, base = study(), _base()

    def make() -> bytes:
        from capgap_geo.render.figure import picture
        from capgap_geo.render.publish import map_spec

        return picture(map_spec(data, found, t, choice=_choice(state), base=base), size=size, fmt=fmt)

    return make


def _base() -> str:
    return (st.context.url or "").partition("?")[0]
