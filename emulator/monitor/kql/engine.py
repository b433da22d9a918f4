"""A query's text over tables: the tables that it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.monitor.kql.faults import QueryFault
from emulator.monitor.kql.parser import parse
from emulator.monitor.kql.scope import Context, Source
from emulator.monitor.kql.table import Table
from emulator.monitor.kql.tabular import evaluate, top_level


@dataclass(frozen=True, slots=True)
class Answer:
    """tables: one for each tabular statement. render: visualization and properties, None without one."""

    tables: list[Table]
    render: dict[str, Any] | None


def run(text: str, source: Source, now: int) -> Answer:
    """The answer of a query. now: ticks. QueryFault: it is wrong; Unsupported: it is not known here."""
    query = parse(text)
    try:
        tables, render = top_level(query, Context(now, source, {}, evaluate))
    except RecursionError:
        raise QueryFault("The query is nested too deep", code="SEM0001") from None
    drawn = None if render is None else {"visualization": render.visualization, **render.properties}
    return Answer(tables, drawn)
