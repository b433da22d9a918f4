"""Windows of a transformation begin their order with the event time: so no row of the future comes before.

A column counts as the event time where plain columns lead from it to what the statement answers as such, or
to what a source has as its own: through subqueries, WITH and UNION, and nothing that could turn it around.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Tree = dict[str, Any]
Column = tuple[str, str]
"""Relation and column, in small letters; "" of a column without its relation."""

QUALIFIED: Final = 2


@dataclass(frozen=True, slots=True)
class Relation:
    """A table of a FROM. names: what a column alias list calls its columns. Either time or query is there.

    time: the event time of a source; query: the statement of a subquery or WITH, with the names around it.
    """

    alias: str
    names: tuple[str, ...]
    time: str | None = None
    query: tuple[Tree, Names] | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """What a table's name stands for. times: of sources; queries: of WITH, by name."""

    times: Mapping[str, str | None]
    queries: Mapping[str, Relation] = field(default_factory=dict[str, Relation])

    def within(self, node: Tree) -> Names:
        """The same, with what the WITH of a statement names; each sees those before it."""
        found = self
        for entry in node["cte_map"]["map"]:
            inner, name = entry["value"], entry["key"].lower()
            made = Relation(name, _small(inner["aliases"]), query=(inner["query_node"], found))
            found = Names(found.times, {**found.queries, name: made})
        return found


def faults(node: Tree, event_time: str, times: Mapping[str, str | None]) -> list[str]:
    """What is wrong with the orders of all windows of a statement, in words.

    node: the tree of a statement of the common subset that answers event_time. times: of each source the
    column of event times, where it has one.
    """
    names = Names({name.lower(): time and time.lower() for name, time in times.items()})
    sound: set[int] = set()
    _mark(node, _outputs(node).index(event_time.lower()), names, sound)
    said = (
        f"{window['function_name']} OVER an order that does not begin with the event time: rows of the "
        f"future may come first; begin it with the plain column that is answered as {event_time}, or that a "
        "source has as its `time`, with its table where several are joined"
        for window, place, around in _windows(node, names)
        if id(window) not in sound and not _is_time(_first(window), place, around)
    )
    return list(dict.fromkeys(said))


def _mark(node: Tree, place: int, names: Names, sound: set[int]) -> None:
    """Note the windows that are ordered by the column at that place of the statement's answer."""
    names = names.within(node)
    if node["type"] == "SET_OPERATION_NODE":
        for child in node["children"]:
            _mark(child, place, names, sound)
        return
    relations = list(_relations(node["from_table"], names))
    column = _column(node["select_list"][place], relations)
    if column is None:
        return
    for window in _of(node["select_list"]):
        if window["orders"] and _column(_first(window), relations) == column:
            sound.add(id(window))
    if (found := _behind(column, relations)) and found[0].query:
        inner, around = found[0].query
        if (there := _place(found[0], found[1])) is not None:
            _mark(inner, there, around, sound)


def _is_time(expression: Tree, node: Tree, names: Names) -> bool:
    """Whether plain columns lead from an expression of a SELECT to the event time of a source."""
    relations = list(_relations(node["from_table"], names))
    column = _column(expression, relations)
    found = None if column is None else _behind(column, relations)
    if found is None:
        return False
    relation, name = found
    if relation.query is None:
        return relation.time == name and not relation.names
    there = _place(relation, name)
    return there is not None and _answers_time(relation.query[0], there, relation.query[1])


def _answers_time(node: Tree, place: int, names: Names) -> bool:
    names = names.within(node)
    if node["type"] == "SET_OPERATION_NODE":
        return all(_answers_time(child, place, names) for child in node["children"])
    return _is_time(node["select_list"][place], node, names)


def _windows(node: Tree, names: Names) -> Iterator[tuple[Tree, Tree, Names]]:
    """All windows, each with its SELECT and the names that this one knows."""
    names = names.within(node)
    for entry in node["cte_map"]["map"]:
        if (query := names.queries[entry["key"].lower()].query) is not None:
            yield from _windows(*query)
    if node["type"] == "SET_OPERATION_NODE":
        for child in node["children"]:
            yield from _windows(child, names)
        return
    for window in _of(node["select_list"]):
        yield window, node, names
    for inner in _subqueries(node["from_table"]):
        yield from _windows(inner, names)


def _of(part: Any) -> Iterator[Tree]:
    """The windows of expressions."""
    if isinstance(part, list):
        for one in part:
            yield from _of(one)
    elif isinstance(part, dict):
        if part.get("class") == "WINDOW":
            yield part
        for one in part.values():
            yield from _of(one)


def _first(window: Tree) -> Tree:
    return window["orders"][0]["expression"]


def _relations(table: Tree, names: Names) -> Iterator[Relation]:
    kind = table["type"]
    if kind == "JOIN":
        yield from _relations(table["left"], names)
        yield from _relations(table["right"], names)
    elif kind == "SUBQUERY":
        yield Relation(
            table["alias"].lower(),
            _small(table["column_name_alias"]),
            query=(table["subquery"]["node"], names),
        )
    elif kind == "BASE_TABLE":
        name, columns = table["table_name"].lower(), _small(table["column_name_alias"])
        alias = table["alias"].lower() or name
        known = names.queries.get(name)
        if known is None:
            yield Relation(alias, columns, names.times.get(name))
        else:
            yield Relation(alias, columns or known.names, query=known.query)


def _subqueries(table: Tree) -> Iterator[Tree]:
    if table["type"] == "JOIN":
        yield from _subqueries(table["left"])
        yield from _subqueries(table["right"])
    elif table["type"] == "SUBQUERY":
        yield table["subquery"]["node"]


def _column(expression: Tree, relations: list[Relation]) -> Column | None:
    """The column that an expression is, without the name of the only relation; None: it is no column."""
    if expression["class"] != "COLUMN_REF" or len(expression["column_names"]) > QUALIFIED:
        return None
    *before, name = _small(expression["column_names"])
    alias = before[0] if before else ""
    if len(relations) == 1 and alias == relations[0].alias:
        alias = ""
    return alias, name


def _behind(column: Column, relations: list[Relation]) -> tuple[Relation, str] | None:
    """The relation of a column, and its name there; None where the tree does not show which it is."""
    alias, name = column
    if len(relations) == 1 and not alias:
        return relations[0], name
    found = [one for one in relations if alias and one.alias == alias]
    return (found[0], name) if len(found) == 1 else None


def _place(relation: Relation, name: str) -> int | None:
    """Which column of a subquery's answer has that name; None where none or several have."""
    if relation.query is None:
        return None
    outputs = _outputs(relation.query[0])
    called = [*relation.names, *outputs[len(relation.names) :]]
    return called.index(name) if called.count(name) == 1 else None


def _outputs(node: Tree) -> list[str]:
    """The names of the columns that a statement answers: those of its first SELECT."""
    while node["type"] == "SET_OPERATION_NODE":
        node = node["children"][0]
    return [(one["alias"] or (one.get("column_names") or [""])[-1]).lower() for one in node["select_list"]]


def _small(names: list[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)
