"""`mlops push`: labelled rows go from production to where trainings run."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.quality import day_of
from ml.errors import MlopsError
from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    date: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="The last day of the rows, in UTC.", show_default="yesterday"
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Send nothing; say what would be sent.")] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Push kept rows whose labels came to the environment that trains, which a training there takes up.

    They hold the features of the training's contract, the label, and an id of which only this environment can
    tell whose it is. A day has one file, however often this runs and wherever it is killed.
    """
    with honest(as_json):
        now = dt.datetime.now(dt.UTC)
        day = day_of(date, now)
        if day >= now.date():
            raise MlopsError(f"--date {date} is not over yet.", "Name a day before today, in UTC.")
    run(env, as_json, quiet, lambda azure, root: pushed(azure, root, day, check), render)


def pushed(azure: "Azure", root: Path, day: dt.date, check: bool) -> dict[str, Any]:
    from ml.push.place import sender
    from ml.push.send import push

    with azure.report.phase(f"pushing the labelled rows up to {day}"):
        return push(sender(azure), day, dt.datetime.now(dt.UTC), look=check)


def render(answer: Mapping[str, Any]) -> RenderableType:
    left = ", ".join(f"{rows:,} {why}" for why, rows in answer["left_out"].items()) or "none"
    said = {
        "rows": f"{answer['rows']:,}, of which {answer['positives']:,} with label 1",
        "answered from": f"{answer['first']} to {answer['last']}",
        "left out": left,
        "to": f"landing of {answer['to']}",
        "file": answer["name"] or "-",
        "sent at": answer["sent_at"] or "-",
        "SHA-256": answer["sha256"] or "-",
    }
    if "minimum_rows" in answer:
        said["at the least"] = f"{answer['minimum_rows']:,} rows (push.minimum_rows)"
    if answer["unfinished"]:
        said["unfinished"] = "an earlier run was ended before it could say whether its file arrived"
    return facts(f"{answer['environment']}, {answer['date']}: {answer['state']}", said)
