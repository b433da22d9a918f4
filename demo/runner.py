"""Start one command, keep all that it prints in a file, and show where it stands meanwhile."""

import os
import re
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


def run(phase: Phase, log: Path, console: Console, environment: dict[str, str], cwd: Path) -> Outcome:
    """Run the phase to its end. A terminal shows its newest line and a spinner, anything else its steps."""
    private(log.parent)
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
                if not console.is_terminal and phase.show == "nothing" and STEP.match(_plain(line)):
                    live.console.print(Text(f"    {_plain(line)}"), soft_wrap=True)
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
