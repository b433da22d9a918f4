"""The parser of whole queries: statements, and the sources of tables."""

from __future__ import annotations

from typing import Final

from emulator.monitor.kql import syntax as s
from emulator.monitor.kql.faults import QueryFault, Unsupported
from emulator.monitor.kql.kinds import Kind
from emulator.monitor.kql.operators import Operators

SOURCES: Final = ("print", "range", "datatable", "union", "materialize", "table", "toscalar")
"""What a tabular expression may begin with beside a table's name."""


def parse(text: str) -> s.Query:
    """The tree of a query's text. QueryFault, SyntaxFault or Unsupported for what is none here."""
    return _Parser(text).query("end")


class _Parser(Operators):
    """Reads statements and pipelines."""

    def query(self, end: str) -> s.Query:
        """Statements up to the end of the text, or to the `}` of a function."""
        cursor = self.cursor
        lets: list[s.Let] = []
        results: list[s.Expression] = []
        while True:
            while cursor.accept(";"):
                pass
            if cursor.ended() or cursor.sees(end):
                break
            if cursor.sees("let") and cursor.ahead().kind == "name":
                if results and end != "end":
                    raise cursor.fault()
                lets.append(self._let())
            elif cursor.sees("set", "declare", "alias", "restrict", "pattern") and (
                cursor.ahead().kind == "name"
            ):
                raise Unsupported(f"statement '{cursor.token.text}'", cursor.token.at)
            else:
                results.append(self.pipeline())
            if not cursor.sees(";", end) and not cursor.ended():
                raise cursor.fault()
        if not results:
            raise cursor.fault()
        return s.Query(tuple(lets), tuple(results))

    def _let(self) -> s.Let:
        cursor = self.cursor
        cursor.take()
        name = cursor.name()
        cursor.expect("=")
        at = cursor.token.at
        view = cursor.sees("view") and cursor.ahead().text == "("
        if view:
            cursor.take()
        if view or self._begins_function():
            parameters = self._parameters()
            cursor.expect("{")
            body = self.query("}")
            cursor.expect("}")
            return s.Let(name.text, s.Function(parameters, body, at), name.at)
        return s.Let(name.text, self.pipeline(), name.at)

    def _begins_function(self) -> bool:
        cursor = self.cursor
        if not cursor.sees("("):
            return False
        if cursor.ahead().text == ")" and cursor.ahead(2).text == "{":
            return True
        return cursor.ahead().kind == "name" and cursor.ahead(2).text == ":"

    def _parameters(self) -> tuple[s.Parameter, ...]:
        cursor = self.cursor
        cursor.expect("(")
        found: list[s.Parameter] = []
        while not cursor.sees(")"):
            name = cursor.name().text
            cursor.expect(":")
            if cursor.accept("("):
                if cursor.accept("*"):
                    found.append(s.Parameter(name, None, None))
                else:
                    found.append(s.Parameter(name, self._declared(), None))
                cursor.expect(")")
            else:
                kind = self.kind()
                default = self.expression() if cursor.accept("=") else None
                found.append(s.Parameter(name, kind, default))
            if not cursor.accept(","):
                break
        cursor.expect(")")
        return tuple(found)

    def _declared(self) -> tuple[tuple[str, Kind], ...]:
        """`name: type, …`"""
        found: list[tuple[str, Kind]] = []
        while True:
            name = self.cursor.name().text
            self.cursor.expect(":")
            found.append((name, self.kind()))
            if not self.cursor.accept(","):
                return tuple(found)

    def pipeline(self) -> s.Expression:
        cursor, at = self.cursor, self.cursor.token.at
        source = self._source()
        operators: list[s.Operator] = []
        while cursor.accept("|"):
            operators.append(self._operator())
        return s.Pipeline(source, tuple(operators), at) if operators else source

    def _source(self) -> s.Expression:
        cursor, token, after = self.cursor, self.cursor.token, self.cursor.ahead()
        if token.kind == "name":
            if token.text == "print" and (after.kind != "mark" or after.text in ("-", "(", "[")):
                cursor.take()
                return s.Print(self.list("|", ")", ";"), token.at)
            if token.text == "range" and after.kind == "name" and cursor.ahead(2).text == "from":
                cursor.take()
                name = cursor.take().text
                cursor.take()
                low = self.expression()
                self._word_of("to")
                high = self.expression()
                self._word_of("step")
                return s.RangeSource(name, low, high, self.expression(), token.at)
            if token.text == "datatable" and after.text == "(":
                return self._datatable()
            if token.text == "union" and (after.kind == "name" or after.text == "("):
                cursor.take()
                return self._union(token.at)
            if token.text in ("search", "find", "externaldata") and after.kind != "mark":
                raise Unsupported(f"operator '{token.text}'", token.at)
        return self.expression()

    def _datatable(self) -> s.Datatable:
        cursor, at = self.cursor, self.cursor.take().at
        cursor.expect("(")
        columns = self._declared()
        cursor.expect(")")
        cursor.expect("[")
        values: list[s.Expression] = []
        while not cursor.sees("]"):
            values.append(self.expression())
            if not cursor.accept(","):
                break
        cursor.expect("]")
        if len(values) % len(columns):
            raise QueryFault(
                f"datatable: the number of values ({len(values)}) does not match the number of columns "
                f"({len(columns)})",
                at,
                code="SEM0024",
            )
        return s.Datatable(columns, tuple(values), at)
