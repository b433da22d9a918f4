"""The services of the emulator, in the order in which they are installed."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
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
)


def install(emulator: Emulator) -> None:
    """Let each service register its hooks and routes."""
    for name in SERVICES:
        if find_spec(f"emulator.{name}") is not None:
            module = import_module(f"emulator.{name}")
            if hasattr(module, "install"):
                module.install(emulator)
