"""`mlops trigger resume`: trainings start by themselves again."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Let trainings start by themselves again; data that waited is taken up within minutes."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.trigger.place import switched

        state = switched(azure, "", "")
        return {"environment": env, "paused": None, "waiting": state.waiting.data if state.waiting else None}

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    waits = f" {answer['waiting']} waits, and is taken up." if answer["waiting"] else ""
    return f"Triggers of {answer['environment']} work.{waits}"
