"""What leaves the house: pictures for print, and the briefs of all departments in both languages."""

from __future__ import annotations

from functools import partial

from benchmarks.harness import ROUNDS, Row, race, seconds
from capgap_geo.analysis.assess import assess
from capgap_geo.i18n import LANGUAGES, Translator
from capgap_geo.model import Scenario
from capgap_geo.render.about import Edition
from capgap_geo.render.brief import informed_brief
from capgap_geo.render.figure import picture
from capgap_geo.render.print_layout import SIZES
from capgap_geo.render.publish import map_spec
from capgap_geo.render.scene import Choice
from capgap_geo.sources.study import load_study

#: A picture of 300 dots per inch, and all briefs, in seconds.
PICTURE, BRIEFS = 0.6, 60.0


def run() -> list[Row]:
    study = load_study()
    answer = assess(study, Scenario())
    spec = map_spec(study, answer, Translator("es"), base="https://example.org/")
    rows = []
    for size in SIZES:
        taken, _ = race(partial(picture, spec, size=size, resolution="300dpi"), rounds=ROUNDS)
        rows.append(_row(f"picture, {size}, 300 dpi, warm", taken, PICTURE))
    words = [Translator(language) for language in LANGUAGES]
    areas = [f"d:{department}" for department in answer.departments.index]
    editions = [Edition(study, answer, t, choice=Choice(area=area)) for area in areas for t in words]
    taken = seconds(lambda: [informed_brief(edition) for edition in editions])
    return [*rows, _row(f"{len(editions)} briefs with rank and advice", taken, BRIEFS)]


def _row(work: str, taken: float, limit: float) -> Row:
    return Row("", work, taken, "-", None, limit, absolute=True)
