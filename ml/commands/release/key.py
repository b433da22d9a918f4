"""`mlops release key`: the public half of the approvers' key."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.markup import escape

from ml.terminal import options, preflight
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Write the public key by which approvals for an environment are verified, in PEM.

    Keep it where whoever verifies later looks it up: it is no secret.
    """
    with honest(as_json):
        preflight.check_settings()

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.approval import keys

        return {"environment": env, "pem": keys.pem(keys.public(azure, env)).decode()}

    run(env, as_json, quiet, work, render, stored=True)


def render(answer: Mapping[str, Any]) -> RenderableType:
    return escape(answer["pem"].rstrip())
