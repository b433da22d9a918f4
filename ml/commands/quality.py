"""`mlops quality`: the report of a day: drift, estimated and measured quality, and what they say."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.errors import MlopsError
from ml.terminal import options
from ml.terminal.console import facts, number, table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

MOST_FEATURES = 8
FORMAT = "%Y-%m-%d"


def command(
    env: options.Environment,
    date: Annotated[
        str | None,
        typer.Option(metavar="YYYY-MM-DD", help="The day, in UTC.", show_default="yesterday"),
    ] = None,
    manifest: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME:VERSION=FILE",
            help="The manifest.json of a model that answered and that this workspace has not registered.",
            show_default=False,
        ),
    ] = None,
    tell: Annotated[
        bool, typer.Option(help="Send the figures as metrics, over which the alert rules are.")
    ] = True,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Judge a day of kept answers: did features drift, is the model still right, does a training help?"""
    with honest(as_json):
        day, files = day_of(date, dt.datetime.now(dt.UTC)), manifests_of(manifest or [])
    run(env, as_json, quiet, lambda azure, root: quality(azure, day, files, tell), render)


def day_of(given: str | None, now: dt.datetime) -> dt.date:
    """The day that is named, else yesterday. Raises MlopsError for one that is not over yet."""
    if given is None:
        return now.date() - dt.timedelta(days=1)
    try:
        day = dt.datetime.strptime(given, FORMAT).replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        raise MlopsError(f"--date {given!r} is no day.", "Write it as in 2026-11-30.") from error
    if day > now.date():
        raise MlopsError(f"--date {given} is in the future.", "Name a day that has answers.")
    return day


def manifests_of(given: list[str]) -> dict[str, Path]:
    """Raises MlopsError for what is not NAME:VERSION=FILE."""
    found: dict[str, Path] = {}
    for each in given:
        name, equals, file = each.partition("=")
        if not equals or ":" not in name or not Path(file).is_file():
            raise MlopsError(
                f"--manifest {each!r} names no file of a model.", "Write NAME:VERSION=FILE, with a file."
            )
        found[name] = Path(file)
    return found


def quality(azure: "Azure", day: dt.date, manifests: dict[str, Path], tell: bool) -> dict[str, Any]:
    from ml.quality import daily, place, telling

    environment = azure.estate.environment
    with azure.report.phase(f"reading the answers and labels of {day}"):
        report = daily.report(
            environment,
            place.sources(azure, manifests),
            day,
            azure.settings.quality.rules(),
            dt.datetime.now(dt.UTC),
        )
    if tell:
        with azure.report.phase("sending the figures to Application Insights"):
            telling.tell(report, azure.estate.telemetry_connection_string, azure.credential)
    return report.model_dump(mode="json")


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "-"
    return f"{number(value['value'])}  ({number(value['low'])} to {number(value['high'])})"


def render(answer: Mapping[str, Any]) -> RenderableType:
    """The verdict first, then quality, then the features that moved most."""
    verdict, measured = answer["diagnosis"], answer["measured"]
    colour = "red" if verdict["retrain"] or verdict["verdict"] == "broken column" else "green"
    head = f"[bold {colour}]{escape(verdict['verdict'])}[/]: {escape(verdict['words'])}"
    window = answer["estimated_window"]
    shown = facts(
        f"{answer['environment']}, {answer['date']}: {answer['model']}",
        {
            "answers": f"{answer['rows']}, {answer['outliers']} outliers",
            "ROC AUC estimated": _interval(answer["estimated"].get("roc_auc"))
            + (f" over {window['rows']} answers" if window else ""),
            "ROC AUC measured": _interval(measured and measured["metrics"].get("roc_auc"))
            + (f" over {measured['span']['rows']} labels" if measured else f" ({answer['labelled']} labels)"),
            "ROC AUC of test rows": number(answer["reference"].get("roc_auc")),
            "a training helps": "yes" if verdict["retrain"] else "not by these figures",
        },
    )
    features = table("Features that moved most", "feature", "status", "days", "PSI", "adjusted p")
    for each in sorted(answer["features"], key=lambda each: -each["psi"])[:MOST_FEATURES]:
        features.add_row(
            escape(each["name"]),
            each["status"],
            str(each["days"]),
            number(each["psi"]),
            f"{each['p_adjusted']:.3g}",
        )
    return Group(head, shown, features)
