"""The syntax tree as text again, which the parser reads as the same tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.apimanagement.policies.csharp import syntax

_SUFFIXES: Final = {"long": "L", "uint": "U", "ulong": "UL", "float": "f", "double": "d", "decimal": "m"}
_ESCAPES: Final = {"\\": "\\\\", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# What needs no brackets around it, wherever it stands.
_PRIMARY: Final = (
    syntax.Literal,
    syntax.Interpolated,
    syntax.NamedValue,
    syntax.Name,
    syntax.PredefinedType,
    syntax.Receiver,
    syntax.Member,
    syntax.Call,
    syntax.Index,
    syntax.Postfix,
    syntax.TypeOf,
    syntax.Default,
    syntax.Checked,
    syntax.TupleLiteral,
    syntax.New,
    syntax.NewArray,
    syntax.NewAnonymous,
)


def show(tree: syntax.Expression | syntax.Block) -> str:
    """An expression as `@(…)`, a block as `@{…}`."""
    if isinstance(tree, syntax.Block):
        return "@{ " + " ".join(map(statement, tree.statements)) + " }"
    return f"@({expression(tree)})"


def type_name(kind: syntax.Type) -> str:
    """A type as it is written."""
    arguments = f"<{_listed(map(type_name, kind.arguments))}>" if kind.arguments else ""
    ranks = "".join(f"[{',' * (rank - 1)}]" for rank in kind.ranks)
    return f"{kind.name}{arguments}{'?' if kind.nullable else ''}{ranks}"


def expression(node: syntax.Expression) -> str:
    """An expression without brackets around it."""
    match node:
        case syntax.Literal():
            return _literal(node)
        case syntax.Interpolated():
            return _interpolated(node)
        case syntax.NamedValue():
            return f"{{{{{node.name}}}}}"
        case syntax.Name():
            return f"{node.name}{_generic(node.arguments)}"
        case syntax.PredefinedType():
            return node.name
        case syntax.Receiver():
            return ""
        case syntax.Member():
            return _member(node)
        case syntax.ConditionalAccess():
            return _chain(node)
        case syntax.Call():
            return f"{_inner(node.target)}({_arguments(node.arguments)})"
        case syntax.Index():
            return f"{_inner(node.target)}[{_arguments(node.arguments)}]"
        case syntax.New():
            return _new(node)
        case syntax.ArrayItems():
            return f"{{ {_listed(map(expression, node.values))} }}"
        case syntax.NewArray():
            return _new_array(node)
        case syntax.NewAnonymous():
            return _anonymous(node)
        case syntax.Lambda():
            return f"({_listed(map(_parameter, node.parameters))}) => {_body(node.body)}"
        case syntax.Unary():
            return f"{node.operator}{_inner(node.operand)}"
        case syntax.Postfix():
            return f"{_inner(node.operand)}{node.operator}"
        case syntax.Binary():
            return _infix(node.operator, node.left, node.right)
        case syntax.Assignment():
            return _infix(node.operator, node.target, node.value)
        case syntax.Conditional():
            return f"{_inner(node.test)} ? {_inner(node.then)} : {_inner(node.otherwise)}"
        case syntax.Cast():
            return f"({type_name(node.type)}){_inner(node.value)}"
        case syntax.As():
            return f"{_inner(node.value)} as {type_name(node.type)}"
        case syntax.Is():
            return _is(node)
        case syntax.TypeOf():
            return f"typeof({type_name(node.type)})"
        case syntax.Default():
            return f"default({type_name(node.type)})" if node.type else "default"
        case syntax.Checked():
            return f"{node.keyword}({expression(node.value)})"
        case syntax.ThrowExpression():
            return f"throw {expression(node.value)}"
        case syntax.TupleLiteral():
            return f"({_arguments(node.items)})"
        case _:
            raise TypeError(type(node).__name__)


def statement(node: syntax.Statement) -> str:
    """A statement with its semicolon."""
    match node:
        case syntax.Block():
            return _block(node)
        case syntax.Local():
            return f"{_local(node)};"
        case syntax.LocalFunction():
            return _function(node)
        case syntax.Do():
            return f"{expression(node.value)};"
        case syntax.Empty():
            return ";"
        case syntax.If():
            return _if(node)
        case syntax.While():
            return _while(node)
        case syntax.For():
            return _for(node)
        case syntax.ForEach():
            return _foreach(node)
        case syntax.Return():
            return f"return {expression(node.value)};" if node.value else "return;"
        case syntax.Throw():
            return f"throw {expression(node.value)};" if node.value else "throw;"
        case syntax.Try():
            return _try(node)
        case syntax.Switch():
            return _switch(node)
        case syntax.Using():
            return _using(node)
        case syntax.Jump():
            return f"{node.keyword};"
        case _:
            raise TypeError(type(node).__name__)


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)


def _inner(node: syntax.Expression) -> str:
    text = expression(node)
    return text if isinstance(node, _PRIMARY) else f"({text})"


def _escaped(text: str, quote: str) -> str:
    return "".join(f"\\{char}" if char == quote else _ESCAPES.get(char, char) for char in text)


def _literal(node: syntax.Literal) -> str:
    match node.type:
        case "string":
            return f'"{_escaped(node.value, chr(34))}"'
        case "char":
            return f"'{_escaped(node.value, chr(39))}'"
        case "bool":
            return "true" if node.value else "false"
        case "null":
            return "null"
        case "decimal":
            return f"{node.value:f}m"
        case kind:
            return f"{node.value!r}{_SUFFIXES.get(kind, '')}"


def _interpolated(node: syntax.Interpolated) -> str:
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(_escaped(part, '"').replace("{", "{{").replace("}", "}}"))
            continue
        alignment = f", {_inner(part.alignment)}" if part.alignment is not None else ""
        form = f":{part.format}" if part.format is not None else ""
        parts.append(f"{{{_inner(part.value)}{alignment}{form}}}")
    return f'$"{"".join(parts)}"'


def _generic(arguments: tuple[syntax.Type, ...]) -> str:
    return f"<{_listed(map(type_name, arguments))}>" if arguments else ""


def _argument(node: syntax.Argument) -> str:
    name = f"{node.name}: " if node.name else ""
    mode = f"{node.mode} " if node.mode else ""
    kind = f"{type_name(node.declares)} " if node.declares else ""
    return f"{name}{mode}{kind}{expression(node.value)}"


def _arguments(arguments: tuple[syntax.Argument, ...]) -> str:
    return _listed(map(_argument, arguments))


def _member(node: syntax.Member) -> str:
    dot = "" if isinstance(node.target, syntax.Receiver) else "."
    return f"{_inner(node.target)}{dot}{node.name}{_generic(node.arguments)}"


def _chain(node: syntax.ConditionalAccess) -> str:
    chain = expression(node.chain)
    return f"{_inner(node.target)}?{chain}" if chain.startswith("[") else f"{_inner(node.target)}?.{chain}"


def _initializer(node: syntax.Initializer) -> str:
    parts: list[str] = []
    for part in node.parts:
        if isinstance(part, syntax.Item):
            values = _listed(map(expression, part.values))
            parts.append(values if len(part.values) == 1 else f"{{ {values} }}")
            continue
        name = part.name if part.key is None else f"[{expression(part.key)}]"
        value = part.value
        shown = _initializer(value) if isinstance(value, syntax.Initializer) else expression(value)
        parts.append(f"{name} = {shown}")
    return f"{{ {_listed(parts)} }}"


def _new(node: syntax.New) -> str:
    arguments = f"({_arguments(node.arguments)})"
    initializer = f" {_initializer(node.initializer)}" if node.initializer else ""
    return f"new {type_name(node.type)}{arguments}{initializer}"


def _new_array(node: syntax.NewArray) -> str:
    items = f" {expression(node.items)}" if node.items else ""
    if node.type is None:
        return f"new[]{items}"
    if not node.sizes:
        return f"new {type_name(node.type)}{items}"
    element = syntax.Type(node.type.name, node.type.arguments, (), node.type.nullable)
    sizes = _listed(map(expression, node.sizes))
    return f"new {type_name(element)}[{sizes}]{'[]' * (len(node.type.ranks) - 1)}{items}"


def _anonymous(node: syntax.NewAnonymous) -> str:
    return f"new {{ {_listed(f'{name} = {expression(value)}' for name, value in node.members)} }}"


def _parameter(node: syntax.Parameter) -> str:
    mode = f"{node.mode} " if node.mode else ""
    kind = f"{type_name(node.type)} " if node.type else ""
    default = f" = {expression(node.default)}" if node.default else ""
    return f"{mode}{kind}{node.name}{default}"


def _body(node: syntax.Expression | syntax.Block) -> str:
    return statement(node) if isinstance(node, syntax.Block) else _inner(node)


def _is(node: syntax.Is) -> str:
    if node.type is None:
        return f"{_inner(node.value)} is {_inner(node.constant or syntax.Literal(None, 'null'))}"
    return f"{_inner(node.value)} is {type_name(node.type)}{f' {node.name}' if node.name else ''}"


def _infix(operator: str, left: syntax.Expression, right: syntax.Expression) -> str:
    return f"{_inner(left)} {operator} {_inner(right)}"


def _local(node: syntax.Local) -> str:
    names = _listed(name if value is None else f"{name} = {expression(value)}" for name, value in node.names)
    return f"{'const ' if node.constant else ''}{type_name(node.type)} {names}"


def _block(node: syntax.Block) -> str:
    keyword = f"{node.keyword} " if node.keyword else ""
    return f"{keyword}{{ {' '.join(map(statement, node.statements))} }}"


def _function(node: syntax.LocalFunction) -> str:
    start = f"{type_name(node.type)} {node.name}({_listed(map(_parameter, node.parameters))})"
    body = node.body
    return f"{start} {_block(body)}" if isinstance(body, syntax.Block) else f"{start} => {expression(body)};"


def _if(node: syntax.If) -> str:
    otherwise = f" else {statement(node.otherwise)}" if node.otherwise else ""
    return f"if ({expression(node.test)}) {statement(node.then)}{otherwise}"


def _while(node: syntax.While) -> str:
    test = f"while ({expression(node.test)})"
    return f"do {statement(node.body)} {test};" if node.after else f"{test} {statement(node.body)}"


def _for(node: syntax.For) -> str:
    first = _listed(statement(one).removesuffix(";") for one in node.first)
    test = expression(node.test) if node.test else ""
    return f"for ({first}; {test}; {_listed(map(expression, node.each))}) {statement(node.body)}"


def _foreach(node: syntax.ForEach) -> str:
    head = f"{type_name(node.type)} {node.name} in {expression(node.source)}"
    return f"foreach ({head}) {statement(node.body)}"


def _try(node: syntax.Try) -> str:
    parts = [f"try {_block(node.body)}"]
    for one in node.catches:
        kind = f" ({type_name(one.type)}{f' {one.name}' if one.name else ''})" if one.type else ""
        test = f" when ({expression(one.test)})" if one.test else ""
        parts.append(f"catch{kind}{test} {_block(one.body)}")
    if node.last:
        parts.append(f"finally {_block(node.last)}")
    return " ".join(parts)


def _switch(node: syntax.Switch) -> str:
    cases: list[str] = []
    for one in node.cases:
        labels = " ".join(f"case {_inner(label)}:" if label else "default:" for label in one.labels)
        cases.append(f"{labels} {' '.join(map(statement, one.body))}")
    return f"switch ({expression(node.value)}) {{ {' '.join(cases)} }}"


def _using(node: syntax.Using) -> str:
    resource = node.resource
    head = _local(resource) if isinstance(resource, syntax.Local) else expression(resource)
    return f"using ({head}) {statement(node.body)}"
