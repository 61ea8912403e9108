"""How far the ranks of the index hang on the assumptions: Monte Carlo over all of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from capgap_geo.analysis.index_table import Array, Indicator, Intervals, read
from capgap_geo.analysis.indicators import given
from capgap_geo.analysis.labels import mismatch, refuse
from capgap_geo.analysis.scoring import Aggregation, Normalisation, aggregate, pillar_weights, scores
from capgap_geo.errors import ScenarioError

#: Ranks up to this one are the worst five.
WORST = 5
#: Draws that are repeated with one assumption drawn anew, to see what it moves.
REDRAWN = 1000
#: Draws that are computed together.
BLOCK = 1000
#: Gaps that agree to so many decimals share a rank.
DECIMALS = 12


def robustness(
    indicators: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    definitions: Sequence[Indicator] | None = None,
    weights: Mapping[str, float] | None = None,
    draws: int = 5000,
    seed: int = 0,
    concentration: float = 1.0,
) -> pd.DataFrame:
    """Return the rank of each row as a distribution over the assumptions; rank 1 is the largest gap.

    Every draw takes its own

    * weights of the pillars, and of the indicators within them, from Dirichlet distributions;
    * normalisation and aggregation, each with equal chance;
    * evidence: where in its intervals a department lies, one draw for all of its intervals together;
    * unknown values: anywhere in what is observed of the indicator, each on its own;
    * table, if several are given (other thresholds, another spread of the people).

    Parameters
    ----------
    indicators
        As in `capgap_geo.analysis.gap_index.composite`, or several such tables with the same rows, by name.
    definitions, weights
        As in `capgap_geo.analysis.gap_index.composite`; `weights` are the centre of the draws.
    draws
        Number of draws.
    seed
        The same seed gives the same table, whatever the order of rows and columns.
    concentration
        How close drawn weights stay to `weights`. At 1 with equal weights all combinations are equally
        likely; more keeps them closer. A pillar of weight 0 is left out of every draw.

    Returns
    -------
    pandas.DataFrame
        With exactly the rows of `indicators` (of the first table): ``rank_median``, ``rank_p05``,
        ``rank_p95``; ``worst_five``, the share of draws with a rank of at most 5; ``known``, the share of
        indicators that are known exactly; ``moves_weights``, ``moves_normalisation``,
        ``moves_aggregation``, ``moves_evidence``, ``moves_unknown``, ``moves_variant``: the mean change of
        the rank when only that assumption is drawn anew; ``moved_most``, the largest of these, missing if
        nothing moves the rank.

    Raises
    ------
    SchemaError
        Tables that do not fit their definitions or each other.
    ScenarioError
        Code ``index_weights``; ``index_draws`` for draws that are no whole number above 0, or a
        concentration that is not above 0.
    """
    if not (1 <= draws < np.inf and draws == int(draws) and 0 < concentration < np.inf):
        raise ScenarioError(
            f"robustness: found {draws!r} draws and concentration {concentration!r}, "
            "use a whole number and a number, both above 0",
            code="index_draws",
        )
    named = {"": indicators} if isinstance(indicators, pd.DataFrame) else dict(sorted(indicators.items()))
    first = next(iter(indicators.values())) if isinstance(indicators, Mapping) else indicators
    used = given(first, definitions)
    tables = [read(table, used) for table in named.values()]
    refuse(
        "indicators",
        [p for name, t in zip(named, tables, strict=True) for p in _other_rows(name, t, tables[0])],
    )
    model = _Model.of(tables, weights, concentration)
    return _summary(model, draws, seed).reindex(first.index)


@dataclass(frozen=True, eq=False, slots=True)
class _Draws:
    """One row per draw. `weights` are those of the indicators, their pillar's included."""

    weights: tuple[Array, Array]
    normalisation: NDArray[np.intp]
    aggregation: NDArray[np.intp]
    evidence: Array
    unknown: Array
    variant: NDArray[np.intp]

    def part(self, rows: slice) -> _Draws:
        pillar, within = self.weights
        rest = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "weights"}
        return _Draws(weights=(pillar[rows], within[rows]), **rest)


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    """The tables and the distributions of the assumptions."""

    tables: Sequence[Intervals]
    best: Array
    worst: Array
    unknown: NDArray[np.bool_]
    member: Array
    shares: Array
    concentration: float

    @classmethod
    def of(
        cls, tables: Sequence[Intervals], weights: Mapping[str, float] | None, concentration: float
    ) -> _Model:
        pillars = sorted({indicator.pillar for indicator in tables[0].definitions})
        member = np.asarray([[float(i.pillar == p) for i in tables[0].definitions] for p in pillars])
        best, worst, unknown = (
            np.stack([getattr(table, name) for table in tables]) for name in ("best", "worst", "unknown")
        )
        uncertain: NDArray[np.bool_] = np.asarray(unknown.any(axis=0), dtype=bool)
        return cls(tables, best, worst, uncertain, member, pillar_weights(weights, pillars), concentration)

    def draw(self, count: int, streams: Mapping[str, np.random.Generator]) -> _Draws:
        """Draw every assumption from its own stream."""
        rows = len(self.tables[0].labels)
        return _Draws(
            weights=self._weights(count, streams["weights"]),
            normalisation=streams["normalisation"].integers(0, len(Normalisation), count),
            aggregation=streams["aggregation"].integers(0, len(Aggregation), count),
            evidence=streams["evidence"].random((count, rows)),
            unknown=streams["unknown"].random((count, int(self.unknown.sum()))),
            variant=streams["variant"].integers(0, len(self.tables), count),
        )

    def _weights(self, count: int, stream: np.random.Generator) -> tuple[Array, Array]:
        """Draw the weights of the pillars and, summing to 1 in each pillar, of the indicators."""
        counted = self.shares > 0
        pillar = np.zeros((count, len(self.shares)))
        alpha = self.concentration * counted.sum() * self.shares[counted]
        pillar[:, counted] = stream.dirichlet(alpha, count)
        within = stream.gamma(self.concentration, size=(count, self.member.shape[1]))
        return pillar, within / (within @ self.member.T @ self.member)

    def ranks(self, draws: _Draws) -> Array:
        """Return the ranks, shape (draws, rows)."""
        count = len(draws.variant)
        blocks = [draws.part(slice(start, start + BLOCK)) for start in range(0, count, BLOCK)]
        return np.concatenate([self._block_ranks(block) for block in blocks])

    def _block_ranks(self, draws: _Draws) -> Array:
        position = np.repeat(draws.evidence[:, :, None], self.best.shape[2], axis=2)
        position[:, self.unknown] = draws.unknown
        best, worst = self.best[draws.variant], self.worst[draws.variant]
        values = best + position * (worst - best)
        scored = np.empty_like(values)
        for k, normalisation in enumerate(Normalisation):
            scored[draws.normalisation == k] = scores(values[draws.normalisation == k], normalisation)
        pillar, within = draws.weights
        pillars = (scored * within[:, None, :]) @ self.member.T
        gap = np.empty(pillars.shape[:2])
        for k, aggregation in enumerate(Aggregation):
            chosen = draws.aggregation == k
            gap[chosen] = aggregate(pillars[chosen], pillar[chosen][:, None, :], aggregation)
        ranks: Array = rankdata(-gap.round(DECIMALS), axis=1)
        return ranks


