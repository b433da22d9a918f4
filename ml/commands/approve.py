"""`mlops approve`: a person says that a release may go into an environment."""

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
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it may go there; it is kept and signed.")],
    expires: Annotated[
        str, typer.Option(metavar="TIME", help="How long the approval holds: 90m, 72h, 14d at most.")
    ] = "72h",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Approve a release for an environment: exactly its digests, on green evidence, signed and kept.

    Sign in as yourself: a member of the approvers' group of that environment, who did not record the release.
    """
    with honest(as_json):
        preflight.check_release(release)
        preflight.check_environment(env)

        from ml.approval import statement

        statement.reason(reason)
        statement.duration(expires)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.approval.approve import approve

        return approve(azure, root, release, reason, expires)

    run(env, as_json, quiet, work, render, stored=True)


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        f"Approved for {answer['environment']}",
        {
            "release": answer["release"],
            "approver": answer["approver"],
            "recorded by": answer["requester"],
            "reason": answer["reason"],
            "expires": answer["expires"],
            **answer["digests"],
            "record": answer["record"],
        },
    )
