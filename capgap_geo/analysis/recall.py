"""Remember what follows from a study, or from an answer, and let go of it together with that."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary, ref

from capgap_geo.analysis.engines import engine
from capgap_geo.model import Study

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")
_Function = Callable[Concatenate[Study, P], R]
_OfAnswer = Callable[Concatenate[Study, A, P], R]
#: What has been made of each answer that somebody still holds.
_made: WeakKeyDictionary[Any, dict[tuple[object, ...], Any]] = WeakKeyDictionary()


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


def kept_with_answer(function: _OfAnswer[A, P, R]) -> _OfAnswer[A, P, R]:
    """Keep the results of a function of a study, one answer of it and hashable values, as long as the answer.

    Not for results that hold the answer itself: they would keep each other.
    """

    @wraps(function)
    def recall(study: Study, answer: A, /, *args: P.args, **options: P.kwargs) -> R:
        made = _made.setdefault(answer, {})
        key = (function, *args, *sorted(options.items()))
        whose, found = made.get(key, (None, None))
        if whose is None or whose() is not study:  # weakly: what is kept must not keep the study
            found = function(study, answer, *args, **options)
            made[key] = ref(study), found
        result: R = found
        return result

    return recall
