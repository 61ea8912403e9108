"""CapGap Geo: where, in Peru, a victim of human trafficking is beyond the reach of help.

>>> import capgap_geo as c
>>> study = c.load_study()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capgap_geo.analysis.assess import Assessment as Assessment
    from capgap_geo.analysis.assess import assess as assess
    from capgap_geo.errors import CapGapError as CapGapError
    from capgap_geo.model import Demand as Demand
    from capgap_geo.model import Evidence as Evidence
    from capgap_geo.model import Measure as Measure
    from capgap_geo.model import Profile as Profile
    from capgap_geo.model import Scenario as Scenario
    from capgap_geo.model import Service as Service
    from capgap_geo.model import Study as Study
    from capgap_geo.sources.study import load_study as load_study

__version__ = "0.1.0"

#: Loaded on first use, so that ``import capgap_geo`` stays light.
_PUBLIC = {
    "Assessment": "analysis.assess",
    "assess": "analysis.assess",
    "CapGapError": "errors",
    "Demand": "model",
    "Evidence": "model",
    "Measure": "model",
    "Profile": "model",
    "Scenario": "model",
    "Service": "model",
    "Study": "model",
    "load_study": "sources.study",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
