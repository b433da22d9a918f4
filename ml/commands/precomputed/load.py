"""`mlops precomputed load`: a batch run becomes what is looked up."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.batch import default_output
from ml.commands.precomputed.options import Database
from ml.commands.precomputed.show import shown
from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    batch: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="The --output of `mlops batch`: a path, or abfss://.",
            show_default="batch/MODEL in the data lake's container predictions",
        ),
    ] = None,
    run_name: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Of that output.", show_default="the newest published one"),
    ] = None,
    database: Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Load a run of `mlops batch` into the database, and make it the one that is looked up.

    It becomes visible whole, in one moment; the run before stays for `mlops precomputed back`. Killed half
    way, the run before is visible, and the same command loads again. Exit code 1 when it is not visible.
    """
    run(env, as_json, quiet, lambda azure, root: load(azure, root, batch, run_name, database), render)


def load(
    azure: "Azure", root: Path, batch: str | None, run_name: str | None, database: str | None
) -> dict[str, Any]:
    from ml.batch.progress import shown as progress
    from ml.precomputed.load import load as loading

    where = batch or default_output(azure, azure.settings.training.model_name)
    done = loading(azure, where, run_name, database, progress(azure.report))
    return {
        "environment": azure.estate.environment,
        "database": done.words,
        "run": done.run,
        "runs": [shown(one) for one in done.runs],
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    (now,) = (one for one in answer["runs"] if one["visible"])
    return facts(
        f"Visible: {now['run']}",
        {
            "database": answer["database"],
            "model": f"{now['model']} of {now['release']}",
            "rows": f"{now['rows']:,}",
            "scored": now["scored_at"],
            "kept to go back to": ", ".join(one["run"] for one in answer["runs"] if not one["visible"])
            or "none",
        },
    )
