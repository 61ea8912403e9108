"""Keep, share and compare plans."""

from __future__ import annotations

import re

import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.plan import LONGEST_NAME, Plan, Problem, from_json, to_text
from capgap_geo.analysis.whatif import difference, read, zones_within
from capgap_geo.errors import ScenarioError
from capgap_geo.i18n import Translator
from capgap_geo.model import Scenario
from capgap_geo.render import plan_words
from capgap_geo.render.plan_file import plan_file
from capgap_geo.ui import plan_state, share
from capgap_geo.ui.planned import planned
from capgap_geo.ui.prepared import answer, study
from capgap_geo.ui.state import State, widget
from capgap_geo.ui.text import items, tag

LARGEST_FILE = 64_000
_CURRENT, _NONE = "\0current", "\0none"
_BROUGHT = "plan_name_brought"


def panel(state: State, plan: Plan, t: Translator) -> State:
    """Draw naming, link, export, import, and two plans side by side; return the state with the name."""
    st.html(tag("h2", "section", t("plan.keep")))
    left, right = st.columns(2, gap="medium")
    with left:
        state = state.with_(name=_name(state, t))
        name = state.name or t("plan.name_default")
        with st.container(horizontal=True):
            st.button(
                t("plan.save"),
                icon=":material/bookmark_add:",
                on_click=plan_state.keep,
                args=(name, to_text(plan)),
                disabled=not plan,
                key="plan_save",
            )
            st.download_button(
                t("plan.export"),
                lambda: plan_file(study(), name, plan, _answers(state.scenario, plan), t),
                file_name=f"capgap_{_slug(name)}.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                disabled=not plan,
                key="plan_export",
            )
        st.caption(t("plan.link"))
        st.code(share.address(state), language=None, wrap_lines=True)
    with right:
        _import(plan, t)
    _side_by_side(state.scenario, plan, t)
    return state


def _name(state: State, t: Translator) -> str:
    """Draw the name of the plan and return it: that of a file that was just brought, or of the link."""
    brought = st.session_state.pop(_BROUGHT, None)
    if brought is not None:
        st.session_state["w_plan_name"] = brought
    return st.text_input(
        t("plan.name"),
        key=widget("plan_name", state.name),
        max_chars=LONGEST_NAME,
        placeholder=t("plan.name_default"),
    ).strip()


def _answers(scenario: Scenario, plan: Plan) -> tuple[Assessment, Assessment]:
    return answer(scenario), planned(scenario, plan)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "plan"


def _import(plan: Plan, t: Translator) -> None:
    file = st.file_uploader(t("plan.import"), type=["json"], key="plan_file")
    if file is None or st.session_state.get("plan_file_read") == file.file_id:
        return
    st.session_state["plan_file_read"] = file.file_id
    if file.size > LARGEST_FILE:
        plan_state.refuse(Problem("plan_file_large", file.name))
        st.rerun()
    try:
        name, brought, unread = from_json(file.getvalue().decode("utf-8", errors="replace"))
    except ScenarioError as error:
        plan_state.refuse(Problem(error.code, file.name))
        st.rerun()
    usable = plan_state.bring(plan, brought, unread)
    st.session_state[_BROUGHT] = name.strip()
    plan_state.keep(name.strip() or t("plan.name_default"), to_text(usable))
    st.rerun()


def _side_by_side(scenario: Scenario, plan: Plan, t: Translator) -> None:
    """Draw two plans, each with what it changes against today."""
    st.html(tag("h2", "section", t("plan.compare")))
    kept = plan_state.kept()
    if not kept:
        st.caption(t("plan.compare_need"))
        return
    options = [_CURRENT, *kept, _NONE]
    said = {_CURRENT: t("plan.compare_current"), _NONE: t("plan.compare_empty")}
    first = {"a": _CURRENT, "b": _NONE}
    for side, column in zip("ab", st.columns(2, gap="medium"), strict=True):
        with column:
            key = widget(f"plan_side_{side}", first[side])
            if st.session_state[key] not in options:
                st.session_state[key] = first[side]
            name = st.selectbox(
                t(f"plan.compare_{side}"), options, format_func=lambda n: said.get(n, n), key=key
            )
            text = {_CURRENT: to_text(plan), _NONE: ""}.get(name, kept.get(name, ""))
            _side(scenario, text, t)
            if name in kept:
                st.button(
                    t("plan.compare_open", name=name),
                    on_click=plan_state.change,
                    args=(plan, read(study(), text)[0]),
                    key=f"plan_open_{side}",
                )


def _side(scenario: Scenario, text: str, t: Translator) -> None:
    plan, _ = read(study(), text)
    before, after = _answers(scenario, plan)
    gain = difference(before, after)
    within = zones_within(after)
    values = {
        "compare_gain": plan_words.change_pair(t, *gain.people),
        "compare_area": plan_words.area_change(t, gain.area_km2),
        "compare_zones": t("figure.of", part=t.pair(*within), whole=t.number(len(after.zones))),
    }
    for key, value in values.items():
        st.html(tag("p", "compare-value", value) + tag("p", "compare-label", t(f"plan.{key}")))
    st.html(items(plan_words.names(study(), t, plan) or [t("plan.changes_none")]))
