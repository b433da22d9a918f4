"""Where the private addresses of container groups lead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from emulator.arm.store import Store
from emulator.containerinstance.groups import GROUP
from emulator.containerinstance.runtime import Runtime
from emulator.network.inside import Source

Json = dict[str, Any]


def source(store: Store, runtime: Runtime) -> Source:
    """Of the groups that are stored, and run. The stored ones are read again when one has changed."""
    known: tuple[int, dict[str, Json]] = -1, {}

    def private() -> dict[str, Json]:
        nonlocal known
        revision = store.revision(GROUP)  # first: what is written meanwhile is read the next time
        if known[0] != revision:
            known = revision, dict(_private(store.by_type(GROUP)))
        return known[1]

    def where(address: str, port: int) -> list[int] | None:
        group = private().get(address)
        if group is None:
            return None
        running = runtime.find(group["id"])
        if running is None or port not in [one["port"] for one in group["properties"]["ipAddress"]["ports"]]:
            return []
        return [
            container.local_port
            for container in running.containers.values()
            if container.spec.port == port and container.ready and container.local_port is not None
        ]

    return where


def _private(groups: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Groups by their private addresses. Where several have one the oldest comes last, and stays."""
    for group in reversed(list(groups)):
        held = group["properties"].get("ipAddress") or {}
        if held.get("ip") and held.get("type") == "Private":
            yield held["ip"], group
