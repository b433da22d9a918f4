"""API Management: no service begins shut, and nothing names what is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import GROUP, LOCATION, Client

NETWORK = f"{GROUP}/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/net/subnets/out"
ENDPOINTS = f"{NETWORK}/virtualNetworks/net/subnets/in"
SERVICE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-test"


def body(**properties: Any) -> dict[str, Any]:
    return {
        "location": LOCATION,
        "sku": {"name": "StandardV2", "capacity": 1},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "publisherName": "mlops",
            "publisherEmail": "mlops@example.com",
            "virtualNetworkType": "External",
            "virtualNetworkConfiguration": {"subnetResourceId": SUBNET},
            **properties,
        },
    }


@pytest.fixture
def network(client: Client) -> Client:
    client.group()
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    client.ok("PUT", f"{NETWORK}/virtualNetworks/net", {"location": LOCATION, "properties": space})
    delegation = {"name": "delegation", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
    client.ok("PUT", SUBNET, {"properties": {"addressPrefix": "10.0.0.0/27", "delegations": [delegation]}})
    client.ok("PUT", ENDPOINTS, {"properties": {"addressPrefix": "10.0.1.0/27"}})
    return client


@pytest.fixture
def service(network: Client) -> Client:
    network.ok("PUT", SERVICE, body())
    return network


def xml(content: str, kind: str = "policies") -> dict[str, Any]:
    return {"properties": {"format": "xml", "value": f"<{kind}>{content}</{kind}>"}}


def why(client: Client, path: str, sent: dict[str, Any]) -> str:
    """The reason with which a body is refused."""
    response = client("PUT", path, sent)
    assert response.status == 400, response.body
    error = json.loads(response.body)["error"]
    assert error["code"] == "ValidationError"
    return error["details"][0]["message"]


def test_a_service_says_where_it_answers(service: Client) -> None:
    made = service.ok("GET", SERVICE)["properties"]
    assert made["gatewayUrl"] == "https://apim-test.azure-api.net"
    assert made["publicNetworkAccess"] == "Enabled"


def test_a_service_begins_open_and_is_shut_once_an_endpoint_leads_in(network: Client) -> None:
    refused = network.refused("PUT", SERVICE, body(publicNetworkAccess="Disabled"))
    assert refused[:2] == (400, "InvalidParameters")
    assert "is not enabled during service activation" in refused[2]
    network.ok("PUT", SERVICE, body(publicNetworkAccess="Enabled"))
    refused = network.refused("PUT", SERVICE, body(publicNetworkAccess="Disabled"))
    assert "at least one approved private endpoint" in refused[2]
    connection = {"privateLinkServiceId": SERVICE, "groupIds": ["Gateway"]}
    network.ok(
        "PUT",
        f"{NETWORK}/privateEndpoints/pep",
        {
            "location": LOCATION,
            "properties": {
                "subnet": {"id": ENDPOINTS},
                "privateLinkServiceConnections": [{"name": "gateway", "properties": connection}],
            },
        },
    )
    made = network.ok("PUT", SERVICE, body(publicNetworkAccess="Disabled"))["properties"]
    assert made["publicNetworkAccess"] == "Disabled"
    assert len(made["privateEndpointConnections"]) == 1


def test_its_way_out_is_a_subnet_delegated_for_it(network: Client) -> None:
    out = {"virtualNetworkConfiguration": {"subnetResourceId": ENDPOINTS}}
    assert "must be delegated to Microsoft.Web/serverFarms" in network.refused("PUT", SERVICE, body(**out))[2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<inbound>", "mismatched tag"),
        (
            '<inbound><set-variable name="a" value="{{absent}}" /></inbound>',
            "Cannot find a property 'absent'",
        ),
        (
            '<inbound><include-fragment fragment-id="absent" /></inbound>',
            "Policy fragment 'absent' could not be found.",
        ),
        (
            '<inbound><set-backend-service backend-id="absent" /></inbound>',
            "Backend with id 'absent' could not be found.",
        ),
    ],
)
def test_a_policy_names_only_what_is_there(service: Client, content: str, reason: str) -> None:
    assert reason in why(service, f"{SERVICE}/policies/policy", xml(content))


def test_a_policy_finds_what_it_names(service: Client) -> None:
    value = {"properties": {"displayName": "limit", "value": "5"}}
    service.ok("PUT", f"{SERVICE}/namedValues/limit", value)
    limit = '<rate-limit calls="{{limit}}" renewal-period="60" />'
    service.ok("PUT", f"{SERVICE}/policyFragments/who", xml(limit, "fragment"))
    service.ok(
        "PUT", f"{SERVICE}/backends/one", {"properties": {"url": "http://one.example", "protocol": "http"}}
    )
    named = '<include-fragment fragment-id="who" /><set-backend-service backend-id="one" />'
    service.ok("PUT", f"{SERVICE}/policies/policy", xml(f"<inbound>{named}</inbound>"))


def test_a_pool_names_backends_that_are_there_and_holds_them(service: Client) -> None:
    one, pool = f"{SERVICE}/backends/one", f"{SERVICE}/backends/pool"
    members = {"properties": {"type": "Pool", "pool": {"services": [{"id": one, "weight": 100}]}}}
    assert why(service, pool, members) == "Backend Entity 'one' not found."
    service.ok("PUT", one, {"properties": {"url": "http://one.example", "protocol": "http"}})
    service.ok("PUT", pool, members)
    assert service.refused("DELETE", one)[1] == "ValidationError"
    service.ok("DELETE", pool)
    service.ok("DELETE", one)


def test_a_named_value_of_a_vault_needs_the_secret_and_the_right(service: Client) -> None:
    identifier = "https://kv-absent.vault.azure.net/secrets/scoring-api-key"
    value = {
        "properties": {"displayName": "key", "secret": True, "keyVault": {"secretIdentifier": identifier}}
    }
    assert "not a secret of a Key Vault" in why(service, f"{SERVICE}/namedValues/key", value)
    vault = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-present"
    properties = {
        "tenantId": "9b3f2a60-1c4d-4e8a-8f57-2d6e0b1c7a01",
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
    }
    service.ok("PUT", vault, {"location": LOCATION, "properties": properties})
    value["properties"]["keyVault"]["secretIdentifier"] = identifier.replace("absent", "present")
    assert "has no right" in why(service, f"{SERVICE}/namedValues/key", value)
    who = service.ok("GET", SERVICE)["identity"]["principalId"]
    roles = f"{GROUP.rpartition('/resourceGroups/')[0]}/providers/Microsoft.Authorization/roleDefinitions"
    grant = {
        "principalId": who,
        "principalType": "ServicePrincipal",
        "roleDefinitionId": f"{roles}/4633458b-17de-408a-b874-0445c86b69e6",
    }
    name = "00000001-0000-4000-8000-000000000000"
    service.ok(
        "PUT", f"{vault}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": grant}
    )
    assert "scoring-api-key" in why(service, f"{SERVICE}/namedValues/key", value)
    service.ok("PUT", f"{vault}/secrets/scoring-api-key", {"properties": {"value": "of a test"}})
    for bypass, words in (("None", "not a trusted service"), ("AzureServices", "")):
        acls = {"defaultAction": "Deny", "bypass": bypass}
        guarded = {"location": LOCATION, "properties": {**properties, "networkAcls": acls}}
        service.ok("PUT", vault, guarded)
        if words:
            assert words in why(service, f"{SERVICE}/namedValues/key", value)
    service.ok("PUT", f"{SERVICE}/namedValues/key", value)
