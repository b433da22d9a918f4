"""`python -m demo [--keep]`: all phases in order; exit code 0 only when every one of them held."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.checks import ROOT, broken_promises, fingerprints, running, to_recover
from demo.phases import EMULATOR, PRODUCTION, START, Phase, phases, telemetry
from demo.runner import Outcome, environment_for, run
from emulator.home import Home

NEXT_STEPS = (
    ("python -m emulator status", "what runs, what exists, what was refused"),
    ("python -m emulator run -- pulumi preview -s prod", "an infrastructure change, before it is made"),
    ("python -m emulator run -- mlops card --env stage", "what is known about the model (--open: as a page)"),
    ("python -m emulator run -- mlops score --env stage --rows 20", "a few more rows"),
    ("python -m emulator telemetry --json", "requests, metrics, events, traces"),
    ("make clean", "end it and remove all of it"),
)
START_AGAIN = ("python -m emulator up", "start it again: all state was kept")


def in_order() -> Iterator[Phase]:
    yield START
    began = ""
    for phase in phases(to_recover()):
        began = datetime.now(UTC).isoformat()  # in the end, when the rows were scored
        yield phase
    yield telemetry(began)
    yield PRODUCTION


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
    console = Console()
    environment = environment_for(console)
    logs = Home.default().prepare().logs / "demo"
    before = fingerprints()
    count = 1 + len(phases()) + 2  # the emulator before them, telemetry and production after them
    outcomes: list[Outcome] = []
    console.print(f"all that the commands print: {logs}/\n", soft_wrap=True, highlight=False)
    try:
        for number, phase in enumerate(in_order(), 1):
            place = f"[bold cyan]{number}/{count}[/]"
            console.print(f"{place}  [bold]{phase.title}[/]  [dim]{phase.shown}[/]")
            log = logs / f"{number}-{phase.name}.log"
            outcome = run(phase, log, console, environment, ROOT)
            outcomes.append(outcome)
            if outcome.exit_code:
                failure(outcome, console)
                return 1
            if phase.show == "all":
                console.print(Text.from_ansi(outcome.output.rstrip()))
            console.print(f"     [green]✓[/] {outcome.seconds:.1f} s\n")
        problems = broken_promises(before)
    finally:
        left = [] if keep else stop()
    console.print(summary(outcomes))
    for problem in [*problems, *left]:
        console.print(f"[bold red]✗[/] {problem}")
    console.print(f"\n{next_steps(keep)}", highlight=False)
    return 1 if problems or left else 0


if __name__ == "__main__":
    sys.exit(main())
