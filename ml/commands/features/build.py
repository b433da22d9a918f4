"""`mlops features build`: what the sources say now goes into the feature tables."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.commands.features import common
from ml.features import engines
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
    engine: Annotated[
        str,
        typer.Option(
            help="What builds: machine, spark, or auto, which looks at the size of the sources and says so."
        ),
    ] = "auto",
    here: Annotated[
        bool, typer.Option("--here", help="With --engine spark: by this machine's, and not as a job.")
    ] = False,
    wait: options.Wait = True,
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
        engines.check(engine)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        return build(azure, root, names or [], tables, given, engine, here=here, wait=wait)

    run(env, as_json, quiet, work, render)


def build(
    azure: "Azure",
    root: Path,
    names: list[str],
    tables: str | None,
    given: dict[str, str],
    engine: str = "machine",
    *,
    here: bool = False,
    wait: bool = True,
) -> dict[str, Any]:
    """Raises MlopsError."""
    from ml.features.definition import chosen
    from ml.features.refresh import refresh

    place, sources, wanted = common.place(azure, tables), common.sources(azure, root, given), chosen(names)
    size = engines.size(wanted, sources) if engine == engines.AUTO else None
    choice = engines.choose(engine, here, size, azure.settings.batch.machine_up_to_gb)
    azure.report.line(f"by the engine {choice.engine}, {_place(choice)}: {choice.why}")
    told = {"environment": azure.estate.environment, "tables": place.where, "engine": choice.engine}
    if choice.engine == "machine":
        return {**told, "built": [one.to_json() for one in refresh(azure, wanted, place, sources)]}
    from ml.features.spark import job
    from ml.scheduled.job import carry_out

    if choice.here:
        return {**told, "built": [one.to_json() for one in job.here(azure, wanted, place, sources)]}
    return {**told, **carry_out(azure, job.job(azure, root, wanted, place.where, sources), wait=wait)}


def _place(choice: engines.Choice) -> str:
    return "this machine" if choice.here else "a job of Azure ML"


def render(answer: Mapping[str, Any]) -> RenderableType:
    """A row a table: what is new in it, and what there is."""
    if "built" not in answer:
        return f"job {answer['job']}: {answer['status']}. The same command without --no-wait follows it."
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
            "-" if newest is None else f"{_time(newest):%Y-%m-%d %H:%M}",
        )
    return shown


def _time(said: dt.datetime | str) -> dt.datetime:
    """A job's answer is JSON."""
    return dt.datetime.fromisoformat(said) if isinstance(said, str) else said
