"""One attempt to deliver an event, or to keep a dead letter: as the destination is reached in Azure."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from emulator.arm.store import Store
from emulator.eventgrid import destinations, refuse
from emulator.eventgrid.calls import Answer, Calls
from emulator.eventgrid.destinations import Destination
from emulator.eventgrid.event import CLOUD_EVENTS, EVENT_GRID, Event
from emulator.eventgrid.identities import Identities
from emulator.eventgrid.pending import Delivery
from emulator.eventgrid.subscriptions import Subscriptions
from emulator.http import Request
from emulator.places import AZURE, TRUSTED
from emulator.storage import signatures
from emulator.storage.accounts import Accounts
from emulator.storage.model import http_date

Json = dict[str, Any]
SUCCESS: Final = range(200, 205)
VERSION: Final = "2025-11-05"
ORIGIN: Final = "eventgrid.azure.net"
# status -> lastDeliveryOutcome; "Dead letter and retry policies" has these words
OUTCOMES: Final[Mapping[int, str]] = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "TimedOut",
    413: "PayloadTooLarge",
    429: "Busy",
    502: "SocketError",
    503: "Busy",
    504: "TimedOut",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """status: 0 where nothing answered. name: as Event Grid calls it, "" for success. azure: whether the
    destination is a resource of Azure, and no webhook."""

    status: int
    name: str
    azure: bool = True


class Sender:
    """Sends to each kind of destination."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        identities: Identities,
        subscriptions: Subscriptions,
        calls: Calls,
    ) -> None:
        self._store, self._accounts, self._identities = store, accounts, identities
        self._subscriptions, self._calls = subscriptions, calls

    def send(self, topic: Json, subscription: Json, event: Event, attempts: int) -> Outcome:
        """Try once."""
        properties = subscription["properties"]
        destination = destinations.of(properties)
        if destination is None:
            return Outcome(404, "NotFound")
        body = event.rendered(str(properties.get("eventDeliverySchema") or EVENT_GRID))
        if destination.kind == "StorageQueue":
            return self._to_queue(topic, destination, body)
        cloud = properties.get("eventDeliverySchema") == CLOUD_EVENTS
        headers = {
            "content-type": "application/cloudevents+json; charset=utf-8"
            if cloud
            else "application/json; charset=utf-8",
            "aeg-event-type": "Notification",
            "aeg-subscription-name": str(subscription["name"]).upper(),
            "aeg-delivery-count": str(attempts),
            "aeg-data-version": event.version,
            "aeg-metadata-version": "1",
        }
        if cloud:
            headers["webhook-request-origin"] = ORIGIN
        data = json.dumps(body if cloud else [body]).encode()
        if destination.kind == "AzureFunction":
            return _outcome(self._calls.call("POST", _function(destination), headers, data), azure=True)
        url = self._subscriptions.address(subscription["id"])
        answer = self._calls.call("POST", url, {**headers, **self._secured(destination)}, data)
        return _outcome(answer, azure=False)

    def keep(self, topic: Json, subscription: Json, delivery: Delivery, now: float) -> Outcome:
        """Write a dead letter into the container of the subscription."""
        destination = destinations.of_dead_letters(subscription["properties"])
        if destination is None:
            return Outcome(404, "NotFound")
        moment = datetime.fromtimestamp(now, UTC)
        folder = f"{moment.year}/{moment.month}/{moment.day}/{moment.hour}"
        name = f"{str(subscription['name']).upper()}/{folder}/{uuid.uuid4()}.json"
        container = destination.properties.get("blobContainerName")
        body = json.dumps([_dead_letter(subscription, delivery)]).encode()
        headers = {"content-type": "application/json", "x-ms-blob-type": "BlockBlob"}
        return _outcome(
            self._storage(topic, destination, "PUT", "blob", f"/{container}/{name}", headers, body)
        )

    def handshake(self, subscription: Json) -> None:
        """Ask a webhook whether it wants events; 400 unless it says so. Other destinations are not asked."""
        properties = subscription["properties"]
        destination = destinations.of(properties)
        if destination is None or destination.kind != "WebHook":
            return
        url = self._subscriptions.address(subscription["id"])
        base, secured = url.partition("?")[0], self._secured(destination)
        if properties.get("eventDeliverySchema") == CLOUD_EVENTS:
            answer = self._calls.call("OPTIONS", url, {"webhook-request-origin": ORIGIN, **secured})
            allowed = str(answer.headers.get("webhook-allowed-origin", "")).lower()
            if answer.status not in SUCCESS or allowed not in ("*", ORIGIN):
                raise refuse.handshake(
                    base,
                    f"Http OPTIONS request failed with response code {_told(answer)}, "
                    f"WebHook-Allowed-Origin '{allowed}'. For troublehooting, visit https://aka.ms/esvalidation.",
                )
            return
        code = str(uuid.uuid4())
        event = Event(
            str(uuid.uuid4()),
            str((self._store.get(subscription["id"].rsplit("/", 2)[0]) or {})["properties"]["source"]),
            "Microsoft.EventGrid.SubscriptionValidationEvent",
            "",
            f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            {"validationCode": code},
            "2",
        )
        headers = {
            "content-type": "application/json; charset=utf-8",
            "aeg-event-type": "SubscriptionValidation",
            "aeg-subscription-name": str(subscription["name"]).upper(),
            **secured,
        }
        answer = self._calls.call("POST", url, headers, json.dumps([event.rendered(EVENT_GRID)]).encode())
        if answer.status not in SUCCESS:
            raise refuse.handshake(
                base,
                f"Http POST request failed with response code {_told(answer)}. For troublehooting, visit "
                "https://aka.ms/esvalidation.",
            )
        if _echoed(answer.body) != code:
            raise refuse.handshake(
                base,
                f"Http POST request retuned 2XX response with response body {answer.body[:200]!r}. When a "
                "validation request is accepted without validation code in the response body, Http GET is "
                "expected on the validation url included in the validation event(within 10 minutes): that "
                "way is not emulated.",
            )

    def _to_queue(self, topic: Json, destination: Destination, body: Json) -> Outcome:
        """As one message, in base64: "Storage queue as an event handler"."""
        text = base64.b64encode(json.dumps(body).encode()).decode()
        message = f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()
        ttl = destination.properties.get("queueMessageTimeToLiveInSeconds")
        query = {"messagettl": str(ttl)} if ttl else {}
        path = f"/{destination.properties.get('queueName')}/messages"
        headers = {"content-type": "application/xml"}
        return _outcome(self._storage(topic, destination, "POST", "queue", path, headers, message, query))

    def _storage(
        self,
        topic: Json,
        destination: Destination,
        method: str,
        service: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """By the topic's identity, which passes firewalls that trust Azure's services; else by a key."""
        account = self._accounts.find(destination.account)
        if account is None:
            return Answer(0, failure="ResolutionError")
        host = f"{account.name}.{service}.core.windows.net"
        headers |= {"x-ms-version": VERSION, "x-ms-date": http_date(datetime.now(UTC).timestamp())}
        headers["content-length"] = str(len(body))
        if destination.identity:
            who = self._identities.find(topic, destination)
            if who is None:
                return Answer(401)
            headers["authorization"] = f"Bearer {self._identities.storage_token(who)}"
        else:
            asked = Request(method, host, path, path, dict(query or {}), headers, body)
            signed = signatures.sign(account.keys[0], signatures.shared_key(asked, account.name)[0])
            headers["authorization"] = f"SharedKey {account.name}:{signed}"
        url = f"https://{host}{path}" + (f"?{urlencode(query)}" if query else "")
        return self._calls.call(method, url, headers, body, TRUSTED if destination.identity else AZURE)

    def _secured(self, destination: Destination) -> dict[str, str]:
        audience = destination.properties.get("azureActiveDirectoryApplicationIdOrUri")
        token = self._identities.webhook_token(str(audience)) if audience else ""
        return {"authorization": f"Bearer {token}"} if token else {}


def _function(destination: Destination) -> str:
    """The address at which the host of a function takes its events."""
    parts = destination.resource_id.split("/")
    site, name = parts[parts.index("sites") + 1], parts[-1]
    return f"https://{site.lower()}.azurewebsites.net/runtime/webhooks/EventGrid?functionName={name}"


def _outcome(answer: Answer, azure: bool = True) -> Outcome:
    if answer.status in SUCCESS:
        return Outcome(answer.status, "", azure)
    return Outcome(answer.status, answer.failure or OUTCOMES.get(answer.status, "GenericError"), azure)


def _told(answer: Answer) -> str:
    return str(answer.status) if answer.status else "Unknown"


def _echoed(body: bytes) -> str:
    try:
        found: Any = json.loads(body or b"{}")
    except ValueError:
        return ""
    return str(found.get("validationResponse", "")) if isinstance(found, dict) else ""


def _dead_letter(subscription: Json, delivery: Delivery) -> Json:
    """The event with why it is dead, in its schema's spelling."""
    cloud = subscription["properties"].get("eventDeliverySchema") == CLOUD_EVENTS
    facts: Json = {
        "deadLetterReason": delivery.reason,
        "deliveryAttempts": delivery.attempts,
        "lastDeliveryOutcome": delivery.outcome,
        "publishTime": _time(delivery.published),
        "lastDeliveryAttemptTime": _time(delivery.attempted),
    }
    if cloud:
        facts = {name.lower(): value for name, value in facts.items()}
    return {**delivery.event.rendered(CLOUD_EVENTS if cloud else EVENT_GRID), **facts}


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
