"""Telemetry about a person in Log Analytics: found by queries, and purged.

The service tells no key. Its events of scored rows have request ids beside features (docs/scoring.md), and
the gateway logs whole URLs, in which the key of a look-up stands. Azure's purge takes exact values of a
column, or of one of `Properties`; so what it is asked for is found by a query first. It answers 202, does its
work by itself within 30 days, takes 50 requests an hour, and cannot be undone ("Managing personal data in
Azure Monitor Logs" and the REST reference "Workspace Purge", read 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from ml.errors import MlopsError
from ml.forget.outcome import Outcome

if TYPE_CHECKING:
    from ml.azure.clients import Azure

API_VERSION: Final = "2025-07-01"
QUERIES: Final = Path(__file__).with_name("queries")
AT_ONCE: Final = 200  # request ids of one query
VALUES: Final = 1_000  # of one purge
DAYS: Final = 30  # Azure's promise for a purge
PENDING: Final = "pending"
ARRIVES: Final = timedelta(hours=1)
"""Rows are in the workspace minutes after they were told; a replica that cannot send keeps them longer."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of a purge: a column, or with `key` one of its properties, has one of the values."""

    column: str
    values: tuple[str, ...]
    key: str | None = None

    def body(self) -> dict[str, Any]:
        found = {"column": self.column, "operator": "in", "value": list(self.values)}
        return found if self.key is None else {**found, "key": self.key}


class Logs(Protocol):
    """A workspace of Log Analytics. Raises errors of the Azure SDKs, and MlopsError."""

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The rows of a KQL query."""
        ...

    def purge(self, table: str, filter_: Filter) -> str:
        """Have rows deleted; the address that says how far it is."""
        ...

    def state(self, address: str) -> str:
        """pending or completed; one that Azure remembers no more is completed."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a purge is to be asked for, and how many rows that is."""

    table: str
    filter: Filter
    rows: int


def erase(
    logs: Logs, key: str, requests: Iterable[str], kept: Mapping[str, Any], since: timedelta
) -> Outcome:
    """Purge what there is about the person, or see how far the purges are that were asked for.

    kept: of the outcome before. since: how long ago the erasure began. It is erased once all purges have
    ended and queries find nothing more, at a time when what was told before it has arrived.
    """
    purges: list[str] = list(kept.get("purges", ()))
    rows = int(kept.get("rows", 0))
    if waiting := [one for one in purges if logs.state(one) == PENDING]:
        return _under_way(rows, waiting)
    found = [*by_request(logs, sorted(set(requests))), *by_key(logs, key)]
    if not found and since < ARRIVES:
        hours = ARRIVES.total_seconds() / 3600
        said = (
            f"what was told last may still arrive; {hours:g} h after the first, the same command looks again"
        )
        return Outcome("under way", rows, said, {"rows": rows})
    if not found:
        return Outcome("erased", rows, "queries find nothing of the person any more")
    asked = [logs.purge(one.table, one.filter) for one in found]
    return _under_way(rows + sum(one.rows for one in found), asked)


def _under_way(rows: int, purges: Sequence[str]) -> Outcome:
    said = f"Log Analytics purges by itself, within {DAYS} days; the same command says how far it is"
    return Outcome("under way", rows, said, {"purges": list(purges), "rows": rows})


def by_request(logs: Logs, requests: Sequence[str]) -> list[Found]:
    """Events that list a row of one of these requests, with all their parts; others' rows may be in them."""
    events: dict[str, None] = {}
    for at in range(0, len(requests), AT_ONCE):
        some = requests[at : at + AT_ONCE]
        for row in logs.ask(_query("events", ids=json.dumps(some))):
            if _lists(str(row["requests"]), set(some)) or str(row["request_id"]) in some:
                events[str(row["event_id"])] = None
    return _purges("AppEvents", list(events), "Properties", "event_id", logs)


def _lists(told: str, requests: set[str]) -> bool:
    """Whether the list of an event's requests has one of these: a query compares words, and not ids."""
    try:
        listed = json.loads(told or "[]")
    except ValueError:
        return True  # cut off somewhere: it was found by a word, and better one event too many goes
    return any(one.get("request_id") in requests for one in listed)


def by_key(logs: Logs, key: str) -> list[Found]:
    """URLs of look-ups of this key, as the gateway logs them."""
    plain, quoted = (_within(f"/predictions/{each}") for each in (key, quote(key, safe="")))
    by_column: dict[tuple[str, str], list[str]] = {}
    for row in logs.ask(_query("urls", plain=plain, quoted=quoted)):
        by_column.setdefault((str(row["Held"]), str(row["Column"])), []).append(str(row["Value"]))
    return [
        one
        for (table, column), values in sorted(by_column.items())
        for one in _purges(table, sorted(set(values)), column, None, logs)
    ]


def _purges(table: str, values: Sequence[str], column: str, key: str | None, logs: Logs) -> list[Found]:
    found: list[Found] = []
    for at in range(0, len(values), VALUES):
        some = values[at : at + VALUES]
        what = column if key is None else f"tostring({column}.{key})"
        listed = ", ".join(json.dumps(one) for one in some)
        (count,) = logs.ask(f"{table}\n| where {what} in ({listed})\n| count")
        found.append(Found(table, Filter(column, tuple(some), key), int(count["Count"])))
    return found


def _within(text: str) -> str:
    """What stands between the quotes of a text in KQL."""
    return json.dumps(text)[1:-1]


def _query(name: str, **values: str) -> str:
    return Template((QUERIES / f"{name}.kql").read_text(encoding="utf-8")).substitute(values)


class Workspace:
    """The workspace of an estate, by the identity of whoever runs this.

    transport: azure-core's way to send; None for its own.
    """

    def __init__(self, azure: Azure, transport: Any = None) -> None:
        from azure.monitor.query import LogsQueryClient

        from ml.azure.management import Management

        self._azure, self._id = azure, azure.estate.log_analytics_id
        way = {} if transport is None else {"transport": transport}
        self._client = LogsQueryClient(azure.credential, **azure.limits, **way)
        self._management = Management(azure, API_VERSION, transport)

    def ask(self, query: str) -> list[dict[str, Any]]:
        answer: Any = self._client.query_resource(self._id, query, timespan=None)
        if getattr(answer, "partial_error", None) is not None:
            raise MlopsError(
                f"Log Analytics answered a part of a query alone: {answer.partial_error}.",
                "Run the same command again: what is not found is not purged.",
            )
        tables: list[Any] = list(answer.tables)
        return [dict(zip(table.columns, row, strict=True)) for table in tables for row in table.rows]

    def purge(self, table: str, filter_: Filter) -> str:
        body = {"table": table, "filters": [filter_.body()]}
        from azure.core.exceptions import HttpResponseError

        try:
            return self._management.begun(f"{self._id}/purge", body, "x-ms-status-location")
        except HttpResponseError as error:
            if error.status_code != 429:
                raise
            raise MlopsError(
                "Log Analytics takes 50 purges an hour, and these were more.",
                "Run the same command again in an hour: it asks for what is left.",
            ) from error

    def state(self, address: str) -> str:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return str(self._management.read(address)[0]["status"])
        except ResourceNotFoundError:
            # It ended long ago, or never was: queries say what is left, and that is purged anew.
            return "completed"
