"""`mlops labels`: labels that came late, to the answers that they are about."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from ml.terminal import options
from ml.terminal.console import facts
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

SHOWN_DAYS = 5


def command(
    env: options.Environment,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|URI",
            help="Labels, parquet or csv, with the columns request_id and row, or key; label; observed_at.",
        ),
    ],
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Record labels of answers that were kept. A file may be given again: each label is recorded once."""
    run(env, as_json, quiet, lambda azure, root: labels(azure, file), render)


def labels(azure: "Azure", given: str) -> dict[str, Any]:
    from ml.quality import place
    from ml.quality.labels.take import take

    place.account(azure)
    path = _local(azure, given)
    with azure.report.phase(f"joining the labels of {given} to kept answers"):
        taken = take(
            path,
            given,
            place.kept_answers(azure),
            lambda: place.labels(azure),
            azure.settings.quality.rules(),
            dt.datetime.now(dt.UTC),
        )
    return {"environment": azure.estate.environment, "file": given, **taken.to_json()}


def _local(azure: "Azure", given: str) -> Path:
    """The file on this machine. Raises MlopsError when there is none."""
    from ml.errors import MlopsError
    from ml.sources.address import LocalFile, parse
    from ml.sources.obtain import obtain

    address = parse(given)
    if not isinstance(address, LocalFile):
        return obtain(azure, address).path
    if not address.path.is_file():
        raise MlopsError(f"There is no file {address.path}.", "Name a parquet or csv file of labels.")
    return address.path


def render(answer: Mapping[str, Any]) -> RenderableType:
    if answer["already"]:
        return escape(
            f"The {answer['rows']} labels of {answer['file']} were recorded before: nothing is new."
        )
    days: list[str] = list(answer["days"])
    more = f" and {len(days) - SHOWN_DAYS} more days" if len(days) > SHOWN_DAYS else ""
    return facts(
        f"Labels of {answer['file']}",
        {
            "rows": answer["rows"],
            **answer["outcomes"],
            "late": f"{answer['late']} of the recorded ones, too old for a window",
            "days": ", ".join(days[:SHOWN_DAYS]) + more or "none",
            "source": f"sha256:{answer['source']}",
        },
    )
