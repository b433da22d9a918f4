"""All rules over a graph, with the exemptions that hold today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from infra.graph.model import Graph, Resource
from policies import (
    estate,
    functions,
    identity,
    keyvault,
    learning,
    machines,
    network,
    observing,
    postgres,
    registry,
    serving,
    storage,
)
from policies.exemptions import EXEMPTIONS, Exemption
from policies.model import GraphRule, Rule, Violation

RULES: Final[tuple[Rule, ...]] = (
    *storage.RULES,
    *keyvault.RULES,
    *postgres.RULES,
    *registry.RULES,
    *learning.RULES,
    *network.RULES,
    *serving.RULES,
    *machines.RULES,
    *functions.RULES,
    *observing.RULES,
    *identity.RULES,
    *estate.RULES,
)
GRAPH_RULES: Final[tuple[GraphRule, ...]] = (*estate.GRAPH_RULES, *functions.GRAPH_RULES)


@dataclass(frozen=True, slots=True)
class Results:
    """failed: what has to be mended. exempt: with what exempts it. expired: failed, though once exempt.

    unneeded: exemptions of this stack that cover nothing any more.
    """

    failed: tuple[Violation, ...]
    exempt: tuple[tuple[Violation, Exemption], ...]
    expired: tuple[tuple[Violation, Exemption], ...]
    unneeded: tuple[Exemption, ...]

    @property
    def ok(self) -> bool:
        return not self.failed


def of_resource(resource: Resource) -> Iterator[Violation]:
    """What is wrong with one resource, by the rules that look at no other."""
    if not resource.custom:
        return
    for rule in RULES:
        if resource.token in rule.types or "*" in rule.types:
            for message in rule.check(resource):
                yield Violation(rule.id, resource, message, rule.path)


def of_graph(graph: Graph) -> Iterator[Violation]:
    """What is wrong between resources."""
    for rule in GRAPH_RULES:
        for resource, message in rule.check(graph):
            yield Violation(rule.id, resource, message)


def violations(graph: Graph) -> tuple[Violation, ...]:
    """Everything that is wrong, exempt or not, by rule and resource."""
    found = [each for resource in graph.custom for each in of_resource(resource)]
    return tuple(sorted([*found, *of_graph(graph)], key=lambda each: each.key))


def evaluate(graph: Graph, today: date, exemptions: Iterable[Exemption] = EXEMPTIONS) -> Results:
    """today decides which exemptions still hold."""
    of_stack = [each for each in exemptions if each.stack == graph.stack]
    failed: list[Violation] = []
    exempt: list[tuple[Violation, Exemption]] = []
    expired: list[tuple[Violation, Exemption]] = []
    needed: set[Exemption] = set()
    for violation in violations(graph):
        covering = [each for each in of_stack if each.covers(violation, graph.stack)]
        needed |= set(covering)
        holding = [each for each in covering if today <= each.expires]
        if holding:
            exempt.append((violation, holding[0]))
            continue
        failed.append(violation)
        if covering:
            expired.append((violation, covering[0]))
    unneeded = tuple(each for each in of_stack if each not in needed)
    return Results(tuple(failed), tuple(exempt), tuple(expired), unneeded)
