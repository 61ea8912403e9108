"""What a brief says: the sections of a department, a mining zone or the country, as texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from capgap_geo.analysis.advice import SMALLEST_TOWN, Gain
from capgap_geo.analysis.capacity import CAPACITY, PER_PEOPLE
from capgap_geo.analysis.indicators import BY_NAME, indicators, registry_sources
from capgap_geo.analysis.labels import row_of
from capgap_geo.analysis.plan import Add, Change, Remove
from capgap_geo.i18n import DASH, Translator
from capgap_geo.model import MAPPED, Measure, Profile, Service, Study
from capgap_geo.render import disputes, facts, story, tables
from capgap_geo.render.about import Edition
from capgap_geo.render.card import Line, Section, card

#: Indicators that tell how thin help is spread, and over how much need.
_THIN = (
    "services",
    "records",
    "officers",
    "officers_per_100k",
    "prosecutors",
    "offences_2025",
    "zones_direct",
    "mined_ha",
)
#: Departments that a brief of the country names.
_NAMED = 6
_WIDE, _EVEN = (1.15, 1.35, 1.5), (1.7, 1.0, 1.3)
#: More short rows than this stand in two columns.
_LONG = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a department ranks in the Capacity Gap Index; rank 1 is the largest gap.

    Attributes
    ----------
    median, low, high
        Rank and its interval over the assumptions.
    of
        Number of departments.
    moved_most
        The assumption that moves the rank most, as the index's robustness table names it.
    known
        Share of the indicators that are known exactly.
    """

    median: float
    low: float
    high: float
    of: int
    moved_most: str = ""
    known: float = 1.0


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that would help: what, and how many people it would bring within reach."""

    what: str
    people: tuple[float, float]
    note: str = ""


def standing_of(table: pd.DataFrame, department: str) -> Standing:
    """Return the standing of a department from the robustness table of the index."""
    row = row_of(table, department)
    moved = row["moved_most"]
    return Standing(
        float(row["rank_median"]), float(row["rank_p05"]), float(row["rank_p95"]), len(table),
        moved_most="" if pd.isna(moved) else str(moved), known=float(row["known"]),
    )  # fmt: skip


def advice_of(study: Study, gains: Iterable[Gain], t: Translator) -> list[Advice]:
    """Return changes in words, with the people whom they would bring within reach."""
    return [Advice(_listed([change_text(study, change, t) for change in g.plan]), g.people) for g in gains]


def change_text(study: Study, change: Change, t: Translator) -> str:
    """Return a change of a plan in words."""
    if isinstance(change, Add):
        names = study.departments.set_index("department_id")["department_name"]
        towns = study.places.set_index("place_id")["place_name"]
        where = towns.get(change.at, names.get(change.at, change.at))
        text = t("brief.add", service=t(f"service.{change.service}.one"), place=where)
    else:
        rows = study.facilities.set_index("facility_id")
        row = rows.loc[change.facility_id]
        where = row["department_name"] if pd.isna(row["place_name"]) else row["place_name"]
        service = t(f"service.{row['service']}.name")
        if isinstance(change, Remove):
            text = t("brief.remove", service=service, place=where)
        else:
            who = t.join([t(f"profile.{p}.who") for p in change.profiles])
            text = t("brief.accept", service=service, place=where, who=who)
    return _capital(text)


@dataclass(frozen=True, slots=True)
class Part:
    """One section: a lead, a table, points, and what must be said beside them."""

    title: str
    lead: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    points: tuple[str, ...] = ()
    note: str = ""
    widths: tuple[float, ...] = field(default=_WIDE)


def parts(
    edition: Edition,
    *,
    standing: Standing | None,
    standings: pd.DataFrame | None,
    advice: Sequence[Advice] | None,
) -> list[Part]:
    """Return the sections of a brief in reading order; what is not known is said, not left out."""
    area = edition.choice.area
    local = _area(edition) if area else _country(edition)
    rank = _standing(edition, standing) if area else _standings(edition, standings)
    return [part for part in (*local, rank, _advice(edition, advice), _unknown(edition)) if part]


def _area(edition: Edition) -> list[Part | None]:
    """Return what a card says, in the order of a brief: what there is, what not, how far, how thin."""
    study, answer, t, area = edition.study, edition.answer, edition.t, edition.choice.area
    found = card(study, answer, t, area)
    if found is None:
        return []
    by_kind = {section.kind: section for section in found.sections}
    chosen = [by_kind[kind] for kind in ("zone", "present", "absent", "reach", "zones") if kind in by_kind]
    return [*(_part(t, section) for section in chosen), _thin(edition)]


def _part(t: Translator, section: Section) -> Part:
    if section.kind == "absent":
        return Part(
            section.title, head=_head(t), rows=_together(section.lines), note=section.note, widths=_EVEN
        )
    rows = tuple((_capital(line.label), line.value, _small(line)) for line in section.lines)
    if section.kind == "zones" and len(rows) > _LONG:
        return _in_two(section.title, t, rows, section.note)
    return Part(section.title, head=_head(t), rows=rows, note=section.note)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(line: Line) -> str:
    return " · ".join(filter(None, [line.year, line.source, line.note]))


def _together(lines: Iterable[Line]) -> tuple[tuple[str, ...], ...]:
    """Return lines that say the same of several things as one row."""
    same: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        same.setdefault((line.value, _small(line)), []).append(line.label)
    return tuple((_listed(labels), value, small) for (value, small), labels in same.items())


def _listed(labels: Sequence[str]) -> str:
    """Return one label as it is, several one below the other."""
    return labels[0] if len(labels) == 1 else "\n".join(f"{DASH} {label}" for label in labels)


def _in_two(title: str, t: Translator, rows: Sequence[tuple[str, ...]], note: str) -> Part:
    """Return a long list of short rows in two columns, read down the first and then the second."""
    half = -(-len(rows) // 2)
    blank = ("", "", "")
    pairs = tuple(
        (*row, *(rows[half + i] if half + i < len(rows) else blank)) for i, row in enumerate(rows[:half])
    )
    head = (t("layer.zones"), t("brief.head.away"), t("brief.head.note"))
    return Part(title, head=head * 2, rows=pairs, note=note, widths=(1.2, 0.8, 1.2) * 2)


def _head(t: Translator) -> tuple[str, ...]:
    return t("brief.head.what"), t("brief.head.value"), t("brief.head.source")


def _thin(edition: Edition) -> Part | None:
    """Return how much there is per person, beside the median of the departments that are known."""
    study, answer, t = edition.study, edition.answer, edition.t
    department = story.department_of(study, edition.choice.area)
    if department is None:
        return None
    table = indicators(study, answer)
    ids = dict.fromkeys(_THIN, "") | {k: ";".join(v) for k, v in registry_sources(study).items()}
    rows = []
    for name in _THIN:
        low, high = (float(table[f"{name}_{bound}"].loc[department]) for bound in ("lower", "upper"))
        here = _both_sides(edition, department, name)
        here = here or tables.text(t, BY_NAME[name], low, high, answer.unit)
        beside = " · ".join(filter(None, [_median(table, name, edition), facts.sources(study, t, ids[name])]))
        rows.append((t(f"indicator.{name}.name"), here, beside))
    head = (t("brief.head.what"), t("brief.head.here"), t("brief.head.median"))
    return Part(t("brief.thin"), head=head, rows=tuple(rows), note=t("brief.thin_note"))


def _both_sides(edition: Edition, department: str, name: str) -> str:
    """Return a capacity that sources dispute, or its rate per people, with both ends; else nothing."""
    study, rate = edition.study, "_per_100k"
    capacity = name.removesuffix(rate)
    if capacity not in CAPACITY:
        return ""
    facilities = edition.answer.facilities
    local = facilities[facilities["department_id"].eq(department)]
    if not name.endswith(rate):
        return disputes.amount(study, local, capacity, edition.t)
    people = study.population.loc[study.population["department_id"].eq(department), "population"].sum()
    return disputes.amount(study, local, capacity, edition.t, per=PER_PEOPLE / people, digits=1)


def _median(table: pd.DataFrame, name: str, edition: Edition) -> str:
    """Return the median of both bounds where departments have both, else of the bound that they have."""
    t = edition.t
    pair = table[[f"{name}_lower", f"{name}_upper"]].dropna(how="all")
    both = pair.dropna()
    known = both if len(both) else pair
    if known.empty:
        return t("value.unknown")
    low, high = (float(middle) for middle in known.median())
    value = tables.text(t, BY_NAME[name], low, high, edition.answer.unit)
    return t.count("brief.median", len(known), value=value)


def _country(edition: Edition) -> list[Part | None]:
    return [_present(edition), _absent(edition), _far(edition)]


def _present(edition: Edition) -> Part:
    """Return each kind of service with its records and the departments that have one."""
    study, t = edition.study, edition.t
    rows = []
    for service in MAPPED:
        local = study.facilities[study.facilities["service"].eq(service)]
        firm = local[local["evidence"].eq("corroborated")]
        low, high = (part["department_id"].nunique() for part in (firm, local))
        years = local["year"].dropna()
        span = t("figure.undated") if years.empty else t.span(int(years.min()), int(years.max()))
        where = t("brief.in_departments", n=t.pair(low, high), of=len(study.departments))
        ids = ";".join(dict.fromkeys(";".join(local["source_ids"]).split(";"))) if len(local) else ""
        n = len(ids.split(";")) if ids else 0
        rows.append((t(f"service.{service}.long"), where, f"{span} · {t.count('brief.from_sources', n)}"))
    return Part(t("card.present"), head=_head(t), rows=tuple(rows), note=t("brief.shelters_note"))


def _absent(edition: Edition) -> Part:
    study, t = edition.study, edition.t
    lines = [
        Line(
            t(f"absence.{row['absence_id']}"),
            t("card.documented"),
            story.year_of(row, t),
            facts.citations(study, t, row["source_ids"]),
        )
        for _, row in study.absences[study.absences["department_id"].isna()].iterrows()
    ]
    return Part(
        t("card.absent"), head=_head(t), rows=_together(lines), note=t("figure.none_note"), widths=_EVEN
    )


def _far(edition: Edition) -> Part:
    """Return the departments with most people beyond reach."""
    answer, t = edition.answer, edition.t
    title = t("card.reach", service=t(f"service.{answer.scenario.service}.long"))
    if answer.nobody_serves:
        return Part(title, lead=t("fact.nobody"))
    worst = tables.worst_first(answer.departments).head(_NAMED)
    texts = tables.deserts(worst, answer, t)
    head = (*(str(c) for c in texts.columns[:2]), f"{texts.columns[2]} · {texts.columns[3]}")
    rows = tuple((row[0], row[1], f"{row[2]} · {row[3]}") for row in texts.itertuples(index=False))
    return Part(title, lead=t("brief.far_lead", n=len(rows)), head=head, rows=rows)


def _standing(edition: Edition, found: Standing | None) -> Part | None:
    if found is None:
        return None
    t = edition.t
    lead = t(
        "brief.rank",
        rank=t.number(found.median),
        of=found.of,
        low=t.number(found.low),
        high=t.number(found.high),
    )
    moved = t("brief.rank_moved", what=t(f"brief.moves_{found.moved_most}")) if found.moved_most else ""
    note = " ".join(
        filter(None, [moved, t("brief.rank_known", share=t.percent(found.known)), t("brief.rank_note")])
    )
    return Part(t("brief.rank_title"), lead=lead, note=note)


def _standings(edition: Edition, table: pd.DataFrame | None) -> Part | None:
    """Return the departments with the largest gap, each with the interval of its rank."""
    if table is None:
        return None
    t = edition.t
    names = edition.answer.departments["department_name"]
    first = table.sort_values(["rank_median", "rank_p95"]).head(_NAMED)
    rows = tuple(
        (
            str(names[key]),
            t(
                "brief.rank_short",
                rank=t.number(row["rank_median"]),
                low=t.number(row["rank_p05"]),
                high=t.number(row["rank_p95"]),
            ),
            t("brief.rank_five", share=t.percent(row["worst_five"])),
        )
        for key, (_, row) in zip(first.index.astype(str), first.iterrows(), strict=True)
    )
    head = (t("deserts.department"), t("brief.head.rank"), t("brief.head.five"))
    return Part(t("brief.rank_title"), head=head, rows=rows, note=t("brief.rank_note"))


def _advice(edition: Edition, advice: Sequence[Advice] | None) -> Part | None:
    t = edition.t
    if advice is None:
        return None
    if not advice:
        least = t.number(SMALLEST_TOWN)
        return Part(t("brief.help"), points=(t("brief.help_none", n=least),), note=_help_note(t))
    profile = edition.answer.scenario.profile
    rows = tuple((a.what, story.counted(t, *a.people, profile), a.note) for a in advice)
    head = (t("brief.head.measure"), t("brief.head.brings"), t("brief.head.note"))
    columns = 3 if any(a.note for a in advice) else 2
    short = tuple(row[:columns] for row in rows)
    note = _help_note(t, "each" if edition.choice.area else "together")
    return Part(t("brief.help"), head=head[:columns], rows=short, note=note, widths=_WIDE[:columns])


def _help_note(t: Translator, how: str = "") -> str:
    """Return what the figures of an advice are: each of one change alone, or of all together."""
    return t("brief.help_note", how=t(f"brief.help_{how}") if how else "").strip()


def _unknown(edition: Edition) -> Part:
    """Return what the data cannot say of this area and this question."""
    study, t, scenario = edition.study, edition.t, edition.answer.scenario
    points = [*_gaps(edition)]
    names = ["coarse"] if scenario.measure is Measure.TRAVEL_TIME else []
    names += ["detection", "population"]
    if scenario.profile is not Profile.EVERYONE:
        names.append("groups")
    if scenario.service is Service.SHELTER:
        names.append("shelters")
    department = story.department_of(study, edition.choice.area)
    here = study.zones if department is None else study.zones[study.zones["department_id"].eq(department)]
    if len(here):
        names.append("mining")
    return Part(t("brief.unknown"), points=(*points, *(t(f"limits.{name}") for name in names)))


def _gaps(edition: Edition) -> list[str]:
    """Return which capacities nobody published, counted."""
    study, t = edition.study, edition.t
    department = story.department_of(study, edition.choice.area)
    local = (
        study.facilities
        if department is None
        else study.facilities[study.facilities["department_id"].eq(department)]
    )
    said = []
    for service, names in story.TOLD.items():
        rows = local[local["service"].eq(service)]
        for name in names:
            missing = int(rows[name].isna().sum())
            if missing:
                words = {"what": t(f"capacity.{name}.name"), "service": t(f"service.{service}.long")}
                said.append(_gap(t, missing, len(rows), words))
    return said


def _gap(t: Translator, missing: int, of: int, words: dict[str, str]) -> str:
    if missing < of:
        return t("brief.gap.some", n=missing, of=of, **words)
    return t("brief.gap.all" if of > 1 else "brief.gap.only", of=of, **words)
