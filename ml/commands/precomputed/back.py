"""`mlops precomputed back`: the run before is looked up again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ml.commands.precomputed.load import render
from ml.commands.precomputed.options import Database
from ml.commands.precomputed.show import shown
from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    run_name: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="One that is kept.", show_default="the one before"),
    ] = None,
    database: Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Make the run before the visible one again, or any that is kept.

    The run that is gone back from is loaded by nobody any more: this command alone shows it again.
    """
    run(env, as_json, quiet, lambda azure, root: back(azure, root, run_name, database), render)


def back(azure: "Azure", root: Path, run_name: str | None, database: str | None) -> dict[str, Any]:
    from ml.precomputed.place import open_store
    from ml.precomputed.store import before

    store = open_store(azure, database)
    try:
        chosen = before(store.runs(), run_name)
        with azure.report.phase(f"showing {chosen.run}"):
            store.show(chosen.number)
        runs = [shown(one) for one in store.runs()]
    finally:
        store.close()
    return {"environment": azure.estate.environment, "database": store.words, "run": chosen.run, "runs": runs}
