"""`mlops promote`: an approved release takes production over, step by step, or goes back by itself."""

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
    release: options.Release,
    env: options.Environment,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Take an approved release to all of production's requests: a canary by weights, judged at each step.

    What is worse than the margins of docs/canary.md goes back by itself, with exit code 1. Run it again after
    it was interrupted: it goes on where it stands. While it runs, nobody else can promote.
    """

    with honest(as_json):
        preflight.check_release(release)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.production.assembly import Production, who
        from ml.production.promote import outcome, promote
        from ml.production.view import live

        world = Production(azure, root).world()
        with live(azure.report) as show:
            state = promote(world, release, who(azure), show, azure.report.line)
        return {"environment": env, **outcome(state)}

    run(env, as_json, quiet, work, render, imports=(*STORAGE, "azure.monitor.query", "kubernetes.client"))


def render(answer: Mapping[str, Any]) -> RenderableType:
    serving, previous = answer["serving"], answer["previous"]
    return facts(
        f"Promoted in {answer['environment']}",
        {
            "release": serving["release"],
            "revision": serving["revision"],
            "approved by": serving["approved_by"] or "-",
            "to go back to": previous["revision"] if previous else "nothing: it is the first release",
        },
    )
