"""The tree of a query. Every node says where it stands in the text (`at`, an offset)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from emulator.monitor.kql.kinds import Kind


@dataclass(frozen=True, slots=True)
class Literal_:
    kind: Kind
    value: Any
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Star:
    """`*`, or a name with a `*` in it."""

    pattern: str
    at: int


@dataclass(frozen=True, slots=True)
class Member:
    """`base.name` or `base["name"]`, `base[0]`, `base[expression]`."""

    base: Expression
    key: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Named, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Unary:
    operator: str
    operand: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Listed:
    """`x in (…)` and its kin: a value against a list of values or one column of a table."""

    operator: str
    value: Expression
    items: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Between:
    negated: bool
    value: Expression
    low: Expression
    high: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Typeof:
    kind: Kind
    at: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A source and what is done to it, in order."""

    source: Expression
    operators: tuple[Operator, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the names it is given: none, one, or several in parentheses."""

    names: tuple[str, ...]
    value: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Ordered:
    value: Named
    ascending: bool
    nulls_first: bool | None
    at: int


@dataclass(frozen=True, slots=True)
class Print:
    columns: tuple[Named, ...]
    at: int


@dataclass(frozen=True, slots=True)
class RangeSource:
    name: str
    low: Expression
    high: Expression
    step: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Datatable:
    columns: tuple[tuple[str, Kind], ...]
    values: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Union:
    """As a source, and after a pipe."""

    tables: tuple[Expression, ...]
    parameters: dict[str, str]
    at: int


@dataclass(frozen=True, slots=True)
class Where:
    predicate: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Columns:
    """word: extend, project, project-away, project-keep, project-rename, serialize, distinct."""

    word: str
    columns: tuple[Named, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Reorder:
    columns: tuple[tuple[Expression, str], ...]  # and "", "asc" or "desc"
    at: int


@dataclass(frozen=True, slots=True)
class Summarize:
    columns: tuple[Named, ...]
    by: tuple[Named, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[Ordered, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Top:
    count: Expression
    key: Ordered
    at: int


@dataclass(frozen=True, slots=True)
class Take:
    count: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Count:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Join:
    """word: join or lookup. on: names, or `$left.a == $right.b`."""

    word: Literal["join", "lookup"]
    kind: str
    table: Expression
    on: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Expand:
    """mv-expand. columns: with the type that each becomes, None for dynamic."""

    columns: tuple[tuple[Named, Kind | None], ...]
    parameters: dict[str, str]
    index: str
    limit: Expression | None
    at: int


@dataclass(frozen=True, slots=True)
class Parse:
    """pattern: texts, None for `*`, and columns as (name, type)."""

    value: Expression
    pattern: tuple[str | tuple[str, Kind] | None, ...]
    kind: str
    only_matches: bool
    at: int


@dataclass(frozen=True, slots=True)
class MakeSeries:
    """columns: each with its default or None. span: from, to, step; inclusive where `in range` gave it."""

    columns: tuple[tuple[Named, Expression | None], ...]
    axis: Named
    low: Expression | None
    high: Expression | None
    step: Expression
    by: tuple[Named, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Render:
    visualization: str
    properties: dict[str, Any]
    at: int


@dataclass(frozen=True, slots=True)
class As:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """kind: a scalar's type, or the columns of a table (None: `*`, any)."""

    name: str
    kind: Kind | tuple[tuple[str, Kind], ...] | None
    default: Expression | None


@dataclass(frozen=True, slots=True)
class Function:
    parameters: tuple[Parameter, ...]
    body: Query
    at: int


@dataclass(frozen=True, slots=True)
class Let:
    name: str
    value: Expression | Function
    at: int


@dataclass(frozen=True, slots=True)
class Query:
    """lets, and then what is answered: the tables of a top-level query, one for each expression."""

    lets: tuple[Let, ...]
    results: tuple[Expression, ...] = field(default=())


Expression = (
    Literal_
    | Name
    | Star
    | Member
    | Call
    | Unary
    | Binary
    | Listed
    | Between
    | Typeof
    | Pipeline
    | Print
    | RangeSource
    | Datatable
    | Union
)
Operator = (
    Where
    | Columns
    | Reorder
    | Summarize
    | Sort
    | Top
    | Take
    | Count
    | Join
    | Union
    | Expand
    | Parse
    | MakeSeries
    | Render
    | As
)
