"""The works that the clock starts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from ml.batch import machine, model
from ml.batch.asked import Asked, Named
from ml.batch.evaluate import Composite
from ml.batch.source import NothingThere
from ml.errors import MlopsError
from ml.push import send
from ml.quality import daily, place, telling
from ml.scheduled.table import ROWS
from ml.scheduled.works import batch, collect, push, quality
from ml.settings import settings
from tests.ml.batch.conftest import ID, composite, rows, written
from tests.ml.cli.mlops_fakes import RecordingReport

__all__ = ["composite", "rows"]
TODAY = dt.date(2026, 11, 30)


def azure(report: RecordingReport, data_lake: str | None = None) -> Any:
    estate = SimpleNamespace(environment="stage", data_lake=data_lake, telemetry_connection_string="x")
    return SimpleNamespace(estate=estate, report=report, settings=settings(), credential=None)


@pytest.fixture
def asked(composite: Composite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(model, "composite", lambda *_: composite)
    named = Named("credit-default", "1", "r-0123456789abcdef", "sha256:0")
    return Asked(named, f"{tmp_path}/in/{{date}}", f"{tmp_path}/out", ID, date=batch.YESTERDAY)


def test_the_batch_of_a_day_scores_the_day_before_and_names_late_ones(
    asked: Asked, rows: pd.DataFrame, tmp_path: Path
) -> None:
    report = RecordingReport()
    written(rows.head(40), tmp_path / "in" / "2026-11-28", files=1)
    written(rows.head(50), tmp_path / "in" / "2026-11-29", files=1)
    first = batch.yesterday(azure(report), asked, dt.date(2026, 11, 29))
    assert (first["date"], first["rows"], first["late"]) == ("2026-11-28", 40, [])
    rows.tail(5).to_parquet(tmp_path / "in" / "2026-11-28" / "late.parquet", index=False)
    second = batch.yesterday(azure(report), asked, TODAY)
    assert (second["date"], second["rows"], second["late"]) == ("2026-11-29", 50, ["2026-11-28"])
    assert (
        "files of 2026-11-28 came late: `mlops batch --from 2026-11-28` scores that day again" in report.lines
    )


def test_a_day_without_files_is_no_failure(asked: Asked, tmp_path: Path) -> None:
    answer = batch.yesterday(azure(RecordingReport()), asked, TODAY)
    assert answer == {"date": "2026-11-29", "run": None, "state": "no data", "late": []}


def test_a_batch_that_names_its_rows_scores_them(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Asked] = []
    monkeypatch.setattr(machine, "score", lambda _azure, given, _told: seen.append(given) or {"rows": 1})
    given = Asked(asked.model, "in", "out", date="2026-11-01")
    assert batch.work(azure(RecordingReport()), given.to_json()) == {"rows": 1}
    assert seen == [given]


def test_a_day_without_answers_is_told_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "sources", lambda *_: daily.Sources(None, None, None, None))  # pyright: ignore
    monkeypatch.setattr(telling, "tell", lambda *_: pytest.fail("there is nothing to tell"))
    report = RecordingReport()
    answer = quality.work(azure(report), "{}")
    assert answer["state"] == "no answers" and "No answer of" in report.lines[-1]


def test_an_estate_without_a_lake_has_nothing_to_collect() -> None:
    with pytest.raises(MlopsError, match="stage has no data lake"):
        collect.work(azure(RecordingReport()), "{}")


def test_a_day_that_is_named_and_has_no_files_is_no_failure(asked: Asked, tmp_path: Path) -> None:
    report = RecordingReport()
    named = replace(asked, data=f"{tmp_path}/in/2026-11-01", date="2026-11-01")
    answer = batch.work(azure(report), named.to_json())
    assert answer == {"date": "2026-11-01", "run": None, "state": "no data"}
    assert "2026-11-01: " in report.lines[-1]
    with pytest.raises(NothingThere):
        batch.work(azure(report), replace(named, date=None).to_json())


@pytest.mark.parametrize(
    ("state", "told"),
    [("sent", "sent: 1,200 rows to dlstage"), (send.FEW, "too few rows: 1,200 rows to dlstage, of 2,000")],
)
def test_rows_are_pushed_for_the_day_before_and_too_few_are_no_failure(
    monkeypatch: pytest.MonkeyPatch, state: str, told: str
) -> None:
    answer = {"state": state, "rows": 1200, "to": "dlstage", "minimum_rows": 2000}
    seen: list[dt.date] = []

    def pushed(_: Any, day: dt.date, now: dt.datetime) -> dict[str, Any]:
        seen.append(day)
        assert day == now.date() - dt.timedelta(days=1)
        return answer

    monkeypatch.setattr(push, "sender", lambda _: None)
    monkeypatch.setattr(push, "push", pushed)
    report = RecordingReport()
    assert push.work(azure(report), "{}") == answer
    assert len(seen) == 1 and any(told in line for line in report.lines)


def test_pushing_is_scheduled_where_there_is_a_place_to_push_to() -> None:
    (row,) = (one for one in ROWS if one.name == "push")
    for target, on in (("dlstage", True), (None, False)):
        estate: Any = SimpleNamespace(settings=settings(), estate=SimpleNamespace(pushes_to=target))
        assert row.on(estate) is on
