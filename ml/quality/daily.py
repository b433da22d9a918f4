"""The report of a day from the tables: counts what is not counted yet, judges, writes; again, the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ml.errors import MlopsError
from ml.quality import reading, store
from ml.quality.compute import functions
from ml.quality.judge import DAY, judge
from ml.quality.labels import table
from ml.quality.reading import Contract, DayCount
from ml.quality.reference import Model
from ml.quality.report import DailyReport, Freshness
from ml.quality.rules import Rules
from ml.quality.sums import DaySums


@dataclass(frozen=True)
class Sources:
    """answers, labels: datasets of pyarrow over the two tables; None where there is no table yet.

    contract_of: the model of a name, as NAME:VERSION, and its contract; raises MlopsError when unknown
    """

    answers: Any
    labels: Any
    files: store.Files
    contract_of: Callable[[str], Contract]


class NoAnswers(MlopsError):
    """There is no day to judge."""


def report(environment: str, sources: Sources, date: dt.date, rules: Rules, now: dt.datetime) -> DailyReport:
    """Judge the day and write its report. The model is the one that answered most of its rows.

    Raises NoAnswers when no answer of the day was kept.
    """
    counted = _count(sources, date)
    if not counted.rows:
        raise NoAnswers(
            f"No answer of {date} was kept in {environment}.",
            "Name a day with --date, or see that answers are kept and collected (docs/quality.md).",
        )
    name = max(counted.sums, key=lambda each: counted.sums[each].rows)
    model, _ = sources.contract_of(name)
    previous = store.read_report(sources.files, date - DAY)
    if previous is not None and previous.model != name:
        previous = None  # another model's days are not this one's
    answers = {date: counted.sums[name], **_before(sources, model, date, rules, previous)}
    labels, latest_label = _labels(sources, name, date, rules)
    found = judge(
        environment,
        model,
        date,
        answers,
        labels,
        rules,
        now,
        previous,
        {other: sums.rows for other, sums in counted.sums.items() if other != name},
        Freshness(answer=counted.latest, label=latest_label),
    )
    store.write_report(sources.files, found)
    return found


def _count(sources: Sources, date: dt.date) -> DayCount:
    """Sums of a day, which are kept: by model, of all that answered."""
    if sources.answers is None:
        return DayCount()
    counted = reading.count(sources.answers, date, sources.contract_of)
    for name, sums in counted.sums.items():
        store.write_sums(sources.files, name, date, sums, counted.rows)
    return counted


def _before(
    sources: Sources, model: Model, date: dt.date, rules: Rules, previous: DailyReport | None
) -> dict[dt.date, DaySums]:
    """Sums of the days that the report looks back on, those around a year ago among them.

    A day that was not counted, or has other rows since (parts that came late), is counted now.
    """
    back = rules.window_days if previous is not None else rules.labelled_days
    half = rules.season_width // 2
    season = date - rules.season_days * DAY
    days = [date - number * DAY for number in range(1, back)]
    days += [season + number * DAY for number in range(-half, rules.season_width - half)]
    rows = _rows_by_day(sources, min(days), max(days))
    found: dict[dt.date, DaySums] = {}
    for day in days:
        kept = store.read_sums(sources.files, model.name, day, model.drift)
        if kept is not None and kept[1] == rows.get(day, kept[1]):
            found[day] = kept[0]
        elif day in rows:
            counted = _count(sources, day)
            if model.name in counted.sums:
                found[day] = counted.sums[model.name]
    return found


def _rows_by_day(sources: Sources, first: dt.date, last: dt.date) -> dict[dt.date, int]:
    """How many answers of each day the table has; days without any are left out."""
    import pyarrow as pa

    pc = functions()

    between = (pc.field("date") >= first) & (pc.field("date") <= last)
    counts: dict[dt.date, int] = {}
    for batch in sources.answers.scanner(columns=["date"], filter=between).to_batches():
        for each in pc.value_counts(batch.column("date").cast(pa.date32())).to_pylist():
            counts[each["values"]] = counts.get(each["values"], 0) + each["counts"]
    return counts


def _labels(
    sources: Sources, model: str, date: dt.date, rules: Rules
) -> tuple[dict[dt.date, Any], dt.datetime | None]:
    """Sums of labelled rows by day, and when the latest label was observed."""
    pc = functions()

    if sources.labels is None:
        return {}, None
    wanted = (
        (pc.field("model") == model)
        & (pc.field("date") > date - rules.labelled_days * DAY)
        & (pc.field("date") <= date)
    )
    rows = sources.labels.to_table(filter=wanted)
    latest = pc.max(rows.column("observed_at")).as_py() if rows.num_rows else None
    return table.labelled(rows), latest
