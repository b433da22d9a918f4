"""What changes between machines: ranges, ways out, security rules, endpoints, names, allow-lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from infra.graph.model import Resource
from infra.review.compare import ABSENT, Change
from infra.review.doors import GROUP, RULE, rules_by_name, said, target
from infra.review.markdown import code
from policies.estate import groups_of

MODULES: Final = ("network:", "privatedns:")
FIREWALLS: Final = (
    "networkRuleSet",
    "networkAcls",
    "publicNetworkAccess",
    "authorizedIPRanges",
    "subnet",
    "vnet",
)
Row = tuple[str, str, str]
"""What, before, after: cells of Markdown."""


def rows(changes: tuple[Change, ...]) -> Iterator[Row]:
    """A row for each change of the network; what only has another tag or description is none."""
    for change in changes:
        resource = change.resource
        if change.action == "kept" or not resource.custom:
            continue
        if resource.token in (GROUP, RULE):
            yield from _rules(change)
        elif resource.token.startswith(MODULES):
            yield from _part(change)
        else:
            yield from _firewall(change)


def _rules(change: Change) -> Iterator[Row]:
    before, after = rules_by_name(change.before), rules_by_name(change.after)
    for name in sorted({*before, *after}):
        old = code(said(before[name])) if name in before else "-"
        new = code(said(after[name])) if name in after else "-"
        if old != new or _place(before.get(name)) != _place(after.get(name)):
            yield f"{code(change.resource.name)} rule {code(name)}", old, new


def _place(rule: dict[str, Any] | None) -> tuple[Any, Any]:
    return (rule.get("priority"), rule.get("direction")) if rule else (None, None)


def _part(change: Change) -> Iterator[Row]:
    called = f"{change.resource.kind} {code(change.resource.name)}"
    if change.before is None or change.after is None:
        yield called, _short(change.before), _short(change.after)
        return
    for each in change.differences:
        if not each.path.startswith("tags"):
            yield f"{called} {code(each.path)}", _cell(each.before), _cell(each.after)


def _short(resource: Resource | None) -> str:
    """A part of the network in some words."""
    if resource is None:
        return "-"
    match resource.kind:
        case "PrivateEndpoint":
            to = target(resource, "privateLinkServiceConnections")
            if waiting := resource.inputs.get("manualPrivateLinkServiceConnections"):
                asked = (code(str(one.get("privateLinkServiceId"))) for one in waiting)
                to = f"{', '.join(asked)} (its owner approves)"
            return f"to {to}, {', '.join(code(group) for group in groups_of(resource))}"
        case "Subnet":
            return code(resource.inputs.get("addressPrefix") or resource.inputs.get("addressPrefixes") or "")
        case "PrivateZone":
            return code(resource.inputs.get("privateZoneName", ""))
        case "VirtualNetworkLink":
            return f"from {target(resource, 'virtualNetwork')}"
        case _:
            return "there"


def _firewall(change: Change) -> Iterator[Row]:
    called = f"{change.resource.kind} {code(change.resource.name)}"
    for each in change.differences:
        if any(part in each.path for part in FIREWALLS):
            yield f"{called} {code(each.path)}", _cell(each.before), _cell(each.after)


def _cell(value: Any) -> str:
    if value is ABSENT:
        return "-"
    return "there" if isinstance(value, dict | list) else code(value)
