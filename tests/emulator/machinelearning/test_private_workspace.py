"""Clusters in a network need the workspace's private endpoint; deleted workspaces keep their names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.errors import AzureError
from emulator.http import Request
from emulator.machinelearning import softdelete
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

NETWORK = f"{estate.GROUP}/providers/Microsoft.Network"
VNET = f"{NETWORK}/virtualNetworks/net"
ENDPOINT = f"{NETWORK}/privateEndpoints/pep"
ZONE = f"{NETWORK}/privateDnsZones/privatelink.api.azureml.ms"
PURGE = {"forcetopurge": "true"}


def private_cluster() -> dict[str, Any]:
    body = estate.compute_body()
    body["properties"]["properties"] |= {
        "enableNodePublicIp": False,
        "subnet": {"id": f"{VNET}/subnets/training"},
    }
    return body


def endpoint(group: str = "amlworkspace") -> dict[str, Any]:
    connection = {"privateLinkServiceId": estate.WORKSPACE, "groupIds": [group]}
    return {
        "location": estate.REGION,
        "properties": {
            "subnet": {"id": f"{VNET}/subnets/endpoints"},
            "privateLinkServiceConnections": [{"name": "workspace", "properties": connection}],
        },
    }


def test_nodes_without_public_addresses_need_the_workspaces_private_endpoint(lab: Lab) -> None:
    subnets = [
        {"name": name, "properties": {"addressPrefix": prefix}}
        for name, prefix in (("training", "10.0.0.0/24"), ("endpoints", "10.0.1.0/24"))
    ]
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    lab.write(VNET, {"location": estate.REGION, "properties": space})
    private = f"{estate.WORKSPACE}/computes/private"
    with pytest.raises(AzureError) as refusal:
        lab.write(private, private_cluster())
    assert refusal.value.status == 400
    words = "Provided EnableNodePublicIp 'False' requires workspace private endpoint"
    assert refusal.value.message == words
    with pytest.raises(AzureError, match="amlworkspace"):
        lab.write(ENDPOINT, endpoint("workspace"))
    lab.write(ENDPOINT, endpoint())
    made = lab.emulator.arm.get(ENDPOINT)["properties"]["privateLinkServiceConnections"][0]["properties"]
    assert made["privateLinkServiceConnectionState"]["status"] == "Approved"
    (shown,) = lab.emulator.arm.get(estate.WORKSPACE)["properties"]["privateEndpointConnections"]
    assert shown["properties"]["privateEndpoint"]["id"] == ENDPOINT
    lab.write(private, private_cluster())

    configs = {"privateDnsZoneConfigs": [{"name": "api", "properties": {"privateDnsZoneId": ZONE}}]}
    with pytest.raises(AzureError, match="was not found"):
        lab.write(f"{ENDPOINT}/privateDnsZoneGroups/default", {"properties": configs})
    lab.write(ZONE, {"location": "global"})
    lab.write(f"{ENDPOINT}/privateDnsZoneGroups/default", {"properties": configs})


def test_a_deleted_workspace_keeps_its_name_for_14_days(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = lab.emulator.arm
    arm.delete(estate.WORKSPACE)
    (kept,) = softdelete.deleted(arm.store)
    assert (kept["name"], kept["id"]) == (estate.WORKSPACE_NAME, estate.WORKSPACE)
    with pytest.raises(AzureError) as refusal:
        lab.write(estate.WORKSPACE, estate.workspace_body())
    assert (refusal.value.status, refusal.value.code) == (400, "BadRequest")
    assert refusal.value.message == (
        "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"
    )
    arm.delete(estate.WORKSPACE, query=PURGE)  # after the deletion there is nothing left to say it of
    assert softdelete.deleted(arm.store) == [kept]
    now = softdelete.time.time()
    monkeypatch.setattr(softdelete.time, "time", lambda: now + 14 * 86400 + 1)
    assert softdelete.deleted(arm.store) == []
    monkeypatch.undo()
    lab.write(estate.WORKSPACE, estate.workspace_body())


def test_a_permanent_deletion_frees_the_name_at_once(lab: Lab) -> None:
    arm = lab.emulator.arm
    arm.delete(estate.WORKSPACE, query=PURGE)
    assert softdelete.deleted(arm.store) == []
    lab.write(estate.WORKSPACE, estate.workspace_body())


def test_a_workspace_that_goes_with_its_group_is_kept_too(lab: Lab) -> None:
    lab.emulator.arm.delete(estate.GROUP)
    assert [one["name"] for one in softdelete.deleted(lab.emulator.store)] == [estate.WORKSPACE_NAME]


def test_a_workspace_takes_no_data_lake_as_its_own_storage(lab: Lab) -> None:
    """In Azure's words, as microsoft/AzureTRE issue 1920 quotes them."""
    lake = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/lake"
    account = estate.account_body()
    account["properties"]["isHnsEnabled"] = True
    lab.write(lake, account)
    body = estate.workspace_body()
    body["properties"]["storageAccount"] = lake
    with pytest.raises(AzureError) as refusal:
        lab.write(f"{estate.WORKSPACE}2", body)
    assert (refusal.value.status, refusal.value.code) == (400, "BadRequest")
    assert refusal.value.message == "Cannot use storage with HNS enabled."
    datastore = {
        "datastoreType": "AzureDataLakeGen2",
        "accountName": "lake",
        "filesystem": "landing",
        "credentials": {"credentialsType": "None"},
    }
    lab.write(f"{estate.WORKSPACE}/datastores/lake_landing", {"properties": datastore})
    del datastore["filesystem"]
    with pytest.raises(AzureError, match="needs filesystem"):
        lab.write(f"{estate.WORKSPACE}/datastores/lake_landing", {"properties": datastore})


