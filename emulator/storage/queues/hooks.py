"""Queues in ARM: what one is given, and what its end takes."""

from __future__ import annotations

from typing import Any

from emulator.arm.service import Arm, Put
from emulator.storage import metadata
from emulator.storage.accounts import ACCOUNT, QUEUE
from emulator.storage.queues.messages import Messages


def install(arm: Arm, messages: Messages) -> None:
    """Register the hooks."""

    @arm.before_put(QUEUE)
    def complete(put: Put) -> None:
        if put.properties.get("metadata") is not None:
            put.properties["metadata"] = metadata.checked_json(put.properties["metadata"])
        if put.old is None:
            messages.clear(*_place(put.id))  # what a deletion that was cut off has left

    @arm.on_get(QUEUE)
    def counted(resource: dict[str, Any]) -> dict[str, Any]:
        resource["properties"]["approximateMessageCount"] = messages.count(*_place(resource["id"]))
        return resource

    @arm.after_delete(QUEUE)
    def forget(resource: dict[str, Any]) -> None:
        messages.clear(*_place(resource["id"]))

    @arm.after_delete(ACCOUNT)
    def forget_all(resource: dict[str, Any]) -> None:
        messages.clear(resource["name"])


def _place(queue_id: str) -> tuple[str, str]:
    """Account and name of a queue by its id."""
    parts = queue_id.split("/")
    return parts[-5], parts[-1]
