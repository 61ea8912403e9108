"""What goes into the index: each indicator with its meaning, direction, coverage and sources."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.index_table import Indicator
from capgap_geo.analysis.indicators import BY_NAME, definitions
from capgap_geo.i18n import Translator
from capgap_geo.model import Source
from capgap_geo.render import attribution, index_words
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import widget
from capgap_geo.ui.text import block, items, link, tag

#: So many sources stand in the line; more unfold.
FEW = 3


def choose(table: pd.DataFrame, found: Assessment, t: Translator) -> list[str]:
    """Draw which indicators go in, and what each of them is; return the chosen ones."""
    known = [indicator.name for indicator in definitions(table)]
    with st.expander(t("index.indicators")):
        names = st.multiselect(
            t("index.indicators_choose"),
            known,
            key=widget("index_names", known),
            format_func=lambda n: t(f"indicator.{n}.name"),
            help=t("index.indicators_help"),
        )
        left = [t(f"indicator.{n}.name") for n in BY_NAME if n not in known]
        st.caption(t("index.unknown_note", left=t.join(left)) if left else t("index.unknown_note_none"))
        st.html(block("div", "absences", (_part(table, found, t, name) for name in names)))
    return list(names)


def warn(table: pd.DataFrame, used: Sequence[Indicator], t: Translator) -> None:
    """Say what is known of few departments only, and that no record is no proof."""
    said = index_words.thin(table, used, t)
    if any(indicator.name in index_words.OF_RECORDS for indicator in used):
        said.append(t("index.no_record"))
    if said:
        st.html(tag("p", "index-use", " ".join(said)))


def unknown(table: pd.DataFrame, used: Sequence[Indicator], names: pd.Series, t: Translator) -> None:
    """Draw what is not known of each department."""
    with st.expander(t("index.unknown.title")):
        st.html(items(f"{names[d]}. {index_words.unknown(table, used, str(d), t)}" for d in table.index))


def _part(table: pd.DataFrame, found: Assessment, t: Translator, name: str) -> str:
    pillar = t(f"index.pillar.{BY_NAME[name].pillar}")
    coverage = index_words.coverage(table, found.departments["department_name"], name, t)
    lines = [
        tag("p", "what", t(f"indicator.{name}.name")),
        tag("p", "stands", t(f"indicator.{name}.help")),
        tag("p", "stands", f"{pillar}: {index_words.direction(name, t)}. {coverage}."),
        _sources(index_words.origins(study(), found, name), t),
    ]
    return block("div", "absence", lines)


def _sources(sources: Sequence[Source], t: Translator) -> str:
    """Return links to the sources: in a line, or below their number where they are many."""
    links = [link(attribution.line(source, t), source.url) for source in sources]
    title = t.count("index.part.sources", len(links))
    if len(links) <= FEW:
        return f'<p class="source">{html.escape(title)}: {"; ".join(links)}</p>' if links else ""
    listed = "".join(f"<li>{one}</li>" for one in links)
    return block("details", "source", [tag("summary", "", title), f'<ul class="plain">{listed}</ul>'])
