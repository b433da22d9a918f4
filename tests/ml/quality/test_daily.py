"""The report of a day from the tables: counted once, the same again, whatever came late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pytest

from ml.commands.quality import day_of, manifests_of, render
from ml.errors import MlopsError
from ml.lake import tables
from ml.quality import daily, store
from ml.quality.labels.take import take
from ml.quality.reading import Contract, DayCount
from ml.quality.rules import Rules
from ml.quality.sums import Counter
from ml.quality.telling import measurements
from ml.quality.year.world import Event
from ml.terminal.console import show
from tests.ml.quality.conftest import MODEL, LocalLake, manifest

pc: Any = pyarrow.compute
DATE = dt.date(2026, 11, 20)
DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
RULES = Rules()


def test_a_day_is_counted_as_row_by_row(lake: LocalLake) -> None:
    kept = lake.keep(DATE, 2_500)
    report = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert (report.rows, report.outliers, report.model) == (2_500, 1, MODEL)
    assert report.diagnosis.verdict == "as in training"
    assert report.freshness.answer == dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
    assert report.labelled == 0
    counter = Counter(lake.world.model.drift)
    names = [sketch.name for sketch in lake.world.model.drift.sketches]
    codes = {"home": 0, "rent": 1, "other": 2}
    columns = [[codes.get(value, value) for value in kept.column(name).to_pylist()] for name in names]
    matrix = np.array(columns, dtype=np.float32).T
    counter.add(matrix, np.asarray(kept.column("probability")), np.asarray(kept.column("label")), 1)
    found = store.read_sums(lake.sources().files, MODEL, DATE, lake.world.model.drift)
    assert found is not None
    assert (found[0].bins == counter.sums.bins).all()
    assert (found[0].scores.rows == counter.sums.scores.rows).all()


def test_the_same_day_again_gives_the_same_report(lake: LocalLake) -> None:
    lake.keep(DATE, 2_500, (Event("covariate", feature=0, size=0.5),))
    first = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert first.drifted == ("x0",)
    assert daily.report("stage", lake.sources(), DATE, RULES, NOW) == first
    assert store.read_report(lake.sources().files, DATE) == first


def test_days_before_are_counted_once_and_again_when_answers_came_late(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.keep(DATE - DAY, 900)
    lake.keep(DATE, 900)
    counted: list[dt.date] = []
    real = daily.reading.count

    def watched(dataset: object, date: dt.date, contract_of: Callable[[str], Contract]) -> DayCount:
        counted.append(date)
        return real(dataset, date, contract_of)

    monkeypatch.setattr(daily.reading, "count", watched)
    report = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert report.window is not None
    assert (report.window.first, report.window.rows, report.rows) == (DATE - 6 * DAY, 1_800, 900)
    assert sorted(counted) == [DATE - DAY, DATE]
    counted.clear()
    daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert counted == [DATE]
    lake.keep(DATE - DAY, 300, seed=1)
    report = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert sorted(counted[1:]) == [DATE - DAY, DATE]
    assert report.window is not None
    assert report.window.rows == 2_100


def test_files_and_models_of_a_day_add_up_to_the_same_digits_whatever_reads_them(
    lake: LocalLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small batches, so that a file has several; another model's rows are in the same file as the first's."""
    monkeypatch.setattr(daily.reading, "BATCH_ROWS", 150)
    for seed, model in enumerate([MODEL, "simulated:2", MODEL]):
        lake.keep(DATE, 400, model=model, seed=seed)
    there = tables.open_table(lake.root / "answers")
    assert there is not None
    there.optimize.compact()
    lake.keep(DATE, 250, seed=7)
    contract = lake.sources().contract_of(MODEL)
    dataset = lake.sources().answers
    one = daily.reading.count(dataset, DATE, lambda _: contract, workers=1)
    more = daily.reading.count(dataset, DATE, lambda _: contract, workers=3)
    assert len(list(dataset.get_fragments())) == 2
    assert (one.rows, one.sums[MODEL].rows, one.sums["simulated:2"].rows) == (1_450, 1_050, 400)
    assert (one.sums[MODEL].outliers, one.sums["simulated:2"].outliers) == (3, 1)
    assert {name: sums.to_json() for name, sums in one.sums.items()} == {
        name: sums.to_json() for name, sums in more.sums.items()
    }
    kept = dataset.to_table(columns=["x0", "model", "probability"])
    mine = kept.filter(pc.equal(kept.column("model"), MODEL))
    assert one.sums[MODEL].scores.expected.sum() == pytest.approx(pc.sum(mine.column("probability")).as_py())
    assert int(one.sums[MODEL].bins[0].sum()) == len(mine) - mine.column("x0").null_count


