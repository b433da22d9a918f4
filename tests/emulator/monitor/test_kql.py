"""The query engine against the table of answers, and against plain Python."""

from __future__ import annotations

import math
from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.monitor.kql import engine
from emulator.monitor.kql.faults import QueryFault, SyntaxFault, Unsupported
from emulator.monitor.kql.table import Column, Table
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.logs import answers
from tests.emulator.monitor.kusto_expressions import EXPRESSIONS
from tests.emulator.monitor.kusto_operators import OPERATORS
from tests.emulator.monitor.kusto_refusals import NOT_EMULATED, REFUSED
from tests.emulator.monitor.kusto_rows import Row, T

ANSWERS = [*EXPRESSIONS, *OPERATORS]

NOW = ticks_of(datetime(2026, 11, 29, 12))


class Held:
    """Some tables."""

    def __init__(self, **tables: Table) -> None:
        self._tables = tables

    def table(self, name: str) -> Table | None:
        return self._tables.get(name)

    def names(self) -> list[str]:
        return list(self._tables)


def ask(query: str, **tables: Table) -> tuple[str, list[list[Any]]]:
    """The columns and rows of the one table that a query answers, as they are sent."""
    body = answers.body(engine.run(query, Held(**tables), NOW), render=False, statistics=None)
    (table,) = body["tables"]
    return " ".join(f"{one['name']}:{one['type']}" for one in table["columns"]), table["rows"]


@pytest.mark.parametrize("row", ANSWERS, ids=[row[0] for row in ANSWERS])
def test_an_answer_is_the_documented_one(row: Row) -> None:
    _, query, columns, rows = row
    found = ask(T + query)
    assert found[0] == columns
    assert len(found[1]) == len(rows)
    for one, wanted in zip(found[1], rows, strict=True):
        assert one == [pytest.approx(value) if isinstance(value, float) else value for value in wanted]


