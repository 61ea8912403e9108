"""What every session shares: the study, the prepared country and the answers, computed once.

A session that brought its own data has a study of its own: its answers are kept with it (see `own`), and
never in a cache that sessions share.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import streamlit as st

from capgap_geo.analysis.assess import Assessment, assess, engine
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario, Study
from capgap_geo.render import story
from capgap_geo.render.outline import desert_features
from capgap_geo.render.scene import Ground, Paint
from capgap_geo.render.staticfiles import geometry_addresses
from capgap_geo.sources.study import load_study
from capgap_geo.ui.online import online_map
from capgap_geo.ui.own import current
from capgap_geo.ui.state import State

_ready: list[bool] = []


def study() -> Study:
    """Return the study that answers here, read-only: the session's own, or the project's."""
    own = current()
    return shared_study() if own is None else own.study


def ground() -> Ground:
    """Return what every map stands on; the first call prepares the country (a few seconds)."""
    own, shared = current(), shared_ground()
    if own is None:
        return shared
    return Ground(own.study, own.engine.grid, own.engine.cells, shared.urls, own.extras, shared.tiles)


def answer(scenario: Scenario) -> Assessment:
    """Return the answer to a scenario, read-only."""
    own = current()
    return _answer(scenario) if own is None else own.answer(scenario)


def note(found: Assessment, t: Translator, area: str) -> str:
    """Return what must stand below the headline of an answer; the other answer that it tells is kept too."""
    other = answer(story.other_spread(found.scenario)) if story.tells_people(found, area) else None
    return story.headline_note(study(), found, other, t, area=area)


def deserts(scenario: Scenario) -> Mapping[str, Any]:
    """Return the outlines of the coverage deserts of a scenario, for the screen."""
    own = current()
    return _deserts(scenario) if own is None else own.deserts(scenario)


@st.cache_resource(show_spinner=False)
def shared_study() -> Study:
    """Return the project's study, read-only."""
    return load_study()


def prepared() -> bool:
    """Return whether the country is prepared, so that `ground` takes no time."""
    return bool(_ready)


@st.cache_resource(show_spinner=False)
def shared_ground() -> Ground:
    """Return what the project's maps stand on."""
    ready = engine(shared_study())
    _ready.append(True)
    gc.freeze()  # what is here stays to the end: the collector need not look through it again and again
    return Ground(shared_study(), ready.grid, ready.cells, geometry_addresses(), tiles=online_map())


@st.cache_resource(show_spinner=False, max_entries=64)
def _answer(scenario: Scenario) -> Assessment:
    return assess(shared_study(), scenario)


@st.cache_resource(show_spinner=False, max_entries=64)
def _deserts(scenario: Scenario) -> Mapping[str, Any]:
    found, on = _answer(scenario), shared_ground()
    return desert_features(on.grid, found.strict, found.wide, threshold=scenario.threshold)


@st.cache_resource(show_spinner=False)
def translator(language: str) -> Translator:
    """Return the translator of a language."""
    return Translator(language)


def drawn_deserts(state: State) -> Mapping[str, Any] | None:
    """Return the outlines that a view draws: none where it draws none, or nobody serves anyone."""
    if state.paint != Paint.DESERT or answer(state.scenario).nobody_serves:
        return None
    return deserts(state.scenario)
