"""One stack against another: the parts that only one has, and the switches that stand otherwise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from infra.graph.model import Graph
from infra.review.compare import flattened

# Names, ids and addresses differ between stacks by their nature.
OWN: Final = re.compile(
    r"(?i)(name|id|address|prefix(es)?|scope|uri|subject|issuer|description|zones?)$|^tags|\bid\b"
)
ANY_RANGE: Final = re.compile(r"^\d+\.\d+\.\d+\.\d+(/\d+)?$|^/subscriptions/|^id of |^[0-9a-f-]{36}$")


@dataclass(frozen=True, slots=True)
class Otherwise:
    """One input that two stacks have differently; None where one lacks it."""

    resources: tuple[str, ...]
    path: str
    here: Any
    there: Any


@dataclass(frozen=True, slots=True)
class Beside:
    """only_here, only_there: keys of resources. new: what came with the change; old: what was so before."""

    stack: str
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    new: tuple[Otherwise, ...]
    old: tuple[Otherwise, ...]


Cell = tuple[str, str]
"""A resource's key and a path."""


def beside(base: Graph, here: Graph, there: Graph) -> Beside:
    """Differences that somebody chose; names, ids and address ranges are left out."""
    before, now = _otherwise(base, there), _otherwise(here, there)
    mine, others = ({r.key for r in graph.custom} for graph in (here, there))
    return Beside(
        there.stack,
        tuple(sorted(mine - others)),
        tuple(sorted(others - mine)),
        _grouped({cell: pair for cell, pair in now.items() if before.get(cell) != pair}),
        _grouped({cell: pair for cell, pair in now.items() if before.get(cell) == pair}),
    )


def _otherwise(here: Graph, there: Graph) -> dict[Cell, tuple[Any, Any]]:
    mine, others = ({r.key: r for r in graph.custom} for graph in (here, there))
    found: dict[Cell, tuple[Any, Any]] = {}
    for key in sorted(mine.keys() & others.keys()):
        old, new = _switches(mine[key].inputs, here), _switches(others[key].inputs, there)
        old["protect"], new["protect"] = mine[key].protect, others[key].protect
        for path in sorted(old.keys() | new.keys()):
            if old.get(path) != new.get(path):
                found[key, path] = (old.get(path), new.get(path))
    return found


def _grouped(cells: dict[Cell, tuple[Any, Any]]) -> tuple[Otherwise, ...]:
    """One row for several resources of which the same is true."""
    rows: dict[tuple[str, str, str], tuple[list[str], Any, Any]] = {}
    for (key, path), (here, there) in cells.items():
        row = rows.setdefault((path, repr(here), repr(there)), ([], here, there))
        row[0].append(key.rpartition("::")[2])
    return tuple(
        Otherwise(tuple(names), path, here, there) for (path, *_), (names, here, there) in rows.items()
    )


def _switches(inputs: dict[str, Any], graph: Graph) -> dict[str, Any]:
    return {
        each.path: each.after
        for each in flattened(inputs)
        if each.after not in ([], {}, None)
        and not OWN.search(re.sub(r"\[[^]]*\]", "", each.path))
        and not _named(each.after, graph)
        and not _in_a_list(each.path)
    }


def _named(value: Any, graph: Graph) -> bool:
    """Whether a text holds the stack's name, or is an address or id."""
    if not isinstance(value, str):
        return False
    return bool(ANY_RANGE.match(value)) or bool(re.search(rf"\b{re.escape(graph.stack)}\b", value))


def _in_a_list(path: str) -> bool:
    """Items of security rules and allow-lists are told by the review of each stack."""
    return "securityRules" in path or "ipRules" in path or "virtualNetworkRules" in path
