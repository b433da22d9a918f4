"""Images: a subset of Dockerfile built into directory trees, named by registries, run as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.images import tree
from emulator.images.image import Image, ImageError
from emulator.images.store import Images

if TYPE_CHECKING:
    from emulator.app import Emulator

__all__ = ["Image", "ImageError", "Images", "install"]


def install(emulator: Emulator) -> None:
    """Set ``emulator.images``."""
    emulator.images = images = Images(emulator.home, emulator.store, emulator.processes)
    unfinished = images.unfinished()

    @emulator.on_start
    def prune() -> None:
        tree.remove(unfinished)
        images.cache.prune()
