"""`mlops features join`: a training set: rows with features as of each row's own time."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.features import common
from ml.terminal import options, preflight
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    spine: Annotated[
        str,
        typer.Option(
            metavar="URI",
            help="Keys, times and labels: Parquet or Delta, a path or abfss:// in the data lake.",
        ),
    ],
    time: Annotated[
        str,
        typer.Option(metavar="COLUMN", help="The spine's column of times, in UTC: when each row was asked."),
    ],
    features: Annotated[
        list[str],
        typer.Option(metavar="TABLE[:FEATURE,…]", help="A feature table, or some features of it. Repeat it."),
    ],
    to: Annotated[Path, typer.Option(metavar="FILE", help="The Parquet file that is written.")],
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column that the file is not to have.", show_default=False),
    ] = None,
    tables: common.Tables = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Join features to a spine, each as it was known at the row's own time: no row sees what came later.

    `mlops train --data FILE` takes the file; its data asset has tags of the feature tables that it came from.
    """
    with honest(as_json):
        preflight.check_settings()
        from ml.features.training import choices

        wanted = choices(features)

    def work(azure: "Azure", _root: Path) -> dict[str, Any]:
        from ml.features import training

        with azure.report.phase(f"joining features to {spine}"):
            place = common.place(azure, tables)
            memory = azure.settings.features.memory_gb
            answer = training.make(spine, time, wanted, place, to, memory, drop or [])
        return {"environment": azure.estate.environment, **answer}

    run(env, as_json, quiet, work, render)


def render(answer: Mapping[str, Any]) -> RenderableType:
    """What was written, and of what."""
    made = answer["made_of"]["tables"]
    return facts(
        f"Training set {answer['file']}",
        {
            "rows": f"{answer['rows']:,}",
            "columns": len(answer["columns"]),
            **{name: f"v{one['version']}, built {one['built']}" for name, one in made.items()},
        },
    )
