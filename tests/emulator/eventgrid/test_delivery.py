"""Events on their way: by identity and through firewalls, again and again, dead at last; none is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator import control, report
from emulator.app import Emulator
from emulator.eventgrid.courier import SCHEDULE
from emulator.faults import Plan
from emulator.http import Request, Response
from emulator.identity.directory import TENANT_ID
from tests.emulator.eventgrid.conftest import (
    LAKE,
    QUEUE,
    QUEUES,
    SENDER,
    SHUT,
    TOPIC,
    Json,
    World,
    by_identity,
    to_queue,
)
from tests.emulator.storage import estate

HOOK = "hook.example"
MINUTE = 60


class Hook:
    """A webhook on an emulated host; `status` is what it answers to events."""

    def __init__(self, world: World) -> None:
        self.status, self.seen = 200, list[Request]()
        world.emulator.hosts.route(HOOK, self.handle)

    def handle(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(200, {"WebHook-Allowed-Origin": "eventgrid.azure.net"})
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            code = json.loads(request.body)[0]["data"]["validationCode"]
            return Response.json({"validationResponse": code})
        self.seen.append(request)
        return Response(self.status)


def to_hook(**more: Any) -> Json:
    return {"endpointType": "WebHook", "properties": {"endpointUrl": f"https://{HOOK}/in?code=abc", **more}}


def test_an_event_arrives_as_one_message_in_base64(world: World) -> None:
    world.subscribe()
    assert world.publish("/blobServices/default/containers/landing/blobs/a.csv", api="PutBlob") == 1
    assert world.later(0) == 1
    (event,) = world.received()
    assert (
        event["topic"] == LAKE and event["subject"].endswith("/a.csv") and event["data"] == {"api": "PutBlob"}
    )
    assert event.keys() == {
        *("id", "topic", "subject", "eventType", "eventTime", "data", "dataVersion", "metadataVersion")
    }
    assert world.tally() == {"delivered": 1}


def test_a_firewall_lets_the_identity_in_by_its_bypass_alone(world: World) -> None:
    world.subscribe()
    for acls, public, arrives in (
        ({**SHUT, "bypass": "AzureServices"}, "Enabled", True),
        ({**SHUT, "bypass": "Logging, AzureServices"}, "Disabled", True),
        (SHUT, "Enabled", False),
        (SHUT, "Disabled", False),
    ):
        properties = {"networkAcls": acls, "publicNetworkAccess": public}
        world.emulator.arm.put(QUEUES, {"properties": properties}, merge=True)
        world.publish()
        world.later(0)
        assert (len(world.received()) == 1) == arrives, (acls, public)
    assert world.tally() == {"delivered": 2, "failed": 2, "dropped": 2}


def test_without_an_identity_it_is_the_accounts_key_that_delivers(world: World) -> None:
    world.subscribe(destination=to_queue())
    world.publish()
    world.later(0)
    assert world.received() == [] and world.tally() == {"failed": 1, "dropped": 1}  # keys are shut
    world.emulator.arm.put(QUEUES, {"properties": {"allowSharedKeyAccess": True}}, merge=True)
    world.publish()
    world.later(0)
    assert len(world.received()) == 1
    acls = {**SHUT, "bypass": "AzureServices"}
    world.emulator.arm.put(QUEUES, {"properties": {"networkAcls": acls}}, merge=True)
    world.publish()
    world.later(0)
    assert world.received() == []  # who comes by a key is not trusted


def test_a_role_that_is_taken_away_ends_delivery_at_once(world: World) -> None:
    world.subscribe()
    for one in world.emulator.store.by_type("Microsoft.Authorization/roleAssignments", QUEUE):
        world.emulator.arm.delete(one["id"])
    world.publish()
    assert world.later(0) == 1
    assert world.tally() == {"failed": 1, "dropped": 1}  # 403 is not tried again


def test_a_user_assigned_identity_delivers(world: World) -> None:
    who = estate.identity(world.emulator, "deliverer")
    estate.grant(world.emulator, who.object_id, SENDER, QUEUE)
    name = who.resource_id
    body = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {name: {}}}}
    world.emulator.arm.put(TOPIC, body, merge=True)
    chosen = {"type": "UserAssigned", "userAssignedIdentity": name}
    world.subscribe(deliveryWithResourceIdentity=by_identity(to_queue(), **chosen))
    world.publish()
    world.later(0)
    assert len(world.received()) == 1


def test_retries_follow_the_documented_schedule_until_there_are_no_more(world: World) -> None:
    hook = Hook(world)
    world.subscribe("hook", destination=to_hook(), retryPolicy={"maxDeliveryAttempts": 5})
    hook.status = 500
    world.publish()
    assert world.later(0) == 1
    for wait in SCHEDULE[:4]:
        assert world.later(wait - 0.5) == 0
        assert world.later(0.5) == 1
    assert world.later(24 * 3600) == 0
    assert world.tally("hook") == {"failed": 5, "dropped": 1}
    assert [one.headers["aeg-delivery-count"] for one in hook.seen] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(("status", "wait"), [(503, 30), (408, 120), (404, 300), (429, 10), (302, 10)])
def test_some_answers_ask_for_a_longer_wait(world: World, status: int, wait: int) -> None:
    hook = Hook(world)
    world.subscribe("hook", destination=to_hook())
    hook.status = status
    world.publish()
    world.later(0)
    assert world.later(wait - 0.5) == 0
    hook.status = 204
    assert world.later(0.5) == 1
    assert world.tally("hook") == {"failed": 1, "delivered": 1}


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_some_answers_leave_no_hope(world: World, status: int) -> None:
    hook = Hook(world)
    world.subscribe("hook", destination=to_hook())
    hook.status = status
    world.publish()
    world.later(0)
    assert world.later(24 * 3600) == 0 and world.tally("hook") == {"failed": 1, "dropped": 1}


def test_dead_letters_say_why_and_the_queue_gets_the_rest(world: World) -> None:
    hook = Hook(world)
    dead = {"endpointType": "StorageBlob", "properties": {"resourceId": LAKE, "blobContainerName": "data"}}
    topic = world.emulator.arm.get(TOPIC)
    estate.grant(world.emulator, topic["identity"]["principalId"], estate.CONTRIBUTOR, LAKE)
    world.subscribe(
        "Hook-One",
        destination=to_hook(),
        filter={"includedEventTypes": ["Microsoft.Storage.BlobDeleted"]},
        retryPolicy={"eventTimeToLiveInMinutes": 2},
        deadLetterWithResourceIdentity=by_identity(dead, "deadLetterDestination"),
    )
    hook.status = 500
    world.publish("/old", "Microsoft.Storage.BlobDeleted", api="DeleteBlob")
    assert [world.later(wait) for wait in (0, 10, 30)] == [1, 1, 1]
    assert world.later(MINUTE) == 1  # the fourth attempt comes 100 s after the event
    assert world.later(5 * MINUTE) == 1  # which is too old by the next: no attempt, but the end
    assert len(hook.seen) == 4
    assert world.later(5 * MINUTE - 1) == 0
    assert world.later(1) == 1
    found = world.emulator.blobs.list("lake", "data", "HOOK-ONE/")
    name = found[-1].name
    assert name.split("/")[1:4] == ["2030", "3", "17"]
    (letter,) = json.loads(world.emulator.blobs.read("lake", "data", name))
    assert (letter["deadLetterReason"], letter["deliveryAttempts"]) == ("TimeToLiveExceeded", 4)
    assert letter["lastDeliveryOutcome"] == "GenericError" and letter["data"] == {"api": "DeleteBlob"}
    assert {"publishTime", "lastDeliveryAttemptTime"} <= letter.keys()
    assert world.tally("Hook-One") == {"failed": 4, "dead_lettered": 1}


def test_a_webhook_shows_its_address_to_those_alone_who_may_ask(world: World) -> None:
    Hook(world)
    made = world.subscribe("hook", destination=to_hook())
    assert made["properties"]["destination"]["properties"] == {"endpointBaseUrl": f"https://{HOOK}/in"}
    from emulator.arm.service import Action

    asked = Action(made["id"], "getFullUrl", {}, {}, {}, None)
    assert world.emulator.arm.act(asked) == {"endpointUrl": f"https://{HOOK}/in?code=abc"}
    kept = (world.emulator.home.root / "emulator.db").read_bytes()
    assert b"code=abc" not in kept
    changed = world.emulator.arm.put(made["id"], {"labels": ["one"]}, merge=True)[
        0
    ]  # as `az … update` sends it
    assert changed["properties"]["labels"] == ["one"] and "labels" not in changed
    world.publish()
    world.later(0)
    assert world.tally("hook") == {"delivered": 1}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(500), "Http POST request failed with response code 500."),
        (Response.json({"validationResponse": "wrong"}), "Http POST request retuned 2XX response"),
    ],
)
def test_a_webhook_that_does_not_want_events(world: World, answer: Response, words: str) -> None:
    from emulator.errors import AzureError

    world.emulator.hosts.route(HOOK, lambda request: answer)
    with pytest.raises(AzureError) as refused:
        world.subscribe("hook", destination=to_hook())
    assert refused.value.code == "Url validation" and words in refused.value.message
    assert "abc" not in refused.value.message
    made = world.emulator.arm.get(f"{TOPIC}/eventSubscriptions/hook")
    assert made["properties"]["provisioningState"] == "Failed"
    assert world.publish() == 0


def test_cloud_events_and_a_webhook_that_entra_id_secures(world: World) -> None:
    hook = Hook(world)
    application = "api://hook"
    world.emulator.identity.tokens.applications.append(lambda: {application})
    secured = {
        "azureActiveDirectoryTenantId": TENANT_ID,
        "azureActiveDirectoryApplicationIdOrUri": application,
    }
    world.subscribe("hook", destination=to_hook(**secured), eventDeliverySchema="CloudEventSchemaV1_0")
    world.publish("/a", size=1)
    world.later(0)
    (request,) = hook.seen
    event = json.loads(request.body)
    assert request.headers["content-type"].startswith("application/cloudevents+json")
    assert (event["specversion"], event["source"], event["data"]) == ("1.0", LAKE, {"size": 1})
    claims = world.emulator.identity.tokens.claims(request.headers["authorization"].removeprefix("Bearer "))
    assert (claims["aud"], claims["appid"]) == (application, "4962773b-9cdb-44cf-a8bf-237846a00ab7")


def test_what_waits_outlives_a_restart(world: World, tmp_path: Path) -> None:
    world.subscribe()
    for number in range(3):
        world.publish(f"/{number}")
    world.emulator.close()
    again = World(Emulator(world.emulator.home))
    assert again.later(0) == 3
    assert [one["subject"] for one in again.received()] == ["/0", "/1", "/2"]
    again.emulator.close()


def test_some_events_come_twice_and_overtake_others(world: World) -> None:
    world.subscribe()
    world.emulator.faults.set(Plan(duplicates=0.25, disorder_s=60, seed=3))
    made = sum(world.publish(f"/{number:03}") for number in range(200))
    assert 230 < made < 270
    while world.later(1) or world.emulator.pending_events.times():
        pass
    subjects = [one["subject"] for one in world.received()]
    assert len(subjects) == made and len(set(subjects)) == 200 and subjects != sorted(subjects)
    assert world.emulator.faults.happened == {"duplicated": made - 200}


def test_the_schedule_can_be_hastened(world: World) -> None:
    hook = Hook(world)
    world.subscribe("hook", destination=to_hook())
    hook.status = 500
    world.emulator.faults.set(Plan(hasten=100))
    world.publish()
    world.later(0)
    assert world.later(0.05) == 0 and world.later(0.06) == 1


def test_a_subscription_that_is_gone_or_over_gets_nothing(world: World) -> None:
    made = world.subscribe(expirationTimeUtc="2030-03-17T18:00:00Z")
    assert world.publish() == 1
    world.emulator.arm.delete(made["id"])
    assert world.later(0) == 0 and world.publish() == 0
    world.subscribe(expirationTimeUtc="2030-03-17T17:00:00Z")
    assert world.publish() == 0


def test_the_courier_works_by_itself(world: World) -> None:
    """In its threads, as it does while the emulator answers: a storm arrives whole."""
    from threading import Event

    world.subscribe()
    arrived = Event()
    plane = world.emulator.hosts.handler("queues.queue.core.windows.net")
    assert plane is not None
    count = [0]

    def counting(request: Request) -> Response:
        count[0] += 1
        if count[0] == 100:
            arrived.set()
        return plane(request)

    world.emulator.hosts.route("queues.queue.core.windows.net", counting)
    world.courier.start()
    for number in range(100):
        world.publish(f"/{number}")
    assert arrived.wait(30)
    world.courier.stop()


def test_the_status_tells_what_became_of_events(world: World) -> None:
    made = world.subscribe()
    world.publish("/one")
    world.later(0)
    world.publish("/two")
    found = control.status(world.emulator, 0.0)
    (one,) = found["events"]
    assert one["subscription"] == made["id"]
    assert (one["waiting"], one["delivered"], one["failed"], one["dead_lettered"]) == (1, 1, 0, 0)
    assert "lake-events/to-queue  waiting 1, retried 0, delivered 1" in report.status_text(found)
