"""A canary as a person watches it: weights, requests judged, and each metric with its interval."""

import math
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from ml.production.canary.judge import Finding
from ml.production.canary.metrics import ALPHA, METRICS
from ml.production.judging import Look
from ml.terminal.console import Report, table

MARGINS = {metric.name: metric.margin for metric in METRICS}
WIDTH = 40


@contextmanager
def live(report: Report) -> Generator[Callable[[Look], None], None, None]:
    """Show each look: in place on a terminal, elsewhere a line whenever more requests were judged."""
    if report.console.is_terminal and not report.console.quiet:
        with Live(console=report.console, auto_refresh=False, transient=False) as shown:
            yield lambda look: shown.update(render(look), refresh=True)
        return
    said: list[str] = []

    def line(look: Look) -> None:
        text = f"{look.step.percent}%: {_words(look)}"
        if [text] != said:
            said[:] = [text]
            report.line(text)

    yield line


def _words(look: Look) -> str:
    step = look.step
    if not step.least:
        return look.judgement.words()
    if not look.judgement.new:
        minutes = f"{step.seconds / 60:g} minutes"
        return f"no request of the new revision judged yet; {step.least} are needed within {minutes}"
    return f"{look.judgement.words()}; {look.judged} of {step.least} in this step"


def render(look: Look) -> RenderableType:
    weights = "  ".join(f"{escape(name)} [bold]{weight}%[/]" for name, weight in sorted(look.weights.items()))
    judged = f"{look.judged} of {look.step.least} requests judged" if look.step.least else "watched"
    head = f"  {weights}   {judged}, {look.seconds:.0f} of at most {look.step.seconds:.0f} s"
    bar = ProgressBar(total=max(1, look.step.least), completed=look.judged, width=WIDTH)
    evidence = look.judgement.evidence
    enough = f"e^{math.log(1 / ALPHA):.1f} is enough to go back"
    tail = f"  evidence e^{evidence:.1f}, {enough}; telemetry is {look.lag:.0f} s late"
    return Group(head, bar, metrics(look.judgement.findings), f"[dim]{tail}[/]")


def metrics(findings: tuple[Finding, ...]) -> Table:
    shown = table("", "metric", "running", "new", "difference (95% interval)", "borne")
    for finding in findings:
        low, high = finding.interval.low, finding.interval.high
        at = f" > {finding.cut:g}" if finding.cut else ""
        borne = MARGINS[finding.name]
        colour = "red" if low > borne else "green" if high <= borne else "yellow"
        shown.add_row(
            f"{finding.name}{at}",
            f"{finding.running:.2%}",
            f"{finding.new:.2%}",
            f"[{colour}]{finding.difference:+.2%} ({low:+.1%} to {high:+.1%})[/]",
            f"{borne:+.0%}",
        )
    return shown
