"""The SQL of transformations: what DuckDB and Spark SQL answer alike, without a look ahead.

DuckDB's parser gives the statement as a tree; each kind of node, each function and type that is not listed
here is refused by name. So a statement reads no file, calls nothing that depends on the day, and means the
same on either engine. Windows are ordered by the event time (order.py). What a tree cannot show, a join or a
group over rows of the future, nothing here finds:
`mlops features check` finds rows whose own time lies ahead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ml.features import order

if TYPE_CHECKING:
    import duckdb

AGGREGATES: Final = frozenset({"sum", "avg", "min", "max", "count", "count_star", "stddev_samp", "stddev"})
FUNCTIONS: Final = AGGREGATES | {
    *("+", "-", "*", "/", "%", "||"),
    *("abs", "greatest", "least", "nullif", "coalesce", "trim", "length", "substring"),
    *("year", "month", "day", "date_trunc", "last_day", "make_date"),
}
"""Both engines have these under one name and with one meaning; a test runs each by both. Not among them, for
one reason each: concat (nulls), ln and sqrt (what they do not take), exp (last digits), ceil, floor and sign
(of NaN), lower and upper (of ß, İ and Σ), LIKE (escapes), date_part (which day a week begins with)."""
WINDOWS: Final = AGGREGATES | {"lag", "row_number", "rank", "dense_rank", "first_value", "last_value"}
INTERVALS: Final = frozenset(
    {f"to_{unit}" for unit in ("years", "months", "weeks", "days", "hours", "minutes")}
)
TYPES: Final = frozenset({"DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN"})
CLASSES: Final = frozenset(
    {"COLUMN_REF", "CONSTANT", "FUNCTION", "OPERATOR", "CAST", "CASE", "COMPARISON", "CONJUNCTION", "BETWEEN"}
    | {"WINDOW", "TYPE"}
)
OPERATORS: Final = frozenset(
    {"OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_NULLIF"}
    | {"COMPARE_IN", "COMPARE_NOT_IN"}
)
TODAY: Final = frozenset(
    {"current_date", "current_timestamp", "current_time", "localtime", "localtimestamp", "current_user"}
    | {"user", "session_user", "rowid"}
)
ENDS: Final = frozenset(
    {"CURRENT_ROW_ROWS", "CURRENT_ROW_RANGE", "EXPR_PRECEDING_ROWS", "EXPR_PRECEDING_RANGE"}
)
JOINS: Final = frozenset({("INNER", "REGULAR"), ("LEFT", "REGULAR"), ("INNER", "CROSS")})
SETS: Final = frozenset({"UNION", "EXCEPT", "INTERSECT"})
NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE"})
WRITTEN: Final = {
    '"': "double quotes: they name a column in DuckDB, and are a text in Spark",
    "::": "::, which Spark 3.5 does not know: write CAST(… AS …)",
    "\\": "a backslash, which escapes in Spark and not in DuckDB",
    "${": "${, in the place of which Spark writes one of its settings",
}
"""What the tree does not show."""
WHOLE_BITS: Final = 63
UNITS: Final = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute", "second"})
"""Of date_trunc: of any other Spark answers null, or DuckDB refuses it."""
DAYS: Final = frozenset({"date_trunc", "last_day", "make_date"})
"""What answers a day or a time."""
PLAIN_TIME: Final = re.compile(r"\d+-\d+-\d+([ T]\d+:\d+(:\d+(\.\d+)?)?)?")
WITHOUT_ZONE: Final = len("2026-01-31 12:34:56")
TEXTS: Final = frozenset({"||", "trim", "substring"})
"""What answers a text, and takes one alone in DuckDB."""


def problems(
    sql: str, sources: Mapping[str, str | None], columns: Sequence[str], event_time: str
) -> list[str]:
    """What is wrong with a transformation, in words; empty when it may run.

    sources: by name the tables that it may read, each with its column of event times, where it has one.
    columns: what it has to answer, in any order; event_time: the one of them by which rows are ordered.
    """
    if written := [said for sign, said in WRITTEN.items() if sign in sql]:
        return written
    tree = _tree(sql)
    if tree["error"]:
        return [str(tree["error_message"]).splitlines()[0]]
    if len(tree["statements"]) != 1:
        return [f"{len(tree['statements'])} statements: one SELECT is expected"]
    node = tree["statements"][0]["node"]
    found = list(dict.fromkeys(_of_query(node, frozenset(sources))))
    return found or _of_columns(node, columns) or order.faults(node, event_time, sources)


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """An empty database, for its parser alone; to open one takes longer than to parse."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


