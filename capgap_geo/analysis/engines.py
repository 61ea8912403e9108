"""The prepared country of each study: a few that all share, and those that one holder keeps to itself."""

from __future__ import annotations

from functools import lru_cache
from weakref import WeakValueDictionary

from capgap_geo.analysis.engine import Engine
from capgap_geo.model import Study

#: Surfaces and counts that an engine of one holder keeps: there may be as many engines as sessions.
KEPT_ALONE = (4, 3)
#: Engines that are kept elsewhere, by the identity of their study; gone as soon as their holder is.
_held: WeakValueDictionary[int, Engine] = WeakValueDictionary()


def engine(study: Study) -> Engine:
    """Return the prepared country of a study, kept for the next scenario."""
    own = _held.get(id(study))
    return own if own is not None and own.study is study else _shared(study)


@lru_cache(maxsize=2)
def _shared(study: Study) -> Engine:
    return Engine(study)


def hold(study: Study, *, base: Study) -> Engine:
    """Prepare a study for one holder, as for the session that brought its data.

    The engine is no entry of the shared cache: it cannot push another study out of it, nobody else can
    reach it, and it is gone when its holder lets go of it. Until then `engine` finds it by its study.

    Parameters
    ----------
    base
        A study whose prepared country is shared where both have equal tables.
    """
    own = Engine(study, base=engine(base), kept=KEPT_ALONE)
    _held[id(study)] = own
    return own
