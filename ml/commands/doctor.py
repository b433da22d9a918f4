"""`mlops doctor`: what would make `pulumi up` fail, before anything is created."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options
from ml.terminal.console import Report, show
from ml.terminal.failures import honest

if TYPE_CHECKING:
    from infra.config import Settings

COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "unknown": "magenta"}


def command(env: options.Environment, as_json: options.AsJson = False, quiet: options.Quiet = False) -> None:
    """What would make `pulumi up` fail, each with its remedy; nothing is created or changed.

    Reads the stack file, then asks Azure for sign-in, rights, resource providers, quota, names and address
    ranges. Exit code 1 when something failed; what could not be checked is named and does not fail.
    """
    with honest(as_json):
        answer = doctor(env, Report(quiet))
        show(answer, as_json, lambda: render(answer))
    if answer["failed"]:
        raise typer.Exit(1)


def doctor(environment: str, report: Report) -> dict[str, Any]:
    """The findings about an environment that may not exist yet."""
    from azure.identity import DefaultAzureCredential

    from ml.doctor.checks import examine
    from ml.doctor.findings import State, count
    from ml.doctor.subject import Subject
    from ml.settings import settings

    estate = estate_settings(environment)
    findings = examine(Subject(estate, DefaultAzureCredential(), settings().azure.limits), report)
    return {
        "environment": environment,
        "subscription": estate.azure.subscription_id,
        "location": estate.azure.location,
        "findings": [finding.row() for finding in findings],
        **{state.value: count(findings, state) for state in State},
    }


def estate_settings(environment: str) -> "Settings":
    """The settings of the stack file. Raises MlopsError naming each wrong one."""
    from infra.config_errors import ConfigError
    from infra.stack_file import NoStackFile, settings_of
    from ml.errors import MlopsError
    from ml.estate import project_root

    try:
        return settings_of(environment, project_root())
    except NoStackFile as error:
        raise MlopsError(
            f"--env {environment!r}: {error}.",
            f"Give one of them, or write Pulumi.{environment}.yaml (docs/estate.md).",
        ) from error
    except ConfigError as error:
        raise MlopsError(
            f"{len(error.problems)} of the settings in Pulumi.{environment}.yaml are wrong.",
            "Correct them; docs/estate.md says what each means.",
            [str(problem) for problem in error.problems],
        ) from error


def render(answer: Mapping[str, Any]) -> RenderableType:
    """A line a finding, with its remedy beneath; long lines are left to the terminal."""
    title = f"[bold]Before `pulumi up -s {answer['environment']}`[/]"
    lines = [line for row in answer["findings"] for line in _lines(row)]
    end = "Nothing was found that would make `pulumi up` fail."
    if answer["failed"]:
        end = f"{answer['failed']} of these would make `pulumi up` fail."
    if answer["unknown"]:
        end += f" {answer['unknown']} could not be checked."
    return Group(title, *lines, end)


def _lines(row: Mapping[str, Any]) -> list[str]:
    colour = COLOURS[row["state"]]
    found = f"  [{colour}]{row['state']:<8}[/] {row['check']:<15} {escape(row['said'])}"
    return [found, f"{'':26} [bold]do:[/] {escape(row['remedy'])}"] if row["remedy"] else [found]
