"""Who gets in: by tokens, by roles at the cluster or a namespace, by the network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from emulator.places import Place
from emulator.principal import Principal
from tests.emulator.homes import started_once
from tests.emulator.kubernetes.conftest import (
    CLUSTER,
    CLUSTER_ADMIN,
    DEPLOYMENTS,
    GROUP,
    LOCATION,
    NAMESPACE,
    Api,
    arm,
    cluster_body,
    deployment,
    found,
    grant,
)

Json = dict[str, Any]
READER = "7f6c6a51-bcf8-42ba-9220-52d62157d7db"
WRITER = "a7ffa36f-339b-4b5c-8bdf-e2c188b2c0eb"
ADMIN = "3498e952-d568-435e-9b2c-8d77e338d7f7"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
SECRETS = "/api/v1/namespaces/scoring/secrets"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
ZONE = f"{NETWORK}/privateDnsZones/privatelink.westeurope.azmk8s.io"
PRIVATE = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/private"


def somebody(emulator: Emulator, name: str) -> Principal:
    made = arm(emulator, "PUT", f"{IDENTITIES}/{name}", {"location": LOCATION})["properties"]
    who = emulator.identity.directory.find(made["principalId"])
    assert who is not None
    return who


def test_a_token_of_entra_is_needed(api: Api) -> None:
    def asked(**headers: str) -> Json:
        answer = api.emulator.answer(
            Request("GET", api.cluster.host, "/api/v1/pods", "/api/v1/pods", {}, dict(headers))
        )
        return json.loads(answer.body)

    wrong, _ = api.emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
    nobody = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }
    assert asked() == asked(authorization=f"Bearer {wrong}") == asked(authorization="Bearer x") == nobody


def test_words_of_somebody_without_a_role(api: Api) -> None:
    who = somebody(api.emulator, "nobody")
    refused = Api(api.emulator, api.cluster, who).refused("GET", f"{DEPLOYMENTS}/d")
    assert refused["message"] == (
        f'deployments.apps "d" is forbidden: User "{who.object_id}" cannot get resource "deployments" in API '
        'group "apps" in the namespace "scoring": User does not have access to the resource in Azure. Update '
        "role assignment to allow access."
    )
    assert (refused["code"], refused["reason"]) == (403, "Forbidden")
    assert refused["details"] == {"name": "d", "group": "apps", "kind": "deployments"}
    nodes = Api(api.emulator, api.cluster, who).refused("GET", "/api/v1/nodes")
    assert "at the cluster scope" in nodes["message"]
    assert Api(api.emulator, api.cluster, who).ok("GET", "/version")  # everybody who is signed in may


# role, at the namespace alone -> what it may
ROLES = [
    (READER, {"read"}),
    (WRITER, {"read", "write", "secrets"}),
    (ADMIN, {"read", "write", "secrets"}),
    (CLUSTER_ADMIN, {"read", "write", "secrets", "namespace"}),
]


@pytest.mark.parametrize(("role", "may"), ROLES)
def test_what_each_role_may_in_its_namespace(api: Api, role: str, may: set[str]) -> None:
    who = somebody(api.emulator, f"role-{role[:4]}")
    grant(api.emulator, who, f"{CLUSTER}/namespaces/scoring", role)
    theirs = Api(api.emulator, api.cluster, who)
    label = {"metadata": {"labels": {"a": "b"}}}
    done = {
        "read": theirs("GET", DEPLOYMENTS),
        "write": theirs("POST", DEPLOYMENTS, deployment()),
        "secrets": theirs("GET", SECRETS),
        "namespace": theirs(
            "PATCH", "/api/v1/namespaces/scoring", label, content_type="application/merge-patch+json"
        ),
    }
    assert {name for name, answer in done.items() if answer.status < 300} == may
    assert theirs("GET", "/api/v1/namespaces/default/pods").status == 403
    assert theirs("GET", "/api/v1/nodes").status == 403


def test_a_cluster_by_kubernetes_own_roles_is_refused_by_name(emulator: Emulator) -> None:
    other = f"{CLUSTER}-own"
    body = cluster_body(dnsPrefix="own", aadProfile={"managed": True, "enableAzureRBAC": False})
    arm(emulator, "PUT", other, body)
    cluster = emulator.kubernetes.clusters.of(other)
    assert cluster is not None
    assert "enableAzureRBAC false" in Api(emulator, cluster).refused("GET", "/api/v1/pods")["message"]
    arm(emulator, "DELETE", other)
    assert emulator.kubernetes.clusters.of(other) is None
    assert emulator.kubernetes.clusters.at(cluster.host) is None


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A private cluster, whose zone is linked to its network; another network beside it."""
    emulator = Emulator(started_once(Home(tmp_path_factory.mktemp("private") / "home").root))
    arm(emulator, "PUT", GROUP, {"location": LOCATION})
    for number, name in enumerate(("net", "far")):
        space = {"addressSpace": {"addressPrefixes": [f"10.{number}.0.0/16"]}}
        arm(emulator, "PUT", f"{NETWORK}/virtualNetworks/{name}", {"location": LOCATION, "properties": space})
        for part, subnet in enumerate(("nodes", "runners")):
            inner = {"properties": {"addressPrefix": f"10.{number}.{part}.0/24"}}
            arm(emulator, "PUT", f"{NETWORK}/virtualNetworks/{name}/subnets/{subnet}", inner)
    arm(emulator, "PUT", ZONE, {"location": "global"})
    link = {"virtualNetwork": {"id": f"{NETWORK}/virtualNetworks/net"}, "registrationEnabled": False}
    arm(
        emulator,
        "PUT",
        f"{ZONE}/virtualNetworkLinks/net",
        {"location": "global", "properties": link},
    )
    body = cluster_body(
        dnsPrefix="private",
        apiServerAccessProfile={"enablePrivateCluster": True, "privateDNSZone": ZONE},
        agentPoolProfiles=[
            {
                "name": "system",
                "mode": "System",
                "vmSize": "Standard_D4ds_v5",
                "vnetSubnetID": f"{NETWORK}/virtualNetworks/net/subnets/nodes",
            }
        ],
    )
    arm(emulator, "PUT", PRIVATE, body)
    grant(emulator, SIGNED_IN, PRIVATE, CLUSTER_ADMIN)
    yield emulator
    emulator.close()


