"""Outlines of what a plan changes: the deserts that remain, the land that it wins, the land that it loses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.coverage import coverage
from capgap_geo.analysis.grid import Grid
from capgap_geo.model import Evidence
from capgap_geo.render.outline import Outlines, collection

NAMES = {1: "robust", 2: "strict_only", 3: "gained", 4: "lost"}
#: What a desert layer shows, and what a plan adds to it.
DESERTS, CHANGES = ("robust", "strict_only"), ("gained", "lost")


def plan_features(grid: Grid, before: Assessment, after: Assessment) -> dict[str, Mapping[str, Any]]:
    """Return the outlines for the screen, as two FeatureCollections.

    Land is won or lost under the evidence that the scenario draws.

    Returns
    -------
    dict
        ``deserts`` with at most ``robust`` and ``strict_only``, after the plan; ``changes`` with at most
        ``gained`` and ``lost``.
    """
    limit = after.scenario.threshold
    strict, wide = (coverage(surface, threshold=limit) for surface in (after.strict, after.wide))
    firm = after.scenario.evidence is Evidence.CORROBORATED
    now = strict if firm else wide
    then = coverage(before.strict if firm else before.wide, threshold=limit)
    kind = np.where(now & ~then, 3, np.where(then & ~now, 4, np.where(~wide, 1, np.where(~strict, 2, 0))))
    whole = collection(grid, kind.astype(np.uint8), NAMES)["features"]
    return {
        name: Outlines(type="FeatureCollection", features=[f for f in whole if f["id"] in ids])
        for name, ids in (("deserts", DESERTS), ("changes", CHANGES))
    }
