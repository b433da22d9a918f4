"""Event subscriptions of system topics: what is refused, and what is kept of a webhook's address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from emulator.arm.ids import fold, parse
from emulator.arm.service import Action, Arm, Put
from emulator.errors import NotEmulated
from emulator.eventgrid import destinations, filters, refuse
from emulator.eventgrid.destinations import Destination
from emulator.eventgrid.event import CLOUD_EVENTS, EVENT_GRID
from emulator.eventgrid.identities import Identities
from emulator.eventgrid.pending import Pending
from emulator.eventgrid.publish import SUBSCRIPTION
from emulator.eventgrid.refuse import invalid
from emulator.eventgrid.sources import Source
from emulator.eventgrid.topics import source_of
from emulator.identity.directory import TENANT_ID

Json = dict[str, Any]
URL: Final = "eventgrid-webhook"  # documents: the whole address of a webhook, by the folded id
FLAT: Final = (  # members of a PATCH, which has no `properties`
    "destination",
    "deliveryWithResourceIdentity",
    "filter",
    "labels",
    "expirationTimeUtc",
    "eventDeliverySchema",
    "retryPolicy",
    "deadLetterDestination",
    "deadLetterWithResourceIdentity",
)
MOST_FILTERS: Final = 25  # advanced filters of a subscription, and values of all of them
LONGEST_VALUE: Final = 512
MOST_ATTEMPTS: Final = 30
MOST_MINUTES: Final = 1440
MOST_EVENTS: Final = 5000
MOST_KILOBYTES: Final = 1024
PAIRS: Final = (
    ("destination", "deliveryWithResourceIdentity"),
    ("deadLetterDestination", "deadLetterWithResourceIdentity"),
)
Validate = Callable[[Json], None]


class Subscriptions:
    """The hooks of subscriptions."""

    def __init__(self, arm: Arm, pending: Pending, identities: Identities) -> None:
        self._arm, self._pending, self._identities = arm, pending, identities
        self._checks: Mapping[str, Callable[[Destination, str], None]] = {
            "StorageQueue": self._queue,
            "AzureFunction": self._function,
            "WebHook": self._webhook,
        }

    def install(self, handshake: Validate) -> None:
        """Register them. handshake: asks a webhook whether it wants events; AzureError when it does not"""
        arm, store = self._arm, self._arm.store

        @arm.before_put(SUBSCRIPTION)
        def check(put: Put) -> None:
            for name in FLAT:
                if name in put.resource:
                    put.properties[name] = put.resource.pop(name)
            self._check(put)

        @arm.with_put(SUBSCRIPTION)
        def keep_address(put: Put) -> None:
            given = _address(put.body)
            if given:
                store.put_document(URL, fold(put.id), {"url": given}, secret=True)

        @arm.after_put(SUBSCRIPTION)
        def ask(put: Put) -> None:
            if put.old is None or _where(put.old) != _where(put.resource) or _address(put.body):
                handshake(put.resource)

        @arm.with_delete(SUBSCRIPTION)
        def forget(resource: Json) -> None:
            store.delete_document(URL, fold(resource["id"]))

        @arm.after_delete(SUBSCRIPTION)
        def drop(resource: Json) -> None:
            self._pending.forget(fold(resource["id"]))

        @arm.action(SUBSCRIPTION, "getFullUrl")
        def full_url(action: Action) -> Json:
            return {"endpointUrl": self.address(action.id) or None}

        @arm.action(SUBSCRIPTION, "getDeliveryAttributes")
        def attributes(action: Action) -> Json:
            arm.get(action.id)
            return {"value": []}

    def address(self, subscription_id: str) -> str:
        """The whole address of a subscription's webhook, "" without one."""
        found = self._arm.store.document(URL, fold(subscription_id)) or {}
        return str(found.get("url", ""))

    # checks

    def _check(self, put: Put) -> None:
        properties, name = put.properties, put.resource["name"]
        topic = self._arm.store.get(put.id.rsplit("/", 2)[0]) or {"properties": {}}
        _choose(put)
        schema = properties.get("eventDeliverySchema")
        if schema not in (None, EVENT_GRID, CLOUD_EVENTS):
            raise invalid(
                f"eventDeliverySchema of {name} is '{schema}': a system topic delivers in {EVENT_GRID} or "
                f"{CLOUD_EVENTS}."
            )
        _retries(properties.get("retryPolicy") or {}, name)
        _expiry(properties.get("expirationTimeUtc"), name)
        _filter(properties, source_of(str(topic["properties"].get("topicType", ""))), name)
        destination = destinations.of(properties)
        if destination is None:
            raise invalid(f"Event subscription {name} has no destination.")
        checked = self._checks.get(destination.kind)
        if checked is None:
            raise NotEmulated(f"event subscriptions to {destination.kind or '(none)'} (of {name})")
        if destination.properties.get("deliveryAttributeMappings"):
            raise NotEmulated(f"delivery properties of event subscriptions (of {name})")
        checked(destination, put.id)
        self._identities.require(topic, destination, name)
        dead = destinations.of_dead_letters(properties)
        if dead is not None:
            self._dead_letters(dead, name)
            self._identities.require(topic, dead, name)

    def _queue(self, destination: Destination, subscription_id: str) -> None:
        queue = str(destination.properties.get("queueName") or "")
        ttl = destination.properties.get("queueMessageTimeToLiveInSeconds")
        if ttl is not None and ttl != -1 and (not isinstance(ttl, int) or ttl < 1):
            raise invalid(f"queueMessageTimeToLiveInSeconds is {ttl}: seconds from 1 on, or -1 for always.")
        self._pre_exist(destination.resource_id, "Microsoft.Storage/storageAccounts")
        self._pre_exist(
            f"{destination.resource_id}/queueServices/default/queues/{queue}",
            "Microsoft.Storage/storageAccounts/queueServices/queues",
        )

    def _function(self, destination: Destination, subscription_id: str) -> None:
        _batches(destination.properties)
        self._pre_exist(destination.resource_id, "Microsoft.Web/sites/functions")

    def _webhook(self, destination: Destination, subscription_id: str) -> None:
        _batches(destination.properties)
        url = str(destination.properties.get("endpointUrl") or "") or self.address(subscription_id)
        if not url.lower().startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise invalid(f"The endpointUrl of a webhook must begin with https://; it is '{_base(url)}'.")
        tenant = destination.properties.get("azureActiveDirectoryTenantId")
        if tenant and str(tenant).lower() != TENANT_ID:
            raise NotEmulated(f"webhooks secured by another tenant ({tenant})")
        destination.properties.pop("endpointUrl", None)
        destination.properties["endpointBaseUrl"] = _base(url)

    def _dead_letters(self, dead: Destination, name: str) -> None:
        if dead.kind.lower() != "storageblob":
            raise invalid(
                f"The dead-letter destination of {name} is '{dead.kind}': StorageBlob is the only one."
            )
        container = str(dead.properties.get("blobContainerName") or "")
        self._pre_exist(dead.resource_id, "Microsoft.Storage/storageAccounts")
        self._pre_exist(
            f"{dead.resource_id}/blobServices/default/containers/{container}",
            "Microsoft.Storage/storageAccounts/blobServices/containers",
        )

    def _pre_exist(self, resource_id: str, arm_type: str) -> None:
        parsed = parse(resource_id)
        right = parsed is not None and not parsed.is_collection and parsed.type.lower() == arm_type.lower()
        if not right:
            raise invalid(f"'{resource_id}' is no id of a resource of type {arm_type}.")
        if not self._arm.exists(resource_id):
            raise refuse.not_found(resource_id)


