"""The page: one HTML file that loads nothing from elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TypeVar

from ml.steps.card import html
from ml.steps.card.page import STYLE
from ml.watch import pictures, shown
from ml.watch.answers import SHOWN, Answer, Changed, is_right, is_up, what_changed
from ml.watch.facts import Alerts, Cost, Facts, Models, Quality, Service, Traffic, Trainings, Unread

Read = TypeVar("Read")
OWN_STYLE = Path(__file__).with_name("watch.css")


def page(facts: Facts) -> str:
    """The whole document."""
    title = f"{facts.environment}, {shown.when(facts.at)} UTC"
    sections = {
        "Service": _part(facts.service, _service),
        "Alerts": _part(facts.alerts, _alerts),
        "Traffic": _part(facts.traffic, lambda found: _traffic(facts, found)),
        "Drift": _drift(facts),
        "Quality": _part(facts.quality, lambda found: _quality(facts, found)),
        "Freshness of data": html.facts("", shown.freshness(facts)),
        "What started which training": _part(facts.trainings, _trainings),
        "Models": _part(facts.models, _models),
        "Cost so far": _part(facts.cost, _cost),
    }
    body = "\n".join(
        (
            f"<h1>{escape(title)}</h1>",
            f'<p class="lead">The last {facts.days} days. Times are UTC.</p>',
            f'<div class="answers">{_answer(is_up(facts))}{_answer(is_right(facts))}'
            f"{_changed(what_changed(facts))}</div>",
            html.contents(sections),
            *(html.section(name, content) for name, content in sections.items()),
        )
    )
    style = STYLE.read_text("utf-8") + OWN_STYLE.read_text("utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n"
        f"<body><main>\n{body}\n</main></body></html>\n"
    )


def _answer(answer: Answer) -> str:
    return (
        f'<div class="answer {answer.said}"><h2>{escape(answer.question)}</h2>'
        f"<b>{shown.SAID[answer.said]}</b>{html.bullets(answer.words)}</div>"
    )


def _changed(found: Changed) -> str:
    lines = [f"{one.at:%a %H:%M} {one.kind}: {one.words}" for one in found.changes[:SHOWN]]
    count = len(found.changes)
    more = [f"and {count - SHOWN} before"] if count > SHOWN else []
    said = f"{count} THINGS" if count != 1 else "1 THING"
    if not count:
        said = "UNKNOWN" if found.unknown else "NOTHING"
    return (
        f'<div class="answer"><h2>What changed?</h2><b>{said}</b>'
        f"{html.bullets([*lines, *more, *found.unknown])}</div>"
    )


def _unread(part: Unread) -> str:
    return f'<div class="unread"><p>Not read: {escape(part.why)}</p>{html.paragraph(part.remedy)}</div>'


def _part(part: Read | Unread, show: Callable[[Read], str]) -> str:
    return _unread(part) if isinstance(part, Unread) else show(part)


def _span(facts: Facts) -> tuple[dt.datetime, dt.datetime]:
    return facts.at - dt.timedelta(days=facts.days), facts.at


def _service(found: Service) -> str:
    return html.paragraph(found.words) + (html.bullets(found.wrong) if found.wrong else "")


def _alerts(found: Alerts) -> str:
    rows = shown.alerts(found)
    table = html.table("", shown.ALERTS, rows, text=(2, 3, 4), mark=1) if rows else html.paragraph("None.")
    by = html.paragraph(f"Told by {found.told_by}.")
    rest = f"Nothing is known of {', '.join(found.not_asked)}." if found.not_asked else ""
    return table + by + (html.paragraph(rest) if rest else "")


def _traffic(facts: Facts, found: Traffic) -> str:
    drawn = pictures.operations(found, _span(facts))
    table = html.table("", shown.TRAFFIC, shown.traffic(facts, found))
    return table + (html.figure(drawn, "What the scoring service told.") if drawn else "")


def _drift(facts: Facts) -> str:
    drawn = pictures.drift(facts.quality, facts.windows)
    why = _unread(facts.windows) if isinstance(facts.windows, Unread) else ""
    if drawn is None:
        return html.paragraph("No drift was told of in these days.") + why
    caption = (
        "How much each feature differs from the training rows: population stability index, the largest where "
        "there are several windows of a day. In daily reports d: drifted, b: broken column, s: season."
    )
    return html.figure([drawn], caption) + why


def _quality(facts: Facts, found: Quality) -> str:
    drawn = pictures.quality(found.reports, _span(facts))
    parts = [html.facts("", shown.quality(facts, found))]
    if drawn is not None:
        caption = "The estimate goes by the probabilities alone and cannot see concept drift; labels can."
        parts.append(html.figure([drawn], caption))
    if rows := shown.features(found):
        parts.append(html.table("Features of the newest report", shown.FEATURES, rows, text=(1,)))
    return "".join(parts)


def _trainings(found: Trainings) -> str:
    rows = shown.trainings(found)
    table = html.table("", shown.TRAININGS, rows, text=(1, 2, 3, 4)) if rows else html.paragraph("None.")
    return table + html.facts("", {"triggers": found.triggers})


def _models(found: Models) -> str:
    rows = shown.models(found)
    return html.table("", shown.MODELS, rows, text=(1, 2, 3, 4)) if rows else html.paragraph("None.")


def _cost(found: Cost) -> str:
    return html.facts("", shown.cost(found))
