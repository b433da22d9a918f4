"""`python -m demo [--keep]`: all phases in order; exit code 0 only when every one of them held."""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from threading import Lock

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo import report
from demo.checks import ROOT, broken_promises, fingerprints, promoter, running, to_recover
from demo.phases import EMULATOR, SHARED, START, Phase, phases
from demo.runner import Outcome, Screen, environment_for, run
from demo.schedule import carry_out
from emulator.home import Home

NEXT_STEPS = (
    ("python -m emulator status", "what runs, what exists, what was refused"),
    ("python -m emulator run -- pulumi preview -s prod", "an infrastructure change, before it is made"),
    ("python -m emulator run -- mlops card --env stage", "what is known about the model (--open: as a page)"),
    ("python -m emulator run -- mlops score --env stage --rows 20", "a few more rows"),
    ("python -m emulator telemetry --json", "requests, metrics, events, traces"),
    ("make clean", "end it and remove all of it"),
)
RELEASE = re.compile(r"\br-[0-9a-f]{16}\b")
START_AGAIN = ("python -m emulator up", "start it again: all state was kept")


def parts() -> Iterator[Sequence[Phase]]:
    """The phases, in parts of which each is made with what the one before has made."""
    yield START, SHARED
    yield phases(to_recover(), promoter())


class Performed:
    """Carries phases out, tells of them, and keeps how they ended. Safe for threads."""

    def __init__(self, screen: Screen, logs: Path, outcomes: list[Outcome]) -> None:
        self._screen, self._logs, self._outcomes = screen, logs, outcomes
        self._environment = environment_for(screen.console)
        self._number, self._lock = count(1), Lock()
        self._began: dict[str, str] = {}

    def __call__(self, phase: Phase) -> Outcome:
        console, number = self._screen.console, next(self._number)
        console.print(
            f"[bold cyan]{number}[/]  [bold]{phase.title}[/]  [dim]{phase.shown}[/]", soft_wrap=True
        )
        environment = {**self._environment, **phase.variables}
        phase = replace(phase, argv=(*phase.argv, *self._completing(phase)))
        self._began[phase.key] = datetime.now(UTC).isoformat()
        log = self._logs / f"{number}-{phase.name}.log"
        outcome = run(phase, log, self._screen, environment, ROOT, number)
        with self._lock:
            self._outcomes.append(outcome)
            report.keep_phases(self._logs, self._outcomes)
        if outcome.exit_code:
            failure(outcome, console)
            return outcome
        if phase.show == "all":
            console.print(Text.from_ansi(outcome.output.rstrip()))
        console.print(f"{number}  [green]✓[/] {phase.title}: {outcome.seconds:.1f} s\n")
        return outcome

    def _completing(self, phase: Phase) -> Iterator[str]:
        """What its command is to be told of earlier phases."""
        if phase.since:
            yield from ("--since", self._began[phase.since])
        if phase.release:
            said = next(one.output for one in self._outcomes if one.phase.key == phase.release)
            yield RELEASE.findall(said)[-1]


def summary(outcomes: list[Outcome], seconds: float) -> Table:
    table = Table(title="what ran", title_justify="left", box=None, pad_edge=False)
    table.add_column("phase")
    table.add_column("command", style="dim")
    table.add_column("seconds", justify="right")
    for outcome in outcomes:
        table.add_row(outcome.phase.title, outcome.phase.shown, f"{outcome.seconds:.1f}")
    table.add_section()
    table.add_row("in all (some at once)", "", f"{seconds:.1f}", style="bold")
    return table


def next_steps(keep: bool) -> str:
    steps = NEXT_STEPS if keep else (START_AGAIN, *NEXT_STEPS)
    lines = [f"  {command}\n      {what}" for command, what in steps]
    path = 'export PATH="$PWD/.venv/bin:$PATH"'
    return "\n".join(
        [f"What to try next, after {path}", *lines, "For a real subscription: README.md, “Going to Azure”."]
    )


def failure(outcome: Outcome, console: Console) -> None:
    console.print(Text.from_ansi(outcome.problem), soft_wrap=True)
    words = f"`{outcome.phase.shown}` exited with {outcome.exit_code}; all of it: {outcome.log}"
    console.print(f"[bold red]✗[/] {words}", soft_wrap=True)


def stop() -> list[str]:
    stopped = subprocess.run([*EMULATOR, "down"], capture_output=True, text=True, cwd=ROOT)
    return [f"`emulator down` failed: {stopped.stderr.strip()[-300:]}"] if stopped.returncode else []


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the emulator running at the end")
    keep: bool = parser.parse_args().keep or running()  # what ran before the demo is left as it was
    console, started = Console(), time.monotonic()
    logs = Home.default().prepare().logs / "demo"
    before = fingerprints()
    outcomes: list[Outcome] = []
    problems: list[str] = []
    console.print(f"all that the commands print: {logs}/\n", soft_wrap=True, highlight=False)
    try:
        with Screen(console) as screen:
            performed = Performed(screen, logs, outcomes)
            for made in parts():
                carry_out(made, performed)
                if any(outcome.exit_code for outcome in outcomes):
                    return 1
        problems = broken_promises(before)
    finally:
        left = [] if keep else stop()
    console.print(summary(outcomes, time.monotonic() - started))
    for problem in [*problems, *left]:
        console.print(f"[bold red]✗[/] {problem}")
    console.print(f"\n{next_steps(keep)}", highlight=False)
    return 1 if problems or left else 0


if __name__ == "__main__":
    sys.exit(main())
