"""Small feature tables for tests, and rows for them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa

from ml.features.definition import FeatureTable
from ml.lake.arrow import ArrowTable

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LAG = dt.timedelta(hours=2)


def at(hours: float) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


def definition(**more: Any) -> FeatureTable:
    """A table of one number by client; its source `events` has id, happened, learned, value."""
    return FeatureTable.model_validate(written(**more))


def written(**more: Any) -> dict[str, Any]:
    """The same, as its file has it."""
    known = {} if "known_at" in more else {"known_after": "2 hours"}
    column = ", learned" if "known_at" in more else ""
    return {
        "name": "spending",
        "version": 1,
        "title": "Spending",
        "description": "What a client spent.",
        "owner": "tests",
        "licence": "none",
        "personal": "none: made up",
        "kept": "until the test ends",
        "key": ["id"],
        "event_time": "happened",
        "freshness": {"built": "1 day"},
        "sources": {"events": {"data_set": "credit-default", "where": "events.parquet"}},
        "features": {"value": {"type": "integer", "description": "spent", "minimum": 0, "most_null": 1.0}},
        "transformation": {"sql": f"SELECT id, happened{column}, value FROM events"},  # noqa: S608
        **known,
        **more,
    }


def events(rows: list[tuple[int, float, float, int | None]]) -> ArrowTable:
    """Rows of (id, happened, learned, value); both times in hours from START."""
    when = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "id": pa.array([row[0] for row in rows], pa.int64()),
            "happened": pa.array([at(row[1]) for row in rows], when),
            "learned": pa.array([at(row[2]) for row in rows], when),
            "value": pa.array([row[3] for row in rows], pa.int64()),
        }
    )


def spine(rows: list[tuple[int, float]]) -> ArrowTable:
    """Rows of (id, asked), with their place as `row`."""
    return pa.table(
        {
            "row": pa.array(range(len(rows)), pa.int64()),
            "id": pa.array([row[0] for row in rows], pa.int64()),
            "asked": pa.array([at(row[1]) for row in rows], pa.timestamp("us", "UTC")),
        }
    )


def empty(table: FeatureTable) -> ArrowTable:
    return table.arrow_schema({"id": pa.int64()}).empty_table()
