"""The URL is the state: what is shown can be read from it, linked, and had back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from capgap_geo.analysis.plan import LONGEST_NAME
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import DEFAULT_LANGUAGE, LANGUAGES
from capgap_geo.model import MAPPED, Scenario
from capgap_geo.render.scene import Paint

VIEWS = ("page", "poster", "embed")
_AREA = re.compile(r"d:\d{2}|p:\d{4}|z:[a-z0-9_]{1,40}")
_CENTRE = re.compile(r"-?\d{1,3}(\.\d{1,5})?,-?\d{1,2}(\.\d{1,5})?,\d{1,2}(\.\d{1,2})?")
_TITLE_LENGTH = 120
_STATE = "state"
_WRITTEN = "state_written"
_PAGE = "state_page"
_DRAWN = "state_drawn"


@dataclass(frozen=True)
class State:
    """Everything that a link carries.

    Attributes
    ----------
    paint
        What the land is coloured by.
    area
        What is selected: ``d:17``, ``p:1701``, ``z:la_pampa`` or nothing.
    view
        ``page``, ``poster`` or ``embed``.
    at
        Map centre and zoom, ``lon,lat,zoom``; written by "copy link" only.
    title, size
        Of the poster.
    plan
        Changes of the plan, joined by ``~``.
    name
        Of the plan, if it has one.
    show
        Layers that differ from the default, joined by ``.``.
    """

    scenario: Scenario = field(default_factory=Scenario)
    lang: str = DEFAULT_LANGUAGE
    area: str = ""
    paint: str = Paint.DESERT.value
    view: str = "page"
    at: str = ""
    title: str = ""
    size: str = ""
    plan: str = ""
    name: str = ""
    show: str = ""

    def with_(self, **changes: Any) -> State:
        """Return a copy with some values changed."""
        return replace(self, **changes)

    def to_params(self) -> dict[str, str]:
        """Return the query parameters; the language is always stated, other defaults are left out."""
        default = State()
        own = {f.name: str(getattr(self, f.name)) for f in fields(self) if f.name not in ("scenario", "lang")}
        params = {k: v for k, v in own.items() if v != getattr(default, k)}
        scenario = dict(p.split("=", 1) for p in self.scenario.to_query().split("&") if p)
        return {**scenario, **params, "lang": self.lang}

    def to_query(self) -> str:
        """Return the query string of a link to this view."""
        return urlencode(self.to_params())

    @classmethod
    def from_params(cls, params: Mapping[str, str], *, guess: str = DEFAULT_LANGUAGE) -> State:
        """Read query parameters; whatever cannot be used falls back to its default."""
        lang = params.get("lang", guess)
        return cls(
            scenario=tolerant_scenario(params),
            lang=lang if lang in LANGUAGES else DEFAULT_LANGUAGE,
            area=_matching(params.get("area", ""), _AREA),
            paint=_among(params.get("paint", ""), tuple(p.value for p in Paint)),
            view=_among(params.get("view", ""), VIEWS),
            at=_matching(params.get("at", ""), _CENTRE),
            title=params.get("title", "")[:_TITLE_LENGTH],
            size=_matching(params.get("size", ""), re.compile(r"[a-z0-9]{1,12}")),
            plan=params.get("plan", "")[:4000],
            name=params.get("name", "").strip()[:LONGEST_NAME],
            show=_matching(params.get("show", ""), re.compile(r"[a-z_.\-]{1,200}")),
        )


def tolerant_scenario(params: Mapping[str, str]) -> Scenario:
    """Return the scenario of some parameters, each bad value replaced by its default."""
    good: dict[str, str] = {}
    names = [f.name for f in fields(Scenario)]
    for name in sorted(names, key=lambda n: n == "threshold"):  # the measure decides what threshold may be
        if name not in params or name == "friction" or (name == "service" and params[name] not in MAPPED):
            continue
        try:
            Scenario.from_query({**good, name: params[name]})
        except ScenarioError:
            continue
        good[name] = params[name]
    return Scenario.from_query(good)


def _matching(value: str, pattern: re.Pattern[str]) -> str:
    return value if pattern.fullmatch(value) else ""


def _among(value: str, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else allowed[0]


def load(page: str) -> State:
    """Return the state of this session, read again from the URL when the reader changed it.

    Going to another page of the app empties the URL; the state of the session then goes along.
    """
    params = dict(st.query_params)
    moved = st.session_state.get(_PAGE) != page
    known = _STATE in st.session_state
    st.session_state[_PAGE] = page
    own = {k: v for k, v in params.items() if k != "embed"}
    if not known or (own != st.session_state.get(_WRITTEN) and (own or not moved)):
        guess = (st.context.locale or DEFAULT_LANGUAGE)[:2]
        st.session_state[_STATE] = State.from_params(
            params, guess=guess if guess in LANGUAGES else DEFAULT_LANGUAGE
        )
        forget_widgets()
    return st.session_state[_STATE]  # type: ignore[no-any-return]


def drawn_before(page: str) -> bool:
    """Return whether the run before this one drew the same page to its end: everything has its place then."""
    return bool(st.session_state.get(_DRAWN) == page)


def save(state: State) -> None:
    """Keep the state and write it to the URL if it differs."""
    st.session_state[_STATE], st.session_state[_DRAWN] = state, st.session_state.get(_PAGE)
    params = state.to_params()
    st.session_state[_WRITTEN] = params
    embed = st.query_params.get("embed")
    shown = params if embed is None else {**params, "embed": embed}
    if dict(st.query_params) != shown:
        st.query_params.from_dict(shown)


def forget_widgets() -> None:
    """Drop the widgets' values, so that they start again from the state."""
    for key in [k for k in st.session_state if str(k).startswith("w_")]:
        del st.session_state[key]


def widget(name: str, value: Any) -> str:
    """Return the key of a widget and give it a first value, if it has none."""
    key = f"w_{name}"
    if key not in st.session_state:
        st.session_state[key] = value
    return key
