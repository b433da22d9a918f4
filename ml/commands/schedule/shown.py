"""What the commands of schedules show."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.scheduled.table import ROWS
from ml.terminal.console import table

if TYPE_CHECKING:
    from ml.scheduled.schedules import State

Names = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAME]...",
        help=f"What of it: {', '.join(row.name for row in ROWS)}.",
        show_default="all of it",
    ),
]


def told(environment: str, found: "list[State]") -> dict[str, Any]:
    return {"environment": environment, "schedules": [asdict(one) for one in found]}


def render(answer: Mapping[str, Any]) -> RenderableType:
    rows = table(f"Schedules of {answer['environment']} (UTC)", "name", "state", "when", "why", "release")
    for one in answer["schedules"]:
        rows.add_row(one["name"], one["state"], one["cron"], one["why"], one["release"] or "-")
    return rows
