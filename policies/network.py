"""Networks: a security group for each subnet, no rule that opens more than it says, no stray address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any, Final

from infra.graph.model import Resource
from policies.model import Row, Rule, absent_or, equals, given, read, secure

SUBNET: Final = "network:Subnet"
GROUP: Final = "network:NetworkSecurityGroup"
RULE: Final = "network:SecurityRule"
LOWEST: Final = 4096
ANYBODY: Final = ("*", "0.0.0.0/0", "::/0", "Internet", "Any", "")
WIDEST_PUBLIC_PREFIX: Final = 16  # a range of callers is no wider, as infra/config_types.py has it
MANAGEMENT_PORTS: Final = ((22, "SSH"), (3389, "RDP"))


def rules_of(resource: Resource) -> list[dict[str, Any]]:
    """The security rules that a group holds, or the one that a rule of its own is."""
    if resource.token == RULE:
        return [resource.inputs]
    found = resource.inputs.get("securityRules", [])
    return [rule for rule in found if isinstance(rule, dict)] if isinstance(found, list) else []


def both(rule: dict[str, Any], one: str, several: str) -> tuple[str, ...]:
    """ARM has one property for a single value and another for several; "*" when neither is there."""
    found = rule.get(several) or ([rule[one]] if rule.get(one) else [])
    return tuple(str(each) for each in found) or ("*",)


def _end(rule: dict[str, Any], end: str) -> tuple[str, ...]:
    """Ranges and tags, or the application security groups that are named instead."""
    groups = rule.get(f"{end}ApplicationSecurityGroups")
    if isinstance(groups, list) and groups:
        return tuple(str(one.get("id")) if isinstance(one, dict) else str(one) for one in groups)
    return both(rule, f"{end}AddressPrefix", f"{end}AddressPrefixes")


def sources(rule: dict[str, Any]) -> tuple[str, ...]:
    return _end(rule, "source")


def destinations(rule: dict[str, Any]) -> tuple[str, ...]:
    return _end(rule, "destination")


def ports(rule: dict[str, Any]) -> tuple[str, ...]:
    return both(rule, "destinationPortRange", "destinationPortRanges")


def everybody(place: str) -> bool:
    """Whether a far side is the internet, or so wide a public range that it nearly is."""
    if place in ANYBODY:
        return True
    try:
        given_range = ipaddress.ip_network(place, strict=False)
    except ValueError:
        return False  # a service tag
    return not given_range.is_private and given_range.prefixlen < WIDEST_PUBLIC_PREFIX


def includes(spans: tuple[str, ...], port: int) -> bool:
    for span in spans:
        first, _, last = span.partition("-")
        if span == "*" or (first.isdigit() and int(first) <= port <= int(last or first)):
            return True
    return False


def _allowed(resource: Resource, direction: str) -> Iterator[dict[str, Any]]:
    for rule in rules_of(resource):
        if rule.get("access") != "Deny" and rule.get("direction") in (direction, None):
            yield rule


def _open_inbound(resource: Resource) -> Iterator[str]:
    for rule in _allowed(resource, "Inbound"):
        wide = [place for place in sources(rule) if everybody(place)]
        if wide:
            yield f"rule {rule.get('name')!r} lets {', '.join(wide)} in to port {', '.join(ports(rule))}"


def _open_outbound(resource: Resource) -> Iterator[str]:
    for rule in _allowed(resource, "Outbound"):
        wide = [place for place in destinations(rule) if everybody(place)]
        if wide and "*" in ports(rule):
            yield f"rule {rule.get('name')!r} lets everything out to {', '.join(wide)}"


def _from_elsewhere(resource: Resource) -> Iterator[dict[str, Any]]:
    """Within a subnet everything may pass, and Azure's own probes come from no machine of anybody."""
    for rule in _allowed(resource, "Inbound"):
        if sources(rule) not in (destinations(rule), ("AzureLoadBalancer",)):
            yield rule


def _all_ports(resource: Resource) -> Iterator[str]:
    for rule in _from_elsewhere(resource):
        if "*" in ports(rule):
            yield f"rule {rule.get('name')!r} opens every port to {', '.join(sources(rule))}"
    for rule in _allowed(resource, "Outbound"):
        if "*" in ports(rule) and sources(rule) != destinations(rule):
            yield f"rule {rule.get('name')!r} lets every port out to {', '.join(destinations(rule))}"


def _own_side(resource: Resource) -> Iterator[str]:
    """A group may be given to another subnet one day: what it opened then is what it says."""
    for rule in rules_of(resource):
        own = destinations(rule) if rule.get("direction") == "Inbound" else sources(rule)
        if rule.get("access") == "Allow" and "*" in own:
            yield f"rule {rule.get('name')!r} does not name the range of its own side"


def _management(resource: Resource) -> Iterator[str]:
    for rule in _from_elsewhere(resource):
        for port, name in MANAGEMENT_PORTS:
            if includes(ports(rule), port):
                yield f"rule {rule.get('name')!r} opens {name} (port {port}) to {', '.join(sources(rule))}"


def _complete(resource: Resource) -> Iterator[str]:
    for rule in rules_of(resource):
        for name in ("direction", "access", "protocol", "priority"):
            if not rule.get(name):
                yield f"rule {rule.get('name')!r} does not say its {name}"
        if rule.get("access") not in ("Allow", "Deny", None):
            yield f"rule {rule.get('name')!r} has access {rule.get('access')!r}: it is Allow or Deny"


def _one_meaning(resource: Resource) -> Iterator[str]:
    """Two rules of a direction with one priority: Azure refuses them."""
    seen: set[tuple[Any, Any]] = set()
    for rule in rules_of(resource):
        place = (rule.get("direction"), rule.get("priority"))
        if place in seen:
            yield f"two {place[0]} rules have priority {place[1]}"
        seen.add(place)


