"""A plan as a file for a colleague: its changes, what they gave, and for which question."""

from __future__ import annotations

import datetime as dt
from typing import Any

from capgap_geo.analysis.assess import Assessment
from capgap_geo.analysis.plan import Plan, to_json
from capgap_geo.analysis.whatif import difference
from capgap_geo.i18n import Translator
from capgap_geo.model import Study
from capgap_geo.render import attribution
from capgap_geo.render.used import used


def plan_file(
    study: Study, name: str, plan: Plan, answers: tuple[Assessment, Assessment], t: Translator
) -> str:
    """Return a plan as JSON text; all but its name and changes is for people and ignored when it is read.

    Parameters
    ----------
    answers
        Without and with the plan.
    """
    before, after = answers
    about = {
        "scenario": after.scenario.to_query(),
        "result": {
            "people_newly_within_reach": _pair(*difference(before, after).people),
            "people_beyond_reach_before": _beyond(before),
            "people_beyond_reach_after": _beyond(after),
        },
        "date": dt.date.today().isoformat(),
        "sources": [attribution.line(source, t) for source in used(study, after)],
    }
    return to_json(name, plan, about)


def _beyond(answer: Assessment) -> dict[str, Any]:
    return _pair(*(float(answer.country[f"uncovered_people_{bound}"]) for bound in ("lower", "upper")))


def _pair(lower: float, upper: float) -> dict[str, Any]:
    return {"lower": round(lower), "upper": round(upper)}
