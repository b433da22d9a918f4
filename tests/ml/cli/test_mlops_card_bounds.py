"""A broken bound in the tables of `mlops card`: its digits say why."""

import io

import pytest
from rich.console import Console

from ml.commands import card as command
from tests.ml.cli.test_mlops_card import CARD


def shown(found: float | None, limit: float, holds: bool) -> list[str]:
    finding = {"name": "maximum_calibration_error", "limit": limit, "found": found, "holds": holds}
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(command.render({"model": "credit:4", "page": None, "card": {**CARD, "bounds": [finding]}}))
    (line,) = (line for line in console.export_text().splitlines() if "maximum_calibration_error" in line)
    return [cell.strip() for cell in line.strip(" │┃|").replace("┃", "│").split("│")]


@pytest.mark.parametrize(
    ("found", "limit", "cells"),
    [
        (0.04003, 0.04, ["0.04000", "0.04003", "broken"]),
        (0.0400000049, 0.04, ["0.040000000", "0.040000005", "broken"]),
        (0.02, 0.04, ["0.0400", "0.0200", "holds"]),
        (0.04, 0.04, ["0.0400", "0.0400", "holds"]),
        (None, 0.04, ["0.0400", "-", "broken"]),
    ],
)
def test_limit_and_figure_are_told_apart(found: float | None, limit: float, cells: list[str]) -> None:
    assert shown(found, limit, cells[-1] == "holds")[1:] == cells


def test_drift_that_was_not_measured_says_so() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    card = {**CARD, "drift": {"false_alarms": None, "power": None}}
    console.print(command.render({"model": "credit:4", "page": None, "card": card}))
    assert "not measured: fewer test rows than a window holds" in console.export_text()
