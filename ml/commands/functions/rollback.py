"""`mlops functions rollback`: what the function app served before, at once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from pathlib import Path

    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the history.")],
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Put the package that the function app served before there again, wait until it answers, and test it.

    Where releases are approved. It needs no approval, as the app had that very package by one; it builds
    nothing, and asks nothing of the checkout.
    """

    def work(azure: "Azure", root: "Path") -> dict[str, Any]:
        from ml.functions.rollback import rollback

        return rollback(azure, reason)

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        f"The function app of {answer['environment']} has again",
        {
            "address": answer["address"],
            "release": answer["release"],
            "model": f"{answer['model']}, {answer['digest']}",
            "approved by": answer["approved_by"],
            "code": answer["content"],
            "smoke tests": f"{len(answer['smoke_tests'])} passed: {', '.join(answer['smoke_tests'])}",
        },
    )
