"""What the subset lets through, DuckDB and Spark answer alike."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ml.features import subset
from ml.features.database import SqlError, Stored
from ml.features.engine import engine
from ml.features.sources import stored
from tests.ml.features.spark.conftest import Answering
from tests.ml.features.spark.statements import all_statements, others, rows

STATEMENTS = all_statements()
COLUMNS = ["id", "happened", "a"]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("tables")
    for name, made in (("t", rows()), ("u", others())):
        pq.write_table(made, folder / f"{name}.parquet")
    return {name: str(folder / f"{name}.parquet") for name in ("t", "u")}


def plain(value: Any) -> Any:
    """As a feature table takes it: NaN is one, a time says no zone, and a day is its midnight."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return dt.datetime.combine(value, dt.time()) if isinstance(value, dt.date) else value


def answers(found: Any) -> list[tuple[Any, ...]]:
    table = found.select(COLUMNS)
    return sorted((tuple(plain(row[name]) for name in COLUMNS) for row in table.to_pylist()), key=repr)


def test_each_that_is_listed_is_taken() -> None:
    sources = {"t": "ts", "u": None}
    wrong = {
        name: said
        for name, sql in STATEMENTS.items()
        if (said := subset.problems(sql, sources, COLUMNS, "happened"))
    }
    assert wrong == {}


@pytest.mark.spark
@pytest.mark.parametrize("name", STATEMENTS)
def test_both_engines_answer_alike(
    answering: Answering, tables: dict[str, str], name: str, tmp_path: Path
) -> None:
    sql, to = STATEMENTS[name], tmp_path / "answer.parquet"
    told = answering.ask(kind="sql", sql=sql, tables=tables, to=to)
    assert isinstance(told, dict), told
    with engine(0.5, 1) as machine:
        for each, file in tables.items():
            read: Stored = stored(file, None)
            machine.read(each, read)
        ours = machine.sql(sql).to_arrow_table()
    assert answers(pq.read_table(to)) == answers(ours)


@pytest.mark.spark
@pytest.mark.parametrize("made", ["w + 1", "w * 3", "v * 10000", "-(v * 10000)", "make_date(2023, 2, w)"])
def test_what_is_too_great_is_an_error_of_both(
    answering: Answering, tables: dict[str, str], made: str, tmp_path: Path
) -> None:
    sql = f"SELECT id, ts AS happened, {made} AS a FROM t"  # noqa: S608
    assert subset.problems(sql, {"t": "ts"}, COLUMNS, "happened") == []
    assert isinstance(answering.ask(kind="sql", sql=sql, tables=tables, to=tmp_path / "a.parquet"), str)
    with engine(0.5, 1) as machine, pytest.raises(SqlError):
        machine.read("t", stored(tables["t"], None))
        machine.keep("answer", sql)


def test_each_function_and_window_is_listed() -> None:
    said = " ".join(STATEMENTS.values()).lower()
    named = {name for name in subset.FUNCTIONS | subset.WINDOWS if name.isidentifier()} - {"count_star"}
    assert sorted(name for name in named if f"{name}(" not in said) == []
