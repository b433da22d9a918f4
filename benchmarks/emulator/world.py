"""An emulator in a scratch folder, and commands as its clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
EMULATOR: Final = (sys.executable, "-m", "emulator")
LIMIT_S: Final = 200.0


class BenchmarkError(Exception):
    """A command that the measurement needs failed; with what it said."""


class World:
    """One home, and the checkout (with its .venv) whose emulator and programs run on it."""

    def __init__(self, home: Path, checkout: Path = REPOSITORY) -> None:
        self.home = home
        self.checkout = checkout
        own = checkout == REPOSITORY
        self.python = sys.executable if own else str(checkout / ".venv/bin/python")
        path = os.pathsep.join([str(Path(self.python).parent), os.environ.get("PATH", os.defpath)])
        outside = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
        self.environment = {
            **outside,
            "EMULATOR_HOME": str(home),
            "PATH": path,
            "PYTHONPATH": str(checkout),
        }

    def command(self, *argv: str) -> str:
        """Run it to its end; its output."""
        done = subprocess.run(
            argv, cwd=self.checkout, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stdout}\n{done.stderr}".strip()[-3000:]
            raise BenchmarkError(f"{' '.join(argv)} exited with {done.returncode}:\n{said}")
        return done.stdout

    def emulator(self, *argv: str) -> str:
        return self.command(self.python, "-m", "emulator", *argv)

    def measure(self, module: str, *argv: str) -> Any:
        """What a module of this package prints as JSON, run as a client of the emulator."""
        run = ("run", "--", self.python, "-m", f"benchmarks.emulator.{module}")
        return json.loads(self.emulator(*run, *argv).splitlines()[-1])

    @contextmanager
    def running(self) -> Generator[World]:
        self.emulator("up")
        try:
            yield self
        finally:
            self.emulator("down")
