"""`python -m tools.smoke --env ENV --subscription ID`: from nothing to scores and back, on real Azure.

For a throwaway subscription whose environment has a stack file of its own; it costs money while it runs (an
hour or two, most of it the gateway's creation). Exit codes: 0, or 1 when a step failed, 2 when the place is
not one to throw away; then nothing was made.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.environments import ROOT
from tools.smoke import guard
from tools.smoke.carry_out import Done, carry_out, in_a_process
from tools.smoke.steps import STEPS, Step


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.smoke", description=__doc__)
    parser.add_argument("--env", required=True, help="of a stack file with protectData: false")
    parser.add_argument("--subscription", required=True, help="its id, typed once more: it may be emptied")
    parser.add_argument("--out", type=Path, help="where logs and the report go (default: smoke/ENV-TIME)")
    parser.add_argument("--shared", action="store_true", help="the subscription holds others' groups, too")
    parser.add_argument("--keep", action="store_true", help="destroy nothing at the end")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(argv)
    out: Path = given.out or Path("smoke") / f"{given.env}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    console = Console(stderr=True)
    try:
        settings = guard.config(given.env)
        groups = guard.resource_groups(given.subscription, guard.asking())
        guard.check(given.env, given.subscription, settings, groups, given.shared)
    except guard.NotThrowaway as refused:
        console.print(f"error: {refused}", style="red", highlight=False, markup=False)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    run = in_a_process(out.resolve(), ROOT)

    def shown(step: Step, argv: list[str]) -> tuple[int, str]:
        with console.status(f"{step.key}: {' '.join(argv)}"):
            code, said = run(step, argv)
        console.print(f"{'✓' if code == 0 else '✗'} {step.key}", highlight=False)
        return code, said

    done = carry_out(given.env, out.resolve(), shown, given.keep, STEPS)
    print((out / "report.json").read_text("utf-8"), end="") if given.json else Console().print(table(done))
    console.print(f"report: {out / 'report.md'}", highlight=False)
    return 1 if any(one.how == "failed" for one in done) else 0


def table(done: list[Done]) -> Table:
    made = Table("step", "ended", "seconds", "what it shows")
    for one in done:
        made.add_row(one.step.key, one.how, f"{one.seconds:.0f}", one.step.proves)
    return made


if __name__ == "__main__":
    sys.exit(main())
