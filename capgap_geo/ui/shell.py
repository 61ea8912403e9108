"""The frame of every page: fonts and colours, navigation, language, the first visit."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from capgap_geo.errors import CapGapError
from capgap_geo.i18n import DEFAULT_LANGUAGE, LANGUAGES, Translator
from capgap_geo.ui import page_compare, page_data, page_evidence, page_map, page_plan
from capgap_geo.ui.controls import asked
from capgap_geo.ui.data_strip import own_data
from capgap_geo.ui.document import tell
from capgap_geo.ui.gate import admitted
from capgap_geo.ui.prepared import answer, ground, prepared, translator
from capgap_geo.ui.refusals import error_text
from capgap_geo.ui.state import State, load, save, widget
from capgap_geo.ui.text import sheet
from capgap_geo.ui.welcome import welcome

log = logging.getLogger(__name__)
#: By its address: as a file it would be given to the server, and asked for again, with every answer.
ICON = "/app/static/icon.png"
Page = Callable[[State, Translator], State]
PAGES: dict[str, Page] = {
    "map": page_map.page,
    "compare": page_compare.page,
    "plan": page_plan.page,
    "evidence": page_evidence.page,
    "data": page_data.page,
}


def run() -> None:
    """Draw the page that the address names."""
    language = _language()
    t = translator(language)
    pages = [
        st.Page(draw(name), title=t(f"page.{name}"), url_path=name, default=name == "map") for name in PAGES
    ]
    page = st.navigation(pages, position="top")
    title = f"{page.title} \N{MIDDLE DOT} {t('app.name')}"
    st.set_page_config(page_title=title, page_icon=ICON, layout="wide")
    page.run()


def _language() -> str:
    """Return the language before the state is read, for the names of the pages."""
    stated = st.query_params.get("lang")
    kept = st.session_state.get("w_lang") or getattr(st.session_state.get("state"), "lang", None)
    guess = (st.context.locale or "")[:2]
    return next((str(x) for x in (kept, stated, guess) if x in LANGUAGES), DEFAULT_LANGUAGE)


def draw(name: str) -> Callable[[], None]:
    """Return the function that draws a page inside the frame."""

    def page() -> None:
        if not admitted(st.context.cookies):
            st.error(translator(_language())("login.ended"), icon=":material/lock:")
            return
        state = load(name)
        t = translator(state.lang)
        st.html(sheet("app.css"))
        st.logo(ICON, size="large")
        try:
            state = _language_switch(state)
            t = translator(state.lang)
            tell(language=state.lang)
            if not prepared():
                with st.spinner(t("wait.prepare"), show_time=False):
                    ground()
                    answer(asked(state).scenario)
            if state.view == "page":
                welcome(t)
            if state.view != "poster":  # a poster says it among its sources
                own_data(t)
            save(PAGES[name](state, t))
        except (CapGapError, OSError) as error:
            log.error("%s: %s", getattr(error, "code", "file"), error)
            st.error(error_text(error, t), icon=":material/error:")

    page.__name__ = f"page_{name}"
    return page


def _language_switch(state: State) -> State:
    with st.container(key="language"):
        chosen = st.segmented_control(
            translator(state.lang)("language.choose"),
            list(LANGUAGES),
            format_func=str.upper,
            key=widget("lang", state.lang),
            label_visibility="collapsed",
        )
    return state.with_(lang=chosen or state.lang)
