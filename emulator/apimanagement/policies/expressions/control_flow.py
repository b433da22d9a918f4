"""Whether a statement lets what stands behind it run."""

from __future__ import annotations

from emulator.apimanagement.policies.csharp import syntax


def leaves(node: syntax.Statement) -> bool:
    """Whether what stands behind a statement never runs: it returns or throws on every way."""
    match node:
        case syntax.Return() | syntax.Throw():
            return True
        case syntax.Block():
            return any(leaves(one) for one in node.statements)
        case syntax.If():
            return node.otherwise is not None and leaves(node.then) and leaves(node.otherwise)
        case syntax.Try():
            last = node.last is not None and leaves(node.last)
            return last or (leaves(node.body) and all(leaves(one.body) for one in node.catches))
        case syntax.Switch():
            complete = any(None in one.labels for one in node.cases)
            return complete and all(any(leaves(part) for part in one.body) for one in node.cases)
        case syntax.While():
            endless = isinstance(node.test, syntax.Literal) and node.test.value is True
            return (endless and not _breaks(node.body)) or (node.after and leaves(node.body))
        case syntax.For():
            return node.test is None and not _breaks(node.body)
        case syntax.Using():
            return leaves(node.body)
        case _:
            return False


def _breaks(node: syntax.Node) -> bool:
    if isinstance(node, syntax.Jump):
        return node.keyword == "break"
    if isinstance(node, syntax.While | syntax.For | syntax.ForEach | syntax.Switch):
        return False
    return any(_breaks(one) for one in node.nodes())
