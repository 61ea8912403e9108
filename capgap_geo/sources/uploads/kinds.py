"""The kinds of data that can be brought, and the fields of each with the names people give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from capgap_geo.sources.uploads.limits import DEFAULT
from capgap_geo.sources.uploads.messages import refusal

Shape = Literal["Point", "Polygon"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a row can say.

    Attributes
    ----------
    called
        What people call the column, in plain lower case, parted by commas, best first.
    tagged
        HXL tags, best first; attributes may follow in any order.
    required
        Whether a row needs a column for it.
    """

    name: str
    called: str
    tagged: str = ""
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names, one by one."""
        return tuple(" ".join(n.split()) for n in self.called.split(","))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, one by one."""
        return tuple(t.strip() for t in self.tagged.split(",") if t.strip())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data: its fields, the shape of a row, whether rows may tell on people, and the most rows.

    Facilities are drawn one by one: a map of more could not be read, nor drawn without others waiting.
    """

    name: str
    fields: tuple[Field, ...]
    shape: Shape | None = None
    needs_shape: bool = False
    sensitive: bool = False
    rows: int = DEFAULT.rows

    def field(self, name: str) -> Field:
        """Return a field by name.

        Raises
        ------
        UploadError
            The kind has no such field.
        """
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(f.name for f in self.fields)
        raise refusal("unknown_field", found=name, kind=self.name, known=known)


DEPARTMENT = Field(
    "department",
    """departamento, department, dpto, depto, dep, region, adm1, admin1, nomdep, nombdep, nom dep,
    department name, departamento nombre, department id, iddpto, coddep, adm1 es""",
    "#adm1+name, #adm1+code, #adm1",
)
PROVINCE = Field(
    "province",
    """provincia, province, prov, adm2, admin2, nomprov, nombprov, province name, province id, idprov,
    codprov, adm2 es""",
    "#adm2+name, #adm2+code, #adm2",
)
UBIGEO = Field(
    "ubigeo",
    """ubigeo, ubigeo inei, cod ubigeo, codigo ubigeo, iddist, coddist, codigo, code, adm3 pcode,
    ubigeo distrito, id dist, district id, boundary id""",
    "#adm3+code, #adm2+code",
)
YEAR = Field("year", "ano, anio, year, fecha, date", "#date+year, #date")
_POSITION = (
    Field("latitude", "latitud, latitude, lat, y, coord y, coordenada y, centroid lat", "#geo+lat"),
    Field(
        "longitude", "longitud, longitude, lon, long, lng, x, coord x, coordenada x, centroid lon", "#geo+lon"
    ),
    Field("position", "coordenadas, coordinates, lat lon, latlon, gps, ubicacion gps", "#geo+coord"),
    Field("easting", "este, easting, utm este, este utm, utm x, x utm, coord este"),
    Field("northing", "norte, northing, utm norte, norte utm, utm y, y utm, coord norte"),
    Field("utm_zone", "zona utm, utm zone, huso, zona, zone"),
)
FACILITIES = Kind(
    "facilities",
    (
        Field("facility_id", "facility id, id, codigo, code, id local", "#loc+code"),
        Field(
            "service",
            "servicio, service, tipo, type, tipo de servicio, service type, institucion, entidad",
            "#service, #service+type, #sector, #loc+type",
            required=True,
        ),
        Field("place_name", "lugar, place name, place, localidad, ciudad, city", "#loc+name, #loc"),
        DEPARTMENT,
        UBIGEO,
        *_POSITION,
        Field("officers", "efectivos, officers, policias, personal", "#capacity+officers"),
        Field("women_officers", "mujeres policias, women officers, policias mujeres"),
        Field("vehicles", "vehiculos, vehicles, patrulleros", "#capacity+vehicles"),
        Field("prosecutors", "fiscales, prosecutors", "#capacity+prosecutors"),
        Field("beds", "camas, plazas, beds, cupos, capacidad, capacity", "#capacity+beds, #capacity"),
        Field("profiles", "perfil, profiles, profile, poblacion atendida, atiende a, serves", "#beneficiary"),
        YEAR,
        Field("evidence", "evidencia, evidence"),
    ),
    shape="Point",
    sensitive=True,
    rows=5_000,
)
INCIDENTS = Kind(
    "incidents",
    (
        DEPARTMENT,
        PROVINCE,
        UBIGEO,
        *_POSITION,
        Field("period", "periodo, period, ano, anio, year, fecha, date", "#date, #date+year", required=True),
        Field(
            "value",
            "casos, value, valor, cases, denuncias, victimas, victims, total, cantidad, count, numero",
            "#affected, #affected+total, #indicator+num, #value",
        ),
        Field("measure", "medida, measure, indicador, indicator, delito, tipo", "#indicator+name, #cause"),
        Field("registry", "registro, registry, fuente, source, entidad", "#meta+source"),
        Field("unit", "unidad, unit", "#indicator+unit"),
    ),
    shape="Point",
    sensitive=True,
)
ZONES = Kind(
    "zones",
    (
        Field("zone_name", "zona, zone name, name, nombre, zone, sector", "#loc+name, #loc", required=True),
        DEPARTMENT,
        PROVINCE,
        Field("mined_ha", "hectareas, mined ha, mined area ha, ha, area ha, mined area"),
        Field("mined_ha_period", "mined ha period, periodo, period"),
        Field("legality", "legality, legalidad, situacion legal"),
        Field("trafficking_evidence", "trafficking evidence, evidencia de trata, trata"),
        Field("trafficking_year", "trafficking year, ano de trata, year, ano"),
        Field("precision_km", "precision km, precision"),
    ),
    shape="Polygon",
    needs_shape=True,
)
MINING = Kind(
    "mining",
    (
        Field("detection_id", "id"),
        Field("period", "period"),
        Field("year", "year"),
        Field("mined_ha", "mined area ha, mined area (ha), mined ha", "", required=True),
    ),
    shape="Polygon",
    needs_shape=True,
)
BOUNDARIES = Kind(
    "boundaries",
    (
        Field(
            "ubigeo",
            """ubigeo, ubigeo inei, cod ubigeo, codigo ubigeo, iddist, coddist, codigo, code, adm3
            pcode, ubigeo distrito, id dist, district id, boundary id, province id, idprov,
            department id, iddpto""",
            "#adm3+code, #adm2+code",
            required=True,
        ),
        Field(
            "boundary_name",
            """distrito, nombdist, nomdist, boundary name, district name, district, nombre, name, adm3
            es, province name, nombprov, department name, nombdep""",
            "#adm3+name, #adm2+name, #adm1+name",
        ),
    ),
    shape="Polygon",
    needs_shape=True,
)
POPULATION = Kind(
    "population",
    (
        PROVINCE,
        DEPARTMENT,
        UBIGEO,
        Field(
            "population", "poblacion, population, total, personas, habitantes", "#population", required=True
        ),
        Field("girls", "ninas, girls", "#population+f+children"),
        Field("boys", "ninos, boys", "#population+m+children"),
        Field("women", "mujeres, women", "#population+f+adults"),
        Field("men", "hombres, men, varones", "#population+m+adults"),
        YEAR,
    ),
)
FRICTION = Kind("friction", ())

KINDS: Mapping[str, Kind] = MappingProxyType(
    {k.name: k for k in (FACILITIES, INCIDENTS, ZONES, MINING, BOUNDARIES, POPULATION, FRICTION)}
)


def kind_named(name: str) -> Kind:
    """Return a kind by name.

    Raises
    ------
    UploadError
        There is no such kind.
    """
    if name not in KINDS:
        raise refusal("unknown_kind", found=name, known=", ".join(KINDS))
    return KINDS[name]
