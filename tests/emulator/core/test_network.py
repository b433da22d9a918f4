"""Networks: subnets inside, apart, readable both ways, and kept while something uses them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import GROUP, LOCATION, Client

NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/net"


def vnet(*subnets: tuple[str, str], space: str = "10.0.0.0/16", **more: Any) -> dict[str, Any]:
    return {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": [space]},
            **(
                {"subnets": [{"name": n, "properties": {"addressPrefix": p, **more}} for n, p in subnets]}
                if subnets
                else {}
            ),
        },
    }


def subnet(prefix: str, **more: Any) -> dict[str, Any]:
    return {"properties": {"addressPrefix": prefix, **more}}


def names(client: Client) -> list[str]:
    return [one["name"] for one in client.ok("GET", VNET)["properties"]["subnets"]]


def test_subnets_inline_and_alone_are_the_same(client: Client) -> None:
    client.group()
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24")))
    assert client.ok("GET", f"{VNET}/subnets/a")["properties"]["addressPrefix"] == "10.0.0.0/24"
    client.ok("PUT", f"{VNET}/subnets/b", subnet("10.0.1.0/24"))
    assert names(client) == ["a", "b"]
    client.ok("PUT", VNET, vnet())  # a body without subnets leaves them
    assert names(client) == ["a", "b"]
    client.ok("PUT", VNET, vnet(("b", "10.0.1.0/24"), ("c", "10.0.2.0/24")))
    assert names(client) == ["b", "c"]
    client.ok("DELETE", f"{VNET}/subnets/b")
    assert names(client) == ["c"]


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.1.0.0/24", "NetcfgInvalidSubnet"),
        ("10.0.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.1.0/30", "NetcfgInvalidSubnet"),
        ("10.0.1.1/24", "InvalidCIDRNotation"),
    ],
)
def test_subnets_lie_inside_and_apart(client: Client, prefix: str, code: str) -> None:
    client.group()
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24")))
    assert client.refused("PUT", f"{VNET}/subnets/b", subnet(prefix))[:2] == (400, code)
    assert names(client) == ["a"]


def test_a_refused_inline_subnet_leaves_nothing_behind(client: Client) -> None:
    client.group()
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24")))
    body = vnet(("b", "10.0.1.0/24"), ("c", "10.0.1.0/25"))
    assert client.refused("PUT", VNET, body)[1] == "NetcfgSubnetRangesOverlap"
    assert names(client) == ["a"]


def test_an_address_space_cannot_shrink_below_its_subnets(client: Client) -> None:
    client.group()
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24")))
    assert client.refused("PUT", VNET, vnet(space="10.1.0.0/16"))[1] == "InUsePrefixCannotBeDeleted"


def test_what_is_in_use_stays_until_its_user_goes(client: Client) -> None:
    client.group()
    guard = f"{NETWORK}/networkSecurityGroups/guard"
    client.ok("PUT", guard, {"location": LOCATION, "properties": {}})
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24"), networkSecurityGroup={"id": guard}))
    status, code, message = client.refused("DELETE", guard)
    assert (status, code) == (400, "InUseNetworkSecurityGroupCannotBeDeleted")
    assert f"{VNET}/subnets/a" in message
    client.ok("DELETE", GROUP)  # all of it goes together


def test_rules_have_their_own_priorities(client: Client) -> None:
    client.group()
    guard = f"{NETWORK}/networkSecurityGroups/guard"
    rule = {
        "protocol": "*",
        "access": "Deny",
        "direction": "Inbound",
        "priority": 200,
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
    }
    made = client.ok(
        "PUT",
        guard,
        {"location": LOCATION, "properties": {"securityRules": [{"name": "one", "properties": rule}]}},
    )
    assert len(made["properties"]["defaultSecurityRules"]) == 6
    two = f"{guard}/securityRules/two"
    assert client.refused("PUT", two, {"properties": rule})[1] == "SecurityRuleConflict"
    assert (
        client.refused("PUT", two, {"properties": {**rule, "priority": 99}})[1]
        == "SecurityRuleInvalidPriority"
    )
    client.ok("PUT", two, {"properties": {**rule, "direction": "Outbound"}})


def test_nat_gateways_take_standard_addresses(client: Client) -> None:
    client.group()
    address = f"{NETWORK}/publicIPAddresses/out"
    body = {
        "location": LOCATION,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Dynamic"},
    }
    assert client.refused("PUT", address, body)[1] == "PublicIPAndSkuNotCompatible"
    body["properties"] = {"publicIPAllocationMethod": "Static"}
    first = client.ok("PUT", address, body)["properties"]["ipAddress"]
    assert client.ok("PUT", address, body)["properties"]["ipAddress"] == first
    nat = f"{NETWORK}/natGateways/nat"
    properties = {"publicIpAddresses": [{"id": address}]}
    client.ok("PUT", nat, {"location": LOCATION, "sku": {"name": "Standard"}, "properties": properties})
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24"), natGateway={"id": nat}))
    assert client.ok("GET", nat)["properties"]["subnets"] == [{"id": f"{VNET}/subnets/a"}]
    assert client.refused("DELETE", address)[1] == "PublicIPAddressCannotBeDeleted"


@pytest.mark.parametrize(
    ("kind", "lists"), [("privateDnsZones", ["ALL"]), ("dnsZones", ["all", "recordsets"])]
)
def test_all_records_of_a_zone(client: Client, kind: str, lists: list[str]) -> None:
    client.group()
    zone = f"{NETWORK}/{kind}/corp.internal"
    client.ok("PUT", zone, {"location": "global"})
    client.ok("PUT", f"{zone}/A/db", {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.0.0.9"}]}})
    client.ok("PUT", f"{zone}/TXT/note", {"properties": {"ttl": 60, "txtRecords": [{"value": ["x"]}]}})
    for name in lists:
        found = client.ok("GET", f"{zone}/{name}")["value"]
        assert [one["name"] for one in found] == ["db", "note"]
        assert len(client.ok("GET", f"{zone}/{name}?$top=1")["value"]) == 1
    assert client.refused("GET", f"{NETWORK}/{kind}/none/{lists[0]}")[0] == 404


def test_a_service_endpoint_policy_is_kept_while_a_subnet_has_it(client: Client) -> None:
    client.group()
    policy = f"{NETWORK}/serviceEndpointPolicies/sep"
    definition = {"service": "Microsoft.Storage", "serviceResources": [GROUP]}
    body = {"serviceEndpointPolicyDefinitions": [{"name": "estate", "properties": definition}]}
    client.ok("PUT", policy, {"location": LOCATION, "properties": body})
    shown = client.ok("GET", policy)["properties"]["serviceEndpointPolicyDefinitions"]
    assert [one["properties"]["serviceResources"] for one in shown] == [[GROUP]]
    more = {
        "serviceEndpointPolicies": [{"id": policy}],
        "serviceEndpoints": [{"service": "Microsoft.Storage"}],
    }
    client.ok("PUT", VNET, vnet(("a", "10.0.0.0/24"), **more))
    answer = client.refused("DELETE", policy)
    assert answer[:2] == (400, "InUseServiceEndpointPolicyCannotBeDeleted")
    client.ok("DELETE", VNET)
    client.ok("DELETE", policy)


def test_a_groups_rules_change_their_places_in_one_request(client: Client) -> None:
    """As a program does that puts a rule before others."""
    group = f"{client.group()}/providers/Microsoft.Network/networkSecurityGroups/moved"

    def body(*names: str, step: int = 10) -> dict[str, Any]:
        common = {
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": "*",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": "443",
        }
        rules = [
            {"name": name, "properties": {**common, "priority": 100 + step * index}}
            for index, name in enumerate(names)
        ]
        return {"location": "westeurope", "properties": {"securityRules": rules}}

    client.ok("PUT", group, body("first", "second"))
    client.ok("PUT", group, body("new", "first", "second"))
    client.ok("PUT", group, body("second", "new"))
    held = client.ok("GET", group)["properties"]["securityRules"]
    assert {one["name"]: one["properties"]["priority"] for one in held} == {"second": 100, "new": 110}
    assert client.refused("PUT", group, body("one", "two", step=0))[1] == "SecurityRuleConflict"
    rule = {"properties": body("other")["properties"]["securityRules"][0]["properties"]}
    assert client.refused("PUT", f"{group}/securityRules/other", rule)[1] == "SecurityRuleConflict"
