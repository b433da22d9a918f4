"""The rules of a subnet's network security group, from the tables in `traffic.py`."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final, Literal

from infra.addresses import AddressPlan
from infra.regions import REGIONS
from infra.traffic import (
    BETWEEN,
    CALLERS,
    RECEIVES,
    SENDS,
    Between,
    Direction,
    Flow,
    More,
    Outside,
    Ports,
    Protocol,
)

Allowed = Iterator[tuple[str, tuple[str, ...], Flow | Between, str]]
"""Name of the rule, far side, flow, and the group that is the near side ("" for the subnet's range)."""
NODES: Final = "kubernetes"
FIRST: Final = 100
STEP: Final = 10
LOWEST: Final = 4096  # the priority of "deny the rest"


@dataclass(frozen=True, slots=True)
class Rule:
    """One security rule. The far side is one address range or service tag, or several ranges.

    group: key of the application security group that is the destination; it has no ranges then.
    """

    name: str
    description: str
    priority: int
    direction: Direction
    access: Literal["Allow", "Deny"]
    protocol: Protocol
    source: tuple[str, ...]
    destination: tuple[str, ...]
    ports: Ports
    group: str = ""


def security_rules(
    key: str,
    plan: AddressPlan,
    location: str,
    callers: tuple[str, ...],
    pods: IPv4Network | None = None,
    more: tuple[More, ...] = (),
) -> tuple[Rule, ...]:
    """The rules of the subnet `key`, priorities from 100 in steps of 10, "deny the rest" last.

    callers: ranges that may reach the gateway; none means the virtual network alone.
    pods: the range of the Kubernetes cluster's pods, where there is one.
    more: flows of parts that this estate has (`traffic.more_flows`).
    """
    own = plan.range_of(key)
    if own is None:
        raise ValueError(f"the address plan has no subnet {key!r}")
    here = (str(own),)
    # Packets of pods pass the group of their nodes' subnet as they are, under addresses of the cluster's own.
    among = (*here, str(pods)) if key == NODES and pods else here
    rules: list[Rule] = []
    ways: tuple[tuple[Direction, Allowed], ...] = (
        ("Inbound", _received(key, plan, location, callers, more)),
        ("Outbound", _sent(key, plan, location, callers, more)),
    )
    for direction, allowed in ways:
        inbound = direction == "Inbound"
        for index, (name, far, flow, group) in enumerate(allowed):
            within = isinstance(flow, Between) and flow.source == flow.target
            near, there = (among, among) if within else (here, far)
            rules.append(
                Rule(
                    name=f"allow-{'from' if inbound else 'to'}-{name}",
                    description=flow.why,
                    priority=FIRST + STEP * index,
                    direction=direction,
                    access="Allow",
                    protocol=flow.protocol,
                    source=there if inbound else near,
                    destination=() if group else near if inbound else there,
                    ports=flow.ports,
                    group=group,
                )
            )
        rules.append(_deny_the_rest(direction))
    return tuple(rules)


def _received(
    key: str, plan: AddressPlan, location: str, callers: tuple[str, ...], more: tuple[More, ...]
) -> Allowed:
    rows = [row for row in _between(more) if row.target == key]
    for row in rows:
        if there := plan.range_of(row.source):
            several = sum(other.source == row.source for other in rows) > 1
            name = row.name if row.source == key else f"{row.source}-{row.name}" if several else row.source
            yield name, (str(there),), row, ""
    for flow in RECEIVES.get(key, ()):
        yield flow.name, _outside(flow, location, callers), flow, ""
    yield from _more_outside(key, "Inbound", location, callers, more)


def _sent(
    key: str, plan: AddressPlan, location: str, callers: tuple[str, ...], more: tuple[More, ...]
) -> Allowed:
    for row in _between(more):
        if row.source == key and (there := plan.range_of(row.target)):
            yield row.name, (str(there),), row, ""
    for flow in SENDS.get(key, ()):
        yield flow.name, _outside(flow, location, callers), flow, ""
    yield from _more_outside(key, "Outbound", location, callers, more)


def _between(more: tuple[More, ...]) -> tuple[Between, ...]:
    return (*BETWEEN, *(row for row in more if isinstance(row, Between)))


def _more_outside(
    key: str, direction: Direction, location: str, callers: tuple[str, ...], more: tuple[More, ...]
) -> Allowed:
    for row in more:
        if isinstance(row, Outside) and (row.key, row.direction) == (key, direction):
            far = row.ranges or _outside(row.flow, location, callers)
            yield row.flow.name, far, row.flow, row.group


def _outside(flow: Flow, location: str, callers: tuple[str, ...]) -> tuple[str, ...]:
    if flow.other == CALLERS:
        return callers or ("VirtualNetwork",)
    return (flow.other.replace("{region}", REGIONS[location].tag or location),)


def _deny_the_rest(direction: Direction) -> Rule:
    """The rule before Azure's defaults, which allow the whole virtual network in and the internet out."""
    why = "what infra/traffic.py does not allow"
    every = ("*",)
    name = f"deny-the-rest-{direction.lower()}"
    return Rule(name, why, LOWEST, direction, "Deny", "*", every, every, every)
