"""The syntax tree of an expression. Every node knows the offset at which it begins; two trees are equal when
they say the same, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Node:
    """Anything of the tree; at: its offset in the source."""

    at: int = field(default=0, compare=False, kw_only=True)

    def nodes(self) -> Iterator[Node]:
        """The nodes directly inside it, in order."""
        for one in fields(self):
            yield from _nodes(getattr(self, one.name))

    def walk(self) -> Iterator[Node]:
        """Itself and every node inside it."""
        waiting: list[Node] = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(tuple(one.nodes())))


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _nodes(one)


@dataclass(frozen=True)
class Type(Node):
    """A type as it is written: `Dictionary<string, int>[]?`. name `var` is for the compiler to find out.

    ranks: for each pair of square brackets the number of dimensions, of `int[][,]` (1, 2).
    """

    name: str
    arguments: tuple[Type, ...] = ()
    ranks: tuple[int, ...] = ()
    nullable: bool = False


class Expression(Node):
    """What has a value."""


class Statement(Node):
    """What is done."""


@dataclass(frozen=True)
class Literal(Expression):
    """A constant; type: `string`, `char`, `bool`, `null` or that of a number."""

    value: Any
    type: str


@dataclass(frozen=True)
class Hole(Node):
    """What is put into an interpolated string."""

    value: Expression
    alignment: Expression | None = None
    format: str | None = None


@dataclass(frozen=True)
class Interpolated(Expression):
    """`$"a {b}"`: texts and holes."""

    parts: tuple[str | Hole, ...]


@dataclass(frozen=True)
class NamedValue(Expression):
    """`{{name}}` where no value was put in: only in a document whose named values are not known yet."""

    name: str


@dataclass(frozen=True)
class Name(Expression):
    """A variable, a type, the first part of a name with dots; a generic method with its types."""

    name: str
    arguments: tuple[Type, ...] = ()


@dataclass(frozen=True)
class PredefinedType(Expression):
    """`string` in `string.Format`."""

    name: str


@dataclass(frozen=True)
class Member(Expression):
    """`target.name<arguments>`."""

    target: Expression
    name: str
    arguments: tuple[Type, ...] = ()


@dataclass(frozen=True)
class Receiver(Expression):
    """What stands left of the `?.` or `?[` that the chain hangs on."""


@dataclass(frozen=True)
class ConditionalAccess(Expression):
    """`target?.chain`: null where the target is, or the chain with the target as its `Receiver`."""

    target: Expression
    chain: Expression


@dataclass(frozen=True)
class Argument(Node):
    """An argument; mode: empty, `out` or `ref`; declares: the type of `out int a`, whose value is a Name."""

    value: Expression
    name: str | None = None
    mode: str = ""
    declares: Type | None = None


@dataclass(frozen=True)
class Call(Expression):
    """`target(arguments)`."""

    target: Expression
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True)
class Index(Expression):
    """`target[arguments]`."""

    target: Expression
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Setter(Node):
    """`name = value` or `[key] = value` in an initialiser."""

    name: str | None
    key: Expression | None
    value: Expression | Initializer


@dataclass(frozen=True)
class Item(Node):
    """An element of a collection initialiser: one value, or those of a `{ key, value }`."""

    values: tuple[Expression, ...]


@dataclass(frozen=True)
class Initializer(Node):
    """What stands in the braces behind a `new`."""

    parts: tuple[Setter | Item, ...]


@dataclass(frozen=True)
class New(Expression):
    """`new Type(arguments) { initializer }`."""

    type: Type
    arguments: tuple[Argument, ...] = ()
    initializer: Initializer | None = None


@dataclass(frozen=True)
class ArrayItems(Expression):
    """`{ a, b }` where an array is made."""

    values: tuple[Expression, ...]


@dataclass(frozen=True)
class NewArray(Expression):
    """`new Type[size] { items }`; type None: `new[] { items }`."""

    type: Type | None
    sizes: tuple[Expression, ...] = ()
    items: ArrayItems | None = None


@dataclass(frozen=True)
class NewAnonymous(Expression):
    """`new { name = value }`: names with values, in order."""

    members: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Parameter(Node):
    """A parameter of a lambda or a local function; type None: found out."""

    name: str
    type: Type | None = None
    default: Expression | None = None
    mode: str = ""


@dataclass(frozen=True)
class Lambda(Expression):
    """`(a, b) => body`."""

    parameters: tuple[Parameter, ...]
    body: Expression | Block


@dataclass(frozen=True)
class Unary(Expression):
    """`operator operand`; `++` and `--` too."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Postfix(Expression):
    """`operand++`, `operand--`."""

    operator: str
    operand: Expression


