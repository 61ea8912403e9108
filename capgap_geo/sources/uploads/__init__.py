"""Bring your own tables: understood, checked, protected, and never trusted.

>>> from capgap_geo.sources.uploads import template, understand
>>> understand(template("facilities", "es"), "facilities.csv").kind
'facilities'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capgap_geo.sources.uploads.amazon_mining_watch import hectares_by_year as hectares_by_year
    from capgap_geo.sources.uploads.amazon_mining_watch import hectares_in as hectares_in
    from capgap_geo.sources.uploads.areas import Areas as Areas
    from capgap_geo.sources.uploads.aside import beside as beside
    from capgap_geo.sources.uploads.joining import add_to_study as add_to_study
    from capgap_geo.sources.uploads.kinds import KINDS as KINDS
    from capgap_geo.sources.uploads.limits import Limits as Limits
    from capgap_geo.sources.uploads.messages import Note as Note
    from capgap_geo.sources.uploads.reading import read_upload as read_upload
    from capgap_geo.sources.uploads.save import save_study as save_study
    from capgap_geo.sources.uploads.saved import SavedStudy as SavedStudy
    from capgap_geo.sources.uploads.saved import load_saved as load_saved
    from capgap_geo.sources.uploads.templates import template as template
    from capgap_geo.sources.uploads.understanding import Understanding as Understanding
    from capgap_geo.sources.uploads.understanding import understand as understand
    from capgap_geo.sources.uploads.upload import Surface as Surface
    from capgap_geo.sources.uploads.upload import Upload as Upload

#: Loaded on first use: the process that reads a file needs none of the table libraries.
_PUBLIC = {
    "KINDS": "kinds",
    "Areas": "areas",
    "Limits": "limits",
    "Note": "messages",
    "SavedStudy": "saved",
    "Surface": "upload",
    "Understanding": "understanding",
    "Upload": "upload",
    "add_to_study": "joining",
    "beside": "aside",
    "hectares_by_year": "amazon_mining_watch",
    "hectares_in": "amazon_mining_watch",
    "load_saved": "saved",
    "read_upload": "reading",
    "save_study": "save",
    "template": "templates",
    "understand": "understanding",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