def test_a_private_cluster_answers_inside_its_network_alone(private: Emulator) -> None:
    cluster = private.kubernetes.clusters.of(PRIVATE)
    assert cluster is not None
    outside = Api(private, cluster)

    def at(subnet: str) -> Api:
        return Api(private, cluster, place=Place(subnet=f"{NETWORK}/virtualNetworks/{subnet}"))

    answer = outside("GET", "/version")
    assert answer.status == 502 and b"does not resolve: the caller is in no virtual network" in answer.body
    assert b"is not linked to" in at("far/subnets/runners")("GET", "/version").body
    assert at("net/subnets/runners").ok("GET", "/version")
    rule = {
        "priority": 100,
        "direction": "Outbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "10.0.0.0/24",
        "destinationPortRange": "443",
    }
    guard = f"{NETWORK}/networkSecurityGroups/guard"
    body = {"location": LOCATION, "properties": {"securityRules": [{"name": "no", "properties": rule}]}}
    arm(private, "PUT", guard, body)
    runners = {"properties": {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": guard}}}
    arm(private, "PUT", f"{NETWORK}/virtualNetworks/net/subnets/runners", runners)
    stopped = at("net/subnets/runners")("GET", "/version")
    assert stopped.status == 502 and b"the rule 'no'" in stopped.body


def test_what_a_cluster_holds_goes_with_it_and_stays_with_the_home(tmp_path: Any) -> None:
    home = started_once(tmp_path / "home")
    emulator = Emulator(home)
    arm(emulator, "PUT", GROUP, {"location": LOCATION})
    arm(emulator, "PUT", CLUSTER, cluster_body())
    grant(emulator, SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    Api(emulator, found(emulator)).ok("POST", "/api/v1/namespaces", NAMESPACE)
    emulator.close()
    emulator = Emulator(home)
    api = Api(emulator, found(emulator))
    assert api.ok("GET", "/api/v1/namespaces/scoring")
    arm(emulator, "DELETE", CLUSTER)
    arm(emulator, "PUT", CLUSTER, cluster_body())
    again = Api(emulator, replace(found(emulator)))
    assert again.refused("GET", "/api/v1/namespaces/scoring")["code"] in (403, 404)
    assert emulator.kubernetes.clusters.of(CLUSTER) is not None
    assert found(emulator).objects.find("Namespace", "", "scoring") is None
    emulator.close()
