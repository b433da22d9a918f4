"""What the code of Azure's clients says: each operation's verb, its path and the statuses that it takes.

The code is read as text, never imported. Two kinds of generated code are known: the management packages
(`azure/mgmt/*/operations`, `azure/ai/ml/_restclient`), where a method refuses what is `not in [200, 201]`,
and the command modules of the Azure command line (`aaz`), which name what they go on with.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

VERBS = ("PUT", "PATCH", "DELETE", "POST")
GROUP = re.compile(r"/subscriptions/\{\w+\}/resourcegroups/\{\w+\}", re.IGNORECASE)
OPERATIONS, COMMANDS = "operations", "aaz"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one client.

    file: the path of its code, from the folder that holds the packages
    action: the name of a POST's action, "" for the other verbs
    reads_body: whether it makes an object of the answer's body
    """

    file: str
    arm_type: str
    verb: str
    action: str
    statuses: frozenset[int]
    reads_body: bool


def operations(root: Path, namespaces: Collection[str] = ("",)) -> Iterator[Operation]:
    """The operations on resources of the clients under ``root``, a folder such as site-packages.

    namespaces: files that name none of these providers (lower case) are not read; "" is in every file
    """
    for file in sorted(root.glob("**/*.py")):
        if "aio" in file.parts or not {OPERATIONS, COMMANDS} & set(file.parts):
            continue
        if any("dataplane" in part for part in file.parts):  # the same paths at hosts that are not ARM
            continue
        text = file.read_text(encoding="utf-8")
        folded = text.lower()
        if "status_code" not in text or not any(name in folded for name in namespaces):
            continue
        found = _commands if COMMANDS in file.parts else _methods
        for verb, url, statuses, reads_body in found(ast.parse(text)):
            arm_type, action = resource(url)
            if verb in VERBS and arm_type and statuses and bool(action) == (verb == "POST"):
                place = file.relative_to(root).as_posix()
                yield Operation(
                    place, arm_type.lower(), verb, action.lower(), frozenset(statuses), reads_body
                )


def resource(url: str) -> tuple[str, str]:
    """The type that a path template leads to, and the action behind it; "" for what is no resource."""
    path = "/" + url.split("?")[0].strip("/")
    if "/providers/" not in path:
        return ("Microsoft.Resources/resourceGroups", "") if GROUP.fullmatch(path) else ("", "")
    provider, *rest = path.rsplit("/providers/", 1)[1].split("/")
    action = rest.pop() if len(rest) % 2 else ""
    if not rest or action.startswith("{"):
        return "", ""
    return "/".join([provider, *rest[::2]]), action


Found = tuple[str, str, set[int], bool]


def _methods(tree: ast.Module) -> Iterator[Found]:
    """Of a management package: a builder of requests a function, and the methods that send them."""
    builders = dict(_builders(tree))
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for method in (node for node in owner.body if isinstance(node, ast.FunctionDef)):
            names = {node.id for node in ast.walk(method) if isinstance(node, ast.Name)}
            for name in sorted(names & builders.keys()):
                yield (*builders[name], _statuses(method), _assigns_body(method))


def _builders(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("build_"):
            continue
        verbs = [
            keyword.value.value
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg == "method" and isinstance(keyword.value, ast.Constant)
        ]
        paths = [text for text in _texts(function) if text.startswith("/") and "{" in text]
        if verbs and paths:
            yield function.name, (str(verbs[0]), paths[0])


def _commands(tree: ast.Module) -> Iterator[Found]:
    """Of the Azure command line: a class an operation."""
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        parts = {node.name: node for node in owner.body if isinstance(node, ast.FunctionDef)}
        if not {"url", "method", "__call__"} <= parts.keys():
            continue
        verb, url = _texts(parts["method"]), _texts(parts["url"])
        if verb and url:
            reads_body = "on_200" in parts and "deserialize_http_content" in ast.dump(parts["on_200"])
            yield verb[0], url[0], _statuses(parts["__call__"]), reads_body


def _texts(node: ast.AST) -> list[str]:
    return [
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def _statuses(method: ast.FunctionDef) -> set[int]:
    """The numbers of each ``status_code in [...]`` and ``not in [...]``."""
    return {
        number.value
        for node in ast.walk(method)
        if isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Attribute)
        and node.left.attr == "status_code"
        and isinstance(node.ops[0], ast.In | ast.NotIn)
        and isinstance(node.comparators[0], ast.List | ast.Tuple)
        for number in node.comparators[0].elts
        if isinstance(number, ast.Constant) and isinstance(number.value, int)
    }


def _assigns_body(method: ast.FunctionDef) -> bool:
    """Whether ``deserialized`` becomes what is read from the answer: an initial request of a long-running
    operation keeps the bytes only, which may be none."""
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "deserialized"
        and "eserialize" in ast.dump(node.value)
        for node in ast.walk(method)
    )
