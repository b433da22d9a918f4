"""Topics and subscriptions as pulumi-azure-native sends them: made, read without drift, changed, imported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.provider.arm_client import Answer, ArmClient, Credentials
from emulator.provider.lifecycle import Lifecycle
from tests.emulator.eventgrid.conftest import LAKE, QUEUES, STORAGE_TOPICS, TOPIC, Json, World
from tests.emulator.storage import estate

SUBSCRIPTION = "azure-native:eventgrid:SystemTopicEventSubscription"
SYSTEM_TOPIC = "azure-native:eventgrid:SystemTopic"


@pytest.fixture
def lifecycle(world: World) -> Lifecycle:
    def exchange(
        method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        parts = urlsplit(url)
        if parts.hostname == "login.microsoftonline.com":
            token, _ = world.emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
            return Answer(200, {}, {"access_token": token, "expires_in": 3600})
        query, path = dict(parse_qsl(parts.query)), unquote(parts.path)
        sent = {name.lower(): value for name, value in headers.items()}
        asked = Request(method, str(parts.hostname), path, parts.path, query, sent, data or b"")
        answer = world.emulator.answer(asked)
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, lower, json.loads(answer.body) if answer.body else {})

    return Lifecycle(ArmClient(next(iter(SUBSCRIPTIONS)), Credentials("t", "c", "s"), exchange))


def made(run: Lifecycle, token: str, inputs: Json) -> tuple[str, Json, Json]:
    """Id, checked inputs and outputs of a new resource."""
    checked = run.check(token, "one", {}, inputs)
    assert checked.failures == []
    resource_id, outputs = run.create(token, checked.inputs)
    return resource_id, dict(checked.inputs), dict(outputs)


def settled(run: Lifecycle, token: str, resource_id: str, inputs: Json, outputs: Json) -> None:
    """A refresh finds nothing to do."""
    found = run.read(token, resource_id, inputs, outputs)
    assert found is not None and found[1] == inputs and run.diff(token, inputs, found[1]) == []


def test_a_subscription_to_a_queue_lives_its_life(world: World, lifecycle: Lifecycle) -> None:
    inputs: dict[str, Any] = {
        "resourceGroupName": "rg",
        "systemTopicName": "lake-events",
        "eventSubscriptionName": "landed",
        "eventDeliverySchema": "EventGridSchema",
        "filter": {
            "includedEventTypes": ["Microsoft.Storage.BlobCreated"],
            "isSubjectCaseSensitive": True,
            "subjectBeginsWith": "/blobServices/default/containers/data/",
            "advancedFilters": [
                {"operatorType": "StringIn", "key": "data.api", "values": ["FlushWithClose"]}
            ],
        },
        "deliveryWithResourceIdentity": {
            "identity": {"type": "SystemAssigned"},
            "destination": {
                "endpointType": "StorageQueue",
                "resourceId": QUEUES,
                "queueName": "events",
                "queueMessageTimeToLiveInSeconds": 3600,
            },
        },
        "retryPolicy": {"maxDeliveryAttempts": 10, "eventTimeToLiveInMinutes": 60},
    }
    resource_id, checked, outputs = made(lifecycle, SUBSCRIPTION, inputs)
    assert resource_id == f"{TOPIC}/eventSubscriptions/landed"
    assert (outputs["provisioningState"], outputs["topic"]) == ("Succeeded", TOPIC)
    settled(lifecycle, SUBSCRIPTION, resource_id, checked, outputs)
    world.dfs("PUT", "/data/a", {"resource": "file"})
    world.dfs("PATCH", "/data/a", {"action": "flush", "position": "0", "close": "true"})
    world.later(0)
    (event,) = world.received()
    assert event["data"]["api"] == "FlushWithClose"
    new = {**checked, "filter": {**checked["filter"], "subjectEndsWith": ".csv"}}
    assert lifecycle.diff(SUBSCRIPTION, checked, new) != []
    changed = dict(lifecycle.update(SUBSCRIPTION, resource_id, outputs, new))
    assert changed["filter"]["subjectEndsWith"] == ".csv"
    settled(lifecycle, SUBSCRIPTION, resource_id, new, changed)
    lifecycle.delete(SUBSCRIPTION, resource_id)
    assert lifecycle.read(SUBSCRIPTION, resource_id, new, changed) is None


def test_the_address_of_a_webhook_is_no_drift(world: World, lifecycle: Lifecycle) -> None:
    def hook(request: Request) -> Response:
        code = json.loads(request.body)[0]["data"]["validationCode"]
        return Response.json({"validationResponse": code})

    world.emulator.hosts.route("hook.example", hook)
    inputs: dict[str, Any] = {
        "resourceGroupName": "rg",
        "systemTopicName": "lake-events",
        "eventSubscriptionName": "hook",
        "destination": {"endpointType": "WebHook", "endpointUrl": "https://hook.example/in?code=abc"},
    }
    resource_id, checked, outputs = made(lifecycle, SUBSCRIPTION, inputs)
    assert outputs["destination"]["endpointBaseUrl"] == "https://hook.example/in"
    settled(lifecycle, SUBSCRIPTION, resource_id, checked, outputs)


def test_another_source_is_another_topic(lifecycle: Lifecycle) -> None:
    inputs: dict[str, Any] = {
        "resourceGroupName": "rg",
        "systemTopicName": "of-queues",
        "location": estate.LOCATION,
        "source": QUEUES,
        "topicType": STORAGE_TOPICS,
        "identity": {"type": "SystemAssigned"},
    }
    resource_id, checked, outputs = made(lifecycle, SYSTEM_TOPIC, inputs)
    assert outputs["metricResourceId"] and outputs["identity"]["principalId"]
    settled(lifecycle, SYSTEM_TOPIC, resource_id, checked, outputs)
    changes = lifecycle.diff(SYSTEM_TOPIC, checked, {**checked, "source": LAKE})
    assert [one.replace for one in changes] == [True]
