"""``emulator telemetry``: the telemetry that arrived, as tables for a person or as JSON for a program."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from emulator.home import Home
from emulator.monitor import parts
from emulator.monitor.database import Database, Row

SEVERITIES = ("verbose", "information", "warning", "error", "critical")
# of events shown
SAME_IN_ALL = {"model_name", "model_version", "model_digest", "environment", "logger_name"} | {
    "event_id",
    "part",
    "parts",
}
HIDDEN_METRICS = {"_OTELRESOURCE_"}  # how the exporter tells the attributes of its resource
LONGEST = 36  # characters of a value shown to a person: longer ones are left out; JSON has all of them
PER_METRIC = 5  # dimensions of one metric shown, the greatest values; JSON has all of them
PER_NAME = 5  # requests of one name shown: health probes would push out all others
Column = tuple[str, Callable[[Row], str]]


def show(home: Home, *, as_json: bool = False, limit: int = 20) -> int:
    """Print the report; the exit code."""
    found = gather(home.telemetry, limit)
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        render(found, Console())
    return 0


def wait_for(home: Home, names: list[str], within_s: float, since: str = "") -> list[str]:
    """Wait until each name has arrived: a table, a metric or an event. The names that did not.

    since: ISO time in UTC; what is older does not count.
    """
    deadline = time.monotonic() + within_s
    while missing := sorted(set(names) - _arrived(home.telemetry, since)):
        if time.monotonic() > deadline:
            return missing
        time.sleep(0.2)
    return []


def _arrived(path: Path, since: str) -> set[str]:
    """The filled tables, and the names of all metrics and events."""
    if not path.exists():
        return set()
    database = Database(path)
    try:
        filled = {table.table for table in database.summary() if table.rows and table.last >= since}
        named = database.query(
            "SELECT DISTINCT Name FROM AppMetrics WHERE TimeGenerated >= ? "
            "UNION SELECT DISTINCT Name FROM AppEvents WHERE TimeGenerated >= ?",
            since,
            since,
        )
        return filled | {row["Name"] for row in named}
    finally:
        database.close()


def gather(path: Path, limit: int = 20) -> dict[str, Any]:
    """The report as data: ``counts``, ``tables``, ``metrics``, and each section's rows, newest first."""
    if not path.exists():
        return {"counts": {}, "tables": [], **{name: [] for name in (*SECTIONS, "metrics", "operations")}}
    database = Database(path)
    try:
        tables = database.summary()
        return {
            "counts": {table.table: table.rows for table in tables},
            "tables": [asdict(table) for table in tables],
            "operations": [asdict(operation) for operation in database.operations()],
            **{name: database.latest(table, limit) for name, (table, _) in SECTIONS.items()},
            "requests": database.requests(limit, PER_NAME),
            "events": parts.newest(database, limit),
            "metrics": [
                {**asdict(value), "properties": dict(value.properties)} for value in database.metrics()
            ],
        }
    finally:
        database.close()


def render(found: dict[str, Any], console: Console) -> None:
    """Print the report as tables; empty ones are left out."""
    filled = [table for table in found["tables"] if table["rows"]]
    if not filled:
        console.print("No telemetry has arrived yet.")
        return
    counts = Table(title="Telemetry that arrived", title_justify="left")
    for name in ("table", "rows", "first", "last"):
        counts.add_column(name, justify="right" if name == "rows" else "left")
    for table in filled:
        counts.add_row(table["table"], str(table["rows"]), _clock(table["first"]), _clock(table["last"]))
    console.print(counts)
    if found["operations"]:
        console.print(_operations(found["operations"]))
    for name, (_, columns) in SECTIONS.items():
        if found[name]:
            section = Table(title=f"Newest {name}", title_justify="left")
            for place, (title, _) in enumerate(
                columns
            ):  # what is long stands last, and may take several lines
                section.add_column(title, overflow="fold", no_wrap=place < len(columns) - 1)
            for row in found[name]:
                section.add_row(*(text(row) for _, text in columns))
            console.print(section)
    shown = [value for value in found["metrics"] if value["name"] not in HIDDEN_METRICS]
    if shown:
        metrics = Table(title="Metrics, newest values", title_justify="left")
        metrics.add_column("metric", no_wrap=True)
        for title in ("value", "points"):
            metrics.add_column(title, justify="right")
        metrics.add_column("dimensions", overflow="fold")
        for value in _greatest(shown, PER_METRIC):
            metrics.add_row(
                value["name"],
                f"{value['value']:.6g}",
                str(value["points"]),
                _pairs({key.rpartition(".")[2]: text for key, text in value["properties"].items()}),
            )
        console.print(metrics)
        left = len(shown) - len(_greatest(shown, PER_METRIC))
        if left:
            console.print(f"{left} smaller values of metrics with many dimensions: --json shows them.")


