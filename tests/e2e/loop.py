"""An estate whose trainings start by themselves, as tests look at it: what lands, and what is started."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow.parquet as pq
import pytest

from ml.lake.arrow import ArrowTable
from tests.e2e.inside import Inside
from tests.e2e.production import SETTINGS

PROGRAMS: Final = Path(__file__).parent / "programs"
OVER: Final = SETTINGS / "loop.toml"
JOB: Final = "Microsoft.MachineLearningServices/workspaces/jobs"
ENGINEER: Final = ("--as", "engineer@mlops.example")
WITHIN_S: Final = 240.0
T = TypeVar("T")


@dataclass
class Loop:
    """outputs: of the stack stage."""

    world: Inside
    folder: Path
    outputs: dict[str, Any]

    def mlops(self, *argv: str, env: str = "stage", who: tuple[str, ...] = ()) -> dict[str, Any]:
        """A command's answer, with the settings of these tests."""
        command = ("mlops", *argv, "--env", env, "--json")
        done = self.world.emulator("run", *who, "--", *command, MLOPS_SETTINGS=str(OVER))
        return json.loads(done.stdout)

    def land(self, path: str, table: ArrowTable) -> None:
        file = self.folder / "rows.parquet"
        pq.write_table(table, file)
        lake = self.outputs["data_lake"]
        self.world.emulator(
            "run", *ENGINEER, "--", sys.executable, str(PROGRAMS / "land.py"), lake, path, str(file)
        )

    def started(self) -> list[dict[str, Any]]:
        """The runs that the function started, the oldest first."""
        arm = self.world.inner.arm
        names = [one["id"] for one in self.world.inner.store.by_type(JOB)]
        return [arm.get(one) for one in names if one.split("/")[-1].startswith("retrain-")]

    def ended(self, number: int) -> dict[str, Any]:
        """The run with this number, once it has ended."""

        def found() -> dict[str, Any] | None:
            runs = self.started()
            if len(runs) <= number:
                return None
            ended = runs[number]["properties"]["status"] in ("Completed", "Failed", "Canceled")
            return runs[number] if ended else None

        return until(found, f"run {number} of the function", self.told)

    def told(self) -> str:
        """What the function's log says."""
        log = next(self.world.home.glob("functions/*/log"), None)
        return log.read_text()[-3000:] if log else "there is no function app"


def until(found: Callable[[], T | None], what: str, told: Callable[[], str]) -> T:
    end = time.monotonic() + WITHIN_S
    while (value := found()) is None:
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come about in {WITHIN_S:g} s: {told()}")
        time.sleep(0.1)
    return value
