"""Azure Container Instances: container groups that really run, as processes of their images."""

from __future__ import annotations

from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.containerinstance.gateway import Gateway
from emulator.containerinstance.groups import CONTAINER, GROUP, Groups
from emulator.containerinstance.inside import source
from emulator.containerinstance.usage import Usage
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.images.store import Images
from emulator.lifetime import Lifetime
from emulator.monitor.metrics.book import Book
from emulator.network.inside import Inside
from emulator.processes import Processes
from emulator.workplaces import Workplaces


def install(
    home: Home,
    arm: Arm,
    store: Store,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    images: Images,
    processes: Processes,
    workplaces: Workplaces,
    inside: Inside,
    book: Book,
) -> None:
    """Register the hooks of Microsoft.ContainerInstance and the routes to the groups' addresses."""
    groups = Groups(home, arm, store, identity, images, processes, workplaces)
    gateway = Gateway(store, groups.runtime)
    inside.register(source(store, groups.runtime))
    arm.before_put(GROUP)(groups.before_put)
    arm.with_delete(GROUP)(groups.forget)
    arm.after_delete(GROUP)(groups.after_delete)
    arm.on_get(GROUP)(groups.on_get)
    for name in ("start", "stop", "restart"):
        arm.action(GROUP, name)(groups.act)
    arm.action(CONTAINER, "logs")(groups.logs)
    hosts.route("*.azurecontainer.io", gateway.handle)
    usage = Usage(groups.runtime, book)
    lifetime.on_start(groups.start_all)
    lifetime.on_start(usage.start)
    lifetime.on_stop(usage.stop)
    lifetime.on_stop(groups.runtime.close)

    def route(group: dict[str, object]) -> None:
        properties = group["properties"]
        address = properties.get("ipAddress") if isinstance(properties, dict) else None
        if address:
            hosts.route(str(address["ip"]), gateway.handle)

    @arm.after_put(GROUP)
    def reachable(put: Put) -> None:
        route(put.resource)
        groups.after_put(put)

    for group in store.by_type(GROUP):
        route(group)