def _choose(put: Put) -> None:
    """One of two ways to name a destination: what a request newly says takes the other's place."""
    sent: Json = put.body.get("properties") or put.body
    for pair in PAIRS:
        given = [name for name in pair if sent.get(name)]
        if len(given) > 1:
            raise invalid(f"{' and '.join(pair)} of {put.resource['name']} exclude each other.")
        for other in pair:
            if given and other not in given:
                put.properties.pop(other, None)


def _retries(policy: Json, name: str) -> None:
    for key, most in (("maxDeliveryAttempts", MOST_ATTEMPTS), ("eventTimeToLiveInMinutes", MOST_MINUTES)):
        value = policy.get(key)
        if value is not None and (not isinstance(value, int) or not 1 <= value <= most):
            raise invalid(f"retryPolicy.{key} of {name} is {value}: 1 to {most} are allowed.")


def _expiry(text: Any, name: str) -> None:
    if text is None:
        return
    try:
        datetime.fromisoformat(str(text))
    except ValueError as error:
        raise invalid(f"expirationTimeUtc of {name} is '{text}': no ISO 8601 time.") from error


def _batches(properties: Json) -> None:
    for key, most in (
        ("maxEventsPerBatch", MOST_EVENTS),
        ("preferredBatchSizeInKilobytes", MOST_KILOBYTES),
    ):
        value = properties.get(key)
        if value is not None and (not isinstance(value, int) or not 1 <= value <= most):
            raise invalid(f"{key} is {value}: 1 to {most} are allowed.")