@dataclass(frozen=True)
class Binary(Expression):
    """`left operator right`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Conditional(Expression):
    """`test ? then : otherwise`."""

    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True)
class Assignment(Expression):
    """`target = value`, or with an operator in front of the `=`."""

    operator: str
    target: Expression
    value: Expression


@dataclass(frozen=True)
class Cast(Expression):
    """`(type)value`."""

    type: Type
    value: Expression


@dataclass(frozen=True)
class As(Expression):
    """`value as type`."""

    value: Expression
    type: Type


@dataclass(frozen=True)
class Is(Expression):
    """`value is type name`, or `value is constant`: one of type and constant is given."""

    value: Expression
    type: Type | None = None
    name: str | None = None
    constant: Expression | None = None


@dataclass(frozen=True)
class TypeOf(Expression):
    """`typeof(type)`."""

    type: Type


@dataclass(frozen=True)
class Default(Expression):
    """`default(type)` or `default`."""

    type: Type | None = None


@dataclass(frozen=True)
class Checked(Expression):
    """`checked(value)` or `unchecked(value)`."""

    keyword: str
    value: Expression


@dataclass(frozen=True)
class ThrowExpression(Expression):
    """`throw value` where a value is expected."""

    value: Expression


@dataclass(frozen=True)
class TupleLiteral(Expression):
    """`(a, name: b)`."""

    items: tuple[Argument, ...]


@dataclass(frozen=True)
class Block(Statement):
    """`{ statements }`; keyword: empty, `checked` or `unchecked`."""

    statements: tuple[Statement, ...]
    keyword: str = ""


@dataclass(frozen=True)
class Local(Statement):
    """`type name = value, …;`."""

    type: Type
    names: tuple[tuple[str, Expression | None], ...]
    constant: bool = False


@dataclass(frozen=True)
class LocalFunction(Statement):
    """A function inside the code."""

    type: Type
    name: str
    parameters: tuple[Parameter, ...]
    body: Block | Expression


@dataclass(frozen=True)
class Do(Statement):
    """An expression for what it does."""

    value: Expression


@dataclass(frozen=True)
class Empty(Statement):
    """`;`."""


@dataclass(frozen=True)
class If(Statement):
    """`if (test) then else otherwise`."""

    test: Expression
    then: Statement
    otherwise: Statement | None = None


@dataclass(frozen=True)
class While(Statement):
    """`while (test) body`; after: `do body while (test);`."""

    test: Expression
    body: Statement
    after: bool = False


@dataclass(frozen=True)
class For(Statement):
    """`for (first; test; each) body`."""

    first: tuple[Statement, ...]
    test: Expression | None
    each: tuple[Expression, ...]
    body: Statement


@dataclass(frozen=True)
class ForEach(Statement):
    """`foreach (type name in source) body`."""

    type: Type
    name: str
    source: Expression
    body: Statement


@dataclass(frozen=True)
class Return(Statement):
    """`return value;`."""

    value: Expression | None = None


@dataclass(frozen=True)
class Throw(Statement):
    """`throw value;`, or of a caught exception again."""

    value: Expression | None = None


@dataclass(frozen=True)
class Catch(Node):
    """`catch (type name) when (test) body`."""

    body: Block
    type: Type | None = None
    name: str | None = None
    test: Expression | None = None


@dataclass(frozen=True)
class Try(Statement):
    """`try body catches finally last`."""

    body: Block
    catches: tuple[Catch, ...] = ()
    last: Block | None = None


@dataclass(frozen=True)
class Case(Node):
    """A section of a switch: its labels (None: `default`), and what is done."""

    labels: tuple[Expression | None, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Switch(Statement):
    """`switch (value) { cases }`."""

    value: Expression
    cases: tuple[Case, ...]


@dataclass(frozen=True)
class Using(Statement):
    """`using (resource) body`."""

    resource: Local | Expression
    body: Statement


@dataclass(frozen=True)
class Jump(Statement):
    """`break;` or `continue;`."""

    keyword: str
