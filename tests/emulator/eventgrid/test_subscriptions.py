"""System topics and their subscriptions in ARM: what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import AzureError
from emulator.identity.directory import SUBSCRIPTIONS
from tests.emulator.eventgrid.conftest import (
    LAKE,
    PROVIDERS,
    QUEUES,
    STORAGE_TOPICS,
    TOPIC,
    Json,
    World,
    by_identity,
    to_queue,
)
from tests.emulator.storage import estate

OTHER = f"{PROVIDERS}/Microsoft.EventGrid/systemTopics/other"
ML_TOPICS = "Microsoft.MachineLearningServices.Workspaces"


@pytest.mark.parametrize(
    ("source", "kind", "location", "words"),
    [
        (LAKE, STORAGE_TOPICS, "westeurope", "existing tracked system topic for the given source"),
        (f"{LAKE}x", STORAGE_TOPICS, "westeurope", "does not exist"),
        (
            LAKE,
            ML_TOPICS,
            "westeurope",
            "is no resource of type Microsoft.MachineLearningServices/workspaces",
        ),
        (QUEUES, STORAGE_TOPICS, "northeurope", "must be that of its source, 'westeurope'"),
        (QUEUES, "", "westeurope", "properties.topicType of system topic other is required"),
        (
            QUEUES,
            "Microsoft.KeyVault.vaults",
            "westeurope",
            "system topics of type Microsoft.KeyVault.vaults",
        ),
    ],
)
def test_topics(world: World, source: str, kind: str, location: str, words: str) -> None:
    with pytest.raises(AzureError) as refused:
        world.put(OTHER, {"source": source, "topicType": kind}, location=location)
    assert words in refused.value.message
    assert refused.value.code == ("NotEmulated" if "KeyVault" in kind else "InvalidRequest")


def test_a_source_is_not_changed_and_an_account_of_the_first_version_has_no_events(world: World) -> None:
    with pytest.raises(AzureError, match="System topic source cannot be modified"):
        world.put(TOPIC, {"source": QUEUES, "topicType": STORAGE_TOPICS}, location=estate.LOCATION)
    old = estate.resource(
        world.emulator,
        "Microsoft.Storage/storageAccounts/oldaccount",
        sku={"name": "Standard_LRS"},
        kind="Storage",
    )
    with pytest.raises(AzureError, match="general purpose v1"):
        world.put(OTHER, {"source": old["id"], "topicType": STORAGE_TOPICS}, location=estate.LOCATION)


def test_what_azure_computes(world: World) -> None:
    topic = world.emulator.arm.get(TOPIC)
    assert topic["properties"]["metricResourceId"] and topic["identity"]["principalId"]
    assert topic["id"].split("/")[2] in SUBSCRIPTIONS
    made = world.subscribe(filter={"subjectEndsWith": ".csv"})["properties"]
    assert made["topic"] == TOPIC
    assert made["retryPolicy"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}
    assert (made["eventDeliverySchema"], made["provisioningState"]) == ("EventGridSchema", "Succeeded")
    assert made["filter"] == {"subjectEndsWith": ".csv"}


def advanced(operator: str, key: str = "data.api", **more: Any) -> Json:
    return {"filter": {"advancedFilters": [{"operatorType": operator, "key": key, **more}]}}


@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        (
            {"destination": to_queue(queueName="absent")},
            "Endpoint validation",
            "Destination endpoint not found.",
        ),
        ({"destination": to_queue(resourceId=f"{LAKE}x")}, "Endpoint validation", "should pre-exist"),
        ({"destination": to_queue(resourceId="lake")}, "InvalidRequest", "no id of a resource of type"),
        (
            {"destination": to_queue(), "deliveryWithResourceIdentity": by_identity(to_queue())},
            "InvalidRequest",
            "exclude each other",
        ),
        (
            {"deliveryWithResourceIdentity": by_identity(to_queue(), type="UserAssigned")},
            "InvalidRequest",
            "which system topic lake-events does not have",
        ),
        ({"destination": {"endpointType": "EventHub", "properties": {}}}, "NotEmulated", "EventHub"),
        ({"destination": {"endpointType": "Fax", "properties": {}}}, "NotEmulated", "to Fax"),
        (
            {
                "destination": {
                    "endpointType": "WebHook",
                    "properties": {"endpointUrl": "http://a.example/?x"},
                }
            },
            "InvalidRequest",
            "must begin with https://; it is 'http://a.example/'",
        ),
        (
            {"retryPolicy": {"maxDeliveryAttempts": 31}},
            "InvalidRequest",
            "maxDeliveryAttempts of to-queue is 31",
        ),
        ({"retryPolicy": {"eventTimeToLiveInMinutes": 0}}, "InvalidRequest", "1 to 1440 are allowed"),
        ({"expirationTimeUtc": "soon"}, "InvalidRequest", "no ISO 8601 time"),
        ({"eventDeliverySchema": "CustomInputSchema"}, "InvalidRequest", "eventDeliverySchema of to-queue"),
        (
            {"filter": {"includedEventTypes": ["BlobCreated"]}},
            "InvalidRequest",
            "Microsoft.Storage.BlobCreated",
        ),
        (
            {"filter": {"includedEventTypes": ["Microsoft.Storage.LifecyclePolicyCompleted"]}},
            "NotEmulated",
            "which nothing raises",
        ),
        (advanced("StringLooksLike", values=["a"]), "InvalidRequest", "operatorType 'StringLooksLike'"),
        (advanced("StringIn", values=[]), "InvalidRequest", "has the values []"),
        (advanced("StringIn", values=["x" * 513]), "InvalidRequest", "has the values"),
        (advanced("StringIn", values=["a"] * 26), "InvalidRequest", "26 values; 25 of each"),
        (advanced("NumberInRange", values=[[1]]), "InvalidRequest", "has the values [[1]]"),
        (advanced("StringIn", key="", values=["a"]), "InvalidRequest", "has no key"),
    ],
)
def test_subscriptions(world: World, properties: Json, code: str, words: str) -> None:
    with pytest.raises(AzureError) as refused:
        world.subscribe(**properties)
    assert (refused.value.code, words in refused.value.message) == (code, True), refused.value.message
    assert world.emulator.arm.find(f"{TOPIC}/eventSubscriptions/to-queue") is None


def test_an_identity_has_its_role_before_the_subscription_is_made(world: World) -> None:
    world.put(f"{QUEUES}/queueServices/default/queues/another", {})
    with pytest.raises(AzureError, match="assign the role Storage Queue Data Message Sender before"):
        world.subscribe(deliveryWithResourceIdentity=by_identity(to_queue(queueName="another")))
    dead = {"endpointType": "StorageBlob", "properties": {"resourceId": LAKE, "blobContainerName": "data"}}
    with pytest.raises(AzureError, match="assign the role Storage Blob Data Contributor before"):
        world.subscribe(deadLetterWithResourceIdentity=by_identity(dead, "deadLetterDestination"))


def test_subscriptions_of_a_resource_itself_are_refused_by_name(world: World) -> None:
    with pytest.raises(AzureError, match="make a system topic of the resource"):
        world.put(f"{LAKE}/providers/Microsoft.EventGrid/eventSubscriptions/one", {"destination": to_queue()})