@pytest.mark.parametrize(("query", "code", "words"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_wrong_is_refused_in_words(query: str, code: str, words: str) -> None:
    with pytest.raises(QueryFault) as caught:
        engine.run(T + query, Held(), NOW)
    told = answers.refusal(T + query, caught.value).body()["error"]
    assert (told["code"], told["message"]) == ("BadArgumentError", "The request had some invalid properties")
    inner = told["innererror"]
    assert inner["code"] == ("SyntaxError" if isinstance(caught.value, SyntaxFault) else "SemanticError")
    assert inner["innererror"]["code"] == code
    assert words in inner["innererror"]["message"]


@pytest.mark.parametrize(("query", "what"), NOT_EMULATED, ids=[row[1] for row in NOT_EMULATED])
def test_what_is_not_known_here_is_refused_by_name(query: str, what: str) -> None:
    with pytest.raises(Unsupported) as caught:
        engine.run(T + query, Held(), NOW)
    told = answers.refusal(T + query, caught.value)
    assert told.status == 400
    assert what in told.body()["error"]["innererror"]["message"]


BARE = [
    "extend x = d.date",
    "where title == 1",
    "extend x = date",
    "extend time = 1",
    "project-rename x = to",
]
IN_BRACKETS = ["extend x = d['date']", "extend ['time'] = n | where ['time'] == 1", "extend latest = n"]


@pytest.mark.parametrize("step", BARE)
def test_a_keyword_is_no_bare_name(step: str) -> None:
    with pytest.raises(Unsupported, match=r"keyword '\w+' as a name without \[' '\]"):
        engine.run(f"{T}T | {step}", Held(), NOW)


@pytest.mark.parametrize("step", IN_BRACKETS)
def test_a_keyword_in_brackets_is_a_name(step: str) -> None:
    engine.run(f"{T}T | {step}", Held(), NOW)


KEYS = st.sampled_from(["a", "b", "", "ü"])
NUMBERS = st.one_of(st.none(), st.integers(-1000, 1000))
ROWS = st.lists(st.tuples(KEYS, NUMBERS, st.integers(0, 10**6)), max_size=30)
COLUMNS = (Column("k", "string"), Column("n", "long"), Column("at", "datetime"))


@given(ROWS, st.integers(-1000, 1000), st.integers(1, 50))
def test_where_bin_and_summarize_do_what_plain_python_does(
    rows: list[tuple[str, int | None, int]], least: int, size: int
) -> None:
    table = Table(COLUMNS, list(rows))
    query = (
        f"X | where n >= {least} | summarize c = count(), s = sum(n), a = avg(n), lo = min(n), hi = max(n), "
        f"d = dcount(n), p = percentile(n, 75) by k, m = bin(n, {size})"
    )
    found = {(k, m): tuple(rest) for k, m, *rest in ask(query, X=table)[1]}
    groups: dict[tuple[str, int], list[int]] = defaultdict(list)
    for key, number, _ in rows:
        if number is not None and number >= least:
            groups[key, math.floor(number / size) * size].append(number)
    assert found == {
        key: (
            len(group),
            sum(group),
            pytest.approx(sum(group) / len(group)),
            min(group),
            max(group),
            len(set(group)),
            sorted(group)[math.ceil(0.75 * len(group)) - 1],
        )
        for key, group in groups.items()
    }


@given(ROWS)
def test_order_and_joins_do_what_plain_python_does(rows: list[tuple[str, int | None, int]]) -> None:
    table = Table(COLUMNS, list(rows))
    ordered = ask("X | sort by n asc, k desc | project n, k", X=table)[1]
    wanted = sorted(rows, key=lambda row: row[0], reverse=True)
    wanted.sort(key=lambda row: (row[1] is not None, row[1] or 0))
    assert ordered == [[number, key] for key, number, _ in wanted]
    joined = ask("X | join kind=inner X on n | summarize count()", X=table)[1]
    numbers = [number for _, number, _ in rows if number is not None]
    assert joined == [[sum(numbers.count(number) for number in numbers)]]


NULL_ENDS = [
    "range x from long(null) to 5 step 1",
    "range x from datetime(2026-01-01) to datetime(null) step 1d",
]


@pytest.mark.parametrize("query", NULL_ENDS)
def test_a_range_without_an_end_is_refused(query: str) -> None:
    with pytest.raises(Unsupported) as caught:
        engine.run(query, Held(), NOW)
    assert caught.value.what == "range from or to null"


@pytest.mark.parametrize(
    ("query", "kind", "values"),
    [
        ("range x from 1 to 2 step decimal(0.5)", "decimal", ["1", "1.5", "2.0"]),
        ("range x from 1.0 to 2.0 step decimal(0.5)", "decimal", ["1.0", "1.5", "2.0"]),
        ("range x from decimal(1) to 2 step 0.5", "decimal", ["1", "1.5", "2.0"]),
        ("range x from real(1) to decimal(2) step 1", "decimal", ["1.0", "2.0"]),
    ],
)
def test_a_range_of_decimals_holds_decimals_alone(query: str, kind: str, values: list[str]) -> None:
    (table,) = engine.run(query, Held(), NOW).tables
    assert [one.kind for one in table.columns] == [kind]
    assert [row[0] for row in table.rows] == [Decimal(value) for value in values]
    assert {type(row[0]) for row in table.rows} == {Decimal}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("round(1.5, 400)", 1.5),
        ("round(1e308, -308)", 1e308),
        ("round(1.25, 1)", 1.2),
        ("round(149.0, -2)", 100.0),
        ("round(1.5, 9223372036854775807)", 1.5),
        ("abs(-9223372036854775807 - 1)", -(1 << 63)),
        ("-(-9223372036854775807 - 1)", -(1 << 63)),
    ],
)
def test_numbers_at_the_ends_of_their_types(expression: str, value: float) -> None:
    assert ask(f"print x = {expression}")[1] == [[value]]


@given(st.text(alphabet="abc12 |=(){}[]<>.,\"'~!*/-\n", max_size=40))
def test_any_text_is_answered_or_refused(text: str) -> None:
    with suppress(QueryFault, Unsupported):
        engine.run(f"print x = 1 | {text}", Held(), NOW)
