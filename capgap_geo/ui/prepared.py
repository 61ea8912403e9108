"""What every session shares: the study, the prepared country and the answers, computed once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from capgap_geo.analysis.assess import Assessment, assess, engine
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario, Study
from capgap_geo.render.outline import desert_features
from capgap_geo.render.scene import Ground, Paint
from capgap_geo.sources.study import load_study
from capgap_geo.ui.state import State

STATIC = Path(__file__).parents[2] / "static"
#: How the browser reaches a file of `STATIC`.
URL = "app/static"


@st.cache_resource(show_spinner=False)
def study() -> Study:
    """Return the study, read-only."""
    return load_study()


@st.cache_resource(show_spinner=False)
def ground() -> Ground:
    """Return what every map stands on; the first call prepares the country (a few seconds)."""
    ready = engine(study())
    manifest: Mapping[str, str] = json.loads((STATIC / "geo" / "manifest.json").read_text("utf-8"))
    urls = {name: f"{URL}/geo/{file}" for name, file in manifest.items()}
    return Ground(study(), ready.grid, ready.cells, urls)


@st.cache_resource(show_spinner=False, max_entries=64)
def answer(scenario: Scenario) -> Assessment:
    """Return the answer to a scenario, read-only."""
    return assess(study(), scenario)


@st.cache_resource(show_spinner=False, max_entries=64)
def deserts(scenario: Scenario) -> Mapping[str, Any]:
    """Return the outlines of the coverage deserts of a scenario, for the screen."""
    found = answer(scenario)
    return desert_features(ground().grid, found.strict, found.wide, threshold=scenario.threshold)


@st.cache_resource(show_spinner=False)
def translator(language: str) -> Translator:
    """Return the translator of a language."""
    return Translator(language)


def drawn_deserts(state: State) -> Mapping[str, Any] | None:
    """Return the outlines that a view draws: none where it draws none, or nobody serves anyone."""
    if state.paint != Paint.DESERT or answer(state.scenario).nobody_serves:
        return None
    return deserts(state.scenario)
