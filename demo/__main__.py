"""`python -m demo [--keep]`: all phases in order; exit code 0 only when every one of them held."""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.phases import EMULATOR, PHASES, STACK_FILES
from demo.runner import Outcome, environment_for, run
from emulator.home import Home

ROOT = Path(__file__).resolve().parents[1]


def fingerprints() -> dict[str, str]:
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in STACK_FILES}


def summary(outcomes: list[Outcome]) -> Table:
    table = Table(title="what ran", title_justify="left", box=None, pad_edge=False)
    table.add_column("phase")
    table.add_column("command", style="dim")
    table.add_column("seconds", justify="right")
    for outcome in outcomes:
        table.add_row(outcome.phase.title, outcome.phase.shown, f"{outcome.seconds:.1f}")
    table.add_section()
    table.add_row("in all", "", f"{sum(outcome.seconds for outcome in outcomes):.1f}", style="bold")
    return table


def broken_promises(before: dict[str, str]) -> list[str]:
    """What must hold after a demo and does not: calls to hosts outside, changed stack files."""
    status = subprocess.run([*EMULATOR, "status", "--json"], capture_output=True, text=True, cwd=ROOT)
    problems: list[str] = []
    if status.returncode:
        problems.append(f"`emulator status` exited with {status.returncode}: {status.stderr.strip()[-300:]}")
    else:
        refused = json.loads(status.stdout)["refused_hosts"]
        problems += [f"a call to a host outside was refused: {entry}" for entry in refused]
    after = fingerprints()
    problems += [f"{name} was changed" for name in STACK_FILES if before[name] != after[name]]
    return problems


NEXT_STEPS = (
    ("python -m emulator status", "what runs, what exists, what was refused"),
    ("python -m emulator run -- pulumi preview -s prod", "a change, before it is made"),
    ("python -m emulator run -- mlops score --env stage --rows 20", "a few more rows"),
    ("python -m emulator telemetry --json", "requests, metrics, events, traces"),
    ("make clean", "end it and remove all of it"),
)
START_AGAIN = ("python -m emulator up", "start it again: all state was kept")


def next_steps(keep: bool) -> str:
    steps = NEXT_STEPS if keep else (START_AGAIN, *NEXT_STEPS)
    lines = [f"  {command:<61} # {what}" for command, what in steps]
    head = "What to try next (with .venv/bin first on PATH)"
    return "\n".join([head, *lines, "For a real subscription: README.md, “Going to Azure”."])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the emulator running at the end")
    keep: bool = parser.parse_args().keep
    console = Console()
    environment = environment_for(console)
    logs = Home.default().logs / "demo"
    before = fingerprints()
    outcomes: list[Outcome] = []
    problems: list[str] = []
    try:
        for number, phase in enumerate(PHASES, 1):
            console.print(
                f"[bold cyan]{number}/{len(PHASES)}[/]  [bold]{phase.title}[/]  [dim]{phase.shown}[/]"
            )
            log = logs / f"{number}-{phase.shown.split()[0]}.log"
            outcome = run(phase, log, console, environment, ROOT)
            outcomes.append(outcome)
            if outcome.exit_code:
                console.print(Text.from_ansi(outcome.tail))
                console.print(
                    f"[bold red]✗[/] `{phase.shown}` exited with {outcome.exit_code}; all of it: {log}"
                )
                return 1
            if phase.show == "all":
                console.print(Text.from_ansi(outcome.output.rstrip()))
            console.print(f"     [green]✓[/] {outcome.seconds:.1f} s\n")
        problems = broken_promises(before)
    finally:
        if not keep and outcomes:
            stopped = subprocess.run([*EMULATOR, "down"], capture_output=True, text=True, cwd=ROOT)
            if stopped.returncode:
                problems.append(f"`emulator down` failed: {stopped.stderr.strip()[-300:]}")
    console.print(summary(outcomes))
    for problem in problems:
        console.print(f"[bold red]✗[/] {problem}")
    console.print(f"\n{next_steps(keep)}", highlight=False)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
