"""A canary in a log, where no terminal shows it in place: how far it is, and what it waits for."""

from __future__ import annotations

import io

from rich.console import Console

from ml.production import view
from ml.production.canary.judge import Judgement
from ml.production.canary.steps import STEPS
from ml.production.judging import Look
from ml.terminal.console import Report


def said(*judged: int) -> list[str]:
    report = Report()
    report.console = Console(file=io.StringIO(), width=200)
    with view.live(report) as shown:
        for new in judged:
            judgement = Judgement(1, 5000, new, 0.0, ())
            shown(Look(STEPS[0], {"a": 90, "b": 10}, judgement, new, 60.0, 5.0, ""))
    assert isinstance(report.console.file, io.StringIO)
    return [line.strip() for line in report.console.file.getvalue().splitlines()]


def test_without_callers_it_says_what_it_waits_for_and_until_when() -> None:
    assert said(0, 0) == [
        f"10%: no request of the new revision judged yet; {STEPS[0].least} are needed within 60 minutes"
    ]


def test_each_look_that_judged_more_is_a_line() -> None:
    least = STEPS[0].least
    assert said(0, 100, 100, 200)[1:] == [
        f"10%: 100 requests judged against 5000: within all margins; 100 of {least} in this step",
        f"10%: 200 requests judged against 5000: within all margins; 200 of {least} in this step",
    ]
