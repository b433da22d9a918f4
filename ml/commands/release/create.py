"""`mlops release create`: the image of a model is built once, and the release recorded."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options, preflight
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    model: options.Model = "latest",
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Build the model's image once and record the release; nothing is deployed.

    Whoever records a release cannot approve it.
    """
    with honest(as_json):
        preflight.check_model(model)
        preflight.check_variables()

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.deploy.prepare import create

        return create(azure, root, model, rebuild)

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        "Recorded" if answer["recorded"] else "Recorded before",
        {
            "release": answer["release"],
            "model": answer["model"],
            "image": f"{answer['digest']} ({'built now' if answer['built'] else 'built before'})",
        },
    )
