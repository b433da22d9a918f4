"""`mlops precomputed erase`: one person's predictions are erased."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.precomputed.options import Database
from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    key: Annotated[str, typer.Option("--key", help="The batch's key of the person's row.")],
    database: Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Erase the predictions of a key from all runs of the database.

    Backups of the server keep them until they are too old, and the batch's table keeps its own.
    """
    run(env, as_json, quiet, lambda azure, root: erase(azure, root, key, database), render)


def erase(azure: "Azure", root: Path, key: str, database: str | None) -> dict[str, Any]:
    from ml.precomputed.place import open_store

    store = open_store(azure, database)
    try:
        with azure.report.phase(f"erasing in {store.words}"):
            rows = store.erase(key)
    finally:
        store.close()
    return {"environment": azure.estate.environment, "database": store.words, "rows": rows}


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts("Erased", {"database": answer["database"], "rows": answer["rows"]})
