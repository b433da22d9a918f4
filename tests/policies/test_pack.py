"""The rules over what Pulumi hands to a policy pack: the same findings as over the recorded graph."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from infra.graph.model import Graph
from policies.evaluate import GRAPH_RULES, evaluate
from policies.pack import check_resource, check_stack, stack_of

TODAY = date(2026, 11, 29)
AFTER = date(2999, 1, 1)  # when every exemption is over


def handed_over(graph: Graph) -> list[Any]:
    """The graph as pulumi_policy's PolicyResource has it."""
    made = {
        resource.key: SimpleNamespace(
            resource_type=resource.type,
            props=resource.inputs,
            urn=f"urn:pulumi:{graph.stack}::mlops-estate::pulumi:pulumi:Stack${resource.identity}",
            name=resource.name,
            opts=SimpleNamespace(protect=resource.protect),
            property_dependencies={},
        )
        for resource in graph.resources
    }
    for resource in graph.resources:
        dependencies = {name: [made[key] for key in keys] for name, keys in resource.references.items()}
        made[resource.key].property_dependencies = dependencies
    return list(made.values())


@pytest.mark.parametrize("today", [TODAY, AFTER])
def test_the_pack_finds_what_the_graph_shows(prod: Graph, today: date) -> None:
    between = {rule.id for rule in GRAPH_RULES}
    told: list[tuple[str, str]] = []

    def report(message: str, urn: str = "") -> None:
        told.append((message.partition(":")[0], urn.rpartition("::")[2]))

    given = handed_over(prod)
    for resource in given:
        check_resource(resource, report, today)
    check_stack(given, report, today)
    wanted = [(v.rule, v.resource.name if v.rule in between else "") for v in evaluate(prod, today).failed]
    assert sorted(told) == sorted(wanted)
    assert bool(told) == (today == AFTER)


def test_the_stack_is_read_from_a_urn() -> None:
    assert stack_of("urn:pulumi:prod::mlops-estate::a$b::name") == "prod"


def test_an_empty_stack_has_nothing_wrong() -> None:
    check_stack([], lambda *_: pytest.fail("nothing to report"), TODAY)
