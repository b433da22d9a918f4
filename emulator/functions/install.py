"""Function apps: what a request changes beside the resource, and the hosts that answer."""

from __future__ import annotations

from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.functions import flex
from emulator.functions.apps import SITE, Apps, is_function_app
from emulator.functions.endpoint import Sites
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.lifetime import Lifetime
from emulator.network.reach import Reach
from emulator.processes import Processes
from emulator.refusals import Refusals
from emulator.storage.service import Blobs
from emulator.workplaces import Workplaces


def install(
    home: Home,
    arm: Arm,
    store: Store,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    blobs: Blobs,
    processes: Processes,
    workplaces: Workplaces,
    refusals: Refusals,
    reach: Reach,
) -> Apps:
    apps = Apps(home, store, hosts, identity, blobs, processes, workplaces, refusals)
    sites = Sites(store, identity, reach, apps)
    hosts.route("*.azurewebsites.net", sites.handle)

    @arm.before_put(SITE)
    def taken(put: Put) -> None:
        flex.check(put.resource, store)

    @arm.after_put(SITE)
    def settle(put: Put) -> None:
        if is_function_app(put.resource) and apps.find(put.id) is not None:
            apps.settle(put.resource)

    @arm.after_delete(SITE)
    def end(resource: dict[str, object]) -> None:
        apps.stop(str(resource["id"]))

    lifetime.on_start(apps.settle_all)
    lifetime.on_stop(apps.close)
    return apps