def _summary(model: _Model, draws: int, seed: int) -> pd.DataFrame:
    names = [f.name for f in fields(_Draws)]
    seeds = np.random.SeedSequence(seed).spawn(len(names))
    streams = {name: np.random.default_rng(child) for name, child in zip(names, seeds, strict=True)}
    drawn = model.draw(draws, streams)
    ranks = model.ranks(drawn)
    columns: dict[str, Any] = {
        "rank_median": np.median(ranks, axis=0),
        "rank_p05": np.percentile(ranks, 5, axis=0, method="lower"),
        "rank_p95": np.percentile(ranks, 95, axis=0, method="higher"),
        "worst_five": (ranks <= WORST).mean(axis=0),
        "known": np.mean([table.known.mean(axis=1) for table in model.tables], axis=0),
    }
    some = drawn.part(slice(0, REDRAWN))
    again = model.draw(len(some.variant), streams)
    for name in names:
        moved = model.ranks(replace(some, **{name: getattr(again, name)}))
        columns[f"moves_{name}"] = np.abs(moved - ranks[:REDRAWN]).mean(axis=0)
    moves = np.stack([columns[f"moves_{name}"] for name in names])
    most = np.asarray([*names, None], dtype=object)[
        np.where(moves.any(axis=0), moves.argmax(axis=0), len(names))
    ]
    return pd.DataFrame({**columns, "moved_most": most}, index=model.tables[0].labels)


def _other_rows(name: str, table: Intervals, first: Intervals) -> list[str]:
    return mismatch(f"table {name!r}", table.labels, first.labels)
