"""What the commands of schedules show."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.scheduled.table import ROWS, Scheduled, rows
from ml.terminal.console import table
from ml.terminal.failures import honest

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


def chosen(names: list[str] | None, as_json: bool) -> list[Scheduled]:
    """The rows that are named; one that is none ends the command before anybody is asked."""
    with honest(as_json):
        return rows(tuple(names or ()))


def told(environment: str, found: "list[State]") -> dict[str, Any]:
    return {"environment": environment, "schedules": [asdict(one) for one in found]}


def render(answer: Mapping[str, Any]) -> RenderableType:
    listed = table(f"Schedules of {answer['environment']} (UTC)", "name", "state", "when", "why", "release")
    for one in answer["schedules"]:
        listed.add_row(one["name"], one["state"], one["cron"], one["why"], one["release"] or "-")
    return listed
