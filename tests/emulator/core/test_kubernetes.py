"""Clusters: what one says of itself, and what its identity and its subnet need before."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import GROUP, LOCATION, SUBSCRIPTION, Client

NETWORK = f"{GROUP}/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/net/subnets/nodes"
ZONE = f"{NETWORK}/privateDnsZones/privatelink.westeurope.azmk8s.io"
NAT = f"{NETWORK}/natGateways/out"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
ZONE_CONTRIBUTOR = "b12aa53e-6015-4669-85d0-8515ebb3ae7f"
IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
REST = "-0000-4000-8000-000000000000"
NEEDED = {SUBNET: NETWORK_CONTRIBUTOR, ZONE: ZONE_CONTRIBUTOR, f"{IDENTITIES}/kubelet": IDENTITY_OPERATOR}


@pytest.fixture
def estate(client: Client) -> Client:
    client.group()
    sku = {"location": LOCATION, "sku": {"name": "Standard"}}
    client.ok("PUT", NAT, sku)
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    client.ok("PUT", f"{NETWORK}/virtualNetworks/net", {"location": LOCATION, "properties": space})
    client.ok("PUT", SUBNET, {"properties": {"addressPrefix": "10.0.0.0/22", "natGateway": {"id": NAT}}})
    client.ok("PUT", ZONE, {"location": "global"})
    for name in ("cluster", "kubelet"):
        client.ok("PUT", f"{IDENTITIES}/{name}", {"location": LOCATION})
    return client


def grant(client: Client, *left_out: str) -> None:
    who = client.ok("GET", f"{IDENTITIES}/cluster")["properties"]["principalId"]
    for number, (scope, role) in enumerate(NEEDED.items(), 1):
        if scope not in left_out:
            roles = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
            client.ok(
                "PUT",
                f"{scope}/providers/Microsoft.Authorization/roleAssignments/{number:08}{REST}",
                {
                    "properties": {
                        "principalId": who,
                        "principalType": "ServicePrincipal",
                        "roleDefinitionId": f"{roles}/{role}",
                    }
                },
            )


def body(outbound: str = "userAssignedNATGateway") -> dict[str, Any]:
    return {
        "location": LOCATION,
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": {f"{IDENTITIES}/cluster": {}},
        },
        "properties": {
            "dnsPrefix": "aks",
            "apiServerAccessProfile": {"enablePrivateCluster": True, "privateDNSZone": ZONE},
            "identityProfile": {"kubeletidentity": {"resourceId": f"{IDENTITIES}/kubelet"}},
            "networkProfile": {"outboundType": outbound, "serviceCidr": "172.20.0.0/20"},
            "oidcIssuerProfile": {"enabled": True},
            "agentPoolProfiles": [
                {"name": "system", "mode": "System", "vmSize": "Standard_D4ds_v5", "vnetSubnetID": SUBNET}
            ],
        },
    }


def test_a_cluster_keeps_the_issuer_of_its_tokens(estate: Client) -> None:
    grant(estate)
    first = estate.ok("PUT", CLUSTER, body())["properties"]
    issuer = first["oidcIssuerProfile"]["issuerURL"]
    assert issuer.startswith("https://westeurope.oic.prod-aks.azure.com/")
    assert first["privateFQDN"].endswith(".azmk8s.io")
    assert estate.ok("PUT", CLUSTER, body())["properties"]["oidcIssuerProfile"]["issuerURL"] == issuer


@pytest.mark.parametrize(
    ("left_out", "code", "words"),
    [
        (SUBNET, "LinkedAuthorizationFailed", "Microsoft.Network/virtualNetworks/subnets/join/action"),
        (ZONE, "CustomPrivateDNSZoneMissingPermissionError", "read and write to custom private dns zone"),
        (
            f"{IDENTITIES}/kubelet",
            "CustomKubeletIdentityMissingPermissionError",
            "must be granted 'Managed Identity Operator' role to assign kubelet identity",
        ),
    ],
)
def test_its_identity_needs_each_of_its_roles(estate: Client, left_out: str, code: str, words: str) -> None:
    grant(estate, left_out)
    refused = estate.refused("PUT", CLUSTER, body())
    assert refused[1] == code and words in refused[2]


@pytest.mark.parametrize(
    ("outbound", "code"),
    [
        ("userDefinedRouting", "ExistingRouteTableNotAssociatedWithSubnet"),
        ("userAssignedNATGateway", "ExistingNATGatewayNotAssociatedWithSubnet"),
    ],
)
def test_its_subnet_needs_the_way_out_that_it_names(estate: Client, outbound: str, code: str) -> None:
    grant(estate)
    estate.ok("PUT", SUBNET, {"properties": {"addressPrefix": "10.0.0.0/22"}})
    assert estate.refused("PUT", CLUSTER, body(outbound))[:2] == (400, code)


@pytest.mark.parametrize(
    ("network", "code", "words"),
    [
        ({"networkDataplane": "cilium"}, "BadRequest", "Cilium dataplane requires network policy cilium."),
        (
            {"networkPolicy": "cilium"},
            "NetworkPolicyNotSupported",
            "Network Policy cilium requires NetworkDataplane cilium",
        ),
        (
            {"networkDataplane": "cilium", "networkPolicy": "cilium", "networkPlugin": "azure"},
            "BadRequest",
            "Cilium dataplane requires either network plugin mode overlay or pod subnet",
        ),
    ],
)
def test_the_parts_of_its_network_go_together(
    estate: Client, network: dict[str, str], code: str, words: str
) -> None:
    grant(estate)
    refused, right = body(), body()
    refused["properties"]["networkProfile"] |= network
    assert estate.refused("PUT", CLUSTER, refused) == (400, code, words)
    overlay = {"networkPlugin": "azure", "networkPluginMode": "overlay"}
    right["properties"]["networkProfile"] |= {
        **overlay,
        "networkDataplane": "cilium",
        "networkPolicy": "cilium",
    }
    estate.ok("PUT", CLUSTER, right)


@pytest.mark.parametrize(
    ("pool", "code"),
    [
        ({"mode": "User"}, "MustDefineAtLeastOneSystemPool"),
        ({"vmSize": "Standard_B1s"}, "SystemPoolSkuTooLow"),
        ({"nodeTaints": ["scoring=only:NoSchedule"]}, "CanNotTaintAllAgentPools"),
    ],
)
def test_its_own_pods_have_somewhere_to_run(estate: Client, pool: dict[str, Any], code: str) -> None:
    grant(estate)
    refused, right = body(), body()
    refused["properties"]["agentPoolProfiles"][0] |= pool
    assert estate.refused("PUT", CLUSTER, refused)[:2] == (400, code)
    right["properties"]["agentPoolProfiles"][0] |= {"nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"]}
    estate.ok("PUT", CLUSTER, right)


def test_machines_of_a_pool_are_of_one_size(estate: Client) -> None:
    grant(estate)
    estate.ok("PUT", CLUSTER, body())
    other = body()
    other["properties"]["agentPoolProfiles"][0]["vmSize"] = "Standard_D8ds_v5"
    words = "Changing property 'properties.vmSize' is not allowed."
    assert estate.refused("PUT", CLUSTER, other) == (400, "PropertyChangeNotAllowed", words)
    held = estate.ok("GET", CLUSTER)["properties"]["agentPoolProfiles"][0]
    assert held["vmSize"] == "Standard_D4ds_v5"
    other["properties"]["agentPoolProfiles"][0] |= {"vmSize": "standard_d4ds_v5", "count": 2}
    estate.ok("PUT", CLUSTER, other)


def test_a_private_one_has_no_ranges_of_callers(estate: Client) -> None:
    grant(estate)
    refused = body()
    refused["properties"]["apiServerAccessProfile"]["authorizedIPRanges"] = ["203.0.113.0/24"]
    words = "Private cluster cannot be enabled with AuthorizedIPRanges."
    assert estate.refused("PUT", CLUSTER, refused) == (400, "InvalidParameter", words)
