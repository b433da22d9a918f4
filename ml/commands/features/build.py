"""`mlops features build`: what the sources say now goes into the feature tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.features import common
from ml.terminal import options
from ml.terminal.console import table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    names: common.Names = None,
    tables: common.Tables = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA_SET=URI", help="Another place of a data set of the catalogue.", show_default=False
        ),
    ] = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Bring feature tables up to date: all rows that are new or corrected, and the latest row of each key.

    What a table said before stays, so that rows as of any time in the past stay what they were. Rows that
    break the definition's limits are refused, and nothing of that table is written, but of the others. Exit
    code 1 then, and for each other failure.
    """
    with honest(as_json):
        common.check_definitions(names or [])
        given = common.given_sources(source or [])
    run(env, as_json, quiet, lambda azure, root: build(azure, root, names or [], tables, given), render)


def build(
    azure: "Azure", root: Path, names: list[str], tables: str | None, given: dict[str, str]
) -> dict[str, Any]:
    from ml.features.definition import chosen
    from ml.features.refresh import refresh

    place, sources = common.place(azure, tables), common.sources(azure, root, given)
    built = [one.to_json() for one in refresh(azure, chosen(names), place, sources)]
    return {"environment": azure.estate.environment, "tables": place.where, "built": built}


def render(answer: Mapping[str, Any]) -> RenderableType:
    """A row a table: what is new in it, and what there is."""
    title = f"Feature tables of {answer['environment']}, in {answer['tables']}"
    shown = table(title, "table", "new", "late", "corrected", "not yet known", "rows", "keys", "newest event")
    for one in answer["built"]:
        counts, newest = one["counts"], one["newest"]
        numbers = (
            counts["rows"],
            counts["late"],
            counts["corrected"],
            counts["early"],
            one["rows"],
            one["keys"],
        )
        shown.add_row(
            f"{one['table']} v{one['version']}",
            *(f"{number:,}" for number in numbers),
            "-" if newest is None else f"{newest:%Y-%m-%d %H:%M}",
        )
    return shown
