"""Callers whom the hub hands over reach the gateway's private endpoint, and nothing else."""

import copy
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any, Final

import pytest

from infra.config import Settings, load
from infra.config_errors import ConfigError
from infra.security_rules import security_rules
from infra.stack_file import raw_settings
from infra.traffic import GATEWAY_GROUP, more_flows
from policies.network import destinations, sources
from tests.infra.flows import EVERY
from tests.infra.packets import Packet, Place, stopped
from tests.infra.recording import Graph, record, stack_file
from tests.infra.scenarios import HUB, NAMESPACE

CALLERS: Final = ["10.200.0.0/16", "172.20.4.0/24"]


def config(**hub: Any) -> dict[str, Any]:
    """Production's stack file, with a hub."""
    found = stack_file("prod")
    network = copy.deepcopy(found[f"{NAMESPACE}network"])
    network["hub"] = {"virtualNetworkId": HUB, "callers": CALLERS, **hub}
    return {**found, f"{NAMESPACE}network": network}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(raw_settings(config()), "prod")


@pytest.fixture(scope="module")
def graph() -> Graph:
    return record("prod", config())


class Wires:
    """Production's security groups, and the places that packets of callers go between."""

    def __init__(self, settings: Settings) -> None:
        plan, pods = settings.network.plan(), settings.kubernetes
        self.groups = {
            subnet.key: security_rules(
                subnet.key,
                plan,
                settings.azure.location,
                settings.callers,
                pods.pod_range if pods else None,
                more_flows(settings),
            )
            for subnet in plan.subnets
        }
        inside = frozenset({"VirtualNetwork"})
        self.subnets = {
            subnet.key: Place(subnet.key, subnet.key, int(subnet.range[-2]), inside)
            for subnet in plan.subnets
        }
        self.gateway = replace(self.subnets["private-endpoints"], groups=frozenset({GATEWAY_GROUP}))

    def stopped(self, caller: str, target: Place, protocol: str, port: int) -> str:
        source = Place(caller, "", int(IPv4Network(caller)[7]), frozenset({"VirtualNetwork"}))
        return stopped(self.groups, Packet(source, target, protocol, port))


@pytest.mark.parametrize("caller", CALLERS)
def test_a_caller_reaches_the_gateway_by_443_alone(settings: Settings, caller: str) -> None:
    wires = Wires(settings)
    passing = {(p, port) for p, port in EVERY if not wires.stopped(caller, wires.gateway, p, port)}
    assert passing == {("Tcp", 443)}


@pytest.mark.parametrize("caller", CALLERS)
def test_a_caller_reaches_no_other_endpoint_and_no_machine(settings: Settings, caller: str) -> None:
    wires = Wires(settings)
    for target in wires.subnets.values():
        for protocol, port in EVERY:
            assert wires.stopped(caller, target, protocol, port), f"{target.name} {protocol} {port}"


def test_whoever_is_not_listed_is_stopped(settings: Settings) -> None:
    wires = Wires(settings)
    assert wires.stopped("10.201.0.0/16", wires.gateway, "Tcp", 443)


def test_the_endpoint_of_the_gateway_is_the_groups_only_member(graph: Graph) -> None:
    (group,) = graph.all("network:ApplicationSecurityGroup")
    members = [
        one for one in graph.all("network:PrivateEndpoint") if "applicationSecurityGroups" in one.inputs
    ]
    assert [one.name for one in members] == ["gateway-endpoint"]
    assert members[0].inputs["applicationSecurityGroups"] == [{"id": f"id of {group.name}"}]
    rules = graph.one("network:NetworkSecurityGroup", "network-private-endpoints-nsg").inputs["securityRules"]
    (rule,) = [one for one in rules if one["name"] == "allow-from-hub-callers"]
    assert sources(rule) == tuple(CALLERS)
    assert destinations(rule) == (f"id of {group.name}",)
    assert "destinationAddressPrefix" not in rule and "destinationAddressPrefixes" not in rule


def test_without_callers_nothing_of_it_is_made() -> None:
    graph = record("prod", config(callers=[]))
    assert not graph.all("network:ApplicationSecurityGroup")
    assert "hub-callers" not in str([group.inputs for group in graph.all("network:NetworkSecurityGroup")])


@pytest.mark.parametrize(
    ("callers", "setting", "advice"),
    [
        (["203.0.113.0/24"], "network.hub.callers[0]", "use a private range"),
        (["10.30.0.0/16"], "network.hub.callers[0]", "it overlaps network.addressSpace"),
        (["10.200.0.0/16", "10.200.3.0/24"], "network.hub.callers[1]", "it overlaps network.hub.callers[0]"),
        (["10.200.0.1/16"], "network.hub.callers[0]", "did you mean 10.200.0.0/16?"),
    ],
)
def test_wrong_callers_are_named(callers: list[str], setting: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(raw_settings(config(callers=callers)), "prod")
    (problem,) = [str(one) for one in refused.value.problems]
    assert problem.startswith(f"{setting} is ") and advice in problem


def test_callers_need_a_gateway() -> None:
    found = {key: value for key, value in config().items() if key != f"{NAMESPACE}gateway"}
    with pytest.raises(ConfigError, match="there is no gateway that they could call"):
        load(raw_settings(found), "prod")


def test_a_public_gateway_is_called_by_no_hub() -> None:
    found = stack_file("stage")
    hub = {"virtualNetworkId": HUB, "callers": CALLERS}
    found[f"{NAMESPACE}network"] = {**found[f"{NAMESPACE}network"], "hub": hub}
    with pytest.raises(ConfigError, match="this gateway is public"):
        load(raw_settings(found), "stage")
