"""What holds for every estate that settings can ask for: a thousand of them, a few through the program."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network
from itertools import combinations, product
from typing import Any, Final

import pytest
from hypothesis import Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from infra.addresses import SUBNETS
from infra.alerts import METRICS, QUERIES
from infra.config import Settings, load
from infra.config_errors import ConfigError
from infra.data_lake import LAKE
from infra.naming import KINDS, Names
from infra.private_link import LINKS, zones_of
from infra.regions import REGIONS
from infra.roles import CLUSTER_IDENTITIES, FUNCTION, GATEWAY, GRANTS, IDENTITIES
from infra.security_rules import Rule, security_rules
from infra.traffic import more_flows
from tests.infra import flows, generated
from tests.infra.flows import NEEDS, NEVER, OUTSIDE, Need
from tests.infra.packets import Packet, Place, stopped
from tests.infra.recording import Graph, record
from tests.infra.settings import settings_of

SETTINGS: Final = 1000
FEW: Final = (("Tcp", 443), ("Tcp", 22), ("Udp", 123))

# names

_SUBNETS: Final = tuple(kind.key for kind in SUBNETS)
_LINKS: Final = tuple(link.key for link in LINKS)
QUALIFIERS: Final[dict[str, tuple[str, ...]]] = {
    "subnet": _SUBNETS,
    "shared_subnet": _SUBNETS,
    "security_group": _SUBNETS,
    "application_group": ("gateway",),
    "public_ip": ("outbound",),
    "private_endpoint": _LINKS,
    "network_interface": _LINKS,
    "blob_container": ("data", *(container.key for container in LAKE)),
    "identity": (*IDENTITIES, *CLUSTER_IDENTITIES),
    "datastore": ("estate_data", *(container.datastore for container in LAKE)),
    "compute_cluster": ("cpu", "a" * 12),
    "federated_credential": ("scoring",),
    "data_collection_rule": ("kubernetes",),
    "action_group": ("people",),
    "system_topic": ("lake", "workspace"),
    "alert": tuple(alert.key for alert in (*QUERIES, *METRICS)),
}
"""What tells several resources of a kind apart, from the tables; the longest of what settings may choose."""


def test_names_are_legal_for_every_type_in_every_region() -> None:
    """The longest project and environment, and the shortest; `Names.of` refuses what Azure would."""
    assert set(QUALIFIERS) == {kind for kind, rule in KINDS.items() if "{qualifier}" in rule.template}
    for region, project, environment in product(REGIONS.values(), ("ab", "a" * 8), ("ab", "a" * 5)):
        names = Names("0a7c1e5d-0000-4000-8000-00000000000a", project, environment, region.short)
        for kind in KINDS:
            made = [names.of(kind, qualifier) for qualifier in QUALIFIERS.get(kind, ("",))]
            assert len(set(made)) == len(made), kind


# what holds for a thousand settings


def ranges_are_disjoint_and_inside(settings: Settings) -> Iterator[str]:
    plan = settings.network.plan()
    for one, other in combinations(plan.subnets, 2):
        if one.range.overlaps(other.range):
            yield f"{one.key} overlaps {other.key}"
    for subnet in plan.subnets:
        if not subnet.range.subnet_of(plan.space):
            yield f"{subnet.key} lies outside"
    if settings.kubernetes:
        ranges = (plan.space, settings.kubernetes.pod_range, settings.kubernetes.service_range)
        if any(one.overlaps(other) for one, other in combinations(ranges, 2)):
            yield "the cluster's own ranges hide the network's"


def names_are_legal(settings: Settings) -> Iterator[str]:
    names = settings.names()
    for kind in KINDS:
        for qualifier in QUALIFIERS.get(kind, ("",)) if kind != "compute_cluster" else settings.clusters:
            if not names.of(kind, qualifier):  # it refuses, by an error, what Azure would
                yield kind


NEEDED_GROUPS: Final[dict[str, set[str]]] = {
    "workspace": {"amlworkspace"},
    "storage": {"blob", "file", "queue", "table"},
    "dataLake": {"blob", "dfs"},
    "keyVault": {"vault"},
    "learningVault": {"vault"},
    "registry": {"registry"},
}
"""What has a public name, and the groups of it that somebody inside asks for."""


def what_is_private_has_its_endpoints(settings: Settings) -> Iterator[str]:
    """In a private estate all that is there; else the workspace, and what the settings name."""
    links = settings.private_links
    found = {service: {link.group for link in links if link.service == service} for service in NEEDED_GROUPS}
    there = set(NEEDED_GROUPS) - (set() if settings.data_lake else {"dataLake"})
    asked = there if settings.private else there & {"workspace", *settings.private_link.services}
    for service, groups in NEEDED_GROUPS.items():
        if found[service] != (groups if service in asked else set()):
            yield f"{service} has endpoints for {sorted(found[service])}"
    others = {link.service for link in links} - set(NEEDED_GROUPS)
    wanted = {"gateway"} if settings.gateway and settings.private else set[str]()
    if settings.private and settings.releases and settings.releases.group_id:
        wanted |= {"releases", "releaseVault"}
    if settings.private and settings.starts_trainings:
        wanted |= {"triggers", "triggerStorage"}
    if settings.private and settings.scoring_function:
        wanted |= {"scoringFunction", "scoringFunctionStorage"}
    if settings.predictions_database:
        wanted |= {"predictions"}
    if others != wanted | ({"monitor"} if settings.private_link.monitor else set()):
        yield f"endpoints for {sorted(others)}"
    for link in links:
        if not link.zones or not set(link.zones) <= set(zones_of(links)):
            yield f"{link.key} has no zone"
    if len(links) >= 2 ** (32 - settings.network.subnets["privateEndpoints"].prefixlen) - 5 - 10:
        yield "the subnet of the endpoints is full"  # they have up to eleven addresses more than endpoints


def identities_have_a_use(settings: Settings) -> Iterator[str]:
    """Each has a role on something that this estate has."""
    there = {*IDENTITIES, *(CLUSTER_IDENTITIES if settings.kubernetes else ())}
    there |= {GATEWAY} if settings.gateway else set()
    there |= {FUNCTION} if settings.scoring_function else set()
    missing = {"kubernetes"} if not settings.kubernetes else set[str]()
    missing |= {"lake"} if not settings.data_lake else set()
    for principal in there:
        scopes = {grant.scope for grant in GRANTS if grant.principal == principal}
        if not {scope for scope in scopes if scope.partition("-")[0] not in missing}:
            yield f"{principal} may do nothing"


# who reaches whom


class Wires:
    """The security groups of one estate, and the places that packets go between."""

    def __init__(self, settings: Settings) -> None:
        plan = settings.network.plan()
        region = settings.region.tag or settings.azure.location
        pods = settings.kubernetes.pod_range if settings.kubernetes else None
        more = more_flows(settings)
        self.groups: dict[str, list[Rule]] = {
            subnet.key: sorted(
                security_rules(subnet.key, plan, settings.azure.location, settings.callers, pods, more),
                key=lambda rule: rule.priority,
            )
            for subnet in plan.subnets
        }
        inside = frozenset({"VirtualNetwork"})
        self.places = {
            subnet.key: (
                Place(subnet.key, subnet.key, int(subnet.range[4]), inside),
                Place(subnet.key, subnet.key, int(subnet.range[-2]), inside),
            )
            for subnet in plan.subnets
        }
        if pods:
            nodes = flows.NODES
            self.places[flows.PODS] = tuple(Place(flows.PODS, nodes, int(pods[at])) for at in (4, -2))
        for name, tags in OUTSIDE.items():
            place = Place(name, tags=frozenset(tag.format(region=region) for tag in tags))
            self.places[name] = (place, place)

    def end(self, need: Need) -> Iterator[tuple[Packet, str]]:
        """Each packet of a row, from one end of a range to the other end of the other, and where it ends."""
        if need.source in self.places and need.target in self.places:
            source, target = self.places[need.source][0], self.places[need.target][1]
            for protocol, port in need.ports:
                packet = Packet(source, target, protocol, port)
                yield packet, stopped(self.groups, packet)


def security_groups_let_through_what_is_needed(settings: Settings) -> Iterator[str]:
    """And stop the worst. Of a row with every packet three will do here."""
    wires = Wires(settings)
    lookups = settings.predictions_database is not None
    for needs, passing in ((NEEDS, True), (NEVER, False), (flows.PREDICTIONS, lookups)):
        for need in needs:
            few = replace(need, ports=FEW) if need.ports is flows.EVERY else need
            for packet, where in wires.end(few):
                if passing and where:
                    yield f"{packet} ({need.why}) is stopped {where}"
                elif not passing and not where:
                    yield f"{packet} passes, but {need.why}"


CHECKS: Final[tuple[Callable[[Settings], Iterator[str]], ...]] = (
    ranges_are_disjoint_and_inside,
    names_are_legal,
    what_is_private_has_its_endpoints,
    identities_have_a_use,
    security_groups_let_through_what_is_needed,
)


@examples(max_examples=SETTINGS, phases=(Phase.generate,))
@given(generated.settings())
def test_what_holds_for_any_settings(raw: dict[str, Any]) -> None:
    settings = load(raw, raw["environment"])
    found = [f"{check.__name__}: {problem}" for check in CHECKS for problem in check(settings)]
    assert not found, "\n".join(found)


@cache
def _covered() -> frozenset[tuple[str, str, str, int]]:
    """What rows of NEEDS let pass: those themselves, and each place that lies in a wider one."""
    found: set[tuple[str, str, str, int]] = set()
    for need in NEEDS:
        narrow = {need.target} | {
            name for name, tags in OUTSIDE.items() if OUTSIDE.get(need.target, ("",))[0] in tags
        }
        found |= {(need.source, target, *port) for target in narrow for port in need.ports}
    return frozenset(found)


@pytest.mark.parametrize("stack", ["stage", "prod"])
def test_whatever_no_row_says_is_stopped(stack: str) -> None:
    """Both ways between all subnets, pods and places outside, on every port of flows.EVERY."""
    wires = Wires(settings_of(stack))
    inside = [name for name in wires.places if name not in OUTSIDE]
    pairs = [*product(inside, wires.places), *product(OUTSIDE, inside)]
    wrong = [
        str(packet)
        for source, target in pairs
        for packet, where in wires.end(Need(source, target, "", flows.EVERY))
        if bool(where) is ((source, target, packet.protocol, packet.port) in _covered())
    ]
    assert not wrong


def test_the_worst_is_in_no_row() -> None:
    worst = {(need.source, need.target, *port) for need in NEVER for port in need.ports}
    assert not worst & _covered()


def test_a_rule_that_is_left_out_is_missed() -> None:
    """Without any rule of production a packet of NEEDS is stopped, or one of NEVER passes.

    But for ways out of a subnet that reaches the whole internet: its narrower rules only say why.
    """
    wires = Wires(settings_of("prod"))
    wide = {need.source for need in NEEDS if need.target == flows.INTERNET}
    for key, rules in list(wires.groups.items()):
        for rule in rules:
            wires.groups[key] = [one for one in rules if one is not rule]
            met = not any(where for need in NEEDS for _, where in wires.end(need))
            safe = all(where for need in NEVER for _, where in wires.end(need))
            if met and safe:
                assert (rule.direction, rule.access) == ("Outbound", "Allow") and key in wide, rule.name
        wires.groups[key] = rules


# wrong settings

LINE: Final = re.compile(r"[A-Za-z][\w.:\[\]-]* (?:is not set|is .+?): .+")


def _first(settings: dict[str, Any], name: str) -> IPv4Network:
    return IPv4Network(settings["network"]["subnets"][name])


def _set(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(raw: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        holder = raw
        for key in parents:
            holder = holder.setdefault(key, {})
        holder[last] = value

    return change


def _overlap(raw: dict[str, Any]) -> None:
    raw["network"]["subnets"]["inference"] = raw["network"]["subnets"]["training"]


def _outside(raw: dict[str, Any]) -> None:
    raw["network"]["subnets"]["inference"] = "10.77.0.0/28"


def _small(raw: dict[str, Any]) -> None:
    raw["network"]["subnets"]["training"] = f"{_first(raw, 'training').network_address}/28"
    raw["compute"]["maxNodes"] = 1
    raw.pop("moreClusters", None)


def _missing(raw: dict[str, Any]) -> None:
    del raw["network"]["subnets"]["privateEndpoints"]


# what is done to right settings -> the setting that is named
BREAKS: Final[dict[str, tuple[Callable[[dict[str, Any]], None], str]]] = {
    "overlap": (_overlap, "network.subnets.inference"),
    "outside": (_outside, "network.subnets.inference"),
    "too small": (_small, "network.subnets.training"),
    "missing": (_missing, "network.subnets.privateEndpoints"),
    "taken": (_set("network.addressSpace", "172.17.0.0/16"), "network.addressSpace"),
    "public": (_set("network.addressSpace", "20.0.0.0/16"), "network.addressSpace"),
    "no way out": (_set("outbound", {"mode": "none"}), "outbound.mode"),
    "unknown": (_set("storage.colour", "blue"), "storage.colour"),
    "a region": (_set("azure.location", "moon"), "azure-native:location"),
    "project": (_set("project", "much-too-long"), "project"),
    "nodes": (_set("compute.maxNodes", 0), "compute.maxNodes"),
    "a retired size": (_set("compute.vmSize", "Standard_DS3_v2"), "compute.vmSize"),
    "days": (_set("keyVault.retentionDays", 1), "keyVault.retentionDays"),
    "namespace": (_set("storage.hierarchicalNamespace", True), "storage.hierarchicalNamespace"),
    "a service twice": (_set("privateLink.services", ["registry"] * 2), "privateLink.services"),
    "the whole internet": (
        _set("networkAccess", {"mode": "allowlist", "allowedRanges": ["0.0.0.0/0"]}),
        "networkAccess.allowedRanges[0]",
    ),
    "two at once": (_set("compute", {"vmSize": "big", "maxNodes": 1}), "compute.vmSize"),
}


@examples(max_examples=100, phases=(Phase.generate,))
@given(generated.settings(), st.sampled_from(sorted(BREAKS)))
def test_wrong_settings_are_one_error_of_one_line_each(raw: dict[str, Any], kind: str) -> None:
    change, named = BREAKS[kind]
    change(raw)
    with pytest.raises(ConfigError) as refusal:
        load(raw, raw["environment"])
    lines = [str(problem) for problem in refusal.value.problems]
    assert any(line.startswith(f"{named} is ") for line in lines), lines
    assert len(set(lines)) == len(lines)
    assert str(refusal.value).splitlines()[1:] == [f"  - {line}" for line in lines]
    for problem, line in zip(refusal.value.problems, lines, strict=True):
        assert LINE.fullmatch(line), line
        assert problem.advice and "\n" not in line


# a few through the program


def config_of(raw: dict[str, Any]) -> dict[str, Any]:
    """As the stack file has it."""
    azure = {f"azure-native:{key}": value for key, value in raw["azure"].items()}
    return azure | {f"mlops-estate:{key}": value for key, value in raw.items() if key != "azure"}


def shut(graph: Graph) -> set[str]:
    """Ids of what answers nobody by its public name."""
    return {
        f"id of {r.name}"
        for r in graph.custom
        if "Disabled"
        in (r.inputs.get("publicNetworkAccess"), r.inputs.get("properties", {}).get("publicNetworkAccess"))
    }


@examples(max_examples=2, phases=(Phase.generate,))
@given(generated.settings())
def test_the_program_keeps_it(raw: dict[str, Any]) -> None:
    graph = record(raw["environment"], config_of(raw))
    # What is shut is reached by an endpoint, whose names stand in zones that are linked to the network.
    reached: set[str] = set()
    zones = {link.inputs["privateZoneName"] for link in graph.all("privatedns:VirtualNetworkLink")}
    made = {f"id of {z.name}": z.inputs["privateZoneName"] for z in graph.all("privatedns:PrivateZone")}
    groups = {g.inputs["privateEndpointName"]: g for g in graph.all("network:PrivateDnsZoneGroup")}
    for endpoint in graph.all("network:PrivateEndpoint"):
        (connection,) = endpoint.inputs["privateLinkServiceConnections"]
        reached.add(connection["privateLinkServiceId"])
        configs = groups[endpoint.inputs["privateEndpointName"]].inputs["privateDnsZoneConfigs"]
        assert configs and {made[one["privateDnsZoneId"]] for one in configs} <= zones
    assert shut(graph) - reached <= {"id of gateway"}  # its door shuts once the endpoint is there
    # Each identity is given to something, or told to who deploys the containers.
    for identity in graph.all("managedidentity:UserAssignedIdentity"):
        mark = f"id of {identity.name}"
        users = [
            r for r in graph.custom if r.token != "authorization:RoleAssignment" and mark in str(r.inputs)
        ]
        assert users or mark in graph.outputs.values(), identity.name
    grantees = {r.inputs["principalId"] for r in graph.all("authorization:RoleAssignment")}
    for identity in graph.all("managedidentity:UserAssignedIdentity"):
        assert f"principal of {identity.name}" in grantees
