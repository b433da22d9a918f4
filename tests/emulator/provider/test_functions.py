from __future__ import annotations

from typing import Any

import pytest

from emulator.provider.functions import invoke
from emulator.provider.lifecycle import Lifecycle, Refused
from emulator.provider.values import Secret
from tests.emulator.provider.fake_azure import GROUP, SUBSCRIPTION, FakeAzure, client

ARGUMENTS = {"resourceGroupName": "rg", "accountName": "a"}
ACCOUNT_ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a"


def call(azure: FakeAzure, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    signed_in = client(azure)
    return invoke(Lifecycle(signed_in), signed_in, f"azure-native:{token}", arguments)


def test_who_is_signed_in(azure: FakeAzure) -> None:
    assert call(azure, "authorization:getClientConfig", {}) == {
        "clientId": "client",
        "objectId": "object",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": "tenant",
    }
    assert isinstance(call(azure, "authorization:getClientToken", {})["token"], Secret)


def test_reading_a_resource(azure: FakeAzure) -> None:
    azure.store(ACCOUNT_ID, {"location": "westeurope", "properties": {"supportsHttpsTrafficOnly": True}})
    found = call(azure, "storage:getStorageAccount", {**ARGUMENTS, "expand": "blobRestoreStatus"})
    assert found["id"] == ACCOUNT_ID
    assert found["enableHttpsTrafficOnly"] is True
    assert azure.calls[-1][2]["expand"] == "blobRestoreStatus"


def test_reading_what_does_not_exist(azure: FakeAzure) -> None:
    with pytest.raises(Refused, match=r"ResourceNotFound \(404\)"):
        call(azure, "storage:getStorageAccount", ARGUMENTS)


def test_an_action_is_a_post_and_its_answer_secret(azure: FakeAzure) -> None:
    azure.actions["listKeys"] = {"keys": [{"keyName": "key1", "value": "v"}]}
    found = call(azure, "storage:listStorageAccountKeys", {**ARGUMENTS, "expand": None})
    assert found == {"keys": Secret([{"keyName": "key1", "value": "v"}])}
    assert azure.calls[-1][:2] == ("POST", f"{ACCOUNT_ID}/listKeys")


def test_other_functions_are_refused_by_name(azure: FakeAzure) -> None:
    for token in ("storage:listLocalUserKeys", "search:getService"):
        with pytest.raises(Refused, match=f"azure-native:{token} is not emulated"):
            call(azure, token, ARGUMENTS)
