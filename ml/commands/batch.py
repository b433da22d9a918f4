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
    from ml.batch.asked import Asked, Format, Named
    from ml.batch.source import Looked

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
    engine: Annotated[
        str, typer.Option(help="What scores: machine, spark, or auto, which chooses by the size of the data.")
    ] = "auto",
    here: Annotated[
        bool, typer.Option("--here", help="Score in this process, and not as a job on the cluster.")
    ] = False,
    format_: Annotated[
        str,
        typer.Option(
            "--format", help="What is written: delta, or parquet, in a folder for each run, without a table."
        ),
    ] = "delta",
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="YYYY-MM-DD",
            help="The first day to score; {date} in --data stands for each day. A day that was scored with "
            "other files is scored again, in the place of what it had.",
            show_default=False,
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="YYYY-MM-DD", help="The last day to score.", show_default="that of --from"
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Score nothing: say which days are scored, missing, or have files that came late."
        ),
    ] = False,
    wait: options.Wait = True,
    force: options.Force = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Score all rows of files or a table with a release's model.

    Data in the data lake is scored by an Azure ML job on the estate's cluster, on all cores of one machine,
    unless you give --here; files of this machine are scored here.

    Predictions and rejects become Delta tables, published whole or not at all: a run that was killed goes on
    where it was, one that has ended finds itself. Exit code 1 when nothing was published.
    """
    with honest(as_json):
        preflight.check_settings()
        if release is not None:
            preflight.check_release(release)
        dates = _dates(data, first, last, check, wait)
        chosen = _format(format_)

    def score(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.batch.asked import Asked

        model = _model(azure, release)
        where = output or default_output(azure, model.model)
        if check:
            return _checked(azure, data, where, dates)
        asked = Asked(model, data, where, key, workers, chosen)
        given: dict[str, Any] = {"engine": engine, "here": here, "force": force}
        if dates:
            return _each_day(azure, root, asked, dates, given)
        return batch(azure, root, asked, **given, wait=wait)

    run(env, as_json, quiet, score, render)


def _format(given: str) -> "Format":
    from ml.batch.asked import FORMATS
    from ml.errors import MlopsError

    for known in FORMATS:
        if known == given:
            return known
    raise MlopsError(f"--format {given!r} is none.", f"Give {' or '.join(FORMATS)}.")


def _dates(data: str, first: str | None, last: str | None, check: bool, wait: bool) -> list[str]:
    """The days to score, none where none are named. Raises MlopsError."""
    from ml.batch import days
    from ml.errors import MlopsError

    if first is None:
        if last is not None or check or days.WORD in data:
            named = "--to" if last is not None else "--check" if check else days.WORD
            raise MlopsError(f"{named} needs --from.", "Give the first day, as --from 2026-11-30.")
        return []
    if not wait:
        raise MlopsError(
            "--no-wait does not go with --from: days are scored one after another.", "Leave --no-wait out."
        )
    days.address(data, first)
    return list(days.days(first, last))


def _checked(azure: "Azure", data: str, where: str, dates: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    from ml.batch import days

    with azure.report.phase(f"looking at {len(dates)} days of {where}"):
        found = days.checked(where, data, dates, azure.credential)
    return {"environment": azure.estate.environment, "output": where, "days": [asdict(one) for one in found]}


def _each_day(
    azure: "Azure", root: Path, asked: "Asked", dates: list[str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """One run a day, one after another, as the table takes them. Days without files are passed over."""
    from dataclasses import replace

    from ml.batch import days
    from ml.batch.source import NothingThere

    scored: list[dict[str, Any]] = []
    for date in dates:
        try:
            of_day = replace(asked, data=days.address(asked.data, date), date=date)
            scored.append({"date": date, "state": "scored", **batch(azure, root, of_day, **given)})
        except NothingThere as error:
            azure.report.warn(f"{date}: {error.problem}")
            scored.append(days.without_data(date))
    return {"environment": azure.estate.environment, "output": asked.output, "days": scored}


def _model(azure: "Azure", release: str | None) -> "Named":
    from ml.batch import released

    with azure.report.phase("release"):
        found = released.named(azure, release)
        azure.report.line(f"{found.release}, of {found.name}")
    return found


def batch(
    azure: "Azure",
    root: Path,
    asked: "Asked",
    engine: str,
    *,
    here: bool = False,
    wait: bool = True,
    force: bool = False,
) -> dict[str, Any]:
    """Score by the engine that was asked for, in this process or as a job. Raises MlopsError."""
    from ml.batch.choice import choose
    from ml.batch.engines import ENGINES
    from ml.batch.progress import shown
    from ml.scheduled.job import carry_out

    looked = _looked(azure, asked)
    choice = choose(
        engine,
        here,
        asked.data,
        asked.output,
        looked.bytes if looked else None,
        azure.settings.batch.machine_up_to_gb,
        ENGINES,
    )
    place = "this machine" if choice.here else "a job on the cluster"
    azure.report.line(f"by the engine {choice.engine.name}, {place}: {choice.why}")
    told = {
        "environment": azure.estate.environment,
        "output": asked.output,
        "engine": choice.engine.name,
        "here": choice.here,
        "why": choice.why,
    }
    if choice.here:
        with shown(azure.report) as progress:
            return {**told, **choice.engine.here(azure, asked, progress)}
    job = choice.engine.job(azure, root, asked, looked.state if looked else "")
    return {**told, **carry_out(azure, job, wait=wait, force=force)}


def _looked(azure: "Azure", asked: "Asked") -> "Looked | None":
    """How large the data is; None, said aloud, where it cannot be looked at from here."""
    from ml.batch.source import look

    try:
        return look(asked.data, azure.credential)
    except FileNotFoundError:
        raise
    except OSError as error:
        azure.report.warn(f"{asked.data} cannot be looked at from here: {str(error).splitlines()[0]}")
        return None


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


def _shown_days(answer: Mapping[str, Any]) -> RenderableType:
    rows = table(f"Days of {answer['output']}", "day", "state", "run", "rows", "rejected", "instead of")
    for day in answer["days"]:
        counts = [f"{day[name]:,}" if name in day else "-" for name in ("rows", "rejected")]
        state = f"{day['state']} before" if day.get("found") else day["state"]
        rows.add_row(day["date"], state, day["run"] or "-", *counts, ", ".join(day.get("replaced") or ["-"]))
    return rows


def render(answer: Mapping[str, Any]) -> RenderableType:
    """What was scored, what the report says of it, where it is."""
    if "days" in answer:
        return _shown_days(answer)
    if "report" not in answer:
        return f"job {answer['job']}: {answer['status']}. The same command without --no-wait follows it."
    report = answer["report"]
    estimated = report["estimated"].get("roc_auc")
    verdict = report["diagnosis"]
    reason = answer.get("evaluator", {}).get("reason")  # earlier runs have no more than the name
    because = f" ({escape(reason)})" if reason else ""
    shown = facts(
        f"Run {answer['run']}" + (" (found, not run again)" if answer["found"] else ""),
        {
            "model": f"{answer['model']} of {answer['release']}, by {answer['evaluated_by']}{because}",
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
