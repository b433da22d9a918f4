"""Programs in the emulator's world that answer a line with a line: no question starts a process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.e2e.world import ROOT, World

PROGRAMS: Final = Path(__file__).parent / "programs"
END_S: Final = 60.0


class Desk:
    """One program, running. log: what it says on standard error."""

    def __init__(self, running: subprocess.Popen[str], log: Path) -> None:
        self._running, self._log = running, log

    def ask(self, **what: Any) -> Any:
        """RuntimeError with its last words when it has ended instead of answering."""
        assert self._running.stdin
        assert self._running.stdout
        print(json.dumps(what), file=self._running.stdin, flush=True)
        line = self._running.stdout.readline()
        if not line:
            raise RuntimeError(f"{what}: {self._log.read_text()[-3000:]}")
        return json.loads(line)

    def end(self) -> str:
        """Close its standard input; what it says then."""
        said, _ = self._running.communicate(timeout=END_S)
        return said


@contextmanager
def desk(world: World, program: str, *who: str, log: Path, over: Path | None = None) -> Generator[Desk]:
    """who: as `emulator run` takes it. over: what stands over ml/settings.toml."""
    command = [sys.executable, "-m", "emulator", "run", *who, "--", sys.executable, str(PROGRAMS / program)]
    variables = {"MLOPS_SETTINGS": str(over)} if over else {}
    environment = {**world.environment, **variables, "PYTHONPATH": str(ROOT)}
    with log.open("w") as errors:
        running = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield Desk(running, log)
    finally:
        if running.poll() is None:
            running.communicate(timeout=END_S)
