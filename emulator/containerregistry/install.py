"""Azure Container Registry: registries, agent pools, quick builds, imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.containerregistry import imports, registries, runs

if TYPE_CHECKING:
    from emulator.app import Emulator


def install(emulator: Emulator) -> None:
    """Register the hooks of Microsoft.ContainerRegistry."""
    registries.install(emulator)
    runs.install(emulator)
    imports.install(emulator)
