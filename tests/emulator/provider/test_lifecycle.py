from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from emulator.provider.arm_client import Answer
from emulator.provider.defaults import RANDOM_NAME, AutoNaming
from emulator.provider.lifecycle import Lifecycle, Refused, Unfinished
from emulator.provider.values import UNKNOWN, Secret
from tests.emulator.provider.fake_azure import GROUP, SUBSCRIPTION, FakeAzure, client, error

ACCOUNT = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
SECRET = "azure-native:keyvault:Secret"
INPUTS: dict[str, Any] = {
    "resourceGroupName": "rg",
    "accountName": "account1",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "location": "westeurope",
}
ACCOUNT_ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/account1"
UNNAMED = {name: value for name, value in INPUTS.items() if name != "accountName"}


def naming(**options: Any) -> AutoNaming:
    return dataclasses.replace(AutoNaming(seed=b"seed"), **options)


def test_a_resource_of_a_group_gets_a_random_name(lifecycle: Lifecycle) -> None:
    first = lifecycle.check(ACCOUNT, "store", {}, UNNAMED, naming())
    assert first.failures == []
    assert re.fullmatch(r"store[0-9a-f]{8}", first.inputs["accountName"])
    assert first.inputs[RANDOM_NAME] is True
    assert lifecycle.check(ACCOUNT, "store", {}, UNNAMED, naming()).inputs == first.inputs
    other = lifecycle.check(ACCOUNT, "store", {}, UNNAMED, naming(seed=b"other")).inputs
    assert other["accountName"] != first.inputs["accountName"]
    kept = lifecycle.check(ACCOUNT, "store", first.inputs, UNNAMED, naming(seed=b"other"))
    assert kept.inputs == first.inputs


def test_a_random_name_can_be_illegal_and_is_refused(lifecycle: Lifecycle) -> None:
    found = lifecycle.check(ACCOUNT, "ml-store", {}, UNNAMED, naming())
    assert len(found.failures) == 1
    assert "accountName: 'ml-store" in found.failures[0]


def test_children_get_the_plain_name_and_assignments_a_uuid(lifecycle: Lifecycle) -> None:
    parent = {"resourceGroupName": "rg", "accountName": "account1"}
    child = lifecycle.check(CONTAINER, "data", {}, parent).inputs
    assert child["containerName"] == "data"
    assert RANDOM_NAME not in child
    inputs = {"scope": ACCOUNT_ID, "principalId": "p", "roleDefinitionId": "r"}
    assignment = lifecycle.check(ASSIGNMENT, "reader", {}, inputs, naming(mode="enforce", proposed="x"))
    assert re.fullmatch(r"[0-9a-f-]{36}", assignment.inputs["roleAssignmentName"])
    assert assignment.failures == []


def test_names_follow_the_stacks_configuration(lifecycle: Lifecycle) -> None:
    enforced = lifecycle.check(ACCOUNT, "store", {}, UNNAMED, naming(mode="enforce", proposed="store"))
    assert enforced.inputs["accountName"] == "store"
    assert RANDOM_NAME not in enforced.inputs
    proposed = lifecycle.check(ACCOUNT, "store", {}, UNNAMED, naming(mode="propose", proposed="store7f"))
    assert proposed.inputs["accountName"] == "store7f"
    assert proposed.inputs[RANDOM_NAME] is True
    disabled = lifecycle.check(ACCOUNT, "store", {}, UNNAMED, naming(mode="disable"))
    assert [text for text in disabled.failures if text.startswith("accountName: is required")]


def test_the_location_is_the_old_the_configured_or_the_groups(azure: FakeAzure) -> None:
    inputs = {name: value for name, value in INPUTS.items() if name != "location"}
    plain, configured = Lifecycle(client(azure)), Lifecycle(client(azure), "northeurope")
    assert plain.check(ACCOUNT, "a", {"location": "x"}, inputs).inputs["location"] == "x"
    assert configured.check(ACCOUNT, "a", {}, inputs).inputs["location"] == "northeurope"
    assert plain.check(ACCOUNT, "a", {}, inputs).inputs["location"] == "westeurope"
    absent = {**inputs, "resourceGroupName": "not-there-yet"}
    assert plain.check(ACCOUNT, "a", {}, absent).inputs["location"] is UNKNOWN
    unknown = {**inputs, "resourceGroupName": UNKNOWN}
    assert plain.check(ACCOUNT, "a", {}, unknown).inputs["location"] is UNKNOWN
    container = {"resourceGroupName": "rg", "accountName": "a"}
    assert "location" not in plain.check(CONTAINER, "a", {}, container).inputs


def test_a_type_without_a_row_is_refused_with_the_row_to_add(lifecycle: Lifecycle) -> None:
    with pytest.raises(Refused, match=r'add one row .*Row\("Microsoft\.\w+/.*", "search:Service"\)'):
        lifecycle.check("azure-native:search:Service", "s", {}, {})
    with pytest.raises(Refused, match="has no resource 'StoreAccount'"):
        lifecycle.check("azure-native:storage:StoreAccount", "s", {}, {})


def test_what_the_emulator_cannot_know_is_told_when_it_is_made(lifecycle: Lifecycle) -> None:
    inputs = {"resourceGroupName": "rg", "name": "c", "location": "westeurope", "password": "x"}
    token = "azure-native:web:Certificate"
    told = lifecycle.check(token, "c", {}, inputs).warnings
    assert len(told) == 1 and "thumbprint" in told[0] and "what is in a certificate is not read" in told[0]
    assert lifecycle.check(token, "c", inputs, inputs).warnings == []


