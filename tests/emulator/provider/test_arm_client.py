from __future__ import annotations

from collections.abc import Mapping

import pytest

from emulator.provider.arm_client import Answer, ArmClient, ArmError, Cancelled, Credentials, Failed
from emulator.provider.oidc import Source
from tests.emulator.provider.fake_azure import GROUP, FakeAzure, client, error

ID = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/a"
URL = f"https://management.azure.com{ID}"
VERSION = "2024-01-01"


def with_state(state: str) -> Answer:
    return Answer(200, {"retry-after": "0"}, {"id": ID, "properties": {"provisioningState": state}})


def test_a_put_waits_for_the_provisioning_state(azure: FakeAzure) -> None:
    azure.answers["PUT"] = [with_state("Creating")]
    azure.answers["GET"] = [with_state("Creating"), with_state("Updating"), with_state("Succeeded")]
    body = client(azure).put(ID, VERSION, {})
    assert body["properties"]["provisioningState"] == "Succeeded"
    assert azure.answers["GET"] == []


def test_a_put_follows_its_operation(azure: FakeAzure) -> None:
    operation = {"azure-asyncoperation": f"{URL}/operations/1?api-version=x", "retry-after": "0"}
    azure.answers["PUT"] = [Answer(202, operation, {})]
    azure.answers["GET"] = [
        Answer(200, {"retry-after": "0"}, {"status": "Running"}),
        Answer(200, {}, {"status": "Succeeded"}),
        with_state("Succeeded"),
    ]
    assert client(azure).put(ID, VERSION, {})["id"] == ID


def test_an_operation_that_fails_says_why(azure: FakeAzure) -> None:
    operation = {"azure-asyncoperation": f"{URL}/operations/1?api-version=x", "retry-after": "0"}
    azure.answers["PUT"] = [Answer(201, operation, {})]
    failure = {"status": "Failed", "error": {"code": "Quota", "message": "no cores left"}}
    azure.answers["GET"] = [Answer(200, {}, failure), with_state("Failed")]
    with pytest.raises(Failed, match="no cores left") as caught:
        client(azure).put(ID, VERSION, {})
    assert caught.value.body["id"] == ID


def test_a_delete_waits_until_it_is_gone(azure: FakeAzure) -> None:
    azure.answers["DELETE"] = [Answer(202, {"location": f"{URL}/results/1", "retry-after": "0"}, {})]
    azure.answers["GET"] = [
        Answer(202, {"retry-after": "0"}, {}),
        Answer(204, {}, {}),
        with_state("Deleting"),
        error(404, "ResourceNotFound"),
    ]
    client(azure).delete(ID, VERSION)
    assert azure.answers["GET"] == []


def test_a_lost_answer_and_a_busy_service_are_tried_again(azure: FakeAzure) -> None:
    azure.answers["PUT"] = [
        ConnectionError("lost"),
        Answer(429, {"retry-after": "0"}, {}),
        with_state("Succeeded"),
    ]
    assert client(azure).put(ID, VERSION, {"tags": {}})["id"] == ID
    assert azure.puts() == [{"tags": {}}] * 3


def test_an_error_carries_code_message_and_details(azure: FakeAzure) -> None:
    content = {"code": "Bad", "message": "wrong", "details": [{"code": "Name", "message": "too long"}]}
    azure.answers["PUT"] = [Answer(400, {}, {"error": content})]
    with pytest.raises(ArmError, match=r"Bad \(400\): wrong \[Name: too long\]"):
        client(azure).put(ID, VERSION, {})


def test_waiting_ends_with_the_time_allowed_or_on_cancel(azure: FakeAzure) -> None:
    azure.answers["GET"] = [with_state("Creating")] * 100
    azure.answers["PUT"] = [with_state("Creating")]
    with pytest.raises(TimeoutError, match="still creating"):
        client(azure).put(ID, VERSION, {}, timeout=0)
    stopped = client(azure)
    stopped.cancelled.set()
    azure.answers["PUT"] = [with_state("Creating")]
    with pytest.raises(Cancelled):
        stopped.put(ID, VERSION, {})


def test_tokens_are_kept_for_each_audience(azure: FakeAzure) -> None:
    signed_in = client(azure)
    assert signed_in.token() is signed_in.token()
    assert signed_in.claims()["oid"] == "object"


def test_credentials_do_not_show_their_secret() -> None:
    assert "topsecret" not in repr(Credentials("t", "c", "topsecret"))


def test_a_job_asks_for_its_token_each_time_it_signs_in() -> None:
    asked: list[tuple[str, str, bytes]] = []

    def answers(
        method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        asked.append((method, url, data or b""))
        if "audience=" in url:
            return Answer(200, {}, {"value": "of-the-job"} if headers["authorization"] == "Bearer b" else {})
        return Answer(200, {}, {"access_token": "t", "expires_in": 3600})

    signed_in = ArmClient("s", Credentials("t", "c", "", Source(url="http://u?v=1", bearer="b")), answers)
    assert signed_in.token() == "t"
    assert asked[0][1] == "http://u?v=1&audience=api://AzureADTokenExchange"
    assert b"client_assertion=of-the-job" in asked[1][2] and b"client_secret" not in asked[1][2]
    refused = ArmClient("s", Credentials("t", "c", "", Source(url="http://u", bearer="other")), answers)
    with pytest.raises(ArmError, match="no token of this job"):
        refused.token()
