"""Private endpoints, zones and links: who reaches a service that is not public, and what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emulator.http import Request, Response
from emulator.identity.directory import ENGINEERS, SIGNED_IN
from emulator.places import OUTSIDE, Place
from tests.emulator.core.conftest import GROUP, SUBSCRIPTION, Client
from tests.emulator.network import private
from tests.emulator.network.private import ACCOUNT, INSIDE, LINKS, NETWORK, REGISTRY, RULES, VAULT, VNET

HERE = Place(INSIDE)
GROUPS = {ACCOUNT: "blob", VAULT: "vault", REGISTRY: "registry"}


def why(client: Client, service: str, place: Place = HERE) -> str:
    denied = client.emulator.reach.denied(place, service, GROUPS[service])
    return f"{denied.kind}: {denied.why}" if denied else ""


def grant(client: Client, name: str, role: str) -> None:
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    client.ok(
        "PUT",
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{name}",
        {"properties": {"roleDefinitionId": definition, "principalId": ENGINEERS}},
    )


def ask(client: Client, host: str, path: str, audience: str, place: Place) -> Response:
    token, _ = client.emulator.identity.tokens.issue(SIGNED_IN, audience)
    headers = {"authorization": f"Bearer {token}", "x-ms-version": "2025-01-05"}
    query = {"api-version": "7.4", "comp": "list"} if "blob" in host else {"api-version": "7.4"}
    return client.emulator.answer(Request("GET", host, path, path, query, headers, place=place))


def blobs(client: Client, place: Place) -> Response:
    return ask(client, "stprivate.blob.core.windows.net", "/", "https://storage.azure.com", place)


def secrets(client: Client, place: Place) -> Response:
    return ask(client, "kv-private.vault.azure.net", "/secrets", "https://vault.azure.net", place)


def test_from_outside_a_private_estate_is_shut_in_azures_words(client: Client) -> None:
    grant(client, "5f0e7a52-0000-4000-8000-000000000001", "ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    grant(client, "5f0e7a52-0000-4000-8000-000000000002", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7")
    for service in (ACCOUNT, VAULT):
        private.connect(client, service)
    assert (blobs(client, HERE).status, secrets(client, HERE).status) == (200, 200)
    refused = blobs(client, OUTSIDE)
    assert (refused.status, refused.headers["x-ms-error-code"]) == (403, "AuthorizationFailure")
    assert b"This request is not authorized to perform this operation." in refused.body
    refused = secrets(client, OUTSIDE)
    error = json.loads(refused.body)["error"]
    assert (refused.status, error["code"], error["innererror"]["code"]) == (
        403,
        "Forbidden",
        "ForbiddenByConnection",
    )
    assert error["message"].startswith(
        "Public network access is disabled and request is not from a trusted service nor via an approved "
        "private link.\r\nCaller: appid="
    )


def test_a_registry_says_whom_it_does_not_let_in(client: Client) -> None:
    private.connect(client, REGISTRY)
    asked = Request("GET", "crprivate.azurecr.io", "/v2/", "/v2/")
    assert client.emulator.answer(replace(asked, place=HERE)).status == 401  # let in, and without a token
    refused = client.emulator.answer(asked)
    error = json.loads(refused.body)["errors"][0]
    words = f"client with IP '{OUTSIDE.address}' is not allowed access. Refer https://aka.ms/acr/firewall"
    assert (refused.status, error["code"]) == (403, "DENIED") and error["message"].startswith(words)


def test_a_firewall_lets_its_ranges_in(client: Client) -> None:
    grant(client, "5f0e7a52-0000-4000-8000-000000000002", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7")
    acls = {"defaultAction": "Deny", "bypass": "AzureServices", "ipRules": [{"value": "198.51.100.0/24"}]}
    client.ok("PUT", VAULT, private.vault(publicNetworkAccess="Enabled", networkAcls=acls))
    assert secrets(client, Place(address="198.51.100.7")).status == 200
    refused = secrets(client, OUTSIDE)
    error = json.loads(refused.body)["error"]
    assert (refused.status, error["innererror"]["code"]) == (403, "ForbiddenByFirewall")
    words = "Client address is not authorized and caller is not a trusted service.\r\nClient address: "
    assert error["message"].startswith(f"{words}{OUTSIDE.address}\r\nCaller: appid=")


def test_a_subnet_comes_in_by_its_service_endpoint_or_by_what_leads_out_of_it(client: Client) -> None:
    acls = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": INSIDE}]}
    endpoints = [{"service": "Microsoft.Storage"}]
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", serviceEndpoints=endpoints))
    client.ok("PUT", ACCOUNT, private.account(publicNetworkAccess="Enabled", networkAcls=acls))
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24"))
    assert "no service endpoint Microsoft.Storage" in why(client, ACCOUNT)
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", serviceEndpoints=endpoints))
    assert why(client, ACCOUNT) == ""
    assert why(client, ACCOUNT, Place(private.ENDPOINTS)).startswith("firewall: ")

    address, gateway = f"{NETWORK}/publicIPAddresses/pip", f"{NETWORK}/natGateways/nat"
    standard = {"location": "westeurope", "sku": {"name": "Standard"}}
    seen = client.ok("PUT", address, standard)["properties"]["ipAddress"]
    client.ok("PUT", gateway, {**standard, "properties": {"publicIpAddresses": [{"id": address}]}})
    rules = {"defaultAction": "Deny", "ipRules": [{"value": seen, "action": "Allow"}]}
    client.ok("PUT", REGISTRY, private.registry(publicNetworkAccess="Enabled", networkRuleSet=rules))
    assert why(client, REGISTRY).startswith("firewall: ")
    shut: dict[str, Any] = {"defaultOutboundAccess": False}
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", **shut))
    assert why(client, REGISTRY).startswith("lost: the subnet ci-runners has no way out")
    routes, service = f"{NETWORK}/routeTables/to-firewall", "Microsoft.ContainerInstance/containerGroups"
    client.ok("PUT", routes, {"location": "westeurope"})
    shut["routeTable"] = {"id": routes}
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", **shut))
    assert why(client, REGISTRY).startswith("firewall: ")
    shut["delegations"] = [{"name": "groups", "properties": {"serviceName": service}}]
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", **shut))
    assert why(client, REGISTRY) == "lost: the subnet ci-runners has no way out: no NAT gateway"
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", natGateway={"id": gateway}, **shut))
    assert why(client, REGISTRY) == ""


def test_an_endpoint_has_an_interface_with_addresses_and_its_zone_group_writes_records(
    client: Client,
) -> None:
    private.connect(client, REGISTRY)
    made = client.ok("GET", private.endpoint_of(REGISTRY))["properties"]
    interface = client.ok("GET", made["networkInterfaces"][0]["id"])["properties"]
    assert [one["properties"]["privateIPAddress"] for one in interface["ipConfigurations"]] == [
        "10.0.2.4",
        "10.0.2.5",
    ]
    names = {one["fqdn"]: one["ipAddresses"] for one in made["customDnsConfigs"]}
    assert names == {
        "crprivate.azurecr.io": ["10.0.2.4"],
        "crprivate.westeurope.data.azurecr.io": ["10.0.2.5"],
    }
    record = client.ok("GET", f"{private.zone_of(REGISTRY)}/A/crprivate.westeurope.data")["properties"]
    assert record["aRecords"] == [{"ipv4Address": "10.0.2.5"}]
    assert client.ok("GET", REGISTRY)["name"] == "crprivate"
    client.ok("DELETE", private.endpoint_of(REGISTRY))
    assert client("GET", made["networkInterfaces"][0]["id"]).status == 404
    assert client("GET", f"{private.zone_of(REGISTRY)}/A/crprivate").status == 404


def without_approval(client: Client, service: str) -> None:
    body = private.endpoint(service)["properties"]
    body["manualPrivateLinkServiceConnections"] = body.pop("privateLinkServiceConnections")
    client.ok("DELETE", private.endpoint_of(service))
    client.ok("PUT", private.endpoint_of(service), {"location": "westeurope", "properties": body})
    client.ok("PUT", private.zone_group_of(service), private.zone_group(service))


def without_rule(client: Client, service: str) -> None:
    rule = {
        "priority": 100,
        "direction": "Outbound",
        "access": "Deny",
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "443",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "10.0.2.0/24",
    }
    client.ok("PUT", f"{RULES}/securityRules/shut", {"properties": rule})


def removed(of: Callable[[str], str]) -> Callable[[Client, str], None]:
    return lambda client, service: client.ok("DELETE", of(service))


def record_of(service: str) -> str:
    return f"{private.zone_of(service)}/A/{service.rsplit('/', 1)[-1]}"


@pytest.mark.parametrize("service", LINKS)
@pytest.mark.parametrize(
    ("remove", "kind", "named"),
    [
        (
            removed(private.endpoint_of),
            "connection",
            "no private endpoint of the group '{group}' leads to {service}",
        ),
        (without_approval, "connection", "the connection of private endpoint {endpoint} is not approved"),
        (
            removed(private.link_of),
            "connection",
            "no private DNS zone {zone} is linked to the virtual network",
        ),
        (removed(record_of), "lost", "has no A record '{name}' (a zone group of {endpoint} writes it)"),
        (removed(private.zone_group_of), "lost", "has no A record '{name}' (a zone group of {endpoint}"),
        (without_rule, "lost", f"the rule 'shut' of {RULES} stops ci-runners on its way to 10.0.2."),
    ],
)
def test_each_part_of_a_private_path_is_named_where_it_is_missing(
    client: Client, service: str, remove: Callable[[Client, str], None], kind: str, named: str
) -> None:
    private.connect(client, service)
    assert why(client, service) == ""
    remove(client, service)
    group, zone = LINKS[service]
    words = named.format(
        group=group,
        zone=zone,
        service=service,
        endpoint=private.endpoint_of(service),
        name=service.rsplit("/", 1)[-1],
    )
    found = why(client, service)
    assert found.startswith(f"{kind}: ") and words in found


def test_another_network_sees_an_endpoint_when_it_is_linked_and_peered(client: Client) -> None:
    private.connect(client, VAULT)
    other = f"{NETWORK}/virtualNetworks/other"
    space = {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}
    client.ok("PUT", other, {"location": "westeurope", "properties": space})
    client.ok("PUT", f"{other}/subnets/apps", private.subnet("10.1.0.0/24"))
    there = Place(f"{other}/subnets/apps")
    assert "is linked to the virtual network" in why(client, VAULT, there)
    link = {"location": "global", "properties": {"virtualNetwork": {"id": other}}}
    client.ok("PUT", f"{private.zone_of(VAULT)}/virtualNetworkLinks/other", link)
    assert why(client, VAULT, there).endswith(f"is in {VNET}, which {other} is not peered with")
    for one, remote in ((VNET, other), (other, VNET)):
        peering = {"properties": {"remoteVirtualNetwork": {"id": remote}}}
        client.ok("PUT", f"{one}/virtualNetworkPeerings/peer", peering)
    assert why(client, VAULT, there) == ""


def test_a_network_has_one_zone_of_a_name(client: Client) -> None:
    private.connect(client, VAULT)
    twin = private.zone_of(VAULT).replace(GROUP, f"{GROUP}-b")
    client.ok("PUT", f"{GROUP}-b", {"location": "westeurope"})
    client.ok("PUT", twin, {"location": "global"})
    link = {"location": "global", "properties": {"virtualNetwork": {"id": VNET}}}
    name = LINKS[VAULT][1]
    assert client.refused("PUT", f"{twin}/virtualNetworkLinks/vnet", link) == (
        400,
        "BadRequest",
        "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link "
        f"virtual network with '{name}' and '{name}' zones.",
    )


def test_what_is_in_use_stays(client: Client) -> None:
    private.connect(client, VAULT)
    status, code, words = client.refused("DELETE", private.ENDPOINTS)
    assert (status, code) == (400, "InUseSubnetCannotBeDeleted")
    assert words.startswith(f"Subnet private-endpoints is in use by {private.endpoint_of(VAULT)} and cannot")
    status, code, words = client.refused("DELETE", private.zone_of(VAULT))
    assert (status, code) == (409, "CannotDeleteResource")
    nested = f"'Microsoft.Network/privateDnsZones/{LINKS[VAULT][1]}/virtualNetworkLinks/vnet'"
    assert f"Some existing nested resource IDs include: {nested}. Please delete" in words
    interface = client.ok("GET", private.endpoint_of(VAULT))["properties"]["networkInterfaces"][0]["id"]
    assert client("DELETE", interface).status == 400
    client.ok("DELETE", private.link_of(VAULT))
    client.ok("DELETE", private.zone_of(VAULT))
    client.ok("DELETE", GROUP)


def test_a_service_endpoint_policy_keeps_a_subnet_to_the_accounts_that_it_names(client: Client) -> None:
    policy = f"{NETWORK}/serviceEndpointPolicies/own"
    client.ok("PUT", policy, {"location": "westeurope"})
    rule = {"service": "Microsoft.Storage", "serviceResources": [f"{GROUP}-b"]}
    everything = {"service": "Global", "serviceResources": ["/services/Azure/MachineLearning"]}
    client.ok("PUT", f"{GROUP}-b", {"location": "westeurope"})
    client.ok("PUT", f"{policy}/serviceEndpointPolicyDefinitions/data", {"properties": rule})
    client.ok("PUT", f"{policy}/serviceEndpointPolicyDefinitions/more", {"properties": everything})
    given = {"serviceEndpoints": [{"service": f"Microsoft.{name}"} for name in ("Storage", "KeyVault")]}
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", **given))
    acls = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": INSIDE}]}
    client.ok("PUT", ACCOUNT, private.account(publicNetworkAccess="Enabled", networkAcls=acls))
    client.ok("PUT", VAULT, private.vault(publicNetworkAccess="Enabled", networkAcls=acls))
    client.ok("PUT", INSIDE, private.subnet("10.0.1.0/24", **given, serviceEndpointPolicies=[{"id": policy}]))
    assert why(client, ACCOUNT).startswith(
        f"lost: the service endpoint policy {policy} of ci-runners does not"
    )
    rule["serviceResources"] = [ACCOUNT]
    client.ok("PUT", f"{policy}/serviceEndpointPolicyDefinitions/data", {"properties": rule})
    assert why(client, ACCOUNT) == ""


def test_the_owner_of_a_service_approves_and_rejects_connections(client: Client) -> None:
    private.connect(client, ACCOUNT)
    without_approval(client, ACCOUNT)
    name = private.endpoint_of(ACCOUNT).rsplit("/", 1)[-1]
    connection = f"{ACCOUNT}/privateEndpointConnections/{name}"
    (shown,) = client.ok("GET", ACCOUNT)["properties"]["privateEndpointConnections"]
    assert shown["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    assert client.ok("GET", f"{ACCOUNT}/privateEndpointConnections")["value"] == [shown]
    for status, reached in (("Approved", True), ("Rejected", False), ("Approved", True)):
        state = {"privateLinkServiceConnectionState": {"status": status, "description": "as agreed"}}
        made = client.ok("PUT", connection, {"properties": state})["properties"]
        assert made["privateLinkServiceConnectionState"]["status"] == status
        assert (why(client, ACCOUNT) == "") is reached
    state = {"privateLinkServiceConnectionState": {"status": "Perhaps"}}
    assert client.refused("PUT", connection, {"properties": state})[1] == "InvalidRequestContent"
    client.ok("DELETE", connection)
    assert "is not approved" in why(client, ACCOUNT)
    other = Client(client.emulator, client.identity("nobody"))
    assert other.refused("PUT", connection, {"properties": state})[:2] == (403, "AuthorizationFailed")


def test_who_may_not_approve_connections_of_a_service_asks_its_owner(client: Client) -> None:
    """An automatic connection takes that right; a manual one is made without, and waits."""
    deploys = client.identity("deploys")
    network_contributor = "4d97b98b-1d4f-4787-a291-c67834d212e7"
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{network_contributor}"
    assigned = (
        f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/0c1f3d5a-0000-4000-8000-0000000000d1"
    )
    properties = {"principalId": deploys.object_id, "roleDefinitionId": role}
    client.ok("PUT", assigned, {"properties": properties})
    other, path, body = (
        Client(client.emulator, deploys),
        private.endpoint_of(ACCOUNT),
        private.endpoint(ACCOUNT),
    )
    status, code, message = other.refused("PUT", path, body)
    assert (status, code) == (403, "LinkedAuthorizationFailed")
    assert f"'PrivateEndpointConnectionsApproval/action' on the linked scope(s) '{ACCOUNT}'" in message
    manual = "manualPrivateLinkServiceConnections"
    body["properties"][manual] = body["properties"].pop("privateLinkServiceConnections")
    for _ in range(2):  # a second time it is as it was
        (waiting,) = other.ok("PUT", path, body)["properties"][manual]
        assert waiting["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"


def test_a_rule_may_name_a_group_of_endpoints_instead_of_an_address(client: Client) -> None:
    """Into the endpoints' subnet only what is in the application security group is let."""
    for service in (VAULT, ACCOUNT):
        private.connect(client, service)
    group = f"{NETWORK}/applicationSecurityGroups/callable"
    client.ok("PUT", group, {"location": "westeurope"})
    shared = {"direction": "Inbound", "protocol": "Tcp", "sourcePortRange": "*", "sourceAddressPrefix": "*"}
    allow = {
        **shared,
        "priority": 100,
        "access": "Allow",
        "destinationPortRange": "443",
        "destinationApplicationSecurityGroups": [{"id": group}],
    }
    deny = {
        **shared,
        "priority": 110,
        "access": "Deny",
        "destinationPortRange": "*",
        "destinationAddressPrefix": "*",
    }
    rules = [{"name": name, "properties": rule} for name, rule in (("callers", allow), ("rest", deny))]
    guard = f"{NETWORK}/networkSecurityGroups/endpoints"
    client.ok("PUT", guard, {"location": "westeurope", "properties": {"securityRules": rules}})
    own = client.ok("GET", private.ENDPOINTS)["properties"]
    own |= {"networkSecurityGroup": {"id": guard}, "privateEndpointNetworkPolicies": "Enabled"}
    client.ok("PUT", private.ENDPOINTS, {"properties": own})
    assert "the rule 'rest'" in why(client, VAULT) and "the rule 'rest'" in why(client, ACCOUNT)
    body = private.endpoint(VAULT)
    body["properties"]["applicationSecurityGroups"] = [{"id": group}]
    client.ok("PUT", private.endpoint_of(VAULT), body)
    assert why(client, VAULT) == ""
    assert "the rule 'rest'" in why(client, ACCOUNT)
    assert client.refused("DELETE", group)[0] == 400
