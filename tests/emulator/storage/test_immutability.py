"""Write-once containers: what may be changed before they are locked, and what not after."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.errors import AzureError
from tests.emulator.homes import started_once

GROUP = "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/approvals"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/approvals-prod"
POLICY = f"{CONTAINER}/immutabilityPolicies/default"


@pytest.fixture
def emulator(tmp_path: Any) -> Any:
    made = Emulator(started_once(tmp_path / "home"))
    made.arm.put(GROUP, {"location": "westeurope"})
    body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    made.arm.put(ACCOUNT, {**body, "properties": {"isHnsEnabled": True}})
    made.arm.put(CONTAINER, {"properties": {}})
    yield made
    made.close()


def retention(days: Any) -> dict[str, Any]:
    return {"properties": {"immutabilityPeriodSinceCreationInDays": days}}


def act(emulator: Emulator, name: str, match: str, **properties: Any) -> Any:
    body = {"properties": properties}
    return emulator.arm.act(Action(POLICY, name, body, {}, {"if-match": match}, None))


def refused(work: Any) -> tuple[int, str, str]:
    with pytest.raises(AzureError) as refusal:
        work()
    return refusal.value.status, refusal.value.code, refusal.value.message


def test_an_unlocked_policy_is_changed_and_removed(emulator: Emulator) -> None:
    emulator.arm.put(POLICY, retention(7))
    emulator.arm.put(POLICY, retention(1))
    assert emulator.arm.get(CONTAINER)["properties"]["hasImmutabilityPolicy"] is True
    emulator.arm.delete(POLICY)
    assert emulator.arm.get(CONTAINER)["properties"]["hasImmutabilityPolicy"] is False


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (0, "InvalidRequestPropertyValue"),
        (146_001, "InvalidRequestPropertyValue"),
        (None, "InvalidRequestPropertyValue"),
        ("a week", "InvalidRequestContent"),
        (True, "InvalidRequestContent"),
    ],
)
def test_a_period_is_1_to_146000_days(emulator: Emulator, days: Any, code: str) -> None:
    assert refused(lambda: emulator.arm.put(POLICY, retention(days)))[1] == code


def test_a_locked_policy_holds_its_container_and_its_account(emulator: Emulator) -> None:
    """In Azure's words, as Azure/azure-powershell issue 26148 quotes them."""
    etag = emulator.arm.put(POLICY, retention(7))[0]["etag"]
    assert refused(lambda: act(emulator, "lock", '"another"'))[0] == 412
    assert act(emulator, "lock", etag)["properties"]["state"] == "Locked"
    words = "Operation not allowed on immutability policy with current state."
    assert refused(lambda: emulator.arm.put(POLICY, retention(1)))[2] == words
    assert refused(lambda: emulator.arm.delete(POLICY))[2] == words
    assert refused(lambda: act(emulator, "lock", "*"))[2] == words
    assert refused(lambda: emulator.arm.delete(CONTAINER))[:2] == (409, "ContainerImmutabilityPolicyLocked")
    for target in (ACCOUNT, GROUP):
        answer = refused(lambda target=target: emulator.arm.delete(target))
        assert answer[:2] == (409, "AccountProtectedFromDeletion")
        assert "The container(s) approvals-prod have a locked immutability policy." in answer[2]
    emulator.arm.put(POLICY, retention(7))  # the same again is no change
    longer = act(emulator, "extend", "*", immutabilityPeriodSinceCreationInDays=30)
    assert longer["properties"]["immutabilityPeriodSinceCreationInDays"] == 30
    with pytest.raises(AzureError):
        act(emulator, "extend", "*", immutabilityPeriodSinceCreationInDays=29)
