"""A batch from its files to its tables."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from ml.batch import outputs, unit
from ml.batch import run as batch
from ml.batch.columns import numbers_of
from ml.batch.evaluate import Composite, load
from ml.batch.run import Limits, run
from ml.batch.unit import predictions_schema, rejects_schema
from ml.errors import MlopsError
from scoring.model import machine
from scoring.model.machine import Absent
from tests.ml.batch.conftest import ID, written


def table(output: Path, name: str = "predictions") -> pd.DataFrame:
    found: Any = DeltaTable(str(output / name)).to_pyarrow_table().to_pandas()
    return found.sort_values(["file", "row"]).reset_index(drop=True)


def test_each_row_has_the_service_s_own_answer(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    answer = run(composite, written(rows, tmp_path / "in"), str(output), ID, Limits(block_rows=64))
    found = table(output)
    assert answer["rows"] == answer["scored"] == len(found) == len(rows)
    assert found["key"].tolist() == rows[ID].tolist()
    for place in (0, 1, len(rows) - 1):
        one = rows.iloc[place].drop(ID).to_dict()
        record = {name: value.item() if hasattr(value, "item") else value for name, value in one.items()}
        matrix = composite.columns._encoder.encode({"records": [record]})
        alone = composite.judge(matrix)
        assert found["probability"][place] == alone.probabilities[0]
        assert found["outlier_score"][place] == alone.outlier_scores[0]
        assert (found["label"][place], found["outlier"][place]) == (alone.labels[0], alone.outlier_flags[0])
    assert set(found["model"]) == {"credit-default:1"}
    assert set(found["run"]) == {answer["run"]}
    assert answer["report"]["rows"] == len(rows)


def test_files_hold_the_types_that_the_table_declares(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """Readers see plain texts, and the ranges of what rows are looked for by."""
    broken = rows.copy()
    broken.loc[5, "sex"] = "unknown"
    unreleased = replace(composite, release=None)
    for number, one in enumerate((composite, unreleased)):
        output = tmp_path / f"out-{number}"
        run(one, written(broken, tmp_path / "in", files=1), str(output), ID, Limits())
        for name, declared in (("predictions", predictions_schema), ("rejects", rejects_schema)):
            (file,) = (output / name).rglob("*.parquet")
            expected = declared(pa.int64())
            found = pq.read_schema(file)
            assert found.equals(expected.remove(expected.get_field_index("run")))
            group = pq.ParquetFile(file).metadata.row_group(0)
            ranged = {
                group.column(place).path_in_schema
                for place in range(group.num_columns)
                if group.column(place).is_stats_set
            }
            assert ranged == {"key", "file", "row"}
        assert set(table(output)["release"].fillna("")) == {one.release or ""}


@pytest.mark.parametrize("name", ["int8", "uint16", "int32", "int64", "float32", "float64", "bool"])
@pytest.mark.parametrize("rows_", [1, 7, 8, 9, 100])
def test_columns_lie_where_they_lay(name: str, rows_: int) -> None:
    """As Arrow's own ways take them over, of a part of a column too."""
    values: Any = np.arange(rows_ + 3).astype(name)[::-1]
    assert unit._column(values, pa.from_numpy_dtype(name)).equals(pa.array(values))
    if name != "bool":  # Arrow has bits of these
        part: Any = pa.array(values).slice(2, rows_)
        found = numbers_of(part)
        assert found.dtype == values.dtype and np.array_equal(found, values[2 : 2 + rows_])
    for text in ("part-ä.parquet", "", None):
        same = unit._same(text, rows_)
        same.validate(full=True)
        assert same.to_pylist() == [text] * rows_


@pytest.mark.parametrize("kind", ["plain", "coded", "gaps"])
def test_texts_are_read_however_files_hold_them(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    """As texts, by number with unused ones among them, or with one gap, which alone is rejected."""
    folder = tmp_path / "in"
    folder.mkdir()
    sex = rows["sex"].tolist()
    if kind == "gaps":
        sex[3] = None
    plain: Any = pa.Table.from_pandas(rows, preserve_index=False)
    column = pa.array(sex, pa.string())
    if kind == "coded":
        coded = column.dictionary_encode()
        known = pa.concat_arrays([pa.array(["nobody's"]), coded.dictionary])
        places = pa.array(coded.indices.to_numpy() + 1, pa.int8())
        column = pa.DictionaryArray.from_arrays(places, known)
    pq.write_table(plain.set_column(plain.schema.get_field_index("sex"), "sex", column), folder / "a.parquet")
    answer = run(composite, str(folder), str(tmp_path / "out"), ID, Limits())
    assert answer["rejected"] == (kind == "gaps")
    run(composite, written(rows, tmp_path / "same"), str(tmp_path / "other"), ID, Limits())
    keep = [place for place in range(len(rows)) if kind != "gaps" or place != 3]
    expected = table(tmp_path / "other")["probability"].to_numpy()[keep]
    assert np.array_equal(table(tmp_path / "out")["probability"].to_numpy(), expected)


def test_a_gap_among_the_values_that_numbers_stand_for_is_a_gap(
    composite: Composite, rows: pd.DataFrame
) -> None:
    """Arrow counts the gaps of the places alone there: without a look the row had the number 0."""
    table: Any = pa.RecordBatch.from_pandas(rows, preserve_index=False)
    place = table.schema.get_field_index("education")  # of which 0 is one
    values = table.column(place).dictionary_encode()
    known = pa.concat_arrays([values.dictionary, pa.array([None], values.dictionary.type)])
    places = values.indices.to_pylist()
    places[3] = len(known) - 1
    coded: Any = pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), known)
    assert coded.null_count == 0
    block = table.set_column(place, "education", coded)
    assert [one.row for one in composite.columns.encode(block).rejects] == [3]