def _tree(sql: str) -> dict[str, Any]:
    with _parser().cursor() as connection:
        row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    if row is None:
        raise RuntimeError("DuckDB answered no tree")
    return json.loads(row[0])


def _of_columns(node: dict[str, Any], wanted: Sequence[str]) -> list[str]:
    first = node
    while first["type"] == "SET_OPERATION_NODE":
        first = first["children"][0]
    names = [one["alias"] or (one.get("column_names") or [""])[-1] for one in first["select_list"]]
    found = [f"it answers no column {name}" for name in wanted if name not in names]
    found += [f"it answers {name or 'a column without a name'}, which is neither key, time nor feature"
              for name in names if name not in wanted]  # fmt: skip
    return found + [f"it answers {name} twice" for name in dict.fromkeys(names) if names.count(name) > 1]


def _of_query(node: dict[str, Any], tables: frozenset[str]) -> Iterator[str]:
    if node["type"] not in NODES:
        yield f"{_spoken(node['type'])} is no part of the common subset"
        return
    for entry in node["cte_map"]["map"]:
        inner = entry["value"]["query_node"]
        yield from _of_query(inner, tables)
        tables |= {entry["key"]}
    for one in node["modifiers"]:
        if one["type"] != "DISTINCT_MODIFIER" or one.get("distinct_on_targets"):
            yield f"{_spoken(one['type'])}: a table has neither an order nor a first row"
    if node["type"] == "SET_OPERATION_NODE":
        if node["setop_type"] not in SETS:
            yield f"{_spoken(node['setop_type'])} is no part of the common subset"
        for child in node["children"]:
            yield from _of_query(child, tables)
        return
    if node["sample"] is not None or node["qualify"] is not None:
        yield "sample and qualify are no part of the common subset"
    if node["aggregate_handling"] != "STANDARD_HANDLING" or len(node["group_sets"]) > 1:
        yield "GROUP BY names its columns: neither ALL nor ROLLUP nor CUBE"
    yield from _of_table(node["from_table"], tables)
    parts = [*node["select_list"], *node["group_expressions"], node["where_clause"], node["having"]]
    for part in parts:
        yield from _of_expression(part)


def _of_table(table: dict[str, Any], tables: frozenset[str]) -> Iterator[str]:
    kind = table["type"]
    if table.get("sample") is not None:
        yield "sample is no part of the common subset"
    if kind == "BASE_TABLE":
        if table["table_name"] not in tables or table["schema_name"] or table["catalog_name"]:
            said = ".".join(filter(None, (table["schema_name"], table["table_name"])))
            yield f"it reads {said}, which is no source of this file: it has {', '.join(sorted(tables))}"
    elif kind == "JOIN":
        if (table["join_type"], table["ref_type"]) not in JOINS:
            yield f"{table['ref_type']} {table['join_type']} JOIN is no part of the common subset"
        yield from _of_table(table["left"], tables)
        yield from _of_table(table["right"], tables)
        yield from _of_expression(table.get("condition"))
    elif kind == "SUBQUERY":
        yield from _of_query(table["subquery"]["node"], tables)
    elif kind == "TABLE_FUNCTION":
        yield f"it calls {table['function']['function_name']}: a transformation reads its sources alone"
    elif kind != "EMPTY":
        yield f"{_spoken(kind)} is no part of the common subset"


