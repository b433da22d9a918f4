"""The Spark engine in Spark: executors as processes, on real files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import psutil
import pytest
from deltalake import DeltaTable

from ml.batch.evaluate import Composite
from ml.batch.run import Limits, run
from ml.batch.spark.engine import Model
from tests.e2e import killing
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.spark.submitted import LIMIT_S, Spark, installed, packed
from tests.ml.batch.spark.test_engine import broken, facts
from tests.ml.batch.test_run import table

pytestmark = pytest.mark.spark

UNITS = 30  # less than a wave of two executors
EXECUTOR = "CoarseGrainedExecutorBackend"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Spark:
    return Spark(installed(), packed(tmp_path_factory.mktemp("code") / "code.zip"))


def files(rows: pd.DataFrame, folder: Path, count: int = 6, times: int = 50) -> str:
    """So many files, each a unit; together `times` as many rows as there are, with keys of their own."""
    many = pd.concat([rows] * times, ignore_index=True)
    many[ID] = range(len(many))
    return written(many, folder, files=count, group=100_000)


def test_executors_change_no_bit(
    spark: Spark, composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    where = files(broken(rows), tmp_path / "in")
    one = run(composite, where, str(tmp_path / "one"), ID, Limits())
    for executors in (2, 4):
        output = tmp_path / str(executors)
        many = spark.batch(model, where, output, executors, "--key", ID).record
        for name in ("predictions", "rejects"):
            first, second = (table(each, name) for each in (tmp_path / "one", output))
            assert len(first)
            pd.testing.assert_frame_equal(first, second, check_exact=True)
        assert facts(one) == facts(many)


def executors(driver: int) -> list[int]:
    below = killing.family(psutil.Process(driver))[1:]
    return [each.pid for each in below if EXECUTOR in " ".join(killing.words(each))]


def until(driver: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert driver.poll() is None, "it ended before there was an executor to kill"
        assert time.monotonic() < deadline, f"no executor to kill within {LIMIT_S:.0f} s"
        time.sleep(0.02)


def done(output: Path) -> list[Path]:
    return list(output.glob("runs/*/unit-*.json"))


def test_a_killed_executor_is_survived(
    spark: Spark, composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    where, output = files(rows, tmp_path / "in", count=UNITS, times=200), tmp_path / "out"
    left: list[int] = []

    def kill_one(driver: subprocess.Popen[str]) -> None:
        """One that works: after the first unit and before the last."""
        until(driver, lambda: len(executors(driver.pid)) == 2)
        until(driver, lambda: bool(done(output)))
        os.kill(executors(driver.pid)[0], signal.SIGKILL)
        left.append(UNITS - len(done(output)))

    many = spark.batch(model, where, output, 2, "--key", ID, watched=kill_one)
    assert left[0] > 0
    one = run(composite, where, str(tmp_path / "one"), ID, Limits())
    assert facts(one) == facts(many.record)
    pd.testing.assert_frame_equal(table(tmp_path / "one"), table(output), check_exact=True)


READ = """
import json, sys
from pyspark.sql import SparkSession
session = (
    SparkSession.builder
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .getOrCreate()
)
read, rows, table = sys.argv[1:]
names = ["key", "probability", "label", "outlier", "run"]
found = session.read.format("delta").load(read).orderBy("file", "row").select(*names)
answer = [list(row) for row in found.collect()]
session.read.parquet(rows).write.format("delta").save(table)
json.dump(answer, open(table + ".json", "w"))
session.stop()
"""


def test_each_reads_what_the_others_wrote(
    spark: Spark, composite: Composite, model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """Spark and DuckDB read the table of predictions, and both engines score a table that Spark wrote."""
    where = files(rows, tmp_path / "in", times=1)
    assert spark.batch(model, where, tmp_path / "out", 2, "--key", ID).record["rows"] == len(rows)
    program, theirs = tmp_path / "read.py", tmp_path / "theirs"
    program.write_text(READ)
    predictions = tmp_path / "out" / "predictions"
    code, said = spark.session(spark.command(program, 2, str(predictions), where, str(theirs)))
    assert code == 0, said[-4000:]
    names = ["key", "probability", "label", "outlier", "run"]
    ours = table(tmp_path / "out")[names].to_numpy().tolist()
    assert json.loads(Path(f"{theirs}.json").read_text()) == ours
    found: Any = duckdb.connect()
    listed = [str(predictions / file) for file in DeltaTable(str(predictions)).file_uris()]
    by_duckdb = found.execute(
        "select key, probability, label, outlier, run from read_parquet($1, hive_partitioning = true) "
        "order by file, row",
        [listed],
    ).fetchall()
    assert [list(row) for row in by_duckdb] == ours
    for name in ("machine", "spark"):
        if name == "spark":
            assert spark.batch(model, str(theirs), tmp_path / name, 2, "--key", ID).record
        else:
            run(composite, str(theirs), str(tmp_path / name), ID, Limits())
    first, second = (table(tmp_path / name).sort_values("key") for name in ("machine", "spark"))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert sorted(first["key"]) == sorted(range(len(rows)))


def test_bad_input_ends_it_in_two_sentences(
    spark: Spark, model: Model, rows: pd.DataFrame, tmp_path: Path
) -> None:
    where, output = files(rows, tmp_path / "in", times=1), tmp_path / "out"
    file = tmp_path / "in" / "part-3.parquet"
    content = bytearray(file.read_bytes())
    content[100:400] = bytes(300)
    file.write_bytes(content)
    answer = spark.batch(model, where, output, 2, "--key", ID)
    assert answer.code == 1
    assert "part-3.parquet cannot be read to its end" in answer.said
    assert "Nothing was published." in answer.said
    assert "Traceback" not in answer.said
    assert len(table(output)) == 0
