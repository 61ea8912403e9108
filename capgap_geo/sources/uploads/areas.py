"""The departments and provinces that uploads are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

from capgap_geo.provenance import read_package
from capgap_geo.sources.boundaries import read_departments, read_provinces
from capgap_geo.sources.study import DEFAULT_PATH

if TYPE_CHECKING:
    import geopandas as gpd

    from capgap_geo.model import Study


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """Outlines and names, in WGS 84, with the columns of the table contract."""

    departments: gpd.GeoDataFrame
    provinces: gpd.GeoDataFrame

    @classmethod
    def of(cls, study: Study) -> Self:
        """Return the areas of a study."""
        return cls(study.departments, study.provinces)

    @property
    def department_names(self) -> Mapping[str, str]:
        """Names by two digits."""
        return dict(zip(self.departments["department_id"], self.departments["department_name"], strict=True))

    @property
    def province_names(self) -> Mapping[str, str]:
        """Names by four digits."""
        return dict(zip(self.provinces["province_id"], self.provinces["province_name"], strict=True))


@cache
def shipped_areas(folder: Path = DEFAULT_PATH) -> Areas:
    """Return the areas of the shipped boundaries.

    Raises
    ------
    DataNotFoundError, ProvenanceError, SchemaError
        As `load_study`.
    """
    package = read_package(folder / "boundaries")
    departments = read_departments(package)
    return Areas(departments, read_provinces(package, departments))