def failed(lab: Lab, name: str, **properties: Any) -> str:
    """Why a job failed."""
    lab.command(name, "python -c 0", **properties)
    assert lab.until(name) == "Failed"
    return str(lab.record(name)["error"]["message"])


def test_a_job_fails_by_the_name_of_what_its_nodes_do_not_reach(lab: Lab) -> None:
    arm = lab.emulator.arm
    arm.put(estate.WORKSPACE, {"properties": {"publicNetworkAccess": "Disabled"}}, merge=True)
    workspace = f"Microsoft.MachineLearningServices/workspaces/{estate.WORKSPACE_NAME}"
    why = "publicNetworkAccess is Disabled, and the caller is in no virtual network"
    assert f"'cpu' does not reach {workspace} (amlworkspace): {why}." in failed(lab, "first")
    arm.put(estate.WORKSPACE, {"properties": {"publicNetworkAccess": "Enabled"}}, merge=True)
    arm.put(estate.ACCOUNT, {"properties": {"publicNetworkAccess": "Disabled"}}, merge=True)
    code = lab.code({"main.py": ""})
    account = f"Microsoft.Storage/storageAccounts/{estate.ACCOUNT_NAME}"
    assert f"'cpu' does not reach {account} (blob): {why}." in failed(lab, "second", codeId=code)
    arm.delete(estate.ACCOUNT)  # Azure lets it go, and the workspace stays without it
    with pytest.raises(AzureError, match=f"storage account '{estate.ACCOUNT_NAME}', which does not exist"):
        lab.command("third", "python -c 0", codeId=code)
    assert arm.get(estate.WORKSPACE)["properties"]["storageAccount"] == estate.ACCOUNT


def test_the_data_plane_of_a_private_workspace_is_shut_from_outside(lab: Lab) -> None:
    lab.emulator.arm.put(estate.WORKSPACE, {"properties": {"publicNetworkAccess": "Disabled"}}, merge=True)
    path = f"/history/v1.0{estate.WORKSPACE}/runs/none"
    answer = lab.emulator.answer(Request("GET", f"{estate.REGION}.api.azureml.ms", path, path))
    words = "Access to workspace was denied based on workspace private link configuration."
    assert answer.status == 403 and words in json.loads(answer.body)["error"]["message"]
