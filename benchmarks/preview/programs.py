"""CPU seconds of Pulumi programs in a preview: the estate's, and one of as many resources as asked."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.emulator.preview import PROGRAM, preview
from benchmarks.emulator.world import REPOSITORY, World

STACK: Final = "stage"
MANY: Final = REPOSITORY / "benchmarks/preview/many"


@dataclass(frozen=True, slots=True)
class Peer:
    """A copy of the small program with a stack of its own: Pulumi writes into a stack's file."""

    world: World
    folder: Path

    @classmethod
    def made(cls, world: World, folder: Path) -> Peer:
        shutil.copytree(MANY, folder)
        world.emulator("run", "--", "pulumi", "-C", str(folder), "stack", "init", STACK)
        return cls(world, folder)

    def seconds(self, resources: int) -> float:
        self.world.environment["RESOURCES"] = str(resources)
        return preview(self.world, STACK, self.folder)[PROGRAM]


def estate_seconds(world: World) -> float:
    return preview(world, STACK)[PROGRAM]


def up_seconds(checkout: Path, home: Path) -> float:
    """Wall seconds of the first `pulumi up` of a checkout, on an emulator of its own that runs already."""
    with World(home, checkout).running() as world:
        began = time.monotonic()
        world.emulator("run", "--", "pulumi", "up", "-y", "-s", STACK, "--skip-preview")
        return time.monotonic() - began
