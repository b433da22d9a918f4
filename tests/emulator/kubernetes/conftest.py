"""A cluster in an emulator of this process, and whoever asks its API."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
import yaml

from emulator.app import Emulator
from emulator.home import Home
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.kubernetes.access import SERVER_APPLICATION
from emulator.kubernetes.clusters import Cluster
from emulator.places import OUTSIDE, Place
from emulator.principal import Principal
from emulator.server import serve
from tests.emulator.homes import started_once

SUBSCRIPTION = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
LOCATION = "westeurope"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
CLUSTER_ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "scoring"}}

Json = dict[str, Any]


class Api:
    """Sends requests to the cluster's API as somebody who stands somewhere."""

    def __init__(
        self, emulator: Emulator, cluster: Cluster, who: Principal = SIGNED_IN, place: Place = OUTSIDE
    ) -> None:
        self.emulator = emulator
        self.cluster = cluster
        self.who = who
        self.place = place

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Response:
        path, _, query = path.partition("?")
        token, _ = self.emulator.identity.tokens.issue(self.who, SERVER_APPLICATION)
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.emulator.answer(
            Request(
                method,
                self.cluster.host,
                unquote(path),
                path,
                {key.lower(): value for key, value in parse_qsl(query, keep_blank_values=True)},
                {"authorization": f"Bearer {token}", "user-agent": "tests/1", **given},
                body if isinstance(body, bytes) else (b"" if body is None else json.dumps(body).encode()),
                raw_query=query,
                place=self.place,
            )
        )

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Json:
        answer = self(method, path, body, **headers)
        assert answer.status < 300, answer.body
        return json.loads(answer.body)

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> Json:
        """The Status of a request that is refused."""
        answer = self(method, path, body, **headers)
        said = json.loads(answer.body)
        assert answer.status >= 400, said
        assert (said["kind"], said["status"], said["code"]) == ("Status", "Failure", answer.status)
        return said

    def apply(self, path: str, body: Json, query: str = "fieldManager=mlops") -> Response:
        return self("PATCH", f"{path}?{query}", body, content_type="application/apply-patch+yaml")


def arm(emulator: Emulator, method: str, path: str, body: Any = None) -> Json:
    """A request to Azure's control plane that is to succeed."""
    token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
    answer = emulator.answer(
        Request(
            method,
            "management.azure.com",
            path,
            path,
            {"api-version": "2024-01-01"},
            {"authorization": f"Bearer {token}"},
            b"" if body is None else json.dumps(body).encode(),
        )
    )
    assert answer.status < 300, answer.body
    return json.loads(answer.body or b"{}")


def cluster_body(**properties: Any) -> Json:
    return {
        "location": LOCATION,
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "dnsPrefix": "aks",
            "disableLocalAccounts": True,
            "aadProfile": {"managed": True, "enableAzureRBAC": True},
            "networkProfile": {"serviceCidr": "172.20.0.0/20"},
            "agentPoolProfiles": [{"name": "system", "mode": "System", "vmSize": "Standard_D4ds_v5"}],
            **properties,
        },
    }


def grant(emulator: Emulator, who: Principal, scope: str, role: str) -> None:
    """A role (its GUID) at a scope."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{who.object_id} {scope} {role}")
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"principalId": who.object_id, "principalType": who.kind, "roleDefinitionId": definition}
    arm(
        emulator,
        "PUT",
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        {"properties": properties},
    )


def found(emulator: Emulator) -> Cluster:
    cluster = emulator.kubernetes.clusters.of(CLUSTER)
    assert cluster is not None
    return cluster


@pytest.fixture(scope="package")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One for all tests here: what each makes is in a namespace of its own, or taken away."""
    emulator = Emulator(started_once(tmp_path_factory.mktemp("kubernetes") / "home"))
    arm(emulator, "PUT", GROUP, {"location": LOCATION})
    arm(emulator, "PUT", CLUSTER, cluster_body())
    grant(emulator, SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    yield emulator
    emulator.close()


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    """The cluster, with an empty namespace ``scoring``."""
    cluster = found(emulator)
    api = Api(emulator, cluster)
    api.ok("POST", "/api/v1/namespaces", NAMESPACE)
    yield api
    cluster.objects.delete("Namespace", "", "scoring")
    for pod in cluster.objects.list("Pod", "scoring"):
        cluster.objects.delete("Pod", "scoring", pod["metadata"]["name"], grace_s=0)
    assert cluster.objects.find("Namespace", "", "scoring") is None


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that serves, with a cluster: for clients that are programs of their own."""
    made: list[Emulator] = []
    ready, stopped = threading.Event(), threading.Event()

    def build(home: Home) -> Emulator:
        made.append(Emulator(home))
        return made[0]

    home = started_once(tmp_path_factory.mktemp("serving") / "home")
    thread = threading.Thread(target=serve, args=(home, ready.set, stopped, build))
    thread.start()
    assert ready.wait(30)
    arm(made[0], "PUT", GROUP, {"location": LOCATION})
    arm(made[0], "PUT", CLUSTER, cluster_body())
    grant(made[0], SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    yield made[0]
    stopped.set()
    thread.join(30)
    assert not thread.is_alive()


def kubeconfig(running: Emulator) -> Json:
    """As Azure hands it out, with the token that kubelogin would get."""
    held = arm(running, "POST", f"{CLUSTER}/listClusterUserCredential")["kubeconfigs"][0]["value"]
    given = yaml.safe_load(base64.b64decode(held))
    token, _ = running.identity.tokens.issue(SIGNED_IN, SERVER_APPLICATION)
    given["users"][0]["user"] = {"token": token}
    return given


DEPLOYMENTS = "/apis/apps/v1/namespaces/scoring/deployments"


def deployment(name: str = "d", **spec: Any) -> Json:
    """A small Deployment that ``restricted`` lets through."""
    container = {
        "name": "app",
        "image": "registry.azurecr.io/app@sha256:" + "0" * 64,
        "ports": [{"containerPort": 8080}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "scoring"},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            **spec,
        },
    }
