"""The reader's own data: brought, understood, protected, looked at, used in this session, saved."""

from __future__ import annotations

import streamlit as st

from capgap_geo.i18n import LANGUAGES, Translator
from capgap_geo.sources.uploads import template
from capgap_geo.sources.uploads.templates import template_name
from capgap_geo.ui.data_file import chosen, read, say_formats
from capgap_geo.ui.data_result import SAID, result
from capgap_geo.ui.data_study import studies
from capgap_geo.ui.state import State
from capgap_geo.ui.text import items, tag

#: Kinds that have a template: mining footprints and travel surfaces are made by others.
TEMPLATES = ("facilities", "incidents", "zones", "population", "boundaries")


def page(state: State, t: Translator) -> State:
    """Draw the page; what is brought stays in the session and never in the address."""
    st.html(tag("h1", "headline", t("own.headline")) + items(t(f"own.promise.{n}") for n in (1, 2, 3)))
    place = st.empty()
    if SAID in st.session_state:
        place.success(st.session_state.pop(SAID), icon=":material/check:")
    st.html(tag("h2", "section", t("own.bring")))
    _templates(t)
    file = chosen(t)
    if file is None:
        say_formats(t)
    else:
        upload = read(file, t)
        if upload is not None:
            result(file, upload, t)
    studies(t)
    return state


def _templates(t: Translator) -> None:
    """Draw files to fill in, in both languages."""
    with st.expander(t("own.templates"), icon=":material/table:"):
        st.html(tag("p", "own-small", t("own.templates_note")))
        for kind in TEMPLATES:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.html(tag("p", "own-template", t(f"upload.kind.{kind}")))
                for language, name in LANGUAGES.items():
                    st.download_button(
                        name,
                        template(kind, language),
                        file_name=f"{language}-{template_name(kind)}",
                        key=f"w_template_{kind}_{language}",
                        help=t("own.template_help", kind=t(f"upload.kind.{kind}"), language=name),
                        on_click="ignore",
                    )
