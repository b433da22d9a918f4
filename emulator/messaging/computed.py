"""What Service Bus and Event Hubs compute of their resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import Facts, Table, count

BUS: Final = "Microsoft.ServiceBus/namespaces"
HUB: Final = "Microsoft.EventHub/namespaces"
NEVER: Final = "0001-01-01T00:00:00Z"
MESSAGES: Final = (
    "activeMessageCount",
    "deadLetterMessageCount",
    "scheduledMessageCount",
    "transferDeadLetterMessageCount",
    "transferMessageCount",
)


def _location(facts: Facts) -> Any:
    """That of the namespace, however deep a resource stands in it."""
    namespace = "/".join(facts.id.split("/")[:9])
    return (facts.store.get(namespace) or {}).get("location")


def _partitions(facts: Facts) -> list[str]:
    return [str(number) for number in range(int(facts.properties.get("partitionCount") or 4))]


DATED: Final[dict[str, Any]] = {"properties.createdAt": "{created}", "properties.updatedAt": "{changed}"}
PLACED: Final[dict[str, Any]] = {"location": _location}
HOLDING: Final[dict[str, Any]] = {
    **PLACED,
    **DATED,
    "properties.accessedAt": NEVER,  # no message passes
    "properties.countDetails": dict.fromkeys(MESSAGES, 0),
}
NAMESPACE: Final[dict[str, Any]] = {
    **DATED,
    "properties.metricId": "{subscription}:{name}",
    "properties.serviceBusEndpoint": "https://{name}.servicebus.windows.net:443/",
    "properties.status": "Active",
}
COMPUTED: Final[Table] = {
    BUS: NAMESPACE,
    f"{BUS}/queues": {**HOLDING, "properties.messageCount": 0, "properties.sizeInBytes": 0},
    f"{BUS}/topics": {
        **HOLDING,
        "properties.sizeInBytes": 0,
        "properties.subscriptionCount": count("subscriptions"),
    },
    f"{BUS}/topics/subscriptions": {**HOLDING, "properties.messageCount": 0},
    f"{BUS}/authorizationRules": PLACED,
    HUB: NAMESPACE,
    f"{HUB}/eventhubs": {**PLACED, **DATED, "properties.partitionIds": _partitions},
    f"{HUB}/eventhubs/consumergroups": {**PLACED, **DATED},
    f"{HUB}/authorizationRules": PLACED,
}
