"""The terminal view: the three answers, then what is behind them, a screen or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal.console import facts as listed
from ml.terminal.console import table
from ml.watch import shown
from ml.watch.answers import SHOWN, Answer, Changed, Said, is_right, is_up, what_changed
from ml.watch.facts import Alerts, Cost, Facts, Quality, Traffic, Trainings

COLOURS: Final[Mapping[Said, str]] = {"yes": "green", "no": "red", "look": "yellow", "unknown": "yellow"}
ROWS: Final = 8  # of a table


def view(facts: Facts) -> RenderableType:
    """All of it. A part that could not be read has its line at the end, with what to do."""
    parts: list[RenderableType] = [
        f"[bold]{escape(facts.environment)}[/], {shown.when(facts.at)} UTC, the last {facts.days} days",
        *_answer(is_up(facts)),
        *_answer(is_right(facts)),
        *_changed(what_changed(facts)),
    ]
    if isinstance(facts.alerts, Alerts):
        # The whole table is the page's: here those that fire, which somebody may have to do something about.
        firing = [row for row in shown.alerts(facts.alerts) if row[1] != "well"]
        if firing:
            parts.append(_table("Alerts", shown.ALERTS, firing))
        parts.append(f"[dim]Alerts by {escape(facts.alerts.told_by)}.[/]")
    if isinstance(facts.traffic, Traffic):
        parts.append(_table("Traffic", shown.TRAFFIC, shown.traffic(facts, facts.traffic)))
    if isinstance(facts.quality, Quality):
        parts.append(listed("Quality", shown.quality(facts, facts.quality)))
        if rows := shown.features(facts.quality):
            parts.append(_table("Features that moved most", shown.FEATURES, rows))
    parts.append(listed("Freshness of data", shown.freshness(facts)))
    if isinstance(facts.trainings, Trainings):
        parts.append(_table("Trainings", shown.TRAININGS, shown.trainings(facts.trainings)))
        parts.append(f"Triggers: {escape(facts.trainings.triggers)}")
    if isinstance(facts.cost, Cost):
        parts.append(listed("Cost so far", shown.cost(facts.cost)))
    for name, part in facts.unread().items():
        parts.append(f"[yellow]not read:[/] {shown.TITLES[name]}: {escape(part.why)} {escape(part.remedy)}")
    return Group(*parts)


def _answer(answer: Answer) -> list[str]:
    said = f"[bold {COLOURS[answer.said]}]{shown.SAID[answer.said]}[/]"
    return [f"[bold]{answer.question}[/] {said}", *(f"  {escape(line)}" for line in answer.words)]


def _changed(found: Changed) -> list[str]:
    lines = [f"  {one.at:%a %H:%M} {one.kind}: {escape(one.words)}" for one in found.changes[:SHOWN]]
    if len(found.changes) > SHOWN:
        lines.append(f"  and {len(found.changes) - SHOWN} before")
    if not found.changes:
        lines.append("  unknown" if found.unknown else "  nothing")
    return ["[bold]What changed?[/]", *lines, *(f"  {escape(line)}" for line in found.unknown)]


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    made = table(title, *headings)
    for row in rows[:ROWS]:
        made.add_row(*map(escape, row))
    return made
