"""`mlops undeploy`: the container group goes; models, images and release records stay."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """Remove what deploy put there: needed before `pulumi destroy` where the service stands in a subnet.

    Models, images and release records stay.
    """

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.deploy import group

        with azure.report.phase(f"removing the container group of {env}"):
            return {"environment": env, "removed": group.down(env, azure.report)}

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    done = "The service was removed" if answer["removed"] else "No service is deployed"
    return f"{done} in {answer['environment']}."
