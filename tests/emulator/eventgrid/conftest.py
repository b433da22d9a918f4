"""An emulator with a lake, a queue beside it, and the lake's topic, whose clock a test turns."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm.ids import fold
from emulator.eventgrid.courier import Courier
from emulator.http import Request, Response
from emulator.identity.directory import ENGINEERS, SIGNED_IN
from tests.emulator.storage import estate

Json = dict[str, Any]
SENDER = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
STORAGE_TOPICS = "Microsoft.Storage.StorageAccounts"
PROVIDERS = f"{estate.GROUP}/providers"
LAKE = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/lake"
QUEUES = f"{PROVIDERS}/Microsoft.Storage/storageAccounts/queues"
QUEUE = f"{QUEUES}/queueServices/default/queues/events"
TOPIC = f"{PROVIDERS}/Microsoft.EventGrid/systemTopics/lake-events"
SHUT = {"defaultAction": "Deny", "bypass": "None", "ipRules": [], "virtualNetworkRules": []}


class World:
    """What a test does and sees. Time stands still until it is turned on."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.now = 1_900_000_000.0
        self.courier: Courier = emulator.courier
        emulator.publisher._clock = self.courier._clock = lambda: self.now  # pyright: ignore[reportPrivateUsage]

    def put(self, resource_id: str, properties: Json, **more: Any) -> Json:
        return self.emulator.arm.put(resource_id, {"properties": properties, **more})[0]

    def topic(self, **more: Any) -> Json:
        properties = {"source": LAKE, "topicType": STORAGE_TOPICS}
        return self.put(
            TOPIC, properties, location=estate.LOCATION, identity={"type": "SystemAssigned"}, **more
        )

    def subscribe(self, name: str = "to-queue", **properties: Any) -> Json:
        """A subscription, by the topic's identity to the queue unless it is said otherwise."""
        if not {"destination", "deliveryWithResourceIdentity"} & properties.keys():
            properties["deliveryWithResourceIdentity"] = by_identity(to_queue())
        return self.put(f"{TOPIC}/eventSubscriptions/{name}", properties)

    def publish(
        self, subject: str = "/a", event_type: str = "Microsoft.Storage.BlobCreated", **data: Any
    ) -> int:
        return self.emulator.publisher.publish(LAKE, event_type, subject, data)

    def later(self, seconds: float) -> int:
        """How many attempts are made when so much time has passed."""
        self.now += seconds
        return self.courier.run()

    def received(self) -> list[Json]:
        """The events that are in the queue, which is empty then."""
        messages = self.emulator._messages  # pyright: ignore[reportPrivateUsage]
        found = [json.loads(base64.b64decode(one.text)) for one in messages.peek("queues", "events", 2000)]
        messages.clear("queues", "events")
        return found

    def tally(self, name: str = "to-queue") -> dict[str, int]:
        return self.emulator.pending_events.tallies().get(fold(f"{TOPIC}/eventSubscriptions/{name}"), {})

    def dfs(self, method: str, path: str, query: dict[str, str], body: bytes = b"", **more: str) -> Response:
        return self.storage("dfs", method, path, query, body, **more)

    def storage(
        self, service: str, method: str, path: str, query: dict[str, str], body: bytes = b"", **more: str
    ) -> Response:
        token, _ = self.emulator.identity.tokens.issue(SIGNED_IN, "https://storage.azure.com")
        headers = {"authorization": f"Bearer {token}", "x-ms-version": "2025-01-05"}
        headers |= {name.replace("_", "-"): text for name, text in more.items()}
        host = f"lake.{service}.core.windows.net"
        answer = self.emulator.answer(Request(method, host, path, path, query, headers, body))
        assert answer.status < 300, answer.body
        return answer


def to_queue(**more: Any) -> Json:
    return {
        "endpointType": "StorageQueue",
        "properties": {"resourceId": QUEUES, "queueName": "events", **more},
    }


def by_identity(destination: Json, name: str = "destination", **identity: str) -> Json:
    return {"identity": identity or {"type": "SystemAssigned"}, name: destination}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    emulator = estate.start(tmp_path)
    estate.account(emulator, "lake", isHnsEnabled=True, allowSharedKeyAccess=False)
    estate.account(emulator, "queues", allowSharedKeyAccess=False)
    emulator.arm.put(QUEUE, {})
    estate.grant(emulator, ENGINEERS, estate.CONTRIBUTOR)
    made = World(emulator)
    topic = made.topic()
    estate.grant(emulator, topic["identity"]["principalId"], SENDER, QUEUE)
    yield made
    emulator.close()
