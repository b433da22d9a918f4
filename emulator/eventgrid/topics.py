"""System topics: of what they can be, and where."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold, parse
from emulator.arm.service import Arm, Put
from emulator.errors import NotEmulated
from emulator.eventgrid.publish import SYSTEM_TOPIC
from emulator.eventgrid.refuse import invalid
from emulator.eventgrid.sources import SOURCES, Source

WITHOUT_EVENTS: Final = "Storage"  # general-purpose v1


def install(arm: Arm) -> None:
    """Register the checks."""

    @arm.before_put(SYSTEM_TOPIC)
    def check(put: Put) -> None:
        source_id, kind = _text(put, "source"), _text(put, "topicType")
        source_type = source_of(kind)
        if put.old is not None:
            before = put.old["properties"]
            if fold(str(before.get("source", ""))) != fold(source_id):
                raise invalid("System topic source cannot be modified.")
            if str(before.get("topicType", "")).lower() != kind.lower():
                raise invalid("System topic type cannot be modified.")
        parsed = parse(source_id)
        if parsed is None or parsed.is_collection or parsed.type.lower() != source_type.arm_type.lower():
            raise invalid(
                f"The source '{source_id}' of system topic {put.resource['name']} is no resource of type "
                f"{source_type.arm_type}, which topicType {kind} needs."
            )
        source = arm.store.get(source_id)
        if source is None:
            raise invalid(f"The source '{source_id}' of system topic {put.resource['name']} does not exist.")
        _check_place(put, source)
        if source.get("kind") == WITHOUT_EVENTS:
            raise invalid(
                f"The source '{source_id}' is an account of kind Storage (general purpose v1), which does "
                "not support integration with Event Grid: StorageV2, BlockBlobStorage and BlobStorage do."
            )
        for other in arm.store.by_type(SYSTEM_TOPIC):
            same = fold(str(other["properties"].get("source", ""))) == fold(source_id)
            if same and fold(other["id"]) != fold(put.id):
                raise invalid(
                    f"There is an existing tracked system topic for the given source {source_id}. Only one "
                    "system topic is allowed per source."
                )


def source_of(topic_type: str) -> Source:
    """The row of a topic type; NotEmulated for one that is not in the table."""
    found = SOURCES.get(topic_type.lower())
    if found is None:
        raise NotEmulated(f"system topics of type {topic_type or '(none)'}: known are {', '.join(SOURCES)}")
    return found


def _check_place(put: Put, source: dict[str, Any]) -> None:
    if fold(source["id"]).split("/")[2] != fold(put.id).split("/")[2]:
        raise invalid(
            f"System topic {put.resource['name']} must be in the subscription of its source {source['id']}."
        )
    if put.resource.get("location") != source.get("location"):
        raise invalid(
            f"The location '{put.resource.get('location')}' of system topic {put.resource['name']} must be "
            f"that of its source, '{source.get('location')}'."
        )


def _text(put: Put, name: str) -> str:
    found = put.properties.get(name)
    if not isinstance(found, str) or not found:
        raise invalid(f"properties.{name} of system topic {put.resource['name']} is required.")
    return found
