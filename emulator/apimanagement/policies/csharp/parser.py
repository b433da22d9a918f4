"""Statements by descent, and `parse`: an expression's text into its tree.

The grammar is that of C# 7 without what a policy has no use for: types, `await`, `goto`, `yield`, pointers
and query syntax are refused by name.
"""

from __future__ import annotations

from functools import lru_cache

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.csharp.expressions import Expressions
from emulator.apimanagement.policies.csharp.lexer import Source, closed, tokens
from emulator.apimanagement.policies.csharp.precedence import CONDITIONAL
from emulator.apimanagement.policies.csharp.words import REFUSED


@lru_cache(maxsize=4096)
def parse(expression: str) -> syntax.Expression | syntax.Block:
    """The tree of an expression with its `@`: an expression of `@(…)`, a block of `@{…}`.

    Errors are `ExpressionError` with line and column in ``expression``.
    """
    source = Source(expression)
    if expression[:2] not in ("@(", "@{"):
        raise source.error("An expression begins with '@(' or '@{'", 0)
    end = closed(source, 1)
    if expression[end:].strip():
        raise source.error(f"There is text behind the expression's '{expression[end - 1]}'", end)
    parser = _Parser(source, tokens(source, 2, end - 1))
    try:
        return parser.whole(block=expression[1] == "{")
    except RecursionError as error:
        raise source.error("the expression is nested too deeply", 0) from error


