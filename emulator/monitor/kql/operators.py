"""The grammar of the operators behind each pipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.expressions import Expressions
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.kql.names import OPERATORS

PRIMARY: Final = 99
"""A power that no operator between two expressions has: only a primary is read."""
JOINS: Final = (
    "innerunique",
    "inner",
    "leftouter",
    "rightouter",
    "fullouter",
    "leftanti",
    "leftantisemi",
    "anti",
    "rightanti",
    "rightantisemi",
    "leftsemi",
    "rightsemi",
)
COLUMNS: Final = (
    "extend",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "serialize",
    "distinct",
)
"""Operators whose arguments are columns."""


class Operators(Expressions):
    """Reads the operator behind a pipe; tables within it are read by `pipeline`, which the parser has."""

    def _union(self, at: int) -> s.Union:
        parameters = self._options("kind", "withsource", "isfuzzy", "hint")
        tables = [self._table()]
        while self.cursor.accept(","):
            tables.append(self._table())
        return s.Union(tuple(tables), parameters, at)

    def _table(self) -> s.Expression:
        """A table where it is named: a pipeline only in parentheses."""
        return self.expression(PRIMARY)

    def _options(self, *known: str) -> dict[str, str]:
        """`name=word` as operators have them before their arguments; hints are read and have no effect."""
        cursor = self.cursor
        found: dict[str, str] = {}
        while cursor.token.kind == "name" and cursor.token.text.split(".")[0] in known:
            name = cursor.token
            if name.text == "hint" and cursor.ahead().text == ".":
                for _ in range(3):
                    cursor.take()
            elif cursor.ahead().text == "=" and cursor.ahead().kind == "mark":
                cursor.take()
            else:
                break
            cursor.expect("=")
            value = cursor.take()
            if name.text != "hint":
                found[name.text] = value.text
        return found

    def _word_of(self, word: str) -> None:
        self.cursor.expect(word)

    def _operator(self) -> s.Operator:
        cursor, token = self.cursor, self.cursor.token
        if token.kind not in ("name", "keyword"):
            raise cursor.fault()
        reader = self.readers().get(token.text)
        if reader is None:
            if token.text in OPERATORS:
                raise Unsupported(f"operator '{token.text}'", token.at)
            raise cursor.fault()
        cursor.take()
        return reader(token.at)

    def readers(self) -> dict[str, Callable[[int], s.Operator]]:
        """By an operator's word what reads the rest of it, from the place where it begins."""
        return {
            **{word: self._columns(word) for word in COLUMNS},
            "where": lambda at: s.Where(self.expression(), at),
            "filter": lambda at: s.Where(self.expression(), at),
            "project-reorder": self._reorder,
            "summarize": self._summarize,
            "sort": self._sort,
            "order": self._sort,
            "top": self._top,
            "take": lambda at: s.Take(self.expression(), at),
            "limit": lambda at: s.Take(self.expression(), at),
            "count": self._count,
            "join": lambda at: self._join("join", at),
            "lookup": lambda at: self._join("lookup", at),
            "union": self._union,
            "mv-expand": self._expand,
            "mvexpand": self._expand,
            "parse": lambda at: self._parse(False, at),
            "parse-where": lambda at: self._parse(True, at),
            "make-series": self._series,
            "render": self._render,
            "as": self._as,
        }

    def _columns(self, word: str) -> Callable[[int], s.Operator]:
        def read(at: int) -> s.Operator:
            found = self.list("|", ")", ";", "}")
            if not found and word not in ("serialize", "project"):
                raise self.cursor.fault()
            return s.Columns(word, found, at)

        return read

    def _reorder(self, at: int) -> s.Reorder:
        found: list[tuple[s.Expression, str]] = []
        while True:
            column = self.expression()
            way = self.cursor.take().text if self.cursor.sees("asc", "desc") else ""
            if self.cursor.sees("granny"):
                raise Unsupported("project-reorder by 'granny'", self.cursor.token.at)
            found.append((column, way))
            if not self.cursor.accept(","):
                return s.Reorder(tuple(found), at)

    def _summarize(self, at: int) -> s.Summarize:
        self._options("hint")
        columns = () if self.cursor.sees("by") else self.list("|", ")", ";", "}")
        by = self.list() if self.cursor.accept("by") else ()
        if not columns and not by:
            raise self.cursor.fault()
        return s.Summarize(columns, by, at)

    def _sort(self, at: int) -> s.Sort:
        self._word_of("by")
        keys = [self._ordered()]
        while self.cursor.accept(","):
            keys.append(self._ordered())
        return s.Sort(tuple(keys), at)

    def _ordered(self) -> s.Ordered:
        at = self.cursor.token.at
        value = self.named()
        ascending = self.cursor.sees("asc")
        if self.cursor.sees("asc", "desc"):
            self.cursor.take()
        first: bool | None = None
        if self.cursor.accept("nulls"):
            if not self.cursor.sees("first", "last"):
                raise self.cursor.fault()
            first = self.cursor.take().text == "first"
        return s.Ordered(value, ascending, first, at)

    def _top(self, at: int) -> s.Top:
        count = self.expression()
        self._word_of("by")
        return s.Top(count, self._ordered(), at)

    def _count(self, at: int) -> s.Count:
        return s.Count(self.cursor.name().text if self.cursor.accept("as") else "Count", at)

    def _join(self, word: Any, at: int) -> s.Join:
        options = self._options("kind", "hint")
        kind = options.get("kind", "innerunique" if word == "join" else "leftouter")
        allowed = JOINS if word == "join" else ("leftouter", "inner")
        if kind not in allowed:
            raise QueryFault(
                f"{word}: join kind '{kind}' is not one of: {', '.join(allowed)}", at, kind, "SEM0018"
            )
        table = self._table()
        self._word_of("on")
        on = [self.expression()]
        while self.cursor.accept(","):
            on.append(self.expression())
        return s.Join(word, kind, table, tuple(on), at)

    def _expand(self, at: int) -> s.Expand:
        parameters = self._options("bagexpansion", "kind", "with_itemindex")
        columns: list[tuple[s.Named, Kind | None]] = []
        while True:
            column = self.named()
            kind: Kind | None = None
            if self.cursor.accept("to"):
                self._word_of("typeof")
                self.cursor.expect("(")
                kind = self.kind()
                self.cursor.expect(")")
            columns.append((column, kind))
            if not self.cursor.accept(","):
                break
        limit = self.expression() if self.cursor.accept("limit") else None
        return s.Expand(tuple(columns), parameters, parameters.get("with_itemindex", ""), limit, at)

    def _parse(self, only: bool, at: int) -> s.Parse:
        kind = self._options("kind", "flags").get("kind", "simple")
        if kind != "simple":
            raise Unsupported(f"parse kind={kind}", at)
        value = self.expression(PRIMARY)
        self._word_of("with")
        pattern: list[str | tuple[str, Kind] | None] = []
        cursor = self.cursor
        while not cursor.sees("|", ")", ";", "}") and not cursor.ended():
            if cursor.accept("*"):
                pattern.append(None)
            elif cursor.token.kind == "string":
                pattern.append(cursor.take().text)
            else:
                name = cursor.name().text
                pattern.append((name, self.kind() if cursor.accept(":") else "string"))
        if not pattern:
            raise cursor.fault()
        return s.Parse(value, tuple(pattern), kind, only, at)

    def _series(self, at: int) -> s.MakeSeries:
        cursor = self.cursor
        if self._options("kind").get("kind", "nonempty") != "nonempty":
            raise Unsupported("make-series kind=", at)
        columns: list[tuple[s.Named, s.Expression | None]] = []
        while True:
            column = self.named()
            default: s.Expression | None = None
            if cursor.accept("default"):
                cursor.expect("=")
                default = self.expression()
            columns.append((column, default))
            if not cursor.accept(","):
                break
        self._word_of("on")
        axis = self.named()
        if cursor.sees("in"):
            raise Unsupported("make-series … in range()", cursor.token.at)
        low = self.expression() if cursor.accept("from") else None
        high = self.expression() if cursor.accept("to") else None
        self._word_of("step")
        step = self.expression()
        by = self.list() if cursor.accept("by") else ()
        return s.MakeSeries(tuple(columns), axis, low, high, step, by, at)

    def _render(self, at: int) -> s.Render:
        cursor = self.cursor
        word = cursor.name().text
        properties: dict[str, Any] = {}
        if cursor.accept("with"):
            cursor.expect("(")
            while not cursor.sees(")"):
                name = cursor.name().text
                cursor.expect("=")
                value = [cursor.take().text]
                while cursor.accept(","):
                    if cursor.ahead().text == "=":
                        break
                    value.append(cursor.take().text)
                else:
                    properties[name] = ",".join(value)
                    continue
                properties[name] = ",".join(value)
            cursor.expect(")")
        return s.Render(word, properties, at)

    def _as(self, at: int) -> s.As:
        self._options("hint")
        return s.As(self.cursor.name().text, at)


KNOWN: Final = frozenset(Operators("").readers())
"""The operators after a pipe."""
