"""Flexible servers of PostgreSQL: what Azure takes, and what it refuses in its words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.core.conftest import LOCATION, Client

ADMINISTRATOR = "6f1d3c52-7a0e-4b7e-9d55-0c2a41f0a001"


@pytest.fixture
def path(client: Client) -> str:
    return f"{client.group()}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-a"


@pytest.fixture
def client(emulator: Any) -> Client:
    return Client(emulator)


def body(**changed: Any) -> dict[str, Any]:
    """A server as the estate asks for it; `changed`: its properties, None leaves one out."""
    properties: dict[str, Any] = {
        "version": "17",
        "storage": {"storageSizeGB": 64, "autoGrow": "Disabled", "type": "Premium_LRS"},
        "authConfig": {"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"},
        "network": {"publicNetworkAccess": "Disabled"},
        "backup": {"backupRetentionDays": 7, "geoRedundantBackup": "Disabled"},
        **changed,
    }
    return {
        "location": LOCATION,
        "sku": {"name": "Standard_D2ds_v5", "tier": "GeneralPurpose"},
        "properties": {key: value for key, value in properties.items() if value is not None},
    }


def test_a_server_is_ready_under_its_public_name(client: Client, path: str) -> None:
    found = client.ok("PUT", path, body())["properties"]
    assert found["fullyQualifiedDomainName"] == "psql-a.postgres.database.azure.com"
    assert (found["state"], found["replicaCapacity"]) == ("Ready", 5)
    client.ok("PUT", f"{path}/administrators/{ADMINISTRATOR}", {"properties": {"principalType": "Group"}})
    value = {"properties": {"value": "ON", "source": "user-override"}}
    told = client.ok("PUT", f"{path}/configurations/require_secure_transport", value)["properties"]
    assert (told["value"], told["defaultValue"], told["dataType"]) == ("ON", "on", "Boolean")


def test_a_password_is_never_shown(client: Client, path: str) -> None:
    asked = body(authConfig=None, administratorLogin="own", administratorLoginPassword="Canary-7")
    assert "Canary-7" not in str(client.ok("PUT", path, asked)) + str(client.ok("GET", path))


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"storage": {"storageSizeGB": 100}}, "StorageSizeGB"),
        ({"backup": {"backupRetentionDays": 6}}, "BackupRetentionDays"),
        ({"authConfig": None}, "AdministratorLogin"),
        ({"authConfig": None, "administratorLogin": "own"}, "AdministratorLoginPassword"),
    ],
)
def test_a_wrong_value_is_refused(client: Client, path: str, changed: dict[str, Any], parameter: str) -> None:
    words = f"Invalid value given for parameter {parameter}. Specify a valid parameter value."
    assert client.refused("PUT", path, body(**changed)) == (400, "InvalidParameterValue", words)
    assert client("GET", path).status == 404


@pytest.mark.parametrize(
    ("sku", "parameter"),
    [
        ({"name": "Standard_D2ds_v5", "tier": "Burstable"}, "Sku"),
        ({"name": "Standard_D2ds_v5", "tier": "Basic"}, "Tier"),
    ],
)
def test_the_tier_has_its_own_sizes(client: Client, path: str, sku: dict[str, str], parameter: str) -> None:
    assert parameter in client.refused("PUT", path, {**body(), "sku": sku})[2]


def test_storage_never_shrinks(client: Client, path: str) -> None:
    client.ok("PUT", path, body())
    client.ok("PUT", path, body(storage={"storageSizeGB": 128}))
    refused = client.refused("PUT", path, body(storage={"storageSizeGB": 64}))
    assert refused[:2] == (400, "InvalidParameterValue")
    assert client.ok("GET", path)["properties"]["storage"]["storageSizeGB"] == 128


def test_a_server_in_a_subnet_has_no_public_access(client: Client, path: str) -> None:
    network_path = f"{client.group()}/providers/Microsoft.Network/virtualNetworks/v"
    space = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}
    client.ok("PUT", network_path, {"location": LOCATION, "properties": space})
    service = {"serviceName": "Microsoft.DBforPostgreSQL/flexibleServers"}
    delegated = [{"name": "delegation", "properties": service}]
    subnet = f"{network_path}/subnets/s"
    client.ok("PUT", subnet, {"properties": {"addressPrefix": "10.9.0.0/24", "delegations": delegated}})
    network = {"delegatedSubnetResourceId": subnet, "publicNetworkAccess": "Enabled"}
    status, code, message = client.refused("PUT", path, body(network=network))
    assert (status, code) == (400, "ConflictingPublicNetworkAccessAndVirtualNetworkConfiguration")
    assert message.startswith("Conflicting configuration is detected between Public Network Access")


def test_storage_that_is_not_said_is_a_failure_of_azure_s_own(client: Client, path: str) -> None:
    assert client.refused("PUT", path, body(storage=None))[:2] == (500, "InternalServerError")


def test_parameters_and_administrators_that_are_not_known_are_refused_by_name(
    client: Client, path: str
) -> None:
    client.ok("PUT", path, body())
    refused = client.refused("PUT", f"{path}/configurations/work_mem", {"properties": {"value": "4096"}})
    assert "work_mem" in refused[2]
    wrong = client.refused(
        "PUT", f"{path}/configurations/log_connections", {"properties": {"value": "maybe"}}
    )
    assert wrong[1] == "InvalidParameterValue"
    assert client.refused("PUT", f"{path}/administrators/somebody", {"properties": {}})[0] == 400
    login = {"administratorLogin": "own", "administratorLoginPassword": "Canary-7"}
    client.ok("PUT", f"{path}b", body(authConfig=None, **login))
    refused = client.refused("PUT", f"{path}b/administrators/{ADMINISTRATOR}", {"properties": {}})
    assert "without Microsoft Entra authentication" in refused[2]
