"""`mlops precomputed show`: the runs in the database, and which of them is visible."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from rich.markup import escape

from ml.commands.precomputed.options import Database
from ml.terminal import options
from ml.terminal.console import table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.precomputed.store import Run


def command(
    env: options.Environment,
    database: Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Show the runs that the database holds, the newest first, and which of them is looked up."""
    run(env, as_json, quiet, lambda azure, root: show(azure, root, database), render)


def show(azure: "Azure", root: Path, database: str | None) -> dict[str, Any]:
    from ml.precomputed.place import open_store

    store = open_store(azure, database)
    try:
        runs = [shown(one) for one in store.runs()]
    finally:
        store.close()
    return {"environment": azure.estate.environment, "database": store.words, "runs": runs}


def shown(one: "Run") -> dict[str, Any]:
    """A run as commands tell it; times in ISO 8601."""
    return {
        "run": one.run,
        "visible": one.visible,
        "model": one.model,
        "release": one.release,
        "rows": one.rows,
        "scored_at": one.scored_at.isoformat(timespec="seconds"),
        "loaded_at": one.loaded_at.isoformat(timespec="seconds"),
        "shown_at": one.shown_at and one.shown_at.isoformat(timespec="seconds"),
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    if not answer["runs"]:
        return f"Nothing has been loaded into {answer['database']} yet."
    made = table(f"Runs in {answer['database']}", "run", "model", "release", "rows", "scored", "")
    for one in answer["runs"]:
        state = "visible" if one["visible"] else "" if one["shown_at"] else "never shown"
        cells = (one["run"], one["model"], one["release"], f"{one['rows']:,}", one["scored_at"], state)
        made.add_row(*map(escape, cells))
    return made
