"""`mlops features check`: whether the feature tables are what their definitions say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

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
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Look at all rows of feature tables: freshness, nulls, ranges, columns, rows of the future.

    Exit code 1 when a table is not what its definition says.
    """
    with honest(as_json):
        common.check_definitions(names or [])
    sound: list[bool] = []

    def work(azure: "Azure", _root: Any) -> dict[str, Any]:
        answer = check(azure, names or [], tables)
        sound.append(answer["sound"])
        return answer

    run(env, as_json, quiet, work, render)
    if not all(sound):
        raise typer.Exit(1)


def check(azure: "Azure", names: list[str], tables: str | None) -> dict[str, Any]:
    import datetime as dt
    from dataclasses import asdict

    from ml.features import check as checks
    from ml.features.definition import chosen

    place, now = common.place(azure, tables), dt.datetime.now(dt.UTC)
    found: list[dict[str, Any]] = []
    for one in chosen(names):
        with azure.report.phase(f"checking {one.name}"):
            found.append(asdict(checks.check(one, place, now, azure.settings.features.memory_gb)))
    return {
        "environment": azure.estate.environment,
        "tables": place.where,
        "sound": not any(one["problems"] for one in found),
        "checked": found,
    }


def render(answer: Mapping[str, Any]) -> RenderableType:
    """A row a table; what is wrong, a line each."""
    title = f"Feature tables of {answer['environment']}, in {answer['tables']}"
    shown = table(title, "table", "is", "rows", "keys", "built", "what is wrong")
    for one in answer["checked"]:
        wrong = one["problems"]
        shown.add_row(
            f"{one['table']} v{one['version']}",
            "[bold red]not sound[/]" if wrong else "[bold green]sound[/]",
            *("-" if one[name] is None else f"{one[name]:,}" for name in ("rows", "keys")),
            "-" if one["built"] is None else f"{one['built']:%Y-%m-%d %H:%M}",
            escape("\n".join(wrong)),
        )
    return shown
