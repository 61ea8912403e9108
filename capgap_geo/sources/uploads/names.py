"""Find departments and provinces by name or code, however they are written."""

from __future__ import annotations

import contextlib
import difflib
import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

#: The 24 departments and the Constitutional Province of Callao, by the first two digits of the ubigeo.
DEPARTMENTS: Mapping[str, str] = MappingProxyType(
    {
        "01": "Amazonas",
        "02": "Áncash",
        "03": "Apurímac",
        "04": "Arequipa",
        "05": "Ayacucho",
        "06": "Cajamarca",
        "07": "Callao",
        "08": "Cusco",
        "09": "Huancavelica",
        "10": "Huánuco",
        "11": "Ica",
        "12": "Junín",
        "13": "La Libertad",
        "14": "Lambayeque",
        "15": "Lima",
        "16": "Loreto",
        "17": "Madre de Dios",
        "18": "Moquegua",
        "19": "Pasco",
        "20": "Piura",
        "21": "Puno",
        "22": "San Martín",
        "23": "Tacna",
        "24": "Tumbes",
        "25": "Ucayali",
    }
)
_ISO = "AMA ANC APU ARE AYA CAJ CAL CUS HUV HUC ICA JUN LAL LAM LIM LOR MDD MOQ PAS PIU PUN SAM TAC TUM UCA"
_ALIASES = {
    "cuzco": "08",
    "lima metropolitana": "15",
    "lima provincias": "15",
    "lima region": "15",
    "region lima": "15",
    "municipalidad metropolitana de lima": "15",
    "provincia constitucional del callao": "07",
    "prov constitucional del callao": "07",
    "prov const del callao": "07",
    "el callao": "07",
}
_PREFIX = re.compile(r"^(departamento|dpto|depto|dep|region|gobierno regional|department)( de(l)?)? ")
_DIGITS = {1: 2, 2: 2, 3: 4, 4: 4, 5: 6, 6: 6}


def plain(text: str) -> str:
    """Return a name without accents, case and punctuation; broken encodings are mended first.

    Examples
    --------
    >>> plain("  ÁNCASH."), plain("HuÃ¡nuco")
    ('ancash', 'huanuco')
    """
    with contextlib.suppress(UnicodeError):  # most texts were not broken in this way
        text = text.encode("cp1252").decode("utf-8")
    bare = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", bare).strip()


def _known() -> dict[str, str]:
    table = {plain(name): code for code, name in DEPARTMENTS.items()} | _ALIASES
    for code, iso in zip(DEPARTMENTS, _ISO.split(), strict=True):
        table |= {f"pe {iso.lower()}": code, iso.lower(): code, f"pe{code}": code, f"pe {code}": code}
    return table


_BY_NAME: Mapping[str, str] = MappingProxyType(_known())


def department_id(text: str) -> str | None:
    """Return the two digits of a department given by name, ISO code, p-code or ubigeo, or None.

    Examples
    --------
    >>> [department_id(t) for t in ("MADRE DE DIOS", "Región Áncash", "PE-MDD", "1", "170101", "Bogotá")]
    ['17', '02', '17', '01', '17', None]
    """
    code = ubigeo(text)
    if code is not None:
        return code[:2]
    name = plain(text)
    return _BY_NAME.get(name) or _BY_NAME.get(_PREFIX.sub("", name))


def ubigeo(text: str) -> str | None:
    """Return a code of two, four or six digits with its leading zero; None where it is no code of Peru.

    Examples
    --------
    >>> ubigeo("10101"), ubigeo("170101"), ubigeo("101.0"), ubigeo("PE1701"), ubigeo("990101")
    ('010101', '170101', '0101', '1701', None)
    """
    match = re.fullmatch(r"\s*(?:PE)?(\d{1,6})(?:[.,]0+)?\s*", text, re.ASCII)
    if match is None:
        return None
    code = match.group(1)
    code = code.zfill(_DIGITS[len(code)])
    return code if code[:2] in DEPARTMENTS and "00" not in (code[2:4], code[4:6]) else None


def lost_zero(text: str) -> bool:
    """Return whether a code has lost its leading zero, as spreadsheets do to it."""
    match = re.fullmatch(r"\s*(\d{1,6})(?:[.,]0+)?\s*", text, re.ASCII)
    return match is not None and len(match.group(1)) % 2 == 1


def province_id(text: str, department: str, provinces: Mapping[str, str]) -> str | None:
    """Return the four digits of a province of a department, by name or code, or None.

    Parameters
    ----------
    provinces
        Names of the provinces by their four digits.
    """
    code = ubigeo(text)
    if code is not None and len(code) >= 4:
        return code[:4] if code[:4] in provinces and code[:2] == department else None
    wanted = re.sub(r"^(provincia|prov|province)( de(l)?)? ", "", plain(text))
    return next((i for i, n in provinces.items() if i[:2] == department and plain(n) == wanted), None)


def nearest(text: str, names: Mapping[str, str]) -> str:
    """Return the known name that looks most like `text`, or nothing."""
    by_plain = {plain(n): n for n in names.values()}
    found = difflib.get_close_matches(plain(text[:60]), by_plain, n=1, cutoff=0.7)
    return by_plain[found[0]] if found else ""
