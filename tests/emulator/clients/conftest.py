"""One daemon for the clients of a module."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.core.conftest import client, emulator, home

__all__ = ["client", "emulator", "home"]

ROOT = Path(__file__).resolve().parents[3]


class World:
    """A daemon, and commands that run as its clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = {"HOME": str(folder), "EMULATOR_HOME": str(folder / "home"), "OMP_NUM_THREADS": "1"}
        self.environment = {**os.environ, **own}

    def start(self, *argv: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "emulator", *argv],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def emulator(self, *argv: str) -> str:
        process = self.start(*argv)
        said, errors = process.communicate(timeout=180)
        assert process.returncode == 0, f"{argv}: {errors}\n{said}"
        return said

    def run(self, *argv: str) -> str:
        return self.emulator("run", "--", *argv)

    def python(self, code: str, *argv: str) -> str:
        return self.run(sys.executable, "-c", code, *argv)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("clients"))
    world.emulator("up")
    yield world
    world.emulator("down")
