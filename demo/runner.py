"""Start one command, keep all that it prints in a file, and show where it stands meanwhile."""

import os
import re
import subprocess
import time
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from demo.phases import Phase
from emulator.home import private

TAIL_LINES = 40
# Of a command's output, the lines that say what it has done; where nobody watches, the others are in the log
# only. Of `emulator up`, of Pulumi, of `mlops`, and warnings; what an error says is shown at the end.
STEP = re.compile(
    r"Azure on |state: "
    r"|    [+~-] \d+ \w|    \d+ (unchanged|errored)|Duration: "
    r"|> |  \w+: (Completed|Failed|Canceled)$|registered "
    r"|(.*[^\w])?[Ww]arning:"
)
PROBLEM = re.compile(r"Diagnostics:|error:")  # where a command begins to say why it failed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a phase came to: exit code, seconds of wall time, all its output, and the file that holds it."""

    phase: Phase
    exit_code: int
    seconds: float
    output: str
    log: Path

    @property
    def problem(self) -> str:
        """What the command said of its failure, in full; its last lines when none begins to say it."""
        lines = self.output.splitlines()
        last = max(0, len(lines) - TAIL_LINES)
        first = next((at for at, line in enumerate(lines) if PROBLEM.match(_plain(line))), last)
        return "\n".join(lines[first:])


def _plain(line: str) -> str:
    return Text.from_ansi(line).plain.rstrip()


class Screen:
    """What a terminal shows while phases run: the newest line of each, and a spinner. Safe for threads."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._running: dict[int, tuple[float, deque[str]]] = {}
        self._lock = Lock()
        self._live = Live(get_renderable=self._status, console=console, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    @contextmanager
    def shown(self, number: int) -> Generator[deque[str]]:
        """While a phase runs: what it last said goes into the deque."""
        newest: deque[str] = deque(maxlen=1)
        with self._lock:
            self._running[number] = time.monotonic(), newest
        try:
            yield newest
        finally:
            with self._lock:
                del self._running[number]

    def _status(self) -> RenderableType:
        with self._lock:
            running = sorted(self._running.items())
        return Group(*(self._line(number, *one) for number, one in running))

    def _line(self, number: int, began: float, newest: deque[str]) -> Spinner:
        line = Text.from_ansi(newest[0]).plain.strip() if newest else ""
        text = Text.assemble((f"{number:2} {time.monotonic() - began:5.0f} s  ", "cyan"), (line, "dim"))
        text.truncate(max(20, self.console.width - 6), overflow="ellipsis")
        return Spinner("dots", text=text)


def run(
    phase: Phase, log: Path, screen: Screen, environment: Mapping[str, str], cwd: Path, number: int = 1
) -> Outcome:
    """Run the phase to its end. A terminal shows its newest line and a spinner, anything else its steps."""
    private(log.parent)
    started = time.monotonic()
    lines: list[str] = []
    process = subprocess.Popen(
        phase.argv,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if process.stdout is None:
        raise RuntimeError("the phase has no output pipe")
    console = screen.console
    with log.open("w") as file, screen.shown(number) as newest:
        try:
            for line in process.stdout:
                file.write(line)
                lines.append(line)
                if line.strip():
                    newest.append(line)
                if not console.is_terminal and phase.show == "nothing" and STEP.match(_plain(line)):
                    console.print(Text(f"    {_plain(line)}"), soft_wrap=True)
            exit_code = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    return Outcome(phase, exit_code, time.monotonic() - started, "".join(lines), log)


def environment_for(console: Console) -> dict[str, str]:
    """The caller's environment; children know the width, and colour when a terminal shows it."""
    environment = {**os.environ, "COLUMNS": str(min(console.width, 110)), "PYTHONUNBUFFERED": "1"}
    if console.is_terminal:
        environment["FORCE_COLOR"] = "1"
    return environment
