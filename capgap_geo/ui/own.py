"""The data that a reader brought: held by the session alone, and gone with it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import geopandas as gpd
import streamlit as st

from capgap_geo.analysis.assess import Assessment, assess
from capgap_geo.analysis.engine import Engine
from capgap_geo.model import Scenario, Study
from capgap_geo.render.outline import desert_features
from capgap_geo.sources.uploads import SavedStudy, Upload

T = TypeVar("T")
KEY = "own"
#: Answers kept at a time; one is about 20 MB, and there may be as many sets as sessions.
KEPT = 3
#: Kinds that an answer rests on beside the facilities that it counts.
GROUND = ("population", "friction")


@dataclass(frozen=True, eq=False)
class Own:
    """A study with the reader's own data in it, and what was computed from it.

    Attributes
    ----------
    engine
        Held here and nowhere else: no cache of the process knows it.
    uploads
        What was brought, in the order in which it was used.
    extras
        Tables that stand beside the study, by kind.
    base
        The saved study that the uploads were added to; None for the project's own.
    """

    study: Study
    engine: Engine
    uploads: tuple[Upload, ...] = ()
    extras: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)
    base: SavedStudy | None = None
    answers: OrderedDict[Scenario, Assessment] = field(default_factory=OrderedDict)
    outlines: OrderedDict[Scenario, Mapping[str, Any]] = field(default_factory=OrderedDict)

    def answer(self, scenario: Scenario) -> Assessment:
        """Return the answer of this study to a scenario, with the sources of the reader's own ground."""

        def compute() -> Assessment:
            found = assess(self.study, scenario)
            own = {u.origin.source_id for u in self.uploads if u.kind in GROUND}
            return replace(found, source_ids=tuple(sorted({*found.source_ids, *own})))

        return _kept(self.answers, scenario, compute)

    def deserts(self, scenario: Scenario) -> Mapping[str, Any]:
        """Return the outlines of the coverage deserts of a scenario, for the screen."""

        def compute() -> Mapping[str, Any]:
            found, grid = self.answer(scenario), self.engine.grid
            return desert_features(grid, found.strict, found.wide, threshold=scenario.threshold)

        return _kept(self.outlines, scenario, compute)


def _kept(kept: OrderedDict[Scenario, T], scenario: Scenario, compute: Callable[[], T]) -> T:
    if scenario not in kept:
        kept[scenario] = compute()
    kept.move_to_end(scenario)
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return kept[scenario]


def current() -> Own | None:
    """Return the session's own data, or None."""
    own = st.session_state.get(KEY)
    return own if isinstance(own, Own) else None


def keep(own: Own | None) -> None:
    """Hold data in this session, or let go of them."""
    if own is None:
        st.session_state.pop(KEY, None)
    else:
        st.session_state[KEY] = own
