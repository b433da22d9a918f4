"""`mlops batch`: the released composite over files and tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options, preflight
from ml.terminal.console import facts, number, table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

MOST_FEATURES = 5


def command(
    env: options.Environment,
    data: Annotated[
        str,
        typer.Option(
            metavar="URI",
            help="Parquet or CSV (a file or a folder of them) or a Delta table: a path, or abfss:// in the "
            "data lake.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="The folder of the tables that are written: a path, or abfss://.",
            show_default="batch/MODEL in the data lake's container predictions",
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="The column that names rows; it joins the answers.", show_default=False
        ),
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="RELEASE", help="Whose model scores.", show_default="the newest one")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=256, help="Threads; 0: one a core.", show_default="0")
    ] = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Score all rows of files or a table with a release's model, on all cores of this machine.

    Predictions and rejects become Delta tables, published whole or not at all: a run that was killed goes on
    where it was, one that has ended finds itself. Exit code 1 when nothing was published.
    """
    with honest(as_json):
        preflight.check_settings()
        if release is not None:
            preflight.check_release(release)

    def score(azure: "Azure", root: Path) -> dict[str, Any]:
        return batch(azure, data, output, key, release, workers)

    run(env, as_json, quiet, score, render)


def batch(
    azure: "Azure", data: str, output: str | None, key: str | None, release: str | None, workers: int
) -> dict[str, Any]:
    from dataclasses import replace

    from ml.batch import released
    from ml.batch import run as batches
    from ml.batch.progress import shown

    report, limits = azure.report, azure.settings.batch.limits()
    with report.phase("model"):
        composite = released.composite(azure, release, limits.block_rows)
        report.line(f"{composite.name} of {composite.release}, by {composite.evaluator.name}")
    where = output or default_output(azure, composite.name)
    with report.phase(f"scoring {data}"), shown(report) as told:
        answer = batches.run(
            composite,
            data,
            where,
            key,
            replace(limits, workers=workers),
            azure.credential,
            told,
            azure.estate.environment,
        )
    return {"environment": azure.estate.environment, "output": where, **answer}


def default_output(azure: "Azure", model: str) -> str:
    """Raises MlopsError where the estate has no data lake."""
    from ml.errors import MlopsError
    from ml.lake import tables

    account = azure.estate.data_lake
    if account is None:
        raise MlopsError(
            f"The estate {azure.estate.environment} has no data lake.",
            "Give --output, or `dataLake` in its stack file.",
        )
    return tables.address(account, "predictions", f"batch/{model.partition(':')[0]}")


def render(answer: Mapping[str, Any]) -> RenderableType:
    """What was scored, what the report says of it, where it is."""
    report = answer["report"]
    estimated = report["estimated"].get("roc_auc")
    verdict = report["diagnosis"]
    shown = facts(
        f"Run {answer['run']}" + (" (found, not run again)" if answer["found"] else ""),
        {
            "model": f"{answer['model']} of {answer['release']}, by {answer['evaluated_by']}",
            "rows": f"{answer['rows']:,}, {answer['rejected']:,} of them rejected",
            "label 1": f"{answer['positive']:,}",
            "outliers": f"{answer['outliers']:,}",
            "ROC AUC estimated": "-"
            if estimated is None
            else f"{number(estimated['value'])}  ({number(estimated['low'])} to {number(estimated['high'])})",
            "predictions": f"{answer['output']}/predictions",
            "rejects": f"{answer['output']}/rejects",
        },
    )
    words = f"[bold]{escape(verdict['verdict'])}[/]: {escape(verdict['words'])}"
    features = table("Features that differ most from training", "feature", "status", "PSI", "adjusted p")
    for each in sorted(report["features"], key=lambda each: -each["psi"])[:MOST_FEATURES]:
        features.add_row(
            escape(each["name"]), each["status"], number(each["psi"]), f"{each['p_adjusted']:.3g}"
        )
    return Group(shown, words, features)
