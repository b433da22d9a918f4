"""`mlops forget`: one person's rows are erased, wherever they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType

from ml.commands.collect import place_of
from ml.commands.precomputed.options import Database
from ml.terminal import options
from ml.terminal.console import facts, table
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure
    from ml.forget.landed import Sets, Trained
    from ml.forget.where import Where

Key = Annotated[
    str,
    typer.Option(
        "--key", help="The pseudonym of the person, as callers, batches and feature tables have it."
    ),
]
Reason = Annotated[
    str,
    typer.Option("--reason", help="Why, for the record; it must not say of whom: the request's number, say."),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="URI",
        help="An output of `mlops batch` elsewhere: a path, or abfss://. May be given several times.",
        show_default="those below batch in the data lake's container predictions",
    ),
]


def command(
    env: options.Environment,
    key: Key,
    reason: Reason,
    output: Outputs = None,
    database: Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Erase one person's rows: answers, labels, feature tables, batches, predictions by key and telemetry.

    From tables, their old versions, parts, and what was put aside. The record of it says what became of each
    place; it holds a salted digest of the key, by which only who knows the key finds it, and the day until
    which Azure can restore what was deleted. Exit code 1 where a place was not reached: the same command goes
    on with it, as with one that was killed, and as long as Log Analytics purges.
    """
    answers: list[dict[str, Any]] = []

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        answers.append(forget(azure, key, reason, output or [], database))
        return answers[0]

    run(env, as_json, quiet, work, render)
    if answers[0]["failed"]:
        raise typer.Exit(1)


def forget(azure: "Azure", key: str, reason: str, outputs: list[str], database: str | None) -> dict[str, Any]:
    from dataclasses import asdict

    from ml.azure.whoami import object_id
    from ml.forget import run as erasure

    where, estate = where_of(azure, outputs, database), azure.estate
    with azure.report.phase(f"erasing in {estate.environment}"):
        record = erasure.forget(
            where,
            key,
            reason,
            object_id(azure.credential),
            estate.data_lake_soft_delete_days,
            told=azure.report.line,
        )
    told = {name: value for name, value in asdict(record).items() if name != "requests"}
    return {"environment": estate.environment, **told, "failed": erasure.failed(record)}


def where_of(azure: "Azure", outputs: list[str], database: str | None) -> "Where":
    """The places of an estate. Raises MlopsError where it has no data lake: then no record can be kept."""
    from ml.features.place import of_estate
    from ml.forget.places import place
    from ml.forget.telemetry import Workspace
    from ml.forget.where import Where
    from ml.lake import tables
    from ml.precomputed.place import open_store

    kept, estate = place_of(azure), azure.estate
    has_database = database is not None or estate.predictions is not None
    return Where(
        kept,
        place("answers").kept.days(azure.settings),
        features=of_estate(estate.environment, estate.data_lake, None),
        batches=tables.address(estate.data_lake or "", "predictions", "batch"),
        outputs=tuple(outputs),
        predictions=(lambda: open_store(azure, database, erasing=True)) if has_database else None,
        logs=Workspace(azure),
        sets=sets_of(azure),
        credential=azure.credential,
        wait_s=60 * azure.settings.batch.wait_minutes,
    )


def sets_of(azure: "Azure") -> "Sets":
    """Files that landed, training sets, and the models that were registered."""
    from ml.forget.landed import LakeRows, Sets

    estate, credential = azure.estate, azure.credential
    datasets = f"datasets/{azure.settings.data.name}/"
    return Sets(
        LakeRows(estate.data_lake or "", "landing", credential, **azure.limits),
        LakeRows(estate.storage_account, estate.data_container, credential, datasets, **azure.limits),
        lambda: trained(azure),
    )


def trained(azure: "Azure") -> "list[Trained]":
    """Each version of each model of the workspace, archived ones too, with the digest of its data."""
    from ml.forget.landed import Trained
    from ml.steps.register.registration import LINEAGE_PROPERTY

    everything: Any = "All"  # azure-ai-ml does not export its enum

    def found() -> "list[Trained]":
        names = [str(one.name) for one in azure.ml.models.list(list_view_type=everything)]
        return [
            Trained(
                f"{one.name}:{one.version}",
                str((one.properties or {}).get(f"{LINEAGE_PROPERTY}data_sha256", "")),
            )
            for name in names
            for one in azure.ml.models.list(name, list_view_type=everything)
        ]

    return azure.granted(found, "list models")


def render(answer: Mapping[str, Any]) -> RenderableType:
    from rich.markup import escape

    done = answer["finished_at"] is not None
    listed = table("Places", "place", "state", "rows", "what is said")
    for name, told in answer["places"].items():
        listed.add_row(name, told["state"], f"{told['rows']:,}", escape(told["said"]))
    said = facts(
        "Erased" if done else "Under way: the same command goes on",
        {
            "record": answer["id"],
            "restorable until": (answer["recoverable_until"] or "not known: the stack does not say")
            if done
            else "to be said when it is done",
        },
    )
    return Group(said, listed)