def _denies_the_rest(resource: Resource) -> Iterator[str]:
    """Azure's defaults let the whole virtual network in and everything out."""
    for direction in ("Inbound", "Outbound"):
        last = [
            rule
            for rule in rules_of(resource)
            if rule.get("direction") == direction
            and rule.get("access") == "Deny"
            and "*" in sources(rule)
            and "*" in destinations(rule)
            and "*" in ports(rule)
            and both(rule, "sourcePortRange", "sourcePortRanges") == ("*",)
            and rule.get("protocol") == "*"
        ]
        allowed = [rule.get("priority", 0) for rule in _allowed(resource, direction)]
        if not last:
            yield f"no {direction.lower()} rule denies what the others do not allow"
        elif min(rule.get("priority", 0) for rule in last) < max(allowed, default=0):
            yield f"the {direction.lower()} rule that denies the rest stands before some that allow"


def _no_lone_address(resource: Resource) -> Iterator[str]:
    if resource.inputs.get("publicIPAllocationMethod") != "Static":
        yield "publicIPAllocationMethod has to be 'Static': one that changes is allow-listed nowhere"
    if read(resource.inputs, "sku.name") != "Standard":
        yield "sku.name has to be 'Standard': a basic address is open until something closes it"


MANUAL: Final = "manualPrivateLinkServiceConnections"  # what others approve


def _connection(resource: Resource) -> Iterator[str]:
    connections = resource.inputs.get("privateLinkServiceConnections") or []
    waiting = resource.inputs.get(MANUAL) or []
    for connection in [*connections, *waiting]:
        if not connection.get("groupIds"):
            yield f"connection {connection.get('name')!r} names no part of the service (groupIds)"
        if not connection.get("privateLinkServiceId"):
            yield f"connection {connection.get('name')!r} leads nowhere (privateLinkServiceId)"
    for connection in waiting:
        if not connection.get("requestMessage"):
            yield f"connection {connection.get('name')!r} does not tell its owner what for (requestMessage)"
    if resource.references.get(MANUAL):
        yield "it waits for an approval of what is the estate's own: nobody is told to give it"
    if not connections and not waiting:
        yield "privateLinkServiceConnections is empty: it leads nowhere"


def _delegated(resource: Resource) -> Iterator[str]:
    delegations = resource.inputs.get("delegations")
    if isinstance(delegations, list) and len(delegations) > 1:
        yield "more than one delegation: services do not share a subnet"


NSG: Final = (GROUP, RULE)

RULES: Final = (
    *secure(
        SUBNET,
        Row(
            "subnet-security-group",
            "networkSecurityGroup.id",
            given(),
            ("CKV2_AZURE_31",),
            "without one everything in the network may talk to it",
        ),
        Row(
            "subnet-no-default-outbound",
            "defaultOutboundAccess",
            equals(False),
            (),
            "a way out is given where it is wanted, not everywhere",
        ),
        Row(
            "subnet-endpoint-policies",
            "privateEndpointNetworkPolicies",
            equals("Enabled"),
            (),
            "security groups and routes hold for private endpoints too",
        ),
        Row(
            "subnet-service-policies",
            "privateLinkServiceNetworkPolicies",
            equals("Enabled"),
            (),
            "security groups hold for private link services too",
        ),
    ),
    Rule("subnet-one-delegation", (SUBNET,), "services do not share a delegated subnet", (), _delegated),
    Rule(
        "nsg-no-open-inbound",
        NSG,
        "the internet is let in by nobody's mistake",
        ("CKV_AZURE_160", "CKV_AZURE_77"),
        _open_inbound,
    ),
    Rule(
        "nsg-no-management-ports",
        NSG,
        "nobody signs in to machines by SSH or RDP",
        ("CKV_AZURE_9", "CKV_AZURE_10"),
        _management,
    ),
    Rule("nsg-names-ports", NSG, "a rule from elsewhere says which ports it opens", (), _all_ports),
    Rule("nsg-names-its-side", NSG, "a rule says for which machines it is", (), _own_side),
    Rule("nsg-outbound-said", NSG, "everything to everywhere is how data leaves", (), _open_outbound),
    Rule("nsg-complete", NSG, "each part of a rule is said, not left to a default", (), _complete),
    Rule("nsg-priorities", NSG, "a priority is given once in each direction", (), _one_meaning),
    Rule(
        "nsg-denies-the-rest",
        (GROUP,),
        "Azure's own last rules let the whole network in and everything out",
        (),
        _denies_the_rest,
    ),
    Rule(
        "public-ip-standard",
        ("network:PublicIPAddress",),
        "standard addresses are closed until they are opened",
        (),
        _no_lone_address,
    ),
    Rule(
        "endpoint-leads-somewhere",
        ("network:PrivateEndpoint",),
        "an endpoint without target or part does nothing",
        (),
        _connection,
    ),
    *secure(
        "privatedns:VirtualNetworkLink",
        Row(
            "zone-no-registration",
            "registrationEnabled",
            equals(False),
            (),
            "machines must not write their names into a zone of private endpoints",
        ),
    ),
    *secure(
        "network:NatGateway",
        Row(
            "nat-standard",
            "sku.name",
            equals("Standard", "StandardV2"),
            (),
            "there is no other that is kept up",
        ),
    ),
    *secure(
        "network:RouteTable",
        Row(
            "routes-not-learned",
            "disableBgpRoutePropagation",
            equals(True),
            (),
            "routes learned from a hub must not lead around the firewall",
        ),
    ),
    *secure(
        "network:VirtualNetwork",
        Row(
            "network-subnets-apart",
            "subnets",
            absent_or([]),
            (),
            "subnets that stand in the network and alone overwrite each other",
        ),
    ),
)
