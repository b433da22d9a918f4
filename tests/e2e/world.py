"""An emulator in a scratch folder, and the commands that a person types."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND_LIMIT_S = 600
# Pulumi writes the whole state after each step, lest it be killed: half of the CPU of an `up`, and two thirds
# of that of a destroy. The state at the end is the same.
STATE_AT_THE_END = {"PULUMI_SKIP_CHECKPOINTS": "true"}


class World:
    """Runs commands as a person would, against one emulator."""

    def __init__(self, home: Path, *, each_step: bool = True) -> None:
        """each_step: whether Pulumi keeps its state after each step; False where nothing is killed meanwhile,
        and nobody looks at what is on disk before the end."""
        self.home = home
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "EMULATOR_HOME": str(home), "PATH": path, "OMP_NUM_THREADS": "1"}
        if not each_step:
            self.environment |= STATE_AT_THE_END

    def command(
        self, *argv: str, check: bool = True, given: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """given: what stands on its standard input. variables: of its environment, beside the world's."""
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env={**self.environment, **variables},
            input=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
        )
        if check and done.returncode:
            said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            pytest.fail(f"{' '.join(argv)} exited with {done.returncode}\n{said}")
        return done

    def emulator(
        self, *argv: str, check: bool = True, given: str | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return self.command(sys.executable, "-m", "emulator", *argv, check=check, given=given, **variables)

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.emulator("run", "--", *argv, check=check)

    def pulumi(
        self, verb: str, stack: str, *argv: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`pulumi VERB --stack STACK …`; VERB may be two words ("stack export")."""
        return self.run("pulumi", *verb.split(), "--stack", stack, "--non-interactive", *argv, check=check)

    def bootstrap(self) -> None:
        """What all environments share goes up: where releases are recorded, among it."""
        quiet = ("--yes", "--skip-preview", "--non-interactive")
        self.run("pulumi", "-C", "infra/bootstrap", "up", "--stack", "shared", *quiet)

    def status(self) -> dict[str, Any]:
        return json.loads(self.emulator("status", "--json").stdout)

    def resources(self) -> int:
        """How many ARM resources exist in all."""
        return sum(self.status()["resources"].values())
