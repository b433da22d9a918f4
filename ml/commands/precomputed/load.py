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
    from ml.precomputed import rows
    from ml.precomputed.place import open_store

    model = azure.settings.training.model_name
    where = batch or default_output(azure, model)
    store = open_store(azure, database)
    try:
        with azure.report.phase(f"finding the run in {where}"):
            found = rows.batch(where, run_name or rows.newest(where, azure.credential), azure.credential)
        keep = azure.settings.precomputed.keep_runs
        with azure.report.phase(f"loading {found.run} into {store.words}"), progress(azure.report) as told:
            store.load(found, keep, told)
        runs = [shown(one) for one in store.runs()]
    finally:
        store.close()
    return {"environment": azure.estate.environment, "database": store.words, "run": found.run, "runs": runs}


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
