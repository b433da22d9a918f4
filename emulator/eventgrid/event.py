"""An event, and the two schemas in which it is delivered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

Json = dict[str, Any]
EVENT_GRID: Final = "EventGridSchema"
CLOUD_EVENTS: Final = "CloudEventSchemaV1_0"


@dataclass(frozen=True, slots=True)
class Event:
    """source: ARM id of what it is about. time: ISO 8601, UTC. version: of its data, as the source counts."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: Json
    version: str = ""

    def kept(self) -> Json:
        """For `Event(**…)`."""
        return asdict(self)

    def rendered(self, schema: str) -> Json:
        """As a receiver gets it: "Event Grid event schema", "CloudEvents v1.0 schema" (read 2026-11)."""
        if schema == CLOUD_EVENTS:
            return {
                "id": self.id,
                "source": self.source,
                "specversion": "1.0",
                "type": self.type,
                "subject": self.subject,
                "time": self.time,
                "data": self.data,
            }
        return {
            "id": self.id,
            "topic": self.source,
            "subject": self.subject,
            "eventType": self.type,
            "eventTime": self.time,
            "data": self.data,
            "dataVersion": self.version,
            "metadataVersion": "1",
        }
