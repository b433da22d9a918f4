"""`mlops deploy`: a registered model becomes a tested address and a recorded release."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options, preflight
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import STORAGE, run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    model: options.Model = "latest",
    rebuild: options.Rebuild = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Build the model's image once, deploy it, wait until it is ready, test it, and record the release."""
    with honest(as_json):
        preflight.check_model(model)
        preflight.check_variables()

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.deploy.deploy import deploy

        return deploy(azure, root, model, rebuild)

    run(env, as_json, quiet, work, render, imports=(*STORAGE, "pulumi.automation"))


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        "Deployed",
        {
            "address": answer["address"],
            "release": answer["release"],
            "model": answer["model"],
            "image": f"{answer['digest']} ({'built now' if answer['built'] else 'built before'})",
            "smoke tests": f"{len(answer['smoke_tests'])} passed: {', '.join(answer['smoke_tests'])}",
        },
    )
