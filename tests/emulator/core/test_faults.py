"""Faults on demand: busy answers, late grants and slow operations, as the plan says and for its seed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from emulator.errors import AzureError
from emulator.faults import Plan
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.provider.arm_client import Answer, ArmClient, Credentials
from emulator.provider.lifecycle import Lifecycle

from .conftest import GROUP, LOCATION, SUBSCRIPTION, Client

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"
ACCOUNT = "azure-native:storage:StorageAccount"
INPUTS: dict[str, Any] = {
    "resourceGroupName": "rg",
    "kind": "StorageV2",
    "sku": {"name": "Standard_LRS"},
    "location": LOCATION,
}


def statuses(client: Client, count: int) -> list[int]:
    asked = Request("GET", "management.azure.com", GROUP, GROUP)
    answers = (client.emulator.faults.answer(asked) for _ in range(count))
    return [answer.status if answer else 200 for answer in answers]


def test_a_share_of_the_answers_is_busy_and_the_seed_says_which(client: Client) -> None:
    faults = client.emulator.faults
    faults.set(Plan(busy=0.3, retry_s=7, seed=3))
    first = statuses(client, 300)
    assert set(first) == {200, 429, 503} and 50 < 300 - first.count(200) < 130
    assert faults.happened == {"throttled": first.count(429), "unavailable": first.count(503)}
    faults.set(Plan(busy=0.3, retry_s=7, seed=3))
    assert statuses(client, 300) == first
    faults.set(Plan(busy=0.3, retry_s=7, seed=4))
    assert statuses(client, 300) != first
    faults.set(Plan(busy=1.0, retry_s=7, seed=1))
    refused = [client("GET", GROUP) for _ in range(20)]
    throttled = next(one for one in refused if one.status == 429)
    assert throttled.headers["retry-after"] == "7"
    assert json.loads(throttled.body)["error"]["code"] == "SubscriptionRequestsThrottled"
    faults.set(Plan())
    assert set(statuses(client, 50)) == {200}


def test_a_blob_client_is_told_in_the_words_of_storage(client: Client) -> None:
    client.emulator.faults.set(Plan(busy=1.0, seed=2))
    asked = Request("GET", "acct.blob.core.windows.net", "/", "/")
    codes = {client.emulator.answer(asked).headers["x-ms-error-code"] for _ in range(20)}
    assert codes == {"ServerBusy", "TooManyRequests"}


def test_a_grant_works_later(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    who = client.identity()
    reading = Client(client.emulator, who)
    client.emulator.faults.set(Plan(late_s=60))
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    properties = {"roleDefinitionId": role, "principalId": who.object_id}
    assignment = "5f0e7a52-0000-4000-8000-0000000000aa"
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{assignment}"
    client.ok("PUT", path, {"properties": properties})
    assert reading("GET", GROUP).status == 403
    now = time.time()
    monkeypatch.setattr("emulator.identity.access.time", SimpleNamespace(time=lambda: now + 61))
    assert reading("GET", GROUP).status == 200
    monkeypatch.undo()
    client.emulator.faults.set(Plan())
    assert reading("GET", GROUP).status == 200


def test_a_slow_operation_is_followed_to_its_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.group()
    client.emulator.faults.set(Plan(slow_s=30))
    pool = {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5"}
    body = {"location": LOCATION, "properties": {"dnsPrefix": "aks", "agentPoolProfiles": [pool]}}
    made = client("PUT", CLUSTER, body)
    assert made.status == 201
    assert json.loads(made.body)["properties"]["provisioningState"] == "Creating"
    operation = urlsplit(made.headers["azure-asyncoperation"]).path
    under_way = client("GET", operation)
    assert json.loads(under_way.body)["status"] == "InProgress" and under_way.headers["retry-after"] == "10"
    status, code, words = client.refused("PUT", CLUSTER, body)
    assert (status, code) == (409, "OperationNotAllowed") and "Another operation (Creating)" in words
    now = time.time()
    for module in ("emulator.arm.operations", "emulator.arm.pending"):
        monkeypatch.setattr(f"{module}.time", SimpleNamespace(time=lambda: now + 31))
    assert client.ok("GET", operation)["status"] == "Succeeded"
    assert client.ok("GET", CLUSTER)["properties"]["provisioningState"] == "Succeeded"
    client.ok("PUT", f"{GROUP}/providers/Microsoft.Network/publicIPAddresses/quick", {"location": LOCATION})


@pytest.mark.parametrize(
    "given", [{"busy": "1.5"}, {"busy": "-1"}, {"cut": "often"}, {"wrong": "1"}, {"late_s": "-3"}]
)
def test_a_plan_that_is_none_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(AzureError, match=f"{next(iter(given))} is '{next(iter(given.values()))}'"):
        Plan.of(given)


def test_the_plan_outlives_a_restart(client: Client) -> None:
    client.emulator.faults.set(Plan(busy=0.25, late_s=1.5))
    emulator = client.emulator
    again = type(emulator.faults)(emulator.store, emulator.identity.access, emulator.arm.pending)
    assert again.plan == Plan(busy=0.25, late_s=1.5)


class Shaken:
    """A provider whose answers are busy, and one in ten of which is lost after the request was done."""

    def __init__(self, client: Client) -> None:
        self.emulator, self.lost = client.emulator, 0
        self.lifecycle = Lifecycle(
            ArmClient(next(iter(SUBSCRIPTIONS)), Credentials("t", "c", "s"), self.exchange)
        )

    def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        parts = urlsplit(url)
        if parts.hostname == "login.microsoftonline.com":
            token, _ = self.emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
            return Answer(200, {}, {"access_token": token, "expires_in": 3600})
        query, path = dict(parse_qsl(parts.query)), unquote(parts.path)
        sent = {name.lower(): value for name, value in headers.items()}
        asked = Request(method, str(parts.hostname), path, parts.path, query, sent, data or b"")
        answer = self.emulator.answer(asked)
        self.lost += 1
        if self.lost % 10 == 0:
            raise ConnectionError("cut")
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, lower, json.loads(answer.body) if answer.body else {})


def test_a_shaken_provider_makes_each_resource_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.group()
    client.emulator.faults.set(Plan(busy=0.2, retry_s=0, seed=5))
    run = Shaken(client)
    monkeypatch.setattr("emulator.provider.arm_client._LONGEST_PAUSE_S", 0.0)
    ids = set[str]()
    for number in range(40):
        urn = f"urn:pulumi:test::program::{ACCOUNT}::files{number}"
        checked = run.lifecycle.check(ACCOUNT, f"files{number}", {}, INPUTS, urn=urn)
        assert checked.failures == []
        ids.add(run.lifecycle.create(ACCOUNT, checked.inputs, urn=urn)[0])
    client.emulator.faults.set(Plan())
    made = client.emulator.store.by_type("Microsoft.Storage/storageAccounts")
    assert {one["id"] for one in made} == ids and len(ids) == 40
    assert run.lost > 80
