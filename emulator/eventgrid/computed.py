"""What Event Grid computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import Table
from emulator.eventgrid.event import EVENT_GRID
from emulator.eventgrid.publish import SUBSCRIPTION, SYSTEM_TOPIC

COMPUTED: Final[Table] = {
    SYSTEM_TOPIC: {"properties.metricResourceId": "{uuid}"},
    SUBSCRIPTION: {"properties.topic": lambda facts: facts.parent.get("id")},
}

DEFAULTS: Final[Table] = {
    SUBSCRIPTION: {
        "properties.eventDeliverySchema": EVENT_GRID,
        "properties.filter": {
            "isSubjectCaseSensitive": False,
            "subjectBeginsWith": "",
            "subjectEndsWith": "",
        },
        "properties.retryPolicy": {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440},
    },
}
