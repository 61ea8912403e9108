"""Ways to change a plan without the map: add at a place, close, let an existing facility take a group."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.capacity import recent, serves
from capgap_geo.analysis.plan import Accept, Add, Plan, Remove
from capgap_geo.analysis.whatif import BY_DEPARTMENT
from capgap_geo.i18n import Translator
from capgap_geo.model import GROUPS, Profile, Scenario
from capgap_geo.render import plan_words
from capgap_geo.ui import plan_state
from capgap_geo.ui.prepared import study
from capgap_geo.ui.state import widget

WAYS = ("add", "remove", "accept")


def ways(plan: Plan, after: Assessment, t: Translator) -> None:
    """Draw the three ways."""
    way = st.segmented_control(
        t("plan.way.label"),
        WAYS,
        format_func=lambda w: t(f"plan.way.{w}"),
        key=widget("plan_way", "add"),
        help=t("plan.way.help"),
        required=True,
    )
    if way == "remove":
        _remove(after.scenario, plan, t)
    elif way == "accept":
        _accept(after.scenario, plan, t)
    else:
        _add(plan, after, t)


def _add(plan: Plan, after: Assessment, t: Translator) -> None:
    scenario, names = after.scenario, after.departments["department_name"]
    left = _left(after)
    department = st.selectbox(
        t("plan.add.department"),
        list(names.index),
        format_func=lambda d: str(names[d]),
        key=widget("plan_department", _first_department(after, left)),
    )
    at = str(department)
    if scenario.service not in BY_DEPARTMENT:
        places = study().places[study().places["department_id"].eq(department)]
        places = places.sort_values("population", ascending=False, na_position="last")
        labels = places.set_index("place_id")["place_name"]
        first = int(labels.index.isin(left).argmax())  # the largest that is beyond reach, if one is
        at = str(
            st.selectbox(
                t("plan.add.place"), list(labels.index), index=first, format_func=lambda p: str(labels[p])
            )
        )
    groups = GROUPS if scenario.profile is Profile.EVERYONE else (scenario.profile,)
    st.button(
        t("plan.add.button"),
        icon=":material/add:",
        on_click=plan_state.add,
        args=(plan, Add(scenario.service, at, groups)),
        key="plan_add",
    )


def _left(after: Assessment) -> list[str]:
    """Return the places beyond reach whatever the evidence, the most populous first."""
    far = after.places["nearest_lower"] > after.scenario.threshold
    people = study().places.set_index("place_id")["population"]
    return [str(place) for place in people.sort_values(ascending=False).index if far[place]]


def _first_department(after: Assessment, left: list[str]) -> str:
    """Return where one more helps: at the largest place beyond reach, or where most people are."""
    if after.scenario.service in BY_DEPARTMENT or not left:
        return str(after.departments["uncovered_people_upper"].idxmax())
    return str(study().places.set_index("place_id").loc[left[0], "department_id"])


def _remove(scenario: Scenario, plan: Plan, t: Translator) -> None:
    gone = {c.facility_id for c in plan if isinstance(c, Remove)}
    table = study().facilities
    here = table[table["service"].eq(scenario.service) & ~table["facility_id"].isin(gone)]
    if here.empty:
        st.caption(t("plan.remove.none"))
        return
    chosen = _facility(t, "plan.remove.facility", here)
    st.button(
        t("plan.remove.button"),
        icon=":material/remove:",
        on_click=plan_state.add,
        args=(plan, Remove(chosen)),
        key="plan_remove",
    )


def _accept(scenario: Scenario, plan: Plan, t: Translator) -> None:
    st.caption(t("plan.accept.cheapest"))
    gone = {c.facility_id for c in plan if isinstance(c, Remove)}
    table = study().facilities
    here = table[table["service"].eq(scenario.service) & ~serves(table, scenario.profile)]
    here = here[recent(here, scenario.oldest) & ~here["facility_id"].isin(gone)]
    if here.empty:
        st.caption(t("plan.accept.none"))
        return
    chosen = _facility(t, "plan.accept.facility", here)
    takes = str(here.set_index("facility_id").loc[chosen, "profiles"]).split(";")
    missing = [p for p in GROUPS if p not in takes and scenario.profile in (p, Profile.EVERYONE)]
    group = missing[0]
    if len(missing) > 1:
        group = st.selectbox(t("plan.accept.group"), missing, format_func=lambda p: t(f"profile.{p}.name"))
    st.button(
        t("plan.accept.button"),
        icon=":material/add:",
        on_click=plan_state.add,
        args=(plan, Accept(chosen, (Profile(group),))),
        key="plan_accept",
    )


def _facility(t: Translator, label: str, table: pd.DataFrame) -> str:
    return str(
        st.selectbox(
            t(label),
            list(table["facility_id"]),
            format_func=lambda f: plan_words.facility(study(), t, f),
        )
    )
