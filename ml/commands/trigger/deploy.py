"""`mlops trigger deploy`: the code of the function app."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Put this checkout's code into the function app that starts trainings, and wait until it runs."""

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.trigger.publish import publish

        return {"environment": env, **publish(azure, root)}

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    rows = {name: answer[name] for name in ("app", "content", "files")}
    return facts(f"Trainings start by themselves in {answer['environment']}", rows)
