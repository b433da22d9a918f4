"""Homes of emulators with an estate in them: made once in a test session, copied by those who go on from it.

test_estate.py goes on from there as well, and looks at all that the commands said and made.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Final

import pytest

from tests import shared
from tests.e2e import production
from tests.e2e.world import World

LINKED: Final = "images"  # contents that never change: linked, not copied
HOME: Final = "home"
SHARED: Final = "shared"  # how many resources all environments share
ANSWER: Final = "train.json"  # what `mlops train --json` said
FIRST: Final = "first.json"  # what the jobs of the workflow `release` said


def started(factory: pytest.TempPathFactory) -> Path:
    """A folder with the home in which what all environments share is up, and stage; and SHARED."""

    def make(folder: Path) -> None:
        world = World(folder / HOME, each_step=False)
        world.emulator("up")
        try:
            world.bootstrap()
            (folder / SHARED).write_text(str(world.resources()))
            world.pulumi("up", "stage", "--yes", "--skip-preview")
        finally:
            world.emulator("down")

    return shared.once(factory, "started", make)


def trained(factory: pytest.TempPathFactory) -> Path:
    """A folder with the home in which, besides, a model of the example data is registered, and ANSWER."""

    def make(folder: Path) -> None:
        world = World(clone(started(factory) / HOME, folder / HOME), each_step=False)
        world.emulator("up")
        try:
            (folder / ANSWER).write_text(world.run("mlops", "train", "--env", "stage", "--json").stdout)
        finally:
            world.emulator("down")

    return shared.once(factory, "trained", make)


def released(factory: pytest.TempPathFactory) -> Path:
    """A folder with the home in which, besides, production has its first release; and FIRST."""

    def make(folder: Path) -> None:
        world = World(clone(trained(factory) / HOME, folder / HOME), each_step=False)
        world.emulator("up")
        try:
            production.estates(world)
            (folder / FIRST).write_text(json.dumps(production.first_release(world, folder)))
        finally:
            world.emulator("down")

    return shared.once(factory, "released", make)


def copy(source: Path, target: Path) -> Path:
    """All of a stopped home; contents that never change are linked. The target."""

    def link_or_copy(one: str, other: str) -> None:
        if Path(one).relative_to(source).parts[0] == LINKED:
            os.link(one, other, follow_symlinks=False)
        else:
            shutil.copy2(one, other, follow_symlinks=False)

    shutil.copytree(source, target, symlinks=True, copy_function=link_or_copy)
    return target


def clone(source: Path, target: Path) -> Path:
    """A copy that can run beside others: it takes ports of its own. The target."""
    copy(source, target)
    (target / "run" / "ports.json").unlink()
    return target
