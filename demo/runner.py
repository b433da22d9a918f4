"""Start one command, keep all that it prints in a file, and show where it stands meanwhile."""

import os
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from demo.phases import Phase

TAIL_LINES = 40


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a phase came to: exit code, seconds of wall time, all its output, and the file that holds it."""

    phase: Phase
    exit_code: int
    seconds: float
    output: str
    log: Path

    @property
    def tail(self) -> str:
        return "\n".join(self.output.splitlines()[-TAIL_LINES:])


def run(phase: Phase, log: Path, console: Console, environment: dict[str, str], cwd: Path) -> Outcome:
    """Run the phase to its end. A terminal shows its newest line beside a spinner, else lines scroll."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    lines: list[str] = []
    newest: deque[str] = deque(maxlen=1)
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

    def status() -> Spinner:
        seconds = time.monotonic() - started
        line = Text.from_ansi(newest[0]).plain.strip() if newest else ""
        text = Text.assemble((f"{seconds:5.0f} s  ", "cyan"), (line, "dim"))
        text.truncate(max(20, console.width - 6), overflow="ellipsis")
        return Spinner("dots", text=text)

    with (
        log.open("w") as file,
        Live(get_renderable=status, console=console, refresh_per_second=8, transient=True) as live,
    ):
        try:
            for line in process.stdout:
                file.write(line)
                lines.append(line)
                if line.strip():
                    newest.append(line)
                if not console.is_terminal and phase.show == "nothing":
                    live.console.print(Text.from_ansi(f"    {line.rstrip()}"), soft_wrap=True)
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
