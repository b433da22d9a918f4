"""How each kind of statement is done."""

from __future__ import annotations

from emulator.apimanagement.policies.csharp import syntax
from emulator.apimanagement.policies.expressions import conversions, operators
from emulator.apimanagement.policies.expressions.evaluate_values import array, listed, thrown
from emulator.apimanagement.policies.expressions.machine import (
    STATEMENTS,
    Break,
    Continue,
    Evaluation,
    Function,
    Returned,
    Scope,
)
from emulator.apimanagement.policies.expressions.values import (
    Thrown,
    items,
)


def _block(run: Evaluation, node: syntax.Block, scope: Scope) -> None:
    before = run.strict
    run.strict = node.keyword == "checked" if node.keyword else before
    try:
        run.block(node, Scope(scope))
    finally:
        run.strict = before


def _local(run: Evaluation, node: syntax.Local, scope: Scope) -> None:
    for name, initial in node.names:
        if initial is None:
            scope.names[name] = conversions.default_of(node.type)
        elif isinstance(initial, syntax.ArrayItems):
            kind = node.type
            inner = syntax.Type(kind.name, kind.arguments, kind.ranks[1:], kind.nullable)
            scope.names[name] = array(listed(run, initial, inner, scope), inner)
        else:
            scope.names[name] = run.converted(run.value(initial, scope), node.type)


def _do(run: Evaluation, node: syntax.Do, scope: Scope) -> None:
    run.value(node.value, scope)


def _empty(run: Evaluation, node: syntax.Empty, scope: Scope) -> None:
    return None


def _if(run: Evaluation, node: syntax.If, scope: Scope) -> None:
    if run.flag(node.test, scope):
        run.do(node.then, Scope(scope))
    elif node.otherwise is not None:
        run.do(node.otherwise, Scope(scope))


def _once(run: Evaluation, body: syntax.Statement, scope: Scope) -> bool:
    """A turn of a loop; false where it was left."""
    try:
        run.do(body, scope)
    except Continue:
        return True
    except Break:
        return False
    return True


def _while(run: Evaluation, node: syntax.While, scope: Scope) -> None:
    if node.after and not _once(run, node.body, Scope(scope)):
        return
    while run.flag(node.test, scope) and _once(run, node.body, Scope(scope)):
        run.step()


def _for(run: Evaluation, node: syntax.For, scope: Scope) -> None:
    outer = Scope(scope)
    for one in node.first:
        run.do(one, outer)
    while node.test is None or run.flag(node.test, outer):
        run.step()
        if not _once(run, node.body, Scope(outer)):
            return
        for one in node.each:
            run.value(one, outer)


def _foreach(run: Evaluation, node: syntax.ForEach, scope: Scope) -> None:
    values = run.value(node.source, scope)
    known = len(values) if isinstance(values, list) else None
    for one in items(values):
        run.step()
        inner = Scope(scope)
        inner.names[node.name] = run.converted(one, node.type)
        if not _once(run, node.body, inner):
            return
        if known is not None and len(values) != known:
            raise Thrown(
                "System.InvalidOperationException",
                "Collection was modified; enumeration operation may not execute.",
            )


def _return(run: Evaluation, node: syntax.Return, scope: Scope) -> None:
    raise Returned(None if node.value is None else run.value(node.value, scope))


def _throw(run: Evaluation, node: syntax.Throw, scope: Scope) -> None:
    if node.value is not None:
        raise thrown(run.value(node.value, scope))
    held = scope.find("catch")
    raise held["catch"] if held else Thrown("System.InvalidOperationException", "Nothing to throw again")


def _try(run: Evaluation, node: syntax.Try, scope: Scope) -> None:
    try:
        try:
            run.do(node.body, scope)
        except Thrown as thrown:
            for one in node.catches:
                inner = Scope(scope)
                inner.names["catch"] = thrown
                if one.name is not None:
                    inner.names[one.name] = thrown
                if one.type is not None and not conversions.is_instance(thrown, one.type):
                    continue
                if one.test is not None and not run.flag(one.test, inner):
                    continue
                run.do(one.body, inner)
                return
            raise
    finally:
        if node.last is not None:
            run.do(node.last, scope)


def _switch(run: Evaluation, node: syntax.Switch, scope: Scope) -> None:
    value = run.value(node.value, scope)
    chosen = None
    for one in node.cases:
        for label in one.labels:
            if label is not None and operators.equal(value, run.value(label, scope)):
                chosen = one
                break
        if chosen is not None:
            break
    if chosen is None:
        chosen = next((one for one in node.cases if None in one.labels), None)
    if chosen is None:
        return
    inner = Scope(scope)
    try:
        for statement in chosen.body:
            run.do(statement, inner)
    except Break:
        return


def _using(run: Evaluation, node: syntax.Using, scope: Scope) -> None:
    inner = Scope(scope)
    if isinstance(node.resource, syntax.Local):
        run.do(node.resource, inner)
    else:
        run.value(node.resource, inner)
    run.do(node.body, inner)


def _jump(run: Evaluation, node: syntax.Jump, scope: Scope) -> None:
    raise Break if node.keyword == "break" else Continue


def _function(run: Evaluation, node: syntax.LocalFunction, scope: Scope) -> None:
    scope.names[node.name] = Function(run, scope, node.parameters, node.body)


STATEMENTS.update(
    {
        syntax.Block: _block,
        syntax.Local: _local,
        syntax.LocalFunction: _function,
        syntax.Do: _do,
        syntax.Empty: _empty,
        syntax.If: _if,
        syntax.While: _while,
        syntax.For: _for,
        syntax.ForEach: _foreach,
        syntax.Return: _return,
        syntax.Throw: _throw,
        syntax.Try: _try,
        syntax.Switch: _switch,
        syntax.Using: _using,
        syntax.Jump: _jump,
    }
)
