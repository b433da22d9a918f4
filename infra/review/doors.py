"""Doors that a change opens: public endpoints, firewalls, allow-lists, security rules, addresses, roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from infra.graph.model import Graph, Resource
from infra.review.compare import ABSENT, Change, Difference, flattened
from infra.review.markdown import code
from policies.network import destinations, everybody, ports, sources
from policies.roles import role_name

ROLE: Final = "authorization:RoleAssignment"
FEDERATED: Final = "managedidentity:FederatedIdentityCredential"
ADDRESS: Final = "network:PublicIPAddress"
PEERING: Final = "network:VirtualNetworkPeering"
GROUP: Final = "network:NetworkSecurityGroup"
RULE: Final = "network:SecurityRule"

# The last name of a path; what it has to become to open something; what that means.
SWITCHES: Final[tuple[tuple[str, tuple[Any, ...], str], ...]] = (
    ("publicNetworkAccess", ("Enabled", "enabled"), "its public endpoint answers"),
    ("publicNetworkAccessForIngestion", ("Enabled",), "everybody can send to it"),
    ("publicNetworkAccessForQuery", ("Enabled",), "it can be read from everywhere"),
    ("defaultAction", ("Allow",), "its firewall lets everybody through"),
    ("allowBlobPublicAccess", (True,), "containers may be made public"),
    ("publicAccess", ("Blob", "Container"), "everybody reads it without signing in"),
    ("allowSharedKeyAccess", (True,), "whoever has an account key has everything"),
    ("adminUserEnabled", (True,), "one password opens it"),
    ("anonymousPullEnabled", (True,), "everybody pulls from it without signing in"),
    ("disableLocalAuth", (False,), "keys open it again"),
    ("disableLocalAccounts", (False,), "certificates of administrators open it again"),
    ("enablePrivateCluster", (False,), "its API server has a public address"),
    ("enableNodePublicIp", (True,), "its nodes have public addresses"),
    ("enableNodePublicIP", (True,), "its nodes have public addresses"),
    ("remoteLoginPortPublicAccess", ("Enabled",), "SSH of its nodes is open"),
    ("subscriptionRequired", (False,), "it answers without a key"),
    ("isSftpEnabled", (True,), "SFTP answers"),
    ("isLocalUserEnabled", (True,), "local users sign in with passwords"),
    ("defaultOutboundAccess", (True,), "it gets a way out that nobody watches"),
    ("enablePrivateClusterPublicFQDN", (True,), "its API server has a public name"),
)
# Lists of those that are let in, by a part of their path, and who that is.
LISTS: Final = {
    "ipRules": "the range",
    "authorizedIPRanges": "the range",
    "ipAllowlist": "the range",
    "virtualNetworkRules": "the subnet",
    "resourceAccessRules": "the resource",
}
NARROWER: Final = ("access", "direction", "protocol", "priority")


@dataclass(frozen=True, slots=True)
class Door:
    """One door. path: the input that opens it."""

    resource: Resource
    text: str
    path: str = ""


def doors(change: Change, head: Graph) -> Iterator[Door]:
    """What a change opens that was not open before."""
    after = change.after
    if after is None or not after.custom:
        return
    called = f"{code(after.name)} ({after.kind})"
    inputs = tuple(flattened(after.inputs)) if change.before is None else change.differences
    for each in inputs:
        for text in _switched(each):
            yield Door(after, f"{called}: {code(each.path)} becomes {code(each.after)}: {text}.", each.path)
        if who := _let_in(each):
            yield Door(after, f"{called} lets in {who}.", each.path)
    if after.token in (GROUP, RULE):
        for text in _rules(change):
            yield Door(after, text, "securityRules")
    elif after.token == ROLE and change.action in ("added", "replaced") and taken_from(change) is None:
        yield Door(after, f"{principal(after)} becomes **{role(after)}** on {scope(after)}.")
    elif after.token == FEDERATED and (change.action in ("added", "replaced") or change.differences):
        of = target(after, "resourceName")
        yield Door(after, f"{code(after.inputs.get('subject', ''))} may sign in as {of}.")
    elif after.token == ADDRESS and change.action == "added":
        holders = sorted(
            r.name for r in head.custom if any(after.key in keys for keys in r.references.values())
        )
        of = ", ".join(code(holder) for holder in holders) or "nothing that is in the graph"
        yield Door(after, f"{called} is a new public address; it belongs to {of}.")
    elif after.token == PEERING and change.action in ("added", "replaced"):
        yield Door(after, f"{called}: another network can reach this one.")


def _switched(difference: Difference) -> Iterator[str]:
    last = difference.path.rpartition(".")[2]
    for name, opened, meaning in SWITCHES:
        opens = any(difference.after == word and type(difference.after) is type(word) for word in opened)
        if last == name and opens and difference.before not in opened:
            yield meaning


def _let_in(difference: Difference) -> str:
    for part, who in LISTS.items():
        if f"{part}[" not in difference.path or difference.before is not ABSENT:
            continue
        inside = difference.path.partition(f"{part}[")[2].partition("]")[0]
        value = difference.after
        if isinstance(value, str) and not inside:
            inside = value
        if isinstance(value, dict) or difference.path.endswith("]") or _names_it(difference):
            return f"{who} {code(inside)}"
    return ""


def _names_it(difference: Difference) -> bool:
    """Of a new item's inputs, the one that the item is called after: each item is told once."""
    return isinstance(difference.after, str) and f"[{difference.after}]" in difference.path


