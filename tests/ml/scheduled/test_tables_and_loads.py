"""Feature tables and loads of predictions as scheduled works: what they take and do, and what is refused."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from azure.core.exceptions import ServiceRequestError

from infra.alerts import QUERIES
from ml.batch.evaluate import Composite
from ml.batch.run import Limits, run
from ml.errors import MlopsError
from ml.features import refresh
from ml.precomputed import telling
from ml.precomputed.sqlite import FileStore
from ml.precomputed.store import Run, before
from ml.scheduled import asked
from ml.scheduled.settings import FeaturesRow, ScheduledSettings
from ml.scheduled.works import features, precomputed
from ml.settings import settings
from scoring.precomputed.address import File
from tests.ml.batch.conftest import ID, composite, rows, written
from tests.ml.cli.mlops_fakes import RecordingReport

__all__ = ["composite", "rows"]
ROOT = Path(__file__).parents[3]
LAKE = "abfss://{}@lake.dfs.core.windows.net/{}"


def azure(data_lake: str | None = "lake", predictions: Any = None, **row: Any) -> Any:
    estate = SimpleNamespace(
        environment="stage",
        data_lake=data_lake,
        predictions=predictions,
        telemetry_connection_string="InstrumentationKey=x",
    )
    chosen_ = settings().model_copy(update={"scheduled": ScheduledSettings(features=FeaturesRow(**row))})
    return SimpleNamespace(estate=estate, report=RecordingReport(), settings=chosen_, credential=None)


# What is taken when a schedule is applied


def test_a_load_takes_the_output_of_the_models_batches() -> None:
    taken = json.loads(asked.precomputed(azure(predictions="there is one")))
    assert taken == {"batch": LAKE.format("predictions", "batch/credit-default")}


@pytest.mark.parametrize(
    ("lake", "database", "words"),
    [
        (None, "one", "has no dataLake: nothing"),
        ("lake", None, "has no predictionsDatabase: nothing"),
        (None, None, "has no dataLake and no predictionsDatabase: nothing"),
    ],
)
def test_a_load_without_a_place_is_refused_when_it_is_scheduled(
    lake: str | None, database: str | None, words: str
) -> None:
    with pytest.raises(MlopsError, match=words):
        asked.precomputed(azure(lake, database))


def test_feature_tables_are_built_from_places_that_a_job_reads() -> None:
    there = {"credit-default": "lake://tables/credit-default"}
    taken = json.loads(asked.features(azure(sources=there)))
    assert taken == {
        "tables": ["client_profile", "payment_history"],
        "where": LAKE.format("tables", "features"),
        "sources": there,
    }
    one = json.loads(asked.features(azure(tables=["client_profile"], sources=there)))
    assert one["tables"] == ["client_profile"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "client_profile reads data/credit_default.parquet, which a job cannot"),
        ({"sources": {"credit-default": "azureml:credit-default@latest"}}, "which a job cannot"),
        ({"sources": {"credit": "lake://tables/x"}}, "sources names credit, which no table reads"),
        ({"tables": ["client"]}, "client"),
        ({"data_lake": None}, "stage has no data lake"),
    ],
)
def test_what_a_job_could_not_build_is_refused_at_once(given: dict[str, Any], words: str) -> None:
    with pytest.raises(MlopsError, match=words):
        asked.features(azure(**given))


# What the jobs do


def test_the_job_builds_tables_once_and_finds_them_as_they_are(tmp_path: Path) -> None:
    given = {
        "tables": ["client_profile"],
        "where": str(tmp_path),
        "sources": {"credit-default": str(ROOT / "data/credit_default.parquet")},
    }
    (first,) = features.work(azure(), json.dumps(given))["built"]
    (second,) = features.work(azure(), json.dumps(given))["built"]
    assert first["rows"] == second["rows"] == first["counts"]["rows"] > 0
    assert second["counts"]["rows"] == 0


REFUSED = MlopsError("client_profile breaks its limits.", "Mend it.")
AWAY = ServiceRequestError("no route")
MISTAKE = RuntimeError("a mistake")


@pytest.mark.parametrize(
    ("first", "second", "raised"),
    [
        (REFUSED, None, MlopsError),
        (None, AWAY, ServiceRequestError),
        (MISTAKE, None, RuntimeError),
        (AWAY, REFUSED, MlopsError),
        (REFUSED, MISTAKE, ExceptionGroup),
    ],
)
def test_a_table_that_fails_is_told_and_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
    first: Exception | None,
    second: Exception | None,
    raised: type[Exception],
) -> None:
    """Two tables of three, by whatever error."""
    names = ("one", "two", "three")
    wrong = dict(zip(names, (first, second, None), strict=True))
    built: list[str] = []

    def build(table: Any, *_: Any) -> str:
        if (error := wrong[table.name]) is not None:
            raise error
        built.append(table.name)
        return table.name

    monkeypatch.setattr(refresh, "build", build)
    nowhere: Any = None
    world, report = azure(), RecordingReport()
    world.report = report
    tables: Any = [SimpleNamespace(name=name) for name in names]
    with pytest.raises(raised) as caught:
        refresh.refresh(world, tables, nowhere, nowhere)
    broken = [name for name in names if wrong[name] is not None]
    assert built == [name for name in names if name not in broken]
    assert [line.partition(":")[0] for line in report.lines] == broken
    if len(broken) == 1:
        assert caught.value is wrong[broken[0]]
    elif raised is ExceptionGroup:
        assert caught.value.exceptions == (first, second)
    else:
        assert [line.partition(":")[0] for line in caught.value.details] == broken


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs whose age was told."""
    found: list[Run] = []
    monkeypatch.setattr(telling, "tell", lambda _azure, one, _now: found.append(one))
    return found