def test_files_from_before_another_contract_gave_the_table_its_columns_count_as_ever(lake: LocalLake) -> None:
    lake.keep(DATE, 900)
    before = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    there = tables.open_table(lake.root / "answers")
    assert there is not None
    assert tables.widen(there, pa.schema([("segment", pa.string()), ("visits", pa.int64())]))
    assert daily.report("stage", lake.sources(), DATE, RULES, NOW) == before


def test_labels_that_came_are_measured(lake: LocalLake, tmp_path: Path) -> None:
    kept = lake.keep(DATE, 4_000, (Event("concept", size=0.4),))
    labels = pa.table(
        {
            "request_id": kept.column("request_id"),
            "label": kept.column("truth"),
            "observed_at": pa.array(["2026-11-28T00:00:00Z"] * 4_000),
        }
    )
    pyarrow.csv.write_csv(labels, tmp_path / "labels.csv")
    answers = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert answers.diagnosis.verdict == "as in training"

    take(
        tmp_path / "labels.csv",
        "labels.csv",
        tables.open_table(lake.root / "answers"),
        lake.labels,
        RULES,
        NOW,
    )
    report = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    assert report.labelled == 4_000
    assert report.freshness.label == dt.datetime(2026, 11, 28, tzinfo=dt.UTC)
    assert report.diagnosis.verdict == "concept drift"
    assert report.diagnosis.retrain
    assert "No feature moved" in report.diagnosis.words
    told = measurements(report)
    assert told["quality.retrain"] == 1.0
    assert told["quality.auc.measured"] < told["quality.auc.estimated"] - 0.05


def test_the_model_that_answered_most_is_judged_and_the_others_are_named(lake: LocalLake) -> None:
    lake.keep(DATE, 2_500)
    lake.keep(DATE, 300, model="simulated:2")
    sources = lake.sources()
    store.write_manifest(sources.files, "simulated:2", manifest(lake.world))
    report = daily.report("stage", sources, DATE, RULES, NOW)
    assert (report.model, report.rows, report.other_models) == (MODEL, 2_500, {"simulated:2": 300})


def test_a_model_that_nobody_knows_is_named(lake: LocalLake) -> None:
    lake.keep(DATE, 10, model="stranger:7")
    with pytest.raises(MlopsError, match=r"stranger:7 answered, and its manifest is neither"):
        daily.report("stage", lake.sources(), DATE, RULES, NOW)


def test_a_day_without_answers_is_refused(lake: LocalLake) -> None:
    for _ in range(2):  # before there is a table, and with one
        with pytest.raises(MlopsError, match="No answer of 2026-11-20 was kept in stage"):
            daily.report("stage", lake.sources(), DATE, RULES, NOW)
        lake.keep(DATE - 3 * DAY, 10)


def test_a_redacted_feature_is_told_as_not_kept(lake: LocalLake) -> None:
    kept = lake.keep(DATE, 2_500)
    place = kept.schema.get_field_index("x3")
    masked = kept.drop_columns(["truth"]).set_column(place, "x3", pa.nulls(2_500, pa.float32()))

    other = LocalLake(lake.root / "other", lake.world)
    made = tables.make_table(other.root / "answers", lake.columns, partition=["date"])
    tables.append(made, masked)
    report = daily.report("stage", other.sources(), DATE, RULES, NOW)
    assert report.with_status("not kept") == ("x3",)
    assert report.diagnosis.verdict == "as in training"


def test_what_a_person_sees_has_verdict_and_figures(
    lake: LocalLake, capsys: pytest.CaptureFixture[str]
) -> None:
    lake.keep(DATE, 2_500, (Event("unit", feature=1, size=100.0),))
    report = daily.report("stage", lake.sources(), DATE, RULES, NOW)
    answer = report.model_dump(mode="json")
    show(answer, False, lambda: render(answer))
    seen = capsys.readouterr().out
    assert "broken column: x1: all values are about" in seen
    assert "x1" in seen
    assert measurements(report)["quality.broken"] == 1.0


def test_a_day_is_yesterday_or_the_one_named() -> None:
    assert day_of(None, NOW) == dt.date(2026, 11, 29)
    assert day_of("2026-11-01", NOW) == dt.date(2026, 11, 1)
    for given, words in (("tomorrow", "is no day"), ("2026-12-02", "in the future")):
        with pytest.raises(MlopsError, match=words):
            day_of(given, NOW)


def test_manifests_are_given_by_name(tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text("{}")
    assert manifests_of([f"credit:3={file}"]) == {"credit:3": file}
    for wrong in ("credit:3", f"credit={file}", "credit:3=nowhere"):
        with pytest.raises(MlopsError, match="names no file of a model"):
            manifests_of([wrong])
