"""What the browser is told about the document as a whole: its language, and what to remember."""

from __future__ import annotations

import streamlit as st

_SCRIPT = """
export default function ({ data }) {
  if (data.language) document.documentElement.lang = data.language;
  if (data.cookie) document.cookie = data.cookie;
}
"""
_component = st.components.v2.component("capgap_document", js=_SCRIPT)


def tell(*, language: str = "", cookie: str = "") -> None:
    """Set the language of the document, or a cookie; nothing is drawn."""
    name = "document_language" if language else "document_cookie"
    with st.container(key=name):
        _component(key=f"{name}_told", data={"language": language, "cookie": cookie})
