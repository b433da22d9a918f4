"""`mlops rollback`: all of production's requests to the revision before, at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import STORAGE, run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it stands in the history.")]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="REVISION",
        help="A revision that is still in the cluster, as `mlops status` shows them.",
        show_default="the one before; during a canary, the one that runs",
    ),
]


def command(
    env: options.Environment,
    reason: Reason,
    to: To = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Send all requests to the revision that had them before, in seconds; a canary under way is ended.

    It needs no approval, waits for nobody, builds nothing and removes nothing.
    """

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.production.assembly import Production, who
        from ml.production.promote import outcome
        from ml.production.rollback import rollback

        state = rollback(Production(azure, root).world(), who(azure), reason, to, azure.report.line)
        return {"environment": env, **outcome(state)}

    run(env, as_json, quiet, work, render, imports=(*STORAGE, "kubernetes.client"))


def render(answer: Mapping[str, Any]) -> RenderableType:
    serving = answer["serving"]
    return facts(
        f"All requests in {answer['environment']} go to",
        {"revision": serving["revision"], "release": serving["release"]},
    )
