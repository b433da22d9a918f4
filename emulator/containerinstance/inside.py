"""Where the private addresses of container groups lead."""

from __future__ import annotations

from emulator.arm.store import Store
from emulator.containerinstance.groups import GROUP
from emulator.containerinstance.runtime import Runtime
from emulator.network.inside import Source


def source(store: Store, runtime: Runtime) -> Source:
    """Of the groups that are stored, and run."""

    def where(address: str, port: int) -> list[int] | None:
        for group in store.by_type(GROUP):
            held = group["properties"].get("ipAddress") or {}
            if held.get("ip") != address or held.get("type") != "Private":
                continue
            running = runtime.find(group["id"])
            if running is None or port not in [one["port"] for one in held["ports"]]:
                return []
            return [
                container.local_port
                for container in running.containers.values()
                if container.spec.port == port and container.ready and container.local_port is not None
            ]
        return None

    return where
