"""Azure Container Registry: registries, agent pools, quick builds, imports."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.containerregistry import copies, imports, registries, runs
from emulator.containerregistry.dataplane import DataPlane
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.images.store import Images
from emulator.lifetime import Lifetime
from emulator.network.reach import Reach
from emulator.storage.service import Blobs


def install(
    home: Home,
    arm: Arm,
    store: Store,
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    blobs: Blobs,
    images: Images,
    reach: Reach,
) -> None:
    """Register the hooks of Microsoft.ContainerRegistry and the registries' own API."""
    registries.install(arm, store, images)
    runs.install(home, arm, store, lifetime, blobs, images, reach)
    copies.install(arm, store, images)
    imports.install(arm, store, identity, images)
    hosts.route("*.azurecr.io", DataPlane(store, identity, images, reach).handle)