def _of_expression(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _of_expression(one)
        return
    if not isinstance(part, dict):
        return
    kind = part.get("class")
    if kind is None:
        for one in part.values():
            yield from _of_expression(one)
        return
    if kind == "STAR":
        yield "* takes whatever columns there are: name them"
    elif kind not in CLASSES or (kind == "OPERATOR" and part["type"] not in OPERATORS):
        yield f"{_spoken(part['type'])} is no part of the common subset"
    elif kind == "FUNCTION" and part["function_name"] in INTERVALS:
        if not _is_interval(part):
            yield f"{part['function_name']} is DuckDB's own: write INTERVAL"
        return
    else:
        yield from _of_this(kind, part)
    for name, inner in part.items():
        if name != "type_expr":
            yield from _of_expression(inner)


def _of_this(kind: str, part: dict[str, Any]) -> Iterator[str]:
    if kind == "COLUMN_REF" and part["column_names"][-1].lower() in TODAY:
        yield f"{part['column_names'][-1]}: what a row says must not depend on when it is asked"
    elif kind == "FUNCTION":
        name = part["function_name"]
        if name not in FUNCTIONS:
            yield f"the function {name} is not among those of both engines: {', '.join(sorted(FUNCTIONS))}"
        elif name in ("/", "%") and not _never_zero(part["arguments"][-1]["expression"]):
            yield f"{name} by what may be 0: DuckDB and Spark differ there; divide by NULLIF(…, 0)"
        else:
            yield from _of_arguments(name, [one["expression"] for one in part["arguments"]])
        if part["order_bys"]["orders"]:
            yield f"{name} in an order is no part of the common subset"
    elif kind == "CONSTANT" and _is_decimal(part["literal"]):
        yield (
            f"{part['literal']['text']} is a decimal, with which the engines calculate otherwise; write a "
            "fraction with its exponent, as 25e-2"
        )
    elif kind == "CONSTANT" and "'" in part["literal"].get("text", ""):
        yield f"a quote within the text {part['literal']['text']!r}, which Spark 3.5 leaves out"
    elif kind == "CAST":
        type_name = part["type_expr"]["type_name"].upper()
        if part["try_cast"] or type_name not in TYPES:
            yield (
                f"CAST to {type_name}: the engines round or write differently; possible are "
                f"{', '.join(sorted(TYPES))}, and a feature gets its own type at the end"
            )
        elif type_name == "TIMESTAMP" and not _has_no_zone(part["child"]):
            yield (
                "CAST to TIMESTAMP of what may be a text with a zone, which DuckDB leaves out and Spark does "
                f"not: have times in the source, or cut it off: substring(…, 1, {WITHOUT_ZONE})"
            )
    elif kind == "WINDOW":
        yield from _of_window(part)


def _of_arguments(name: str, given: Sequence[dict[str, Any]]) -> Iterator[str]:
    if name == "||" and not all(map(_is_text, given)):
        yield "|| of what may be no text: engines write fractions and times otherwise; use trim(…)"
    elif name == "trim" and len(given) > 1:
        yield "trim of other signs than spaces: the engines take the two texts in different orders"
    elif name == "substring" and not all(map(_is_place, given[1:])):
        yield "substring from 0, or by what is no whole number: the engines count otherwise there"
    elif name == "substring" and given[2:] and int(given[2]["literal"]["text"]) < 0:
        yield "substring of fewer signs than none: DuckDB takes those before it"
    elif name == "date_trunc" and (not given or _text(given[0]).lower() not in UNITS):
        yield f"date_trunc to another unit than {', '.join(sorted(UNITS))}: Spark answers null"


def _text(part: dict[str, Any]) -> str:
    """Of a constant; "" for what is none."""
    return str(part["literal"].get("text", "")) if part["class"] == "CONSTANT" else ""


def _is_place(part: dict[str, Any]) -> bool:
    """A whole number that is written out, and not 0."""
    return part["class"] == "CONSTANT" and part["literal"]["kind"] == "INTEGER" and int(_text(part)) != 0


def _of_window(part: dict[str, Any]) -> Iterator[str]:
    name = part["function_name"]
    if name not in WINDOWS:
        yield f"{name} OVER looks ahead or differs between engines; possible are {', '.join(sorted(WINDOWS))}"
        return
    if not part["orders"]:
        yield f"{name} OVER has no ORDER BY: it would take rows of the future"
    if any(one["expression"]["class"] != "COLUMN_REF" for one in part["orders"]):
        yield f"{name} OVER an order that is no plain column: what it makes of a time may turn it around"
    if any(one["type"] == "DESCENDING" for one in part["orders"]):
        yield f"{name} OVER an order that descends: rows of the future come first"
    if any(one["null_order"] == "ORDER_DEFAULT" for one in part["orders"]):
        yield f"{name} OVER: the engines put nulls at different ends; write NULLS FIRST or NULLS LAST"
    if part["end"] not in ENDS or part["exclude_clause"] != "NO_OTHER" or part["ignore_nulls"]:
        yield f"{name} OVER: the frame has to end at the current row or before it"
    if part["arg_orders"] or part["distinct"] or part["filter_expr"] is not None:
        yield f"{name} OVER with DISTINCT, FILTER or an order of its own is no part of the common subset"
    offset = [one["expression"] for one in part["arguments"][1:]]
    if name == "lag" and any(not _is_natural(one) for one in offset[:1]):
        yield "lag by what is no positive number: it would look ahead"


def _is_natural(part: dict[str, Any]) -> bool:
    return (
        part["class"] == "CONSTANT"
        and part["literal"]["kind"] == "INTEGER"
        and int(part["literal"]["text"]) > 0
    )


def _is_interval(part: dict[str, Any]) -> bool:
    """Whether it is what the parser makes of INTERVAL 5 DAYS."""
    (argument,) = part["arguments"]
    cast = argument["expression"]
    if cast["class"] != "CAST" or cast["child"].get("function_name") != "trunc":
        return False
    inner = cast["child"]["arguments"][0]["expression"]
    return inner["class"] == "CAST" and inner["child"]["class"] == "CONSTANT"


def _never_zero(part: dict[str, Any]) -> bool:
    if part["class"] == "FUNCTION":
        return part["function_name"] == "nullif" and _number(part["arguments"][-1]["expression"]) == 0
    return _number(part) not in (None, 0)


def _number(part: dict[str, Any]) -> float | None:
    """Of a constant; None for what is none."""
    if part["class"] != "CONSTANT" or part["literal"].get("kind") not in ("INTEGER", "NUMERIC"):
        return None
    return float(part["literal"]["text"])


def _has_no_zone(part: dict[str, Any]) -> bool:
    """Whether it is no text, or one without a zone."""
    if part["class"] == "CONSTANT":
        return part["literal"]["kind"] != "STRING" or PLAIN_TIME.fullmatch(_text(part)) is not None
    if part["class"] != "FUNCTION":
        return part["class"] == "CAST"
    if part["function_name"] == "substring":
        places = [_number(one["expression"]) for one in part["arguments"][1:]]
        return places[:1] == [1] and places[1:] != [] and (places[1] or 0) <= WITHOUT_ZONE
    return part["function_name"] in DAYS


def _is_decimal(literal: dict[str, Any]) -> bool:
    """A fraction without an exponent, or a whole number beyond 64 bits."""
    if literal["kind"] == "INTEGER":
        return int(literal["text"]).bit_length() > WHOLE_BITS
    return literal["kind"] == "NUMERIC" and "e" not in literal["text"].lower()


def _is_text(part: dict[str, Any]) -> bool:
    if part["class"] == "CONSTANT":
        return part["literal"]["kind"] == "STRING"
    if part["class"] == "OPERATOR" and part["type"] == "OPERATOR_COALESCE":
        return any(map(_is_text, part["children"]))  # the others have to be of its type in DuckDB
    return part["class"] == "FUNCTION" and part["function_name"] in TEXTS


def _spoken(kind: str) -> str:
    return kind.removesuffix("_MODIFIER").removesuffix("_NODE").replace("_", " ").lower()