def test_the_newest_batch_is_looked_up_after_its_job_and_its_age_is_told(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, told: list[Run]
) -> None:
    output, database = str(tmp_path / "out"), f"sqlite:///{tmp_path}/predictions.db"
    given = json.dumps({"batch": output, "database": database})
    with pytest.raises(MlopsError, match="has no table of predictions"):
        precomputed.work(azure(), given)
    names = [
        run(composite, written(rows.head(count), tmp_path / str(count)), output, ID, Limits())["run"]
        for count in (30, 40)
    ]
    first = precomputed.work(azure(), given)
    assert (first["state"], first["run"], first["rows"]) == ("loaded", names[1], 40)
    assert 0 <= first["age_hours"] < 1
    assert precomputed.work(azure(), given)["run"] == names[1]  # the same is there already
    assert [one.run for one in told] == [names[1], names[1]]


def test_a_run_that_somebody_went_back_from_stays_so_and_is_no_failure(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, told: list[Run]
) -> None:
    output, file = str(tmp_path / "out"), tmp_path / "predictions.db"
    given = json.dumps({"batch": output, "database": f"sqlite:///{file}"})
    for count in (30, 40):
        run(composite, written(rows.head(count), tmp_path / str(count)), output, ID, Limits())
        precomputed.work(azure(), given)
    store = FileStore(File(file))
    older = before(store.runs(), None)
    store.show(older.number)
    store.close()
    back = azure()
    answer = precomputed.work(back, given)
    assert (answer["state"], answer["run"]) == ("gone back from", older.run)
    assert "somebody went back from it" in back.report.lines[-1]
    assert told[-1].run == older.run


def test_the_age_counts_from_the_batch_and_the_alert_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
    one = Run(1, "b-1", "credit:1", "r-1", noon - dt.timedelta(hours=30), 5, noon, noon, visible=True)
    sent: list[Any] = []
    monkeypatch.setattr(telling.gauges, "send", lambda *given: sent.append(given) or len(sent) == 1)
    telling.tell(azure(), one, noon)
    assert sent[0][:4] == ("precomputed", "stage", {telling.AGE: 30.0}, {"run": "b-1", "model": "credit:1"})
    (rule,) = [rule for rule in QUERIES if rule.key == "predictions-stale"]
    assert f'"{telling.AGE}"' in rule.query
    with pytest.raises(MlopsError, match="did not take its age"):
        telling.tell(azure(), replace(one, run="b-2"), noon)
