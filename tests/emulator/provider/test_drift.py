from __future__ import annotations

from typing import Any

from emulator.arm import catalog
from emulator.provider import schema_cache
from emulator.provider.drift import refreshed
from emulator.provider.values import Secret


def refresh(token: str, inputs: Any, before: Any, after: Any) -> dict[str, Any]:
    row = catalog.find_token(token)
    assert row is not None
    return refreshed(schema_cache.resource(f"azure-native:{token}"), row, inputs, before, after)


def account(inputs: Any, before: Any, after: Any) -> dict[str, Any]:
    return refresh("storage:StorageAccount", inputs, before, after)


def test_nothing_changed_nothing_changes() -> None:
    inputs = {
        "accountName": "a",
        "location": "West Europe",
        "tags": Secret({"x": "1"}),
        "__createBeforeDelete": True,
    }
    same = {"location": "westeurope", "tags": {"x": "1"}, "kind": "Storage"}
    assert account(inputs, same, same) == inputs


def test_what_azure_writes_itself_is_no_drift() -> None:
    """A subnet's etag changes with each interface in it; the SDK has it among the inputs all the same."""
    inputs = {"subnets": [{"name": "one", "addressPrefix": "10.0.0.0/24"}]}
    before, after = (
        {"subnets": [{**inputs["subnets"][0], "etag": etag, "provisioningState": state}]}
        for etag, state in (("a", "Updating"), ("b", "Succeeded"))
    )
    assert refresh("network:VirtualNetwork", inputs, before, after) == inputs


def test_changed_added_and_removed_values() -> None:
    inputs = {"kind": "Storage", "tags": {"keep": "1", "gone": "2"}}
    before = {"kind": "Storage", "tags": {"keep": "1", "gone": "2"}, "minimumTlsVersion": "TLS1_0"}
    after = {"kind": "StorageV2", "tags": {"keep": "1", "new": "3"}, "minimumTlsVersion": "TLS1_2"}
    assert account(inputs, before, after) == {
        "kind": "StorageV2",
        "tags": {"keep": "1", "new": "3"},
        "minimumTlsVersion": "TLS1_2",
    }


def test_what_azure_computes_is_no_input() -> None:
    before = {"identity": {"type": "SystemAssigned"}, "provisioningState": "Updating"}
    after = {"identity": {"type": "SystemAssigned", "principalId": "p"}, "provisioningState": "Succeeded"}
    assert account({"identity": {"type": "SystemAssigned"}}, before, after) == {
        "identity": {"type": "SystemAssigned"}
    }


def test_a_secret_that_azure_does_not_give_back_stays() -> None:
    inputs = {"secretName": "s", "properties": {"value": Secret("x"), "contentType": "a"}}
    before = {"properties": {"contentType": "a", "secretUri": "u"}}
    after = {"properties": {"contentType": "b", "secretUri": "u"}}
    assert refresh("keyvault:Secret", inputs, before, after) == {
        "secretName": "s",
        "properties": {"value": Secret("x"), "contentType": "b"},
    }


def test_a_changed_secret_stays_secret() -> None:
    assert account({"kind": Secret("a")}, {"kind": "a"}, {"kind": "b"}) == {"kind": Secret("b")}


def test_lists_change_item_by_item_or_as_a_whole() -> None:
    def group(*priorities: int) -> dict[str, Any]:
        return {"securityRules": [{"name": f"r{n}", "priority": n, "id": f"/{n}"} for n in priorities]}

    inputs = {"securityRules": [{"name": "r1", "priority": 1}]}
    changed = {"securityRules": [{"name": "r1", "priority": 9, "id": "/1"}]}
    token = "network:NetworkSecurityGroup"
    assert refresh(token, inputs, group(1), changed) == {"securityRules": [{"name": "r1", "priority": 9}]}
    more = refresh(token, inputs, group(1), group(1, 2))["securityRules"]
    assert [item["priority"] for item in more] == [1, 2]


def test_what_the_program_leaves_to_azure_is_drift_once_it_has_changed() -> None:
    """An owner's approval, for one: the SDK takes the state of a connection too."""

    def connected(status: str, etag: str) -> dict[str, Any]:
        state = {"status": status, "actionsRequired": "None"}
        held = {"name": "blob", "privateLinkServiceConnectionState": state, "etag": etag, "id": "/c"}
        return {"manualPrivateLinkServiceConnections": [held]}

    token, inputs = "network:PrivateEndpoint", {"manualPrivateLinkServiceConnections": [{"name": "blob"}]}
    assert refresh(token, inputs, connected("Pending", "a"), connected("Pending", "b")) == inputs
    after = refresh(token, inputs, connected("Pending", "a"), connected("Approved", "b"))
    state = {"status": "Approved", "actionsRequired": "None"}
    assert after == {
        "manualPrivateLinkServiceConnections": [{"name": "blob", "privateLinkServiceConnectionState": state}]
    }


def test_of_what_the_program_leaves_to_azure_read_only_parts_and_etags_are_no_drift() -> None:
    inputs = {"subnet": {"id": "/s"}}
    before, after = (
        {**inputs, "networkInterfaces": [{"id": one}], "ipConfigurations": [{"name": "a", "etag": one}]}
        for one in "12"
    )
    assert refresh("network:PrivateEndpoint", inputs, before, after) == inputs


def test_children_that_are_resources_of_their_own_are_no_drift() -> None:
    inputs = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    before = {**inputs, "subnets": []}
    after = {**inputs, "subnets": [{"name": "s", "addressPrefix": "10.0.0.0/24"}]}
    assert refresh("network:VirtualNetwork", inputs, before, after) == inputs
    none, one = {"privateEndpointConnections": []}, {"privateEndpointConnections": [{"id": "/c"}]}
    assert refresh("apimanagement:ApiManagementService", {}, none, one) == {}


def test_identities_are_compared_as_a_set() -> None:
    inputs = {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/I/a"]}}
    before = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i/a": {}}}}
    after = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i/a": {"principalId": "p"}}}}
    assert account(inputs, before, after) == inputs
    other = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/i/b": {}}}}
    assert account(inputs, before, other)["identity"]["userAssignedIdentities"] == ["/i/b"]
