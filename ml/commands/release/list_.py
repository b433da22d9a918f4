"""`mlops release list`: the releases of an environment."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options, preflight
from ml.terminal.console import table
from ml.terminal.failures import honest
from ml.terminal.run import run


def command(
    env: options.Environment,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the newest first.")] = 20,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """The releases that were recorded in an environment, and whether their evidence is green."""
    with honest(as_json):
        preflight.check_settings()

    def work(azure: Any, root: Any) -> dict[str, Any]:
        from ml.release.lineage import listed

        return {"environment": env, "releases": listed(azure, limit)}

    run(env, as_json, quiet, work, render, stored=True)


def render(answer: Mapping[str, Any]) -> RenderableType:
    if not answer["releases"]:
        return f"No release is recorded in {answer['environment']}. `mlops deploy` makes the first one."
    made = table(f"Releases of {answer['environment']}", "release", "model", "image", "recorded", "evidence")
    for one in answer["releases"]:
        state = {True: "[green]green[/]", False: "[red]red[/]", None: "none"}[one["green"]]
        made.add_row(one["release"], one["model"], one["digest"][:19], one["recorded_at"], state)
    return made