def _greatest(metrics: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Of each metric's values the ``count`` greatest, in the order of the metrics."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for value in metrics:
        by_name.setdefault(value["name"], []).append(value)
    return [
        value
        for values in by_name.values()
        for value in sorted(values, key=lambda one: -float(one["value"]))[:count]
    ]


def _operations(found: list[dict[str, Any]]) -> Table:
    table = Table(title="Requests by name", title_justify="left")
    for title in ("role", "request", "count", "failed", "median", "95 %"):
        table.add_column(title, justify="left" if title in ("role", "request") else "right")
    for one in found:
        times = (_milliseconds(one[key]) for key in ("median_ms", "p95_ms"))
        table.add_row(one["role"], one["name"], str(one["count"]), str(one["failed"]), *times)
    return table


def _clock(time: str) -> str:
    return time[:19].replace("T", " ")


def _pairs(values: dict[str, Any]) -> str:
    short = {key: str(value) for key, value in values.items() if len(str(value)) <= LONGEST}
    pairs = ", ".join(f"{key}={value}" for key, value in short.items())
    return pairs if len(short) == len(values) else f"{pairs}, …"


def _plain(column: str) -> Callable[[Row], str]:
    return lambda row: "" if row[column] is None else str(row[column])


def _time(row: Row) -> str:
    return _clock(row["TimeGenerated"])[11:]


def _duration(row: Row) -> str:
    return _milliseconds(row["DurationMs"])


def _milliseconds(value: float) -> str:
    """Most senders cut off what is below a millisecond: their zero is no zero."""
    return f"{value:.1f} ms" if value else "< 1 ms"


def _success(row: Row) -> str:
    return "yes" if row["Success"] else "[red]no[/red]"


def _severity(row: Row) -> str:
    level = row["SeverityLevel"]
    return SEVERITIES[level] if level is not None and 0 <= level < len(SEVERITIES) else ""


def _custom(row: Row) -> str:
    values = {**row["Properties"], **row["Measurements"]}
    return _pairs({name: value for name, value in values.items() if name not in SAME_IN_ALL})


# section -> table and columns
SECTIONS: dict[str, tuple[str, tuple[Column, ...]]] = {
    "requests": (
        "AppRequests",
        (
            ("time", _time),
            ("role", _plain("AppRoleName")),
            ("request", _plain("Name")),
            ("result", _plain("ResultCode")),
            ("success", _success),
            ("duration", _duration),
        ),
    ),
    "dependencies": (
        "AppDependencies",
        (
            ("time", _time),
            ("role", _plain("AppRoleName")),
            ("dependency", _plain("Name")),
            ("target", _plain("Target")),
            ("success", _success),
            ("duration", _duration),
        ),
    ),
    "events": (
        "AppEvents",
        (
            ("time", _time),
            ("role", _plain("AppRoleName")),
            ("event", _plain("Name")),
            ("properties", _custom),
        ),
    ),
    "traces": (
        "AppTraces",
        (
            ("time", _time),
            ("role", _plain("AppRoleName")),
            ("level", _severity),
            ("message", _plain("Message")),
        ),
    ),
    "exceptions": (
        "AppExceptions",
        (
            ("time", _time),
            ("role", _plain("AppRoleName")),
            ("type", _plain("ExceptionType")),
            ("message", _plain("OuterMessage")),
        ),
    ),
}
