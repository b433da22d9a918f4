"""What is refused of a container group, by Azure or by the emulator, and pulls that are not allowed."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import Emulator
from emulator.errors import AzureError, NotEmulated

Json = dict[str, Any]
IMAGE = "imagesreg.azurecr.io/service:v1"
SIZE = {"requests": {"cpu": 1, "memoryInGB": 1.5}}


def container(**properties: Any) -> Json:
    return {
        "name": properties.pop("name", "service"),
        "properties": {"image": IMAGE, "resources": SIZE, "ports": [{"port": 8080}], **properties},
    }


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"osType": "Windows"}, "osType"),
        ({"sku": "Confidential"}, "SKU"),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, "volumes"),
        ({"initContainers": [{"name": "x"}]}, "initContainers"),
        ({"diagnostics": {"logAnalytics": {}}}, "diagnostics"),
        ({"dnsConfig": {"nameServers": ["10.0.0.1"]}}, "dnsConfig"),
        ({"priority": "Spot"}, "priority Spot"),
        (
            {"containers": [container(resources={"requests": SIZE["requests"] | {"gpu": {"count": 1}}})]},
            "gpu",
        ),
        (
            {"containers": [container(environmentVariables=[{"name": "A", "secureValueReference": "s"}])]},
            "secureValueReference",
        ),
        ({"containers": [container(volumeMounts=[{"name": "v"}])]}, "volumeMounts"),
        ({"containers": [container(ports=[{"port": 1}, {"port": 2}])]}, "2 ports"),
        ({"containers": [container(ports=[{"port": 1, "protocol": "UDP"}])]}, "UDP"),
        ({"containers": [container(livenessProbe={"exec": {"command": ["x"]}})]}, "livenessProbe.exec"),
    ],
)
def test_not_emulated(groups: Any, properties: Json, said: str) -> None:
    with pytest.raises(NotEmulated, match=said):
        groups.put(**properties)


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"containers": []}, "MissingContainers"),
        ({"restartPolicy": "Sometimes"}, "InvalidRestartPolicy"),
        ({"containers": [container(name="Upper")]}, "InvalidContainerName"),
        ({"containers": [container(), container(ports=[])]}, "DuplicateContainerName"),
        ({"containers": [container(), container(name="b")]}, "DuplicateContainerPorts"),
        ({"containers": [container(image="")]}, "MissingImage"),
        ({"containers": [container(resources={})]}, "InvalidResourceRequests"),
        (
            {"containers": [container(resources={"requests": {"cpu": 8, "memoryInGB": 1}})]},
            "ResourceRequestsNotAvailable",
        ),
        (
            {"containers": [container(resources={"requests": {"cpu": 1, "memoryInGB": 1.55}})]},
            "InvalidMemoryRequest",
        ),
        (
            {"containers": [container(environmentVariables=[{"name": "a b"}])]},
            "InvalidEnvironmentVariableName",
        ),
        (
            {
                "containers": [
                    container(environmentVariables=[{"name": "a", "value": "1", "secureValue": "2"}])
                ]
            },
            "InvalidEnvironmentVariable",
        ),
        ({"containers": [container(readinessProbe={"httpGet": {"path": "/", "port": 1}})]}, "InvalidProbe"),
        ({"ipAddress": {"type": "Open", "ports": [{"port": 8080}]}}, "InvalidIPAddressType"),
        ({"ipAddress": {"type": "Public", "ports": []}}, "MissingIPAddressPorts"),
        ({"ipAddress": {"type": "Public", "ports": [{"port": 1}]}}, "PortNotExposedByContainer"),
        ({"ipAddress": {"type": "Private", "ports": [{"port": 8080}]}}, "MissingSubnet"),
        (
            {"ipAddress": {"type": "Public", "dnsNameLabel": "-", "ports": [{"port": 8080}]}},
            "InvalidDnsNameLabel",
        ),
    ],
)
def test_invalid(groups: Any, properties: Json, code: str) -> None:
    with pytest.raises(AzureError) as error:
        groups.put(**properties)
    assert (error.value.status, error.value.code) == (400, code)


def test_what_cannot_change(groups: Any) -> None:
    groups.put()
    with pytest.raises(AzureError, match="Changed: restartPolicy") as error:
        groups.put(restartPolicy="Never")
    assert error.value.code == "InvalidContainerGroupUpdate"
    with pytest.raises(AzureError, match="Changed: resources"):
        groups.put(container(resources={"requests": {"cpu": 2, "memoryInGB": 1.5}}))


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"containers": [container(image="imagesreg.azurecr.io/service:v2")]}, "manifest unknown"),
        (
            {"containers": [container(image="absent.azurecr.io/service:v1")]},
            "no registry with the login server",
        ),
        ({"containers": [container(image="debian:12")]}, "only docker.io/library/python"),
        ({"containers": [container(image="Not An Image")]}, "not of the form"),
        ({"imageRegistryCredentials": []}, "no entry for imagesreg.azurecr.io"),
        (
            {
                "imageRegistryCredentials": [
                    {"server": "imagesreg.azurecr.io", "username": "x", "password": "y"}
                ]
            },
            "admin user",
        ),
    ],
)
def test_images_that_cannot_be_pulled(groups: Any, properties: Json, said: str) -> None:
    with pytest.raises(AzureError, match=said) as error:
        groups.put(**properties)
    assert error.value.code == "InaccessibleImage"


def test_the_identity_must_be_assigned_and_hold_the_role(emulator: Emulator, groups: Any) -> None:
    body = groups.put()
    scope = body["id"].split("/providers/")[0]
    other = f"{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stranger"
    emulator.arm.put(other, {"location": "westeurope"})
    credentials = {"imageRegistryCredentials": [{"server": "imagesreg.azurecr.io", "identity": other}]}
    with pytest.raises(AzureError, match="is not the group's"):
        groups.put(**credentials)
    with pytest.raises(AzureError, match="AcrPull"):
        emulator.arm.put(
            body["id"],
            {
                "location": "westeurope",
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {other: {}}},
                "properties": {"osType": "Linux", "containers": [container()], **credentials},
            },
        )


def test_a_closed_registry_lets_trusted_services_in(emulator: Emulator, groups: Any) -> None:
    scope = groups.put()["id"].split("/providers/")[0]
    registry = f"{scope}/providers/Microsoft.ContainerRegistry/registries/imagesreg"

    def network(bypass: str, access: str) -> None:
        properties = {"publicNetworkAccess": access, "networkRuleBypassOptions": bypass}
        emulator.arm.put(registry, {"properties": properties}, merge=True)

    try:
        network("AzureServices", "Disabled")
        groups.put()
        network("None", "Disabled")
        with pytest.raises(AzureError, match="networkRuleBypassOptions"):
            groups.put()
    finally:
        network("AzureServices", "Enabled")
