"""Draw the figures of the methods pages from the shipped data: ``python docs/methods/figures.py``."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

HERE = Path(__file__).resolve().parent
VALIDATION = HERE.parents[1] / "data" / "travel" / "validation.csv"
INK, SOFT, RULE, PAPER = "#1D2327", "#5A6268", "#CFC8B8", "#FAF7F0"
#: Title, colour and marker of each half.
HALVES = {
    "calibration": ("Used to fit the speeds", "#296777", "o"),
    "held_out": ("Not used: the test", "#B4341F", "D"),
}
LIMITS = (18.0, 2500.0)
#: How a mark is named, up to this many published minutes: alignment and offset.
SIDES = ((50.0, "left", 4), (100.0, "center", 0), (1e9, "right", -5))
HOURS = (0.5, 1, 2, 4, 8, 16, 32)


def travel_times() -> None:
    """Draw modelled against published times, one panel for each half."""
    table = pd.read_csv(VALIDATION)
    figure, panels = plt.subplots(1, 2, figsize=(9.4, 5.0), sharey=True, layout="constrained")
    for axes, (half, (title, colour, marker)) in zip(panels, HALVES.items(), strict=True):
        mine = table[table["half"] == half]
        road = mine["mode"] == "road"
        _frame(axes)
        axes.scatter(*_times(mine[road]), s=26, c=colour, marker=marker, alpha=0.8, linewidths=0)
        axes.scatter(*_times(mine[~road]), s=40, facecolors="none", edgecolors=colour, marker=marker)
        error = mine.loc[road, "error_pct"]
        axes.set_title(
            f"{title}\n{road.sum()} pairs by road: median error {error.abs().median():.0f} %, "
            f"bias {error.median():+.0f} %",
            loc="left",
            fontsize=10,
            color=INK,
        )
        axes.set_xlabel("published, hours", color=SOFT)
        axes.text(
            0.98, 0.03, "hollow: by river", transform=axes.transAxes, fontsize=8, color=SOFT, ha="right"
        )
        _name_largest(axes, mine)
    panels[0].set_ylabel("modelled, hours", color=SOFT)
    figure.savefig(HERE / "travel-time.svg", metadata={"Date": None}, facecolor=PAPER, bbox_inches="tight")
    plt.close(figure)


def _times(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return rows["published_min"], rows["modelled_min"]


def _frame(axes: Axes) -> None:
    axes.set(xscale="log", yscale="log", xlim=LIMITS, ylim=LIMITS, aspect="equal", facecolor=PAPER)
    axes.fill_between(
        LIMITS, [x * 0.75 for x in LIMITS], [x * 1.25 for x in LIMITS], color=RULE, alpha=0.5, lw=0
    )
    axes.plot(LIMITS, LIMITS, color=SOFT, linewidth=0.8)
    axes.text(700, 430, "± 25 %", fontsize=8, color=SOFT, ha="left", va="top")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([60 * hours for hours in HOURS], [f"{hours:g}" for hours in HOURS])
        axis.set_minor_locator(mpl.ticker.NullLocator())
    axes.tick_params(colors=SOFT, labelsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _name_largest(axes: Axes, rows: pd.DataFrame, *, above_pct: float = 60.0) -> None:
    """Name the pairs that are farthest off, on the side where no marks are."""
    named = rows[rows["error_pct"].abs() > above_pct].sort_values("modelled_min")
    for number, row in enumerate(named.itertuples()):
        side, across = next(place for limit, *place in SIDES if row.published_min < limit)
        below = side != "right" and number % 2 == 0
        axes.annotate(
            row.pair,
            (row.published_min, row.modelled_min),
            xytext=(across, 3 if side == "right" else -13 if below else 7),
            textcoords="offset points",
            ha=side,
            fontsize=7.5,
            color=INK,
        )


if __name__ == "__main__":
    mpl.use("Agg")
    # Text stays text, and ids do not change from run to run.
    mpl.rcParams.update({"svg.hashsalt": "capgap", "svg.fonttype": "none", "font.family": "sans-serif"})
    travel_times()
