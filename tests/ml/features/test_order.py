"""Windows of transformations take no row of the future, whatever their columns are called and come from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ml.features.subset import problems

SAID = "does not begin with the event time"


def said(sql: str, time: str | None) -> list[str]:
    """What is wrong with a statement. time: the event time of t, where it is said. [x]: a window by x."""
    for order in ("ts", "u.ts", "x", "d", "t.happened", "id"):
        sql = sql.replace(f"[{order}]", f"SUM(v) OVER (PARTITION BY id ORDER BY {order} NULLS LAST) AS value")
    return problems(sql, {"t": time}, ["id", "happened", "value"], "happened")


@pytest.mark.parametrize(
    ("sql", "time"),
    [
        ("SELECT id, ts AS happened, [ts] FROM t", None),
        ("SELECT id, TS AS happened, [u.ts] FROM t AS u", None),
        ("SELECT id, happened, [t.happened] FROM t", None),
        ("SELECT id, date_trunc('day', ts) AS happened, [ts] FROM t", "ts"),
        ("SELECT id, ts AS happened, [ts] FROM t AS u(id, ts, v)", None),
        (
            "WITH u AS (SELECT id, date_trunc('day', ts) AS d, v FROM t) "
            "SELECT id, d AS happened, [d] FROM u",
            None,
        ),
        ("SELECT id, d AS happened, value FROM (SELECT id, ts AS d, [ts] FROM t)", None),
        (
            "WITH u(i, d, w) AS (SELECT id, ts, [ts] FROM t) "
            "SELECT i AS id, d AS happened, w AS value FROM u",
            None,
        ),
        (
            "SELECT t.id, t.ts AS happened, b.value FROM t JOIN (SELECT id, [ts] FROM t) AS b ON t.id = b.id",
            "ts",
        ),
        (
            "SELECT b.id, b.ts AS happened, value "
            "FROM t JOIN (SELECT id, ts, [ts] FROM t) AS b ON t.id = b.id",
            None,
        ),
        ("SELECT id, ts AS happened, [ts] FROM t UNION ALL SELECT id, x, [x] FROM t", None),
        (
            "WITH u AS (SELECT id, ts, v FROM t UNION ALL SELECT id, ts, v FROM t) "
            "SELECT id, date_trunc('day', ts) AS happened, [ts] FROM u",
            "ts",
        ),
    ],
)
def test_windows_that_are_ordered_by_the_event_time_are_taken(sql: str, time: str | None) -> None:
    assert said(sql, time) == []


@pytest.mark.parametrize(
    ("sql", "time"),
    [
        ("SELECT id, ts AS happened, [x] FROM t", "ts"),
        ("SELECT id, ts AS happened, [id] FROM t", "ts"),
        ("SELECT id, ts AS happened, [x] FROM (SELECT id, ts, v, 0 - ts AS x FROM t)", "ts"),
        ("WITH u AS (SELECT id, ts, 0 - ts AS x, v FROM t) SELECT id, ts AS happened, [x] FROM u", "ts"),
        ("SELECT id, date_trunc('day', ts) AS happened, [ts] FROM t", None),
        ("SELECT id, d AS happened, [ts] FROM t AS u(id, d, ts, v)", "ts"),
        ("SELECT id, d AS happened, value FROM (SELECT id, ts AS d, [x] FROM t)", "ts"),
        ("SELECT id, ts AS happened, [x] FROM t UNION ALL SELECT id, ts, [ts] FROM t", None),
        ("SELECT id, ts AS happened, [ts] FROM t UNION ALL SELECT id, x, [ts] FROM t", None),
        (
            "SELECT t.id, t.ts AS happened, b.value FROM t JOIN (SELECT id, [ts] FROM t) AS b ON t.id = b.id",
            None,
        ),
        ("WITH t AS (SELECT id, x AS ts, v FROM t) SELECT id, 1 AS happened, [ts] FROM t", "ts"),
        (
            "WITH u AS (SELECT id, ts, v FROM t UNION ALL SELECT id, x, v FROM t) "
            "SELECT id, date_trunc('day', ts) AS happened, [ts] FROM u",
            "ts",
        ),
    ],
)
def test_windows_that_may_take_rows_of_the_future_are_refused(sql: str, time: str | None) -> None:
    assert [SAID in one for one in said(sql, time)] == [True]


# Any statement that is taken, over any rows. Most orders and times are by one column, else few were taken.

COLUMNS = ("p", "q", "r")
columns, orders = st.sampled_from(COLUMNS), st.sampled_from("pppppqr")
expressions = st.one_of(
    columns,
    columns.map(lambda name: f"0 - {name}"),
    st.builds("SUM({}) OVER (ORDER BY {} NULLS LAST)".format, columns, orders),
    st.builds("LAG({}, 1) OVER (ORDER BY {} NULLS LAST, id NULLS LAST)".format, columns, orders),
)
times = st.one_of(st.just("p"), st.just("p"), st.just("p"), expressions)
UNITED = "{} WHERE id < 3 UNION ALL {} WHERE id >= 3"
SELECTED = "SELECT id, {} AS p, {} AS q, {} AS r FROM {} AS s"


@st.composite
def inner(draw: st.DrawFn) -> str:
    """A table of id and COLUMNS, some statements within each other."""
    table = "t"
    for _ in range(draw(st.integers(0, 2))):
        select = SELECTED.format(draw(times), draw(expressions), draw(expressions), table)
        how = draw(st.sampled_from(["plain", "with", "union"]))
        if how == "union":
            other = SELECTED.format(draw(times), draw(expressions), draw(expressions), table)
            select = UNITED.format(select, other)
        table = f"(WITH w AS ({select}) SELECT id, p, q, r FROM w)" if how == "with" else f"({select})"  # noqa: S608
    return table


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, str | None]:
    """A statement, and the event time of t where it is said."""
    if draw(st.booleans()):
        joined = "SELECT a.id, a.p AS happened, b.r AS value FROM t AS a JOIN {} AS b ON a.id = b.id"
        return joined.format(draw(inner())), "p"
    answer = "SELECT id, {} AS happened, {} AS value FROM {} AS last"
    return answer.format(draw(times), draw(expressions), draw(inner())), None


@cache
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def answered(sql: str, rows: Iterable[tuple[int, ...]]) -> dict[int, tuple[int | None, int | None]]:
    database().execute("CREATE OR REPLACE TABLE t (id BIGINT, p BIGINT, q BIGINT, r BIGINT)")
    database().executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [list(row) for row in rows])
    return {row[0]: (row[1], row[2]) for row in database().execute(sql).fetchall()}


small = st.integers(-3, 3)


@given(
    made=statements().filter(lambda made: "OVER" in made[0] and not said(*made)),
    values=st.lists(st.tuples(small, small, small), min_size=2, max_size=6),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_what_is_taken_answers_the_same_without_the_rows_of_the_future(
    made: tuple[str, str | None], values: list[tuple[int, int, int]]
) -> None:
    sql, _ = made
    rows = [(number, *value) for number, value in enumerate(values)]
    whole = answered(sql, rows)
    times = {key: happened for key, (happened, _) in whole.items() if happened is not None}
    assume(len(times) == len(rows))  # rows without a time are refused
    for now in set(times.values()):
        past = [row for row in rows if times[row[0]] <= now]
        assert answered(sql, past) == {row[0]: whole[row[0]] for row in past}
