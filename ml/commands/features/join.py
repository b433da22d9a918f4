"""`mlops features join`: a training set: rows with features as of each row's own time."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.features import common
from ml.errors import MlopsError
from ml.features import engines
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
    to: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="The Parquet file that is written; by a job of Spark abfss:// in the lake."
        ),
    ],
    drop: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="A column that the file is not to have.", show_default=False),
    ] = None,
    tables: common.Tables = None,
    engine: Annotated[
        str, typer.Option(help="What joins: machine, spark, or auto, which is the machine here.")
    ] = "auto",
    here: Annotated[
        bool, typer.Option("--here", help="With --engine spark: by this machine's, and not as a job.")
    ] = False,
    wait: options.Wait = True,
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
        engines.check(engine)
        by_job = engine == "spark" and not here
        if not by_job and "://" in to:
            raise MlopsError(
                f"--to is {to!r}, and this process writes files of this machine.",
                "Give a path, or --engine spark without --here.",
            )

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        place = common.place(azure, tables)
        told = {"environment": azure.estate.environment}
        if by_job:
            from ml.features.spark.job import Joining
            from ml.features.spark.job import join as job_of
            from ml.scheduled.job import carry_out

            asked = Joining(spine, time, tuple(features), tuple(drop or ()), to)
            return {**told, **carry_out(azure, job_of(azure, root, asked, place.where), wait=wait)}
        with azure.report.phase(f"joining features to {spine}"):
            from ml.features.training import make

            joined = partial(make, spine, time, wanted, place, Path(to), drop=drop or [])
            return {**told, **_here(azure, engine, joined)}

    run(env, as_json, quiet, work, render)


def _here(azure: "Azure", engine: str, make: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """In this process, by either engine. make: training.make, which lacks the engine alone."""
    if engine != "spark":
        return make(memory_gb=azure.settings.features.memory_gb)
    from ml.batch.spark.main import session_here
    from ml.features.spark.database import database

    session = session_here()
    try:
        return make(database=lambda: database(session, azure.credential))
    finally:
        session.stop()


def render(answer: Mapping[str, Any]) -> RenderableType:
    """What was written, and of what."""
    if "made_of" not in answer:
        return f"job {answer['job']}: {answer['status']}. The same command without --no-wait follows it."
    made = answer["made_of"]["tables"]
    return facts(
        f"Training set {answer['file']}",
        {
            "rows": f"{answer['rows']:,}",
            "columns": len(answer["columns"]),
            **{name: f"v{one['version']}, built {one['built']}" for name, one in made.items()},
        },
    )
