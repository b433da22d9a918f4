"""Images: a subset of Dockerfile built into directory trees, named by registries, run as processes."""

from __future__ import annotations

from emulator.images import tree
from emulator.images.store import Images
from emulator.lifetime import Lifetime


def install(lifetime: Lifetime, images: Images) -> None:
    """At the start, what unfinished builds left goes, and the cache is pruned."""
    unfinished = images.unfinished()

    @lifetime.on_start
    def prune() -> None:
        tree.remove(unfinished)
        images.cache.prune()
