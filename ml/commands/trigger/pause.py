"""`mlops trigger pause`: nothing starts by itself until `resume`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; `status` shows it.")]


def command(
    env: options.Environment,
    reason: Reason,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Let nothing start a training by itself. What runs goes on; new data waits; people go on training."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.errors import MlopsError
        from ml.trigger.place import switched, who

        words = " ".join(reason.split())
        if not words:
            raise MlopsError("--reason is empty.", "Say why trainings are not to start by themselves.")
        by = who(azure)
        switched(azure, words, by)
        return {"environment": env, "paused": words, "paused_by": by}

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    environment = answer["environment"]
    return f"Triggers of {environment} are paused. `mlops trigger resume --env {environment}` ends it."
