"""How the pull of a facility falls with the cost of reaching it: each decay is a value that can be called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capgap_geo.errors import ScenarioError

#: Any function from costs (minutes or km, at least 0) to weights (finite, at least 0).
Decay = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _positive(**values: float) -> None:
    bad = {name: value for name, value in values.items() if not (np.isfinite(value) and value > 0)}
    if bad:
        text = ", ".join(f"{name} = {value!r}" for name, value in bad.items())
        raise ScenarioError(f"decay: found {text}, use a number above 0", details=bad)


@dataclass(frozen=True, slots=True)
class Gaussian:
    """``exp(-x^2 / (2 sigma^2))``: 1 at the door, 0.61 at `sigma`.

    Examples
    --------
    >>> Gaussian(60.0)(np.array([0.0, 60.0])).round(4)
    array([1.    , 0.6065])
    """

    sigma: float

    def __post_init__(self) -> None:
        _positive(sigma=self.sigma)

    def __call__(self, cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights of `cost`."""
        scaled = cost / self.sigma
        return np.exp(-0.5 * scaled * scaled)


@dataclass(frozen=True, slots=True)
class Exponential:
    """``exp(-x / scale)``: falls by 63 % with every `scale`."""

    scale: float

    def __post_init__(self) -> None:
        _positive(scale=self.scale)

    def __call__(self, cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights of `cost`."""
        return np.exp(-cost / self.scale)


@dataclass(frozen=True, slots=True)
class InversePower:
    """``(max(x, nearest) / scale) ^ -exponent``; `nearest` keeps the weight at the door finite."""

    scale: float
    exponent: float
    nearest: float

    def __post_init__(self) -> None:
        _positive(scale=self.scale, exponent=self.exponent, nearest=self.nearest)

    def __call__(self, cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights of `cost`."""
        weights: NDArray[Any] = np.power(np.maximum(cost, self.nearest) / self.scale, -self.exponent)
        return weights


@dataclass(frozen=True, slots=True)
class Step:
    """`weights[k]` up to and including `limits[k]`, 0 beyond the last limit.

    Parameters
    ----------
    limits
        Rising costs (minutes or km).
    weights
        One weight, at least 0, for each limit.

    Examples
    --------
    >>> Step((60.0, 120.0), (1.0, 0.5))(np.array([60.0, 61.0, 121.0]))
    array([1. , 0.5, 0. ])
    """

    limits: tuple[float, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.limits, self.limits[1:], strict=False))
        usable = all(np.isfinite(w) and w >= 0 for w in self.weights)
        if not (self.limits and len(self.limits) == len(self.weights) and rising and usable):
            raise ScenarioError(
                f"step: found limits {self.limits} and weights {self.weights}; "
                "use rising limits and as many weights"
            )

    def __call__(self, cost: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weights of `cost`."""
        zones = np.searchsorted(np.asarray(self.limits), cost, side="left")
        return np.append(np.asarray(self.weights, dtype=float), 0.0)[zones]
