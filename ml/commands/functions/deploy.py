"""`mlops functions deploy`: a release into the function app that scores."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options, preflight
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    release: options.Release,
    env: options.Environment,
    model: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The release's model, where this environment has none registered."),
    ] = None,
    machine_code: Annotated[
        bool,
        typer.Option(
            "--machine-code",
            help="Give the app machine code, compiled here (under Linux, on 64-bit Intel or AMD): its "
            "answers are the service's to the last bit, and faster. It takes a C compiler.",
        ),
    ] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Put a release into the function app that scores, wait until it answers, and test it.

    Where releases are approved, this one has to be, and this checkout's code that of its image.
    `mlops functions rollback` goes back; where nobody approves, deploy the release before it.
    """
    with honest(as_json):
        preflight.check_settings()
        preflight.check_release(release)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.functions.deploy import deploy

        return {"environment": env, **deploy(azure, root, release, model, machine_code)}

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        f"The function app of {answer['environment']}",
        {
            "address": answer["address"],
            "release": answer["release"],
            "model": f"{answer['model']}, {answer['digest']}",
            "approved by": answer["approved_by"],
            "code": answer["content"] + ("" if answer["code_of_the_image"] else ", not that of the image"),
            "smoke tests": f"{len(answer['smoke_tests'])} passed: {', '.join(answer['smoke_tests'])}",
        },
    )
