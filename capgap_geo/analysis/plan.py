"""A plan: facilities that come, go, or begin to accept a group; as objects, as text for a link, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar

from capgap_geo.errors import ScenarioError
from capgap_geo.model import GROUPS, Profile, Service

#: Joins the changes of a plan in a link.
JOINT = "~"
#: Changes in one plan, and characters of its name, that are accepted.
MOST_CHANGES, LONGEST_NAME = 40, 80
FORMAT, VERSION = "capgap-plan", 1
_POINT = r"-?\d{1,3}(?:\.\d{1,6})?_-?\d{1,2}(?:\.\d{1,6})?"
_ADD = re.compile(rf"add\.([a-z_]+)\.({_POINT}|\d{{2,10}})(?:\.([a-z-]+))?")
_REMOVE = re.compile(r"remove\.([\w-]+)")
_ACCEPT = re.compile(r"accept\.([\w-]+)\.([a-z-]+)")
#: A position in a link: about 100 m, a tenth of a cell.
DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Add:
    """A new facility.

    Parameters
    ----------
    service
        What it offers.
    at
        Id of a place, ``lon_lat`` in degrees, or for a shelter the id of its department.
    profiles
        Whom it takes, in the order of `GROUPS`.
    """

    service: Service
    at: str
    profiles: tuple[Profile, ...] = GROUPS

    kind: ClassVar[str] = "add"

    @property
    def point(self) -> tuple[float, float] | None:
        """Longitude and latitude, if that is how it was placed."""
        if "_" not in self.at:
            return None
        lon, lat = self.at.split("_")
        return float(lon), float(lat)

    @property
    def facility_id(self) -> str:
        """Id of the row that stands for it."""
        return f"planned_{self.service}_{self.at}"

    def __str__(self) -> str:
        head = f"add.{self.service}.{self.at}"
        return head if self.profiles == GROUPS else f"{head}.{'-'.join(self.profiles)}"


@dataclass(frozen=True, slots=True)
class Remove:
    """A facility that closes."""

    facility_id: str

    kind: ClassVar[str] = "remove"

    def __str__(self) -> str:
        return f"remove.{self.facility_id}"


@dataclass(frozen=True, slots=True)
class Accept:
    """A facility that begins to accept groups: the cheapest intervention there is.

    Parameters
    ----------
    facility_id
        The facility.
    profiles
        The groups, in the order of `GROUPS`; however many, it is one change.
    """

    facility_id: str
    profiles: tuple[Profile, ...]

    kind: ClassVar[str] = "accept"

    def __str__(self) -> str:
        return f"accept.{self.facility_id}.{'-'.join(self.profiles)}"


Change = Add | Remove | Accept
Plan = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a change cannot be made.

    Attributes
    ----------
    code
        Stable name of the reason.
    found
        What was given.
    nearest
        What would work instead, if anything is near.
    """

    code: str
    found: str
    nearest: str = ""

    def __str__(self) -> str:
        hint = f"; the nearest that works is {self.nearest}" if self.nearest else ""
        return f"{self.found!r}: {self.code}{hint}"


def point_at(lon: float, lat: float) -> str:
    """Return a position as a plan writes it, rounded to about 100 m."""
    return f"{round(lon, DECIMALS) + 0.0:g}_{round(lat, DECIMALS) + 0.0:g}"


def to_text(plan: Iterable[Change]) -> str:
    """Return a plan as a link carries it."""
    return JOINT.join(map(str, plan))


def read_text(text: str) -> tuple[Plan, tuple[Problem, ...]]:
    """Return the changes that can be read in a text, and the problems of the others."""
    plan: list[Change] = []
    problems: list[Problem] = []
    parts = [part for part in text.split(JOINT) if part]
    for part in parts[:MOST_CHANGES]:
        found = _change(part)
        (problems if isinstance(found, Problem) else plan).append(found)  # type: ignore[arg-type]
    if len(parts) > MOST_CHANGES:
        problems.append(Problem("plan_too_long", str(len(parts)), str(MOST_CHANGES)))
    return tuple(plan), tuple(problems)


def _change(text: str) -> Change | Problem:
    if match := _REMOVE.fullmatch(text):
        return Remove(match[1])
    if match := _ACCEPT.fullmatch(text):
        groups = _profiles(match[2])
        return Accept(match[1], groups) if groups else Problem("plan_profile", match[2])
    if not (match := _ADD.fullmatch(text)):
        return Problem("plan_change", text[:80])
    if match[1] not in set(Service):
        return Problem("plan_service", match[1], get_close_matches(match[1], list(Service), 1, 0.0)[0])
    groups = GROUPS if match[3] is None else _profiles(match[3])
    return Add(Service(match[1]), match[2], groups) if groups else Problem("plan_profile", match[3])


def _profiles(text: str) -> tuple[Profile, ...]:
    """Return the groups of a text in their usual order; none if any of them is unknown."""
    names = text.split("-")
    known = tuple(p for p in GROUPS if p in names)
    return known if len(known) == len(names) else ()


def to_json(name: str, plan: Iterable[Change], about: Mapping[str, Any] | None = None) -> str:
    """Return a named plan as JSON text for a file, with what else is to be said of it."""
    head = {"format": FORMAT, "version": VERSION, "name": name}
    whole = {**head, **(about or {}), **head, "changes": [_to_object(change) for change in plan]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _to_object(change: Change) -> dict[str, Any]:
    if isinstance(change, Add):
        where = {"service": str(change.service), "at": change.at}
        return {"change": "add", **where, "profiles": [str(p) for p in change.profiles]}
    own: dict[str, Any] = {"change": change.kind, "facility_id": change.facility_id}
    return own | ({"profiles": [str(p) for p in change.profiles]} if isinstance(change, Accept) else {})


def from_json(text: str) -> tuple[str, Plan, tuple[Problem, ...]]:
    """Return name, changes and problems of a named plan.

    Raises
    ------
    ScenarioError
        Code ``plan_file``: the text is no plan at all.
    """
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    changes = whole.get("changes") if isinstance(whole, dict) and whole.get("format") == FORMAT else None
    if not isinstance(changes, list):
        raise ScenarioError(
            f"plan: no JSON with format {FORMAT!r} and a list of changes; export one to see its form",
            code="plan_file",
        )
    plan, problems = read_text(JOINT.join(_from_object(change) for change in changes))
    return str(whole.get("name") or "")[:LONGEST_NAME], plan, problems


def _from_object(change: object) -> str:
    """Return an object as text; what is wrong with it is found when the text is read."""
    if not isinstance(change, Mapping):
        return _safe(change)
    kind = change.get("change")
    if kind == "add":
        said = _groups(change.get("profiles", list(GROUPS)))
        return f"add.{_safe(change.get('service'))}.{_safe(change.get('at'))}.{said}"
    # A file of the first form names one group alone.
    end = f".{_groups(change.get('profiles', change.get('profile')))}" if kind == "accept" else ""
    return f"{_safe(kind)}.{_safe(change.get('facility_id'))}{end}"


def _groups(value: object) -> str:
    return "-".join(map(_safe, value)) if isinstance(value, list) else _safe(value)


def _safe(value: object) -> str:
    return str(value).replace(JOINT, " ")[:80] or "?"