class _Parser(Expressions):
    def whole(self, *, block: bool) -> syntax.Expression | syntax.Block:
        """Everything, up to the end."""
        start = self._token.start
        if not block:
            value = self.expression()
            if self._token.kind != "end":
                raise self._error(") expected")
            return value
        statements: list[syntax.Statement] = []
        while self._token.kind != "end":
            statements.append(self.statement())
        return syntax.Block(tuple(statements), at=start)

    # Statements

    def statement(self) -> syntax.Statement:
        """One statement with its semicolon."""
        self._deeper()
        found = self._statement()
        self._depth -= 1
        return found

    def _statement(self) -> syntax.Statement:
        token = self._token
        at = token.start
        if self._take(";"):
            return syntax.Empty(at=at)
        if self._is("{"):
            return self._block()
        if token.kind == "keyword":
            value = token.value in ("checked", "unchecked") and self._is("(", ahead=1)
            found = None if value else self._of_keyword(token.value, at)
            if found is not None:
                return found
            if token.value in REFUSED:
                raise self._error(f"not emulated: {REFUSED[token.value]}")
        if self._word("yield") and self._is("return", "break", ahead=1):
            raise self._error("not emulated: `yield`")
        declared = self._attempt(self._declared)
        if declared is not None:
            return self._finish(declared, at)
        value = self.expression()
        self._expect(";")
        return syntax.Do(value, at=at)

    def _of_keyword(self, keyword: str, at: int) -> syntax.Statement | None:
        """The statement that begins with a keyword, which is passed; None where none does."""
        match keyword:
            case "break" | "continue":
                read = self._jump
            case "checked" | "unchecked":
                read = self._checked
            case "const":
                read = self._constant
            case "do":
                read = self._do
            case "for":
                read = self._for
            case "foreach":
                read = self._foreach
            case "if":
                read = self._if
            case "return":
                read = self._return
            case "switch":
                read = self._switch
            case "throw":
                read = self._throw
            case "try":
                read = self._try
            case "using":
                read = self._using
            case "while":
                read = self._while
            case _:
                return None
        self._next()
        return read(at)

    def _declared(self) -> syntax.Type:
        """The type of a declaration: what follows it is a name, and behind that no operator."""
        kind = self.type()
        if self._token.kind != "name" or not self._is("=", ";", ",", "(", ahead=1):
            raise self._error("not a declaration")
        return kind

    def _finish(self, kind: syntax.Type, at: int) -> syntax.Statement:
        if self._is("(", ahead=1):
            name = self._name()
            parameters = self._parameters()
            if self._take("=>"):
                value = self.expression()
                self._expect(";")
                return syntax.LocalFunction(kind, name, parameters, value, at=at)
            return syntax.LocalFunction(kind, name, parameters, self._block(), at=at)
        return self._local(kind, at, constant=False)

    def _local(self, kind: syntax.Type, at: int, *, constant: bool, end: str = ";") -> syntax.Local:
        names: list[tuple[str, syntax.Expression | None]] = []
        while True:
            name = self._name()
            value = None
            if self._take("="):
                value = self._array_items() if self._is("{") else self.expression()
            names.append((name, value))
            if not self._take(","):
                break
        if end:
            self._expect(end)
        return syntax.Local(kind, tuple(names), constant, at=at)

    def _block(self, keyword: str = "") -> syntax.Block:
        at = self._expect("{").start
        statements: list[syntax.Statement] = []
        while not self._is("}"):
            if self._token.kind == "end":
                raise self._error("} expected")
            statements.append(self.statement())
        self._next()
        return syntax.Block(tuple(statements), keyword, at=at)

    def _test(self) -> syntax.Expression:
        self._expect("(")
        value = self.expression()
        self._expect(")")
        return value

    def _constant(self, at: int) -> syntax.Statement:
        return self._local(self.type(), at, constant=True)

    def _if(self, at: int) -> syntax.Statement:
        test, then = self._test(), self.statement()
        return syntax.If(test, then, self.statement() if self._take("else") else None, at=at)

    def _while(self, at: int) -> syntax.Statement:
        return syntax.While(self._test(), self.statement(), at=at)

    def _do(self, at: int) -> syntax.Statement:
        body = self.statement()
        self._expect("while")
        test = self._test()
        self._expect(";")
        return syntax.While(test, body, after=True, at=at)

    def _for(self, at: int) -> syntax.Statement:
        self._expect("(")
        first: list[syntax.Statement] = []
        if not self._is(";"):
            start = self._token.start
            kind = self._attempt(self._declared)
            if kind is not None:
                first.append(self._local(kind, start, constant=False, end=""))
            else:
                first.extend(syntax.Do(value, at=value.at) for value in self._listed())
        self._expect(";")
        test = None if self._is(";") else self.expression()
        self._expect(";")
        each = () if self._is(")") else self._listed()
        self._expect(")")
        return syntax.For(tuple(first), test, each, self.statement(), at=at)

    def _listed(self) -> tuple[syntax.Expression, ...]:
        found = [self.expression()]
        while self._take(","):
            found.append(self.expression())
        return tuple(found)

    def _foreach(self, at: int) -> syntax.Statement:
        self._expect("(")
        kind = self.type()
        name = self._name()
        self._expect("in")
        source = self.expression()
        self._expect(")")
        return syntax.ForEach(kind, name, source, self.statement(), at=at)

    def _return(self, at: int) -> syntax.Statement:
        value = None if self._is(";") else self.expression()
        self._expect(";")
        return syntax.Return(value, at=at)

    def _throw(self, at: int) -> syntax.Statement:
        value = None if self._is(";") else self.expression()
        self._expect(";")
        return syntax.Throw(value, at=at)

    def _try(self, at: int) -> syntax.Statement:
        body = self._block()
        catches: list[syntax.Catch] = []
        while self._is("catch"):
            start = self._next().start
            kind = name = test = None
            if self._take("("):
                kind = self.type()
                name = self._name() if self._token.kind == "name" else None
                self._expect(")")
            if self._word("when"):
                self._next()
                test = self._test()
            catches.append(syntax.Catch(self._block(), kind, name, test, at=start))
        last = self._block() if self._take("finally") else None
        if not catches and last is None:
            raise self._error("Expected catch or finally")
        return syntax.Try(body, tuple(catches), last, at=at)

    def _switch(self, at: int) -> syntax.Statement:
        value = self._test()
        self._expect("{")
        cases: list[syntax.Case] = []
        while not self._take("}"):
            start = self._token.start
            labels: list[syntax.Expression | None] = []
            while self._is("case", "default"):
                labels.append(None if self._next().value == "default" else self._label())
                self._expect(":")
            if not labels:
                raise self._error("case expected")
            body: list[syntax.Statement] = []
            while not self._is("case", "default", "}"):
                body.append(self.statement())
            cases.append(syntax.Case(tuple(labels), tuple(body), at=start))
        return syntax.Switch(value, tuple(cases), at=at)

    def _label(self) -> syntax.Expression:
        value = self.expression(CONDITIONAL + 1)
        if self._token.kind == "name":
            raise self._error("not emulated: patterns in `case`")
        return value

    def _using(self, at: int) -> syntax.Statement:
        self._expect("(")
        start = self._token.start
        kind = self._attempt(self._declared)
        local = None if kind is None else self._local(kind, start, constant=False, end="")
        resource = local or self.expression()
        self._expect(")")
        return syntax.Using(resource, self.statement(), at=at)

    def _checked(self, at: int) -> syntax.Statement:
        keyword = self._tokens[self._at - 1].value
        block = self._block(keyword)
        return syntax.Block(block.statements, keyword, at=at)

    def _jump(self, at: int) -> syntax.Statement:
        keyword = self._tokens[self._at - 1].value
        self._expect(";")
        return syntax.Jump(keyword, at=at)