def test_create_puts_the_body_and_returns_what_azure_has(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    azure.computed = {"primaryEndpoints": {"blob": "https://account1.blob.core.windows.net/"}}
    resource_id, outputs = lifecycle.create(ACCOUNT, {**INPUTS, "tags": {"a": Secret("b")}})
    assert resource_id == ACCOUNT_ID
    assert azure.puts() == [
        {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "location": "westeurope", "tags": {"a": "b"}}
    ]
    assert outputs["primaryEndpoints"] == azure.computed["primaryEndpoints"]
    assert outputs["tags"] == {"a": Secret("b")}
    assert {query["api-version"] for _, _, query, _ in azure.calls} == {"2024-01-01"}


def test_create_refuses_what_exists(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    azure.store(ACCOUNT_ID, {})
    with pytest.raises(Refused, match=r"cannot create already existing resource .*: `pulumi import azure-n"):
        lifecycle.create(ACCOUNT, INPUTS)
    assert azure.puts() == []


def test_what_comes_with_its_parent_is_taken_over_and_left_alone(
    azure: FakeAzure, lifecycle: Lifecycle
) -> None:
    token = "azure-native:storage:BlobServiceProperties"
    service = f"{ACCOUNT_ID}/blobServices/default"
    azure.store(service, {})
    inputs = {"resourceGroupName": "rg", "accountName": "account1", "blobServicesName": "default"}
    assert lifecycle.create(token, {**inputs, "isVersioningEnabled": True})[0] == service
    lifecycle.delete(token, service)
    assert service.lower() in azure.resources


def test_a_failed_provisioning_keeps_the_resource_in_the_state(
    azure: FakeAzure, lifecycle: Lifecycle
) -> None:
    azure.computed = {"provisioningState": "Failed"}
    with pytest.raises(Unfinished, match="ended as failed") as caught:
        lifecycle.create(ACCOUNT, INPUTS)
    assert caught.value.resource_id == ACCOUNT_ID
    assert caught.value.outputs["provisioningState"] == "Failed"


def test_an_update_replaces_the_body(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    lifecycle.create(ACCOUNT, INPUTS)
    outputs = lifecycle.update(ACCOUNT, ACCOUNT_ID, {}, {**INPUTS, "tags": {"a": "b"}})
    assert outputs["tags"] == {"a": "b"}
    assert azure.puts()[-1]["tags"] == {"a": "b"}


def test_read_finds_drift_and_what_is_gone(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    _, outputs = lifecycle.create(ACCOUNT, {**INPUTS, "tags": {"a": "b"}})
    azure.resources[ACCOUNT_ID.lower()]["tags"] = {"a": "c"}
    found = lifecycle.read(ACCOUNT, ACCOUNT_ID, {**INPUTS, "tags": {"a": "b"}}, outputs)
    assert found is not None
    assert found[1] == {**INPUTS, "tags": {"a": "c"}}
    assert found[2]["tags"] == {"a": "c"}
    azure.resources.clear()
    assert lifecycle.read(ACCOUNT, ACCOUNT_ID, INPUTS, outputs) is None


def test_secrets_stay_secret_through_a_refresh(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    inputs = {**INPUTS, "tags": {"key": Secret("long enough")}}
    _, outputs = lifecycle.create(ACCOUNT, inputs)
    azure.resources[ACCOUNT_ID.lower()]["properties"]["customDomain"] = {"name": "long enough"}
    found = lifecycle.read(ACCOUNT, ACCOUNT_ID, inputs, outputs)
    assert found is not None
    assert found[1] == inputs
    assert found[2]["tags"]["key"] == Secret("long enough")
    assert found[2]["customDomain"]["name"] == Secret("long enough")


def test_an_import_reconstructs_the_inputs(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    lifecycle.create(ACCOUNT, INPUTS)
    found = lifecycle.read(ACCOUNT, ACCOUNT_ID.replace("resourceGroups", "resourcegroups"), {}, {})
    assert found is not None
    assert found[0] == ACCOUNT_ID
    assert found[1] == INPUTS
    assert lifecycle.diff(ACCOUNT, found[1], INPUTS) == []
    with pytest.raises(Refused, match="is not an id of Microsoft"):
        lifecycle.read(ACCOUNT, GROUP, {}, {})


def test_delete_is_done_when_it_is_gone_already(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    lifecycle.create(ACCOUNT, INPUTS)
    lifecycle.delete(ACCOUNT, ACCOUNT_ID)
    assert ACCOUNT_ID.lower() not in azure.resources
    azure.answers["DELETE"] = [error(404, "ResourceNotFound")]
    lifecycle.delete(ACCOUNT, ACCOUNT_ID)


def test_query_parameters_go_where_azure_takes_them(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    inputs = {
        "resourceGroupName": "rg",
        "workspaceName": "w",
        "name": "d",
        "skipValidation": True,
        "properties": {"datastoreType": "AzureBlob"},
    }
    lifecycle.create("azure-native:machinelearningservices:Datastore", inputs)
    query = next(query for method, _, query, _ in azure.calls if method == "PUT")
    assert query["skipValidation"] == "true"


def test_the_resource_group_has_its_own_path(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    token = "azure-native:resources:ResourceGroup"
    created, _ = lifecycle.create(token, {"resourceGroupName": "other", "location": "x"})
    assert created == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other"


def test_an_answer_that_is_no_json_is_an_error_that_says_so(azure: FakeAzure, lifecycle: Lifecycle) -> None:
    azure.answers["PUT"] = [Answer(400, {}, {"error": {"code": "NotJson", "message": "<html>"}})]
    with pytest.raises(Exception, match=r"NotJson \(400\): <html>"):
        lifecycle.create(ACCOUNT, INPUTS)
