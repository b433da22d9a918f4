"""The types of Event Grid: system topics and their subscriptions.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import NameRule, ResourceType, Row
from emulator.arm.name_rules import HYPHENS

TOPIC: Final = "Microsoft.EventGrid/systemTopics/{systemTopicName}"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(TOPIC, "eventgrid:SystemTopic", name=NameRule(3, 50, r"[A-Za-z0-9-]+", HYPHENS)),
    Row(f"{TOPIC}/eventSubscriptions/{{eventSubscriptionName}}", "eventgrid:SystemTopicEventSubscription",
        name=NameRule(3, 64, r"[A-Za-z0-9-]+", HYPHENS)),
)
# fmt: on
