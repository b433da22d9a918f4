"""`mlops trigger log`: what started which training, and what started none."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from ml.terminal import options
from ml.terminal.console import table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    limit: Annotated[int, typer.Option(min=1, max=400, help="How many, the newest first.")] = 20,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """What started which training, and which events started none, the newest first."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.trigger.place import state_of

        state, _ = state_of(azure).read()
        return {"environment": env, "log": entries(state)[:limit]}

    run(env, as_json, quiet, work, render)


def entries(state: Any) -> list[dict[str, Any]]:
    from ml.commands.trigger.status import entry
    from ml.trigger.decide import WORDS

    refused = [
        {
            "at": one.at.isoformat(timespec="seconds"),
            "job": None,
            "started_by": one.event.started_by,
            "reason": one.event.words,
            "event": one.event.id,
            "data": one.event.data,
            "status": WORDS[one.why],
        }
        for one in state.refused
    ]
    return sorted([*map(entry, state.runs), *refused], key=lambda one: one["at"], reverse=True)


def render(answer: Mapping[str, Any]) -> RenderableType:
    if not answer["log"]:
        return f"Nothing has asked for a training in {answer['environment']} yet."
    made = table(f"Triggers of {answer['environment']}", "at", "by", "reason", "training", "became")
    for one in answer["log"]:
        cells = (one["at"], one["started_by"], one["reason"], one["job"] or "-", one["status"])
        made.add_row(*(escape(str(cell)) for cell in cells))
    return made
