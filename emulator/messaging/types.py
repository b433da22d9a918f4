"""The types of messages: Service Bus and Event Hubs.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row

BUS: Final = "Microsoft.ServiceBus/namespaces/{namespaceName}"
HUB: Final = "Microsoft.EventHub/namespaces/{namespaceName}"
NAME: Final = NameRule(6, 50, r"[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]", "letters, digits and hyphens")

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(BUS, "servicebus:Namespace", name=NAME, unique="global"),
    Row(f"{BUS}/queues/{{queueName}}", "servicebus:Queue"),
    Row(f"{BUS}/topics/{{topicName}}", "servicebus:Topic"),
    Row(f"{BUS}/topics/{{topicName}}/subscriptions/{{subscriptionName}}", "servicebus:Subscription"),
    Row(f"{BUS}/authorizationRules/{{authorizationRuleName}}", "servicebus:NamespaceAuthorizationRule"),
    Row(HUB, "eventhub:Namespace", name=NAME, unique="global"),
    Row(f"{HUB}/eventhubs/{{eventHubName}}", "eventhub:EventHub"),
    Row(f"{HUB}/eventhubs/{{eventHubName}}/consumergroups/{{consumerGroupName}}", "eventhub:ConsumerGroup"),
    Row(f"{HUB}/authorizationRules/{{authorizationRuleName}}", "eventhub:NamespaceAuthorizationRule"),
)
# fmt: on
