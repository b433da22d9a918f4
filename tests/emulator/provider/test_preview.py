from __future__ import annotations

from typing import Any

from emulator.provider import schema_cache
from emulator.provider.preview import of_create, of_update
from emulator.provider.values import UNKNOWN, Secret

ACCOUNT = schema_cache.resource("azure-native:storage:StorageAccount")
GROUP = schema_cache.resource("azure-native:containerinstance:ContainerGroup")
SECRET = schema_cache.resource("azure-native:keyvault:Secret")
COMPUTE = schema_cache.resource("azure-native:machinelearningservices:Compute")


def test_inputs_are_known_and_everything_else_is_not() -> None:
    found = of_create(ACCOUNT, {"kind": "StorageV2", "tags": {"a": "b"}, "accountName": "x"})
    assert found["kind"] == "StorageV2"
    assert found["tags"] == {"a": "b"}
    assert found["primaryEndpoints"] is UNKNOWN
    assert found["name"] is UNKNOWN
    assert "accountName" not in found


def test_nested_outputs_are_unknown_too() -> None:
    found = of_create(ACCOUNT, {"identity": {"type": "SystemAssigned"}})
    assert found["identity"]["type"] == "SystemAssigned"
    assert found["identity"]["principalId"] is UNKNOWN
    address = of_create(GROUP, {"ipAddress": {"type": "Public", "ports": [{"port": 80}]}})["ipAddress"]
    assert address["type"] == "Public"
    assert address["fqdn"] is UNKNOWN
    assert address["ports"][0] == {"port": 80, "protocol": UNKNOWN}


def test_another_shape_is_unknown() -> None:
    found = of_create(ACCOUNT, {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i"]}})
    assert found["identity"]["userAssignedIdentities"] is UNKNOWN


def test_secrets_stay_secret_at_depth() -> None:
    environment = [{"name": "KEY", "secureValue": Secret("x")}]
    container = {"name": "c", "environmentVariables": environment}
    found = of_create(GROUP, {"containers": [container]})["containers"][0]
    assert found["environmentVariables"][0]["secureValue"] == Secret("x")
    whole = of_create(SECRET, {"properties": Secret({"value": "x"})})["properties"]
    assert isinstance(whole, Secret)
    assert whole.value["secretUri"] is UNKNOWN


def test_a_polymorphic_part_keeps_what_is_known() -> None:
    given = {"computeType": "AmlCompute", "properties": {"vmSize": "x"}}
    found = of_create(COMPUTE, {"properties": given})["properties"]
    assert found["computeType"] == "AmlCompute"
    assert found["provisioningState"] is UNKNOWN
    assert found["properties"]["vmSize"] == "x"
    assert found["properties"]["currentNodeCount"] is UNKNOWN


def update(outputs: Any, old: Any, new: Any) -> dict[str, Any]:
    return of_update(ACCOUNT, outputs, old, new)


def test_an_update_keeps_what_it_does_not_touch() -> None:
    identity = {"type": "SystemAssigned", "principalId": "p"}
    outputs = {"identity": identity, "tags": {"a": "1"}, "primaryEndpoints": {"blob": "b"}, "etag": "1"}
    old = {"identity": {"type": "SystemAssigned"}, "tags": {"a": "1"}}
    found = update(outputs, old, {**old, "tags": {"a": UNKNOWN}})
    assert found["identity"] == identity
    assert found["primaryEndpoints"] == {"blob": "b"}
    assert found["tags"] == {"a": UNKNOWN}


def test_an_update_leaves_open_what_depends_on_the_change() -> None:
    outputs = {"identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}, "kind": "Storage"}
    old = {"identity": {"type": "SystemAssigned"}, "kind": "Storage"}
    found = update(outputs, old, {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/i"]}})
    assert found["identity"]["type"] == "UserAssigned"
    assert found["identity"]["principalId"] is UNKNOWN
    assert found["identity"]["userAssignedIdentities"] is UNKNOWN
    assert found["kind"] is UNKNOWN  # no longer given: Azure decides


def test_an_update_keeps_secrets() -> None:
    outputs = {"tags": Secret({"a": "1"})}
    assert update(outputs, {"tags": {"a": Secret("1")}}, {"tags": {"a": Secret("2")}})["tags"]["a"] == Secret(
        "2"
    )
    same = {"tags": Secret({"a": "1"})}
    assert update(outputs, same, same)["tags"] == Secret({"a": "1"})