def rules_by_name(resource: Resource | None) -> dict[str, dict[str, Any]]:
    if resource is None:
        return {}
    if resource.token == RULE:
        return {resource.name: resource.inputs}
    found = resource.inputs.get("securityRules") or []
    return {str(rule.get("name")): rule for rule in found if isinstance(rule, dict)}


def said(rule: dict[str, Any]) -> str:
    """A security rule in a line."""
    protocol = "" if rule.get("protocol") in ("*", None) else f"{rule['protocol']} "
    where = "every port" if "*" in ports(rule) else f"{protocol}{', '.join(ports(rule))}"
    return f"{rule.get('access')} {' , '.join(sources(rule))} → {', '.join(destinations(rule))} {where}"


def _rules(change: Change) -> Iterator[str]:
    before, after = rules_by_name(change.before), rules_by_name(change.after)
    if change.after is None:
        return
    called = code(change.after.name)
    for name, rule in after.items():
        old = before.get(name)
        if rule.get("access") == "Allow" and _wider(old, rule):
            way = "in" if rule.get("direction") == "Inbound" else "out"
            far = sources(rule) if way == "in" else destinations(rule)
            loud = " **everybody**" if any(everybody(place) for place in far) else ""
            verb = "lets" if old is None else "now lets"
            yield f"{called}: rule {code(name)} {verb} {way}{loud} {code(said(rule).removeprefix('Allow '))}."
        elif old is not None and old.get("access") == "Deny" and rule.get("priority") != old.get("priority"):
            place = code(rule.get("priority"))
            yield f"{called}: rule {code(name)}, which denies, moves to priority {place}."
    for name, old in before.items():
        if name not in after and old.get("access") == "Deny":
            denied = code(said(old).removeprefix("Deny "))
            yield f"{called}: rule {code(name)}, which denied {denied}, is gone."


def _wider(old: dict[str, Any] | None, new: dict[str, Any]) -> bool:
    """Whether a rule lets something pass that it did not let pass; a range for another counts as wider."""
    if old is None or old.get("access") != "Allow" or old.get("direction") != new.get("direction"):
        return True
    if old.get("protocol") != new.get("protocol") and old.get("protocol") != "*":
        return True
    pairs = ((sources, "*"), (destinations, "*"), (ports, "*"))
    return any(set(read(new)) - set(read(old)) and every not in read(old) for read, every in pairs)


# roles


def role(resource: Resource) -> str:
    found = role_name(resource.inputs.get("roleDefinitionId"))
    return found.rpartition("/")[2]


def principal(resource: Resource) -> str:
    """The identity; of somebody outside of the graph the name that the plan of roles has for it."""
    if not resource.references.get("principalId"):
        slug = role(resource).lower().replace(" ", "-")
        called, on, _ = resource.name.partition(f"-{slug}-on-")
        if on:
            return code(called)
    return target(resource, "principalId")


def successors(changes: Iterable[Change]) -> Iterator[Door]:
    """Somebody else under the same name, a group for another: once, with all the roles that go over."""
    found: dict[tuple[str, str, str], list[Resource]] = {}
    for change in changes:
        if change.after is not None and (before := taken_from(change)) is not None:
            after = change.after
            found.setdefault((principal(after), _id(before), _id(after)), []).append(after)
    for (called, old, new), roles in found.items():
        first = roles[0]
        what = (
            f"the role **{role(first)}** on {scope(first)}" if len(roles) == 1 else f"**{len(roles)} roles**"
        )
        yield Door(first, f"{new} takes the place of {old} as {called}, with {what}.", "principalId")


def taken_from(change: Change) -> Resource | None:
    """The assignment before, where this one is somebody else's whom the plan of roles calls the same."""
    before, after = change.before, change.after
    if before is None or after is None or after.token != ROLE:
        return None
    if principal(before) != principal(after) or _id(before) == _id(after):
        return None
    if scope(before) != scope(after):  # what goes over is what there was; this is more, and told by itself
        return None
    return before


def _id(resource: Resource) -> str:
    """The object id of whoever has the role."""
    return code(str(resource.inputs.get("principalId", "")))


def who_exactly(change: Change, resource: Resource) -> str:
    """Whoever has the role, with the object id where the name alone is two people's."""
    return principal(resource) if taken_from(change) is None else f"{principal(resource)} {_id(resource)}"


def scope(resource: Resource) -> str:
    return target(resource, "scope")


def target(resource: Resource, name: str) -> str:
    """What an input refers to, by its logical name; the value itself when it refers to nothing."""
    refers = [key.rpartition("::")[2] for key in resource.references.get(name, ())]
    if refers:
        return ", ".join(code(each) for each in refers)
    return code(str(resource.inputs.get(name, "")))
