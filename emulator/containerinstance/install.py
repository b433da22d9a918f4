"""Azure Container Instances: container groups that really run, as processes of their images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.arm.service import Put
from emulator.containerinstance.gateway import Gateway
from emulator.containerinstance.groups import CONTAINER, GROUP, Groups

if TYPE_CHECKING:
    from emulator.app import Emulator


def install(emulator: Emulator) -> None:
    """Register the hooks of Microsoft.ContainerInstance and the routes to the groups' addresses."""
    groups = Groups(emulator)
    gateway = Gateway(emulator.store, groups.runtime)
    arm = emulator.arm
    arm.before_put(GROUP)(groups.before_put)
    arm.with_delete(GROUP)(groups.forget)
    arm.after_delete(GROUP)(groups.after_delete)
    arm.on_get(GROUP)(groups.on_get)
    for name in ("start", "stop", "restart"):
        arm.action(GROUP, name)(groups.act)
    arm.action(CONTAINER, "logs")(groups.logs)
    emulator.route("*.azurecontainer.io", gateway.handle)
    emulator.on_start(groups.start_all)
    emulator.on_stop(groups.runtime.close)

    def route(group: dict[str, object]) -> None:
        properties = group["properties"]
        address = properties.get("ipAddress") if isinstance(properties, dict) else None
        if address:
            emulator.route(str(address["ip"]), gateway.handle)

    @arm.after_put(GROUP)
    def reachable(put: Put) -> None:
        route(put.resource)
        groups.after_put(put)

    for group in emulator.store.by_type(GROUP):
        route(group)
