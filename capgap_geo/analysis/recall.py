"""Remember what follows from a study beside its prepared country, and let go of it together with that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

from capgap_geo.analysis.engines import engine
from capgap_geo.model import Study

P = ParamSpec("P")
R = TypeVar("R")
_Function = Callable[Concatenate[Study, P], R]


def remembered(most: int) -> Callable[[_Function[P, R]], _Function[P, R]]:
    """Keep the latest `most` results of a function of a study and of hashable values.

    A cache of the process would hold the data that one session brought, beyond that session.
    """

    def decorate(function: _Function[P, R]) -> _Function[P, R]:
        @wraps(function)
        def recall(study: Study, /, *args: P.args, **options: P.kwargs) -> R:
            key = (*args, *sorted(options.items()))
            compute = partial(function, study, *args, **options)
            return engine(study).recall(f"{function.__module__}.{function.__qualname__}", key, most, compute)

        return recall

    return decorate
