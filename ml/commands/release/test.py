"""`mlops release test`: what is found out about a release in stage becomes evidence."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options, preflight
from ml.terminal.ahead import ahead
from ml.terminal.console import table
from ml.terminal.failures import honest
from ml.terminal.run import STORAGE, run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


LoadSeconds = Annotated[
    float | None,
    typer.Option(
        "--load-seconds",
        min=0.5,
        max=3600,
        metavar="SECONDS",
        help="How long the load lasts; below 120 s, cores and memory stay unknown.",
        show_default="release.load_seconds of ml/settings.toml",
    ),
]


def command(
    release: options.Release,
    env: options.Environment,
    load_seconds: LoadSeconds = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Test a release where it is deployed, and keep what was found out as evidence with a digest.

    Contract, parity with the recorded predictions, outliers, drift, a load of some minutes, the image. Exit
    code 1 when anything failed; the evidence is kept all the same, and nobody can approve the release on it.
    """
    green: list[bool] = []
    from ml.deploy import group
    from ml.settings import settings

    with honest(as_json):
        preflight.check_release(release)
        settings()  # a wrong one is named before anything is asked of a stack
    deployed = ahead(lambda: group.outputs(env))

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from ml.release.stage.run import test

        answer = test(azure, root, release, load_seconds, deployed)
        green.append(bool(answer["green"]))
        return answer

    run(env, as_json, quiet, work, render, imports=(*STORAGE, "httpx"))
    if not all(green):
        raise typer.Exit(1)


def figure(value: float | str) -> str:
    """A number without zeros that say nothing, or what is written in its place."""
    return value if isinstance(value, str) else f"{value:.6g}"


def checks_of(evidence: Mapping[str, Any], title: str) -> RenderableType:
    """The checks of evidence, each with its figures."""
    made = table(title, "check", "passed", "figures", "reason")
    for check in evidence["checks"]:
        figures = ", ".join(f"{name} {figure(value)}" for name, value in check["figures"].items())
        passed = "[green]yes[/]" if check["passed"] else "[red]no[/]"
        made.add_row(escape(check["name"]), passed, escape(figures), escape(check["reason"]))
    return made


def render(answer: Mapping[str, Any]) -> RenderableType:
    state = "[green]green[/]" if answer["green"] else "[red]red[/]"
    title = f"Evidence of {answer['release']} in {answer['environment']}"
    return Group(checks_of(answer["evidence"], title), f"{state}  {answer['digest']}")
