"""`mlops push` on the command line: what it refuses before it asks anybody, and what it shows."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ml.commands.push import render
from ml.terminal.subjects import app

ANSWER: dict[str, Any] = {
    "environment": "prod",
    "date": "2026-11-29",
    "to": "dlmlopsstage",
    "state": "sent",
    "name": "prod-2026-11-29-0123456789abcdef.parquet",
    "sent_at": "2026-11-30T05:20:00+00:00",
    "sent_before": False,
    "unfinished": False,
    "rows": 1200,
    "positives": 264,
    "bytes": 31_000,
    "sha256": "ab" * 32,
    "first": "2026-09-01",
    "last": "2026-11-29",
    "labelled": 1300,
    "left_out": {"with an empty feature": 100},
}


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_day_that_is_not_over_is_refused_before_anything(ahead: int) -> None:
    day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=ahead)
    answer = CliRunner().invoke(app, ["push", "--env", "prod", "--date", f"{day}", "--json"])
    assert answer.exit_code == 1
    assert f"--date {day}" in json.loads(answer.stdout)["error"]["problem"]


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({}, ("1,200, of which 264 with label 1", "100 with an empty feature", "landing of dlmlopsstage")),
        ({"state": "too few rows", "minimum_rows": 2000, "name": None}, ("2,000 rows (push.minimum_rows)",)),
        ({"unfinished": True}, ("an earlier run was ended",)),
    ],
)
def test_what_was_sent_is_shown(over: dict[str, Any], words: tuple[str, ...]) -> None:
    to = StringIO()
    Console(file=to, width=200).print(render({**ANSWER, **over}))
    assert [word for word in words if word not in to.getvalue()] == []
