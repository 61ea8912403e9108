"""How the layers of an exported map are coloured: the same classes and styles as on the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from capgap_geo.model import Evidence, Service
from capgap_geo.render import story, theme
from capgap_geo.render.about import Edition
from capgap_geo.render.scene import SHARE_LIMITS, ZONE_CLASS
from capgap_geo.render.theme import Style

_ZONE_STYLE = {"0": "exact", "1": "schematic", "2": "proxy"}


@dataclass(frozen=True, eq=False)
class ClassOf:
    """The classes of a layer.

    Attributes
    ----------
    title
        Name of the layer in the reader's language.
    styles, labels
        By class.
    column
        The class of a row follows from this column alone.
    classify
        From the values of the column to classes.
    """

    title: str
    styles: Mapping[str, Style]
    labels: Mapping[str, str]
    column: str
    classify: Callable[[pd.Series], list[str]]

    def keys(self, layer: gpd.GeoDataFrame) -> list[str]:
        """Return the class of each row."""
        return self.classify(layer[self.column])


def class_of(name: str, edition: Edition) -> ClassOf:
    """Return the classes of one of the exported layers."""
    makers = {
        "departments": _shares, "provinces": _shares, "mining_zones": _zones,
        "deserts": _deserts, "facilities": _facilities,
    }  # fmt: skip
    return makers[name](name, edition)


def _shares(name: str, edition: Edition) -> ClassOf:
    t = edition.t
    bound = "upper" if edition.answer.scenario.evidence is Evidence.CORROBORATED else "lower"
    styles = theme.ramp_styles(len(SHARE_LIMITS) + 1)
    edges = [0.0, *SHARE_LIMITS, 100.0]
    labels = {
        theme.CLASS_CHARACTERS[i]: t.pair(edges[i], edges[i + 1], unit="%") for i in range(len(edges) - 1)
    }
    share = t("layer.share", threshold=story.threshold(t, edition.answer.scenario))
    return ClassOf(
        f"{t(f'layer.{name}')}: {share}", styles, labels | {theme.UNKNOWN: t("value.unknown")},
        f"uncovered_share_{bound}", lambda values: list(theme.classify(100 * values, SHARE_LIMITS)),
    )  # fmt: skip


def _zones(_: str, edition: Edition) -> ClassOf:
    t = edition.t
    here = set(edition.study.zones["outline_method"])
    styles = {m: theme.MINING_STYLES[_ZONE_STYLE[c]] for m, c in ZONE_CLASS.items() if m in here}
    labels = {method: t(f"zone.method.{method}") for method in styles}
    return ClassOf(
        t("layer.zones"), styles, labels, "outline_method", lambda values: [str(v) for v in values]
    )


def _deserts(_: str, edition: Edition) -> ClassOf:
    t = edition.t
    title = t("layer.deserts", threshold=story.threshold(t, edition.answer.scenario))
    labels = {name: t(f"export.desert.{name}") for name in theme.DESERT_STYLES}
    return ClassOf(title, theme.DESERT_STYLES, labels, "desert", lambda values: [str(v) for v in values])


def _facilities(_: str, edition: Edition) -> ClassOf:
    t = edition.t
    here = [s for s in Service if s in set(edition.answer.facilities["service"])]
    styles = {s.value: Style(fill=theme.SYMBOLS[s].colour, stroke=theme.PAPER) for s in here}
    labels = {s.value: t(f"service.{s}.long") for s in here}
    return ClassOf(
        t("export.sheet.facilities"), styles, labels, "service", lambda values: [str(v) for v in values]
    )
