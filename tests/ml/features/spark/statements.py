"""Statements of the common subset: each function, kind of node, window and frame that it lets through, once.

They read `t`, one row for each edge of its types, and `u`, which joins it. Each answers id, happened and a.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

import pyarrow as pa

from ml.features.subset import UNITS
from ml.lake.arrow import ArrowTable

DAY: Final = dt.date(2024, 2, 29)
MOMENT: Final = dt.datetime(2024, 2, 29, 23, 59, 59, 999_999, dt.UTC)
# v: whole, w: whole in 32 bits, x and y: fractions, s: texts, d: days, m: moments; n: m without its zone.
ROWS: Final = (
    (0, 1, 0.5, 2.0, "Ab c", True, dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, tzinfo=dt.UTC)),
    (-7, 3, -1.5, 0.0, "", False, DAY, MOMENT),
    (7, -3, 2.5, -0.0, "  ab ", None, dt.date(1969, 12, 31), dt.datetime(1969, 12, 31, 23, tzinfo=dt.UTC)),
    (10**15, 2**31 - 1, math.nan, 1.0, "ÄÖü", True, dt.date(1900, 3, 1), MOMENT),
    (1, 0, math.inf, math.nan, "ab", True, dt.date(2100, 12, 31), MOMENT + dt.timedelta(microseconds=1)),
    (2, 5, -math.inf, 3.0, "e\u0301ß", False, dt.date(2023, 12, 31), MOMENT - dt.timedelta(days=366)),
    (3, -1, 0.1, 0.2, "b", False, dt.date(2024, 12, 31), MOMENT),
    (3, 4, 1e300, 1e-300, "𝄞x", True, dt.date(2025, 1, 1), MOMENT),
    (None,) * 8,
)


def rows() -> ArrowTable:
    """id goes from 0 on; ts, the event time, is an hour later each time."""
    made = [
        {
            "id": number % 4,
            "ts": dt.datetime(2024, 1, 1, number, tzinfo=dt.UTC),
            **dict(zip("vwxysbdm", row, strict=True)),
            "n": None if row[7] is None else row[7].replace(tzinfo=None),
        }
        for number, row in enumerate(ROWS)
    ]
    kinds = {"id": pa.int64(), "ts": pa.timestamp("us", "UTC"), "v": pa.int64(), "w": pa.int32()}
    kinds |= {"x": pa.float64(), "y": pa.float64(), "s": pa.string(), "b": pa.bool_(), "d": pa.date32()}
    kinds |= {"m": pa.timestamp("us", "UTC"), "n": pa.timestamp("us")}
    return pa.Table.from_pylist(made, pa.schema(list(kinds.items())))


def others() -> ArrowTable:
    return pa.table({"id": pa.array([0, 1, 1, 9], pa.int64()), "z": pa.array([5, 6, None, 8], pa.int64())})


EXPRESSIONS: Final = {
    "+": "v + w",
    "+ of fractions": "x + y",
    "-": "v - w",
    "- of one": "-v",
    "*": "v * 3",
    "* of fractions": "x * y",
    "/": "v / 3",
    "/ of fractions": "x / NULLIF(y, 0)",
    "/ of whole numbers": "v / NULLIF(w, 0)",
    "%": "v % 3",
    "% of negatives": "v % NULLIF(w, 0)",
    "% of fractions": "x % NULLIF(y, 0)",
    "||": "trim(s) || '-' || substring(s, 1)",
    "|| of nulls": "coalesce(s, 'none') || '' || trim(s)",
    "abs": "abs(v)",
    "abs of fractions": "abs(x)",
    "greatest": "greatest(x, y)",
    "greatest of whole numbers": "greatest(v, w, 2)",
    "least": "least(x, y)",
    "least of texts": "least(s, 'b')",
    "nullif": "NULLIF(v, 7)",
    "coalesce": "coalesce(v, w, 0)",
    "trim": "trim(s)",
    "trim of other spaces": "length(trim('\u00a0\u3000 ' || trim(s) || '\t '))",
    "length": "length(s)",
    "substring": "substring(s, 2, 2)",
    "substring from its end": "substring(s, -2, 1)",
    "substring to its end": "substring(s, 2)",
    "substring from before its beginning": "substring(s, -4, 3)",
    "year": "year(d)",
    "year of a moment": "year(m)",
    "month": "month(d)",
    "day": "day(n)",
    "date_trunc": "date_trunc('month', m)",
    **{f"date_trunc to a {unit}": f"date_trunc('{unit.upper()}', m)" for unit in UNITS},
    "date_trunc of a day": "date_trunc('week', d)",
    "last_day": "last_day(d)",
    "make_date": "make_date(year(d), month(d), 1)",
    "interval of days": "m - INTERVAL 5 DAYS",
    "interval of months": "d + INTERVAL 1 MONTH",
    "interval of years": "n + INTERVAL 1 YEAR",
    "interval of weeks": "d - INTERVAL 2 WEEKS",
    "interval of hours": "m + INTERVAL 3 HOURS",
    "interval of minutes": "n + INTERVAL 90 MINUTES",
    "cast of a day": "CAST(CAST(d AS DATE) AS TIMESTAMP)",
    "cast of a text without its zone": "CAST(substring('2024-01-31 12:34:56+02:00', 1, 19) AS TIMESTAMP)",
    "cast of a moment": "CAST(m AS DATE)",
    "cast to a double": "CAST(v AS DOUBLE)",
    "cast of a bool": "CAST(b AS DOUBLE)",
    "cast to a bool": "CAST(w AS BOOLEAN)",
    "a fraction": "5e-1 * v",
    "a constant cast": "CAST('2024-01-31' AS DATE)",
    "a day": "DATE '2024-01-31'",
    "a time": "TIMESTAMP '2024-01-31 12:00:00'",
    "case": "CASE WHEN v > 2 THEN 'many' WHEN v IS NULL THEN 'none' ELSE 'few' END",
    "case of a value": "CASE w WHEN 3 THEN 1 WHEN 5 THEN 2 END",
    "comparison": "x > y",
    "comparison of equals": "x = x",
    "comparison with nan": "x >= y",
    "comparison of zeros": "y = 0",
    "comparison of texts": "s < 'b'",
    "comparison of times": "m >= TIMESTAMP '2024-02-29 00:00:00'",
    "distinct from": "v IS DISTINCT FROM w",
    "and, or, not": "NOT (b AND v > 0) OR w > 4",
    "between": "v BETWEEN 1 AND 7",
    "in": "v IN (1, 2, 3)",
    "not in": "s NOT IN ('ab', 'b')",
    "null": "v IS NULL",
    "not null": "x IS NOT NULL",
    "lag": "LAG(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "lag by two, or else": "LAG(v, 2, 0) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "row_number": "ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "rank": "RANK() OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "dense_rank": "DENSE_RANK() OVER (ORDER BY ts NULLS FIRST)",
    "first_value": "FIRST_VALUE(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "last_value": "LAST_VALUE(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "sum over": "SUM(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "sum of fractions over": "SUM(y) OVER (PARTITION BY id ORDER BY ts NULLS LAST ROWS 1 PRECEDING)",
    "avg over": "AVG(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST "
    "ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING)",
    "min over": "MIN(x) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "max over": "MAX(x) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "count over": "COUNT(v) OVER (ORDER BY ts NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    "stddev over": "STDDEV_SAMP(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST)",
    "range over": "SUM(v) OVER (PARTITION BY id ORDER BY ts NULLS LAST "
    "RANGE BETWEEN INTERVAL 5 HOURS PRECEDING AND CURRENT ROW)",
}
"""Of one row of t, or of a window of it."""

AGGREGATES: Final = {
    "sum": "SUM(w)",
    "sum of fractions": "SUM(y)",
    "avg": "AVG(w)",
    "min": "MIN(x)",
    "max": "MAX(x)",
    "min of texts": "MIN(s)",
    "max of bools": "MAX(b)",
    "max of times": "MAX(m)",
    "count": "COUNT(v)",
    "count of all": "COUNT(*)",
    "count of different ones": "COUNT(DISTINCT v)",
    "stddev_samp": "STDDEV_SAMP(w)",
    "stddev": "STDDEV(w)",
    "a filter": "SUM(w) FILTER (WHERE v > 0)",
}
"""Of a group of rows of t."""

WHOLE: Final = {
    "where": "SELECT id, ts AS happened, v AS a FROM t WHERE v > 0 AND NOT b",
    "having": "SELECT id, MAX(ts) AS happened, SUM(w) AS a FROM t GROUP BY id HAVING COUNT(*) > 2",
    "group by what is computed": "SELECT v % 2 AS id, MIN(ts) AS happened, COUNT(*) AS a FROM t "
    "GROUP BY v % 2",
    "no group": "SELECT 1 AS id, MAX(ts) AS happened, SUM(w) AS a FROM t",
    "join": "SELECT t.id, t.ts AS happened, z AS a FROM t JOIN u ON t.id = u.id",
    "left join": "SELECT t.id, t.ts AS happened, z AS a FROM t LEFT JOIN u ON t.id = u.id AND z > 5",
    "cross join": "SELECT u.id, ts AS happened, v AS a FROM t CROSS JOIN u",
    "join by using": "SELECT id, ts AS happened, z AS a FROM t JOIN u USING (id)",
    "with": "WITH k AS (SELECT id, ts, v FROM t WHERE v > 0) SELECT id, ts AS happened, v AS a FROM k",
    "with names": "WITH k(i, c) AS (SELECT id, ts FROM t) SELECT i AS id, c AS happened, 1 AS a FROM k",
    "subquery": "SELECT id, h AS happened, q AS a FROM (SELECT id, ts AS h, v AS q FROM t) AS k",
    "distinct": "SELECT DISTINCT id, TIMESTAMP '2024-01-01 00:00:00' AS happened, b AS a FROM t",
    "union": "SELECT id, ts AS happened, b AS a FROM t UNION SELECT id, ts, NOT b FROM t",
    "union all": "SELECT id, ts AS happened, v AS a FROM t UNION ALL SELECT id, ts, w FROM t",
    "union of a whole number and a fraction": "SELECT id, ts AS happened, v AS a FROM t "
    "UNION ALL SELECT id, ts, y FROM t",
    "except": "SELECT id, ts AS happened, v AS a FROM t EXCEPT SELECT id, ts, v FROM t WHERE v > 0",
    "intersect": "SELECT id, ts AS happened, x AS a FROM t INTERSECT SELECT id, ts, x FROM t WHERE x > y",
    "except all": "SELECT id, ts AS happened, v AS a FROM t EXCEPT ALL SELECT id, ts, v FROM t WHERE v > 0",
    "in and after each other": "SELECT id, ts AS happened, v AS a FROM t EXCEPT SELECT id, ts, v FROM t "
    "INTERSECT SELECT id, ts, v FROM t WHERE v > 0",
}


def all_statements() -> dict[str, str]:
    """By name."""
    of_rows = {name: f"SELECT id, ts AS happened, {made} AS a FROM t" for name, made in EXPRESSIONS.items()}  # noqa: S608
    of_groups = {
        name: f"SELECT id, MAX(ts) AS happened, {made} AS a FROM t GROUP BY id"  # noqa: S608
        for name, made in AGGREGATES.items()
    }
    return {**of_rows, **of_groups, **WHOLE}