@pytest.mark.parametrize(("block", "workers", "files"), [(7, 1, 1), (100, 2, 1), (65_536, 3, 1)])
def test_blocks_and_workers_change_no_bit(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, block: int, workers: int, files: int
) -> None:
    where = written(rows, tmp_path / "in", files)
    for name, limits in (("one", Limits()), ("other", Limits(block_rows=block, workers=workers))):
        run(composite, where, str(tmp_path / name), ID, limits)
    pd.testing.assert_frame_equal(table(tmp_path / "one"), table(tmp_path / "other"), check_exact=True)


def test_a_finished_run_finds_itself(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"
    first = run(composite, where, str(output), ID, Limits())
    again = run(composite, where, str(output), ID, Limits())
    assert (first.pop("found"), again.pop("found")) == (False, True)
    assert first == again
    assert len(table(output)) == len(rows)


def test_the_record_says_what_evaluated_the_model_and_why_not_machine_code(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A processor that cannot run the machine code falls back to ONNX Runtime, whose answers are near."""
    where = written(rows, tmp_path / "in")
    first = run(composite, where, str(tmp_path / "one"), ID, Limits())
    assert first["evaluator"] == composite.evaluator.to_json()
    lacks = Absent("this processor lacks avx2")
    monkeypatch.setattr(machine, "found", lambda: lacks)
    composite.artifact.save(tmp_path / "model")
    other = load(tmp_path / "model", composite.name, composite.release, 65_536)
    second = run(other, where, str(tmp_path / "other"), ID, Limits())
    none = dict.fromkeys(("level", "digest"))
    assert second["evaluator"] == {"name": "ONNX Runtime", **none, "reason": lacks.reason}
    near, far = table(tmp_path / "one"), table(tmp_path / "other")
    assert np.allclose(near["probability"], far["probability"], atol=1e-6, rtol=0)


class Killed(BaseException):
    """The process ends here: nothing that follows runs."""


@pytest.mark.parametrize("after", range(1, 12))
def test_killed_after_any_write_nobody_sees_half_and_the_next_run_ends_it(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    where, output = written(rows, tmp_path / "in", files=2), tmp_path / "out"
    writes = [0]

    def counted(real: Any) -> Any:
        def call(*given: Any, **more: Any) -> Any:
            answer = real(*given, **more)
            writes[0] += 1
            if writes[0] == after:
                raise Killed
            return answer

        return call

    with monkeypatch.context() as patch:
        patch.setattr(batch.Place, "write", counted(batch.Place.write))
        patch.setattr(outputs.tables, "publish", counted(outputs.tables.publish))
        patch.setattr(outputs.tables, "make_table", counted(outputs.tables.make_table))
        with contextlib.suppress(Killed):
            run(composite, where, str(output), ID, Limits(workers=1))
    there = len(table(output)) if (output / "predictions" / "_delta_log").exists() else 0
    assert there in (0, len(rows))
    run(composite, where, str(output), ID, Limits(workers=2))
    found = table(output)
    assert found["key"].tolist() == rows[ID].tolist()
    assert len(table(output, "rejects")) == 0


def test_a_row_that_breaks_the_contract_is_rejected_with_its_reason(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    broken = rows.copy()
    broken.loc[5, "sex"] = "unknown"
    broken["age"] = broken["age"].astype(float)
    broken.loc[205, "age"] = np.nan
    output = tmp_path / "out"
    answer = run(composite, written(broken, tmp_path / "in"), str(output), ID, Limits(block_rows=50))
    rejects = table(output, "rejects")
    assert rejects[["key", "column", "reason"]].to_numpy().tolist() == [
        [broken[ID][5], "sex", "unknown_category"],
        [broken[ID][205], "age", "wrong_type"],
    ]
    assert (answer["rejected"], answer["scored"]) == (2, len(rows) - 2)
    assert set(table(output)["key"]) == set(rows[ID]) - set(rejects["key"])


def test_too_many_rejects_publish_nothing(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    broken = rows.assign(sex="unknown")
    with pytest.raises(MlopsError, match=r"break the model's contract, more than the 1\.00%"):
        run(composite, written(broken, tmp_path / "in"), str(tmp_path / "out"), ID, Limits())
    assert len(table(tmp_path / "out")) == len(table(tmp_path / "out", "rejects")) == 0


def test_rejects_of_a_row_with_several_defects_have_its_key(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """Of two rows one has two defects: as many rejects as rows."""
    broken = rows.head(2).copy()
    broken.loc[1, ["sex", "age"]] = ["unknown", 7]
    run(
        composite,
        written(broken, tmp_path / "in", files=1),
        str(tmp_path / "out"),
        ID,
        Limits(most_rejected=1),
    )
    found = table(tmp_path / "out", "rejects").sort_values("column")
    assert found["column"].tolist() == ["age", "sex"]
    assert found["key"].tolist() == [broken[ID][1]] * 2


def test_keys_are_compared_as_the_table_has_them(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """pandas writes whole numbers beside a gap as floating ones; and a file may have narrower ones."""
    folder = tmp_path / "in"
    folder.mkdir()
    one, other = rows.iloc[:5].assign(id=range(-2, 3)), rows.iloc[5:9]
    one.to_parquet(folder / "a.parquet", index=False)
    for name, keys in (
        ("float", pd.array([-2.0, None, 8.0, 9.0])),
        ("narrow", pd.array([-2, 7, 8, 9], "int8")),
    ):
        other.assign(id=keys).to_parquet(folder / "b.parquet", index=False)
        with pytest.raises(MlopsError, match="has 1 values that occur more than once"):
            run(composite, str(folder), str(tmp_path / name), ID, Limits())
    other.assign(id=[-2.5, 7, 8, 9]).to_parquet(folder / "b.parquet", index=False)
    with pytest.raises(MlopsError, match=r"id of b.parquet holds double that is no whole number"):
        run(composite, str(folder), str(tmp_path / "fraction"), ID, Limits())


def test_the_same_key_twice_publishes_nothing(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    twice = rows.copy()
    twice.loc[len(rows) - 1, ID] = twice[ID][0]
    with pytest.raises(MlopsError, match=r"The column id of .* has 1 values that occur more than once"):
        run(composite, written(twice, tmp_path / "in"), str(tmp_path / "out"), ID, Limits())
    assert len(table(tmp_path / "out")) == 0


def test_another_evaluator_may_not_go_on(composite: Composite, rows: pd.DataFrame, tmp_path: Path) -> None:
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"
    name = run(composite, where, str(output), ID, Limits())["run"]
    (output / "runs" / name / "record.json").unlink()
    (output / "runs" / name / "evaluator.txt").write_text("something else")
    with pytest.raises(MlopsError, match="was begun with something else"):
        run(composite, where, str(output), ID, Limits())


def test_who_is_interrupted_publishes_nothing(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All rows are one unit: what is not begun would be given up in any case."""
    read: list[int] = []
    begun = Event()

    def told(count: int, _all: int | None) -> None:
        read.append(count)
        begun.set()
        time.sleep(0.05)  # as long as a block takes, and longer than the interruption needs to be told

    def interrupted(*_: Any, **__: Any) -> Any:
        assert begun.wait(60)
        raise KeyboardInterrupt

    where, output = written(rows, tmp_path / "in", files=1), tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(batch, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(composite, where, str(output), ID, Limits(block_rows=50, workers=1), None, told)
    assert 0 < read[-1] < len(rows), "the thread went on to its end"
    assert len(table(output)) == 0
    assert run(composite, where, str(output), ID, Limits())["rows"] == len(rows)


def test_a_run_that_another_process_has_published_is_not_committed_again(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    where, output = written(rows, tmp_path / "in"), tmp_path / "out"
    name = run(composite, where, str(output), ID, Limits())["run"]
    (output / "runs" / name / "record.json").unlink()  # as if the other process had not come to write it
    before = DeltaTable(str(output / "predictions")).version()
    run(composite, where, str(output), ID, Limits())
    assert DeltaTable(str(output / "predictions")).version() == before


def test_an_output_that_is_no_place_is_refused_before_anything_is_written(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = written(rows, tmp_path / "in", files=1)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(MlopsError, match="neither in a data lake nor a folder"):
        run(composite, where, "https://lake.dfs.core.windows.net/batch", ID, Limits())
    assert list((tmp_path / "here").iterdir()) == []


def test_where_no_affinity_is_known_a_batch_takes_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS."""
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert (Limits().threads, Limits(workers=2).threads) == (3, 2)
