"""The services of the emulator, in the order in which they are installed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.app import Emulator

SERVICES = (
    "identity",
    "authorization",
    "managedidentity",
    "network",
    "resources",
    "storage",
    "keyvault",
    "monitor",
    "images",
    "machinelearning",
    "containerregistry",
    "containerinstance",
    "containerservice",
    "compute",
    "web",
    "databases",
)


def install(emulator: Emulator) -> None:
    """Let each service register its hooks and routes."""
    for name in SERVICES:
        import_module(f"emulator.{name}.install").install(emulator)