def _filter(properties: Json, source: Source, name: str) -> None:
    given: Json = properties.get("filter") or {}
    known = {one.lower(): one for one in (*source.events, *source.silent)}
    wanted = [str(one) for one in given.get("includedEventTypes") or [] if str(one).lower() != "all"]
    if unknown := [one for one in wanted if one.lower() not in known]:
        raise invalid(
            f"includedEventTypes of {name} has {', '.join(unknown)}; events of {source.arm_type} are "
            f"{', '.join(known.values())}."
        )
    silent = {one.lower() for one in source.silent}
    if wanted and (never := [one for one in wanted if one.lower() in silent]):
        raise NotEmulated(f"events {', '.join(never)} (includedEventTypes of {name}), which nothing raises")
    advanced: list[Any] = given.get("advancedFilters") or []
    values = 0
    for one in advanced:
        values += _advanced(one, name)
    if len(advanced) > MOST_FILTERS or values > MOST_FILTERS:
        raise invalid(
            f"{name} has {len(advanced)} advanced filters with {values} values; {MOST_FILTERS} of each are "
            "allowed."
        )


def _advanced(given: Any, name: str) -> int:
    """How many values an advanced filter has; 400 for one that is none."""
    one = cast(Json, given) if isinstance(given, dict) else {}
    operator = filters.OPERATORS.get(str(one.get("operatorType", "")).lower())
    if operator is None:
        raise invalid(
            f"An advanced filter of {name} has operatorType '{one.get('operatorType')}'; known are "
            f"{', '.join(filters.OPERATORS.values())}."
        )
    if not isinstance(one.get("key"), str) or not one["key"]:
        raise invalid(f"An advanced filter ({operator}) of {name} has no key.")
    if operator in filters.PRESENCE:
        return 0
    wanted: list[Any] = [one.get("value")] if operator in filters.ONE_VALUE else one.get("values") or []
    if not wanted or not all(_fits(operator, value) for value in wanted):
        raise invalid(f"An advanced filter of {name} ({operator} of {one['key']}) has the values {wanted}.")
    return len(wanted)


def _fits(operator: str, value: Any) -> bool:
    if operator.startswith("String"):
        return isinstance(value, str) and len(value) <= LONGEST_VALUE
    if operator == "BoolEquals":
        return isinstance(value, bool)
    if operator.endswith("InRange"):
        pair = cast("list[Any]", value) if isinstance(value, list) else []
        return len(pair) == 2 and all(_is_number(one) for one in pair)
    return _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _where(resource: Json) -> Json:
    return {name: resource["properties"].get(name) for pair in PAIRS for name in pair}


def _address(body: Json) -> str:
    """The address of a webhook that a request gives, "" for none."""
    for holder in destinations.holders(body.get("properties") or body):
        found = (holder.get("properties") or {}).get("endpointUrl")
        if found:
            return str(found)
    return ""


def _base(url: str) -> str:
    """Without the query, which may hold a key."""
    return url.partition("?")[0]
