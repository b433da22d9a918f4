"""`mlops forget`: one person's rows are erased."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.collect import place_of
from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Key = Annotated[str, typer.Option("--key", help="The pseudonym that callers sent with the person's rows.")]
Reason = Annotated[
    str,
    typer.Option("--reason", help="Why, for the record; it must not say of whom: the request's number, say."),
]


def command(
    env: options.Environment,
    key: Key,
    reason: Reason,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Erase one person's rows: answers and labels, their tables' old versions, parts and what was put aside.

    The record of it holds a salted digest of the key, by which only who knows the key finds it, and the day
    until which Azure can restore what was deleted. When it is killed, the same command goes on.
    """
    run(env, as_json, quiet, lambda azure, root: forget(azure, root, key, reason), render)


def forget(azure: "Azure", root: Path, key: str, reason: str) -> dict[str, Any]:
    from ml.azure.whoami import object_id
    from ml.kept.erase import erase

    place, estate = place_of(azure), azure.estate
    with azure.report.phase(f"erasing in {estate.environment}"):
        record = erase(
            place,
            key,
            reason,
            object_id(azure.credential),
            azure.settings.kept.retention_days,
            estate.data_lake_soft_delete_days,
        )
    return {"environment": estate.environment, **asdict(record)}


def render(answer: Mapping[str, Any]) -> RenderableType:
    return facts(
        "Erased",
        {
            "record": answer["id"],
            "answers": answer["rows"],
            "labels": answer["labels"],
            "files put aside": answer["quarantined"],
            "restorable until": answer["recoverable_until"] or "not known: the stack does not say",
        },
    )
