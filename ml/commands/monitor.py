"""`mlops monitor`: is it up, is it right, what changed: one page, and a view in the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType

from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

To = Annotated[
    Path, typer.Option("--to", metavar="FILE", help="The page; its data, .json, is put beside it.")
]
Days = Annotated[int, typer.Option("--days", min=1, max=30, help="How far back it looks.")]
Open = Annotated[bool, typer.Option("--open", help="Show the page in the browser.")]


def command(
    env: options.Environment,
    to: To = Path("monitor.html"),
    days: Days = 7,
    show: Open = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Is it up, is it right, what changed? Traffic, latency, drift, quality, alerts, trainings and cost."""
    run(env, as_json, quiet, lambda azure, root: monitor(azure, root, to, days, show), render)


def monitor(azure: "Azure", root: Path, to: Path, days: int, show: bool) -> dict[str, Any]:
    import datetime as dt
    import webbrowser

    from ml import output
    from ml.watch import page, read
    from ml.watch.written import data

    output.check_page("--to", to)
    with azure.report.phase("reading what there is to see"):
        facts = read.facts(azure, root, days, dt.datetime.now(dt.UTC))
    found = data(facts)
    output.write_page("--to", to, page.page(facts), written(found))
    if show and not webbrowser.open(to.resolve().as_uri()):
        azure.report.warn(f"no browser could be opened: open {to} yourself")
    return {**found, "page": str(to)}


def written(found: Mapping[str, Any]) -> str:
    import json

    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def render(answer: Mapping[str, Any]) -> RenderableType:
    from ml.watch.facts import Facts
    from ml.watch.terminal import view

    return Group(view(Facts.model_validate(answer["facts"])), f"The page is {answer['page']}.")
