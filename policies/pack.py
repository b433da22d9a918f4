"""The same rules over what Pulumi's engine hands to a policy pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Protocol

from infra.graph.model import Graph, Resource
from policies.evaluate import GRAPH_RULES, RULES, evaluate, of_resource
from policies.exemptions import EXEMPTIONS
from policies.model import Violation

Report = Callable[..., None]
"""Takes a message, and the URN of the resource that it is about."""


class Options(Protocol):
    """What Pulumi tells of a resource's options."""

    protect: bool


class Given(Protocol):
    """A resource of a policy pack: of ResourceValidationArgs and of PolicyResource what is read here."""

    resource_type: str
    props: Mapping[str, Any]
    urn: str
    name: str
    opts: Options


def resource_of(given: Given, references: Mapping[str, tuple[str, ...]] | None = None) -> Resource:
    """With the types of its parents from the URN; what is not known yet in a preview is simply not there."""
    types = given.urn.split("::")[2].removeprefix("pulumi:pulumi:Stack$").split("$")
    return Resource(
        type=given.resource_type,
        name=given.name,
        parent="",
        inputs=dict(given.props),
        protect=bool(given.opts.protect),
        within="$".join(types[:-1]),
        references=references or {},
    )


def stack_of(urn: str) -> str:
    """The stack's name, the third part of a URN."""
    return urn.split(":")[2]


def check_resource(given: Given, report: Report, today: date) -> None:
    """What is wrong with one resource, and not exempt."""
    resource = resource_of(given)
    for violation in of_resource(resource):
        if not _exempt(violation, stack_of(given.urn), today):
            report(f"{violation.rule}: {violation.message}")


def check_stack(given: Iterable[Any], report: Report, today: date) -> None:
    """What is wrong between resources, and not exempt. given: PolicyResource of the whole stack."""
    resources = list(given)
    if not resources:
        return
    urns: dict[str, str] = {}
    graph = Graph(stack=stack_of(resources[0].urn))
    for each in resources:
        refers = {
            name: tuple(sorted({resource_of(other).key for other in others}))
            for name, others in each.property_dependencies.items()
        }
        resource = resource_of(each, refers)
        urns[resource.key] = each.urn
        graph.resources.append(resource)
    between = {rule.id for rule in GRAPH_RULES}
    for violation in evaluate(graph, today).failed:
        if violation.rule in between:
            report(f"{violation.rule}: {violation.message}", urns[violation.resource.key])


def _exempt(violation: Violation, stack: str, today: date) -> bool:
    return any(each.covers(violation, stack) and today <= each.expires for each in EXEMPTIONS)


def described() -> str:
    """How many rules there are, for the pack's own description."""
    return f"{len(RULES)} rules over resources, {len(GRAPH_RULES)} over the whole stack: docs/policies.md"
