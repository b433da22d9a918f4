"""Azure Container Registry: registries, agent pools, quick builds, imports."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.containerregistry import imports, registries, runs
from emulator.home import Home
from emulator.identity.service import Identity
from emulator.images.store import Images
from emulator.lifetime import Lifetime
from emulator.storage.service import Blobs


def install(
    home: Home, arm: Arm, store: Store, lifetime: Lifetime, identity: Identity, blobs: Blobs, images: Images
) -> None:
    """Register the hooks of Microsoft.ContainerRegistry."""
    registries.install(arm, store, images)
    runs.install(home, arm, store, lifetime, blobs, images)
    imports.install(arm, store, identity, images)
