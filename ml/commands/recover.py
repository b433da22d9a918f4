"""`mlops recover`: after a `pulumi up` that was killed."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.markup import escape

from ml.terminal import options
from ml.terminal.console import Report, show
from ml.terminal.failures import honest

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Take what was found into the state.")]
Project = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="The Pulumi program, e.g. infra/bootstrap.", show_default="the estate's"
    ),
]


def command(
    env: options.Environment,
    yes: Yes = False,
    project: Project = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """What Azure has of the estate and Pulumi's state does not know, after a `pulumi up` that was killed.

    The next `pulumi up` would be refused for each of these: "cannot create already existing resource". With
    --yes they are imported as Azure has them, and what was pending is cleared; nothing in Azure changes.
    Exit code 1 when something is left to be done.
    """
    with honest(as_json):
        answer = work(env, yes, project, Report(quiet))
        show(answer, as_json, lambda: render(answer))
    if not answer["clean"]:
        raise typer.Exit(1)


def work(environment: str, yes: bool, project: Path | None, report: Report) -> dict[str, Any]:
    from azure.identity import DefaultAzureCredential

    from ml.azure.rest import MANAGEMENT, Rest, SignedIn
    from ml.errors import MlopsError
    from ml.estate import project_root
    from ml.recovery.existing import exists
    from ml.recovery.recover import recover
    from ml.recovery.stack import opened
    from ml.settings import settings

    folder = project or project_root()
    if not (folder / "Pulumi.yaml").is_file():
        raise MlopsError(f"--project {folder}: there is no Pulumi.yaml.", "Name the folder of a program.")
    management = Rest(SignedIn(DefaultAzureCredential(), settings().azure.limits), MANAGEMENT)
    with opened(folder, environment) as stack:
        answer = recover(
            stack,
            lambda type_, resource_id: exists(management, type_, resource_id, report.warn),
            report,
            apply=yes,
        )
    return {
        "environment": environment,
        "program": str(project) if project else None,
        "pending": answer.pending,
        "found": [one.row() for one in answer.found],
        "replaced": answer.replaced,
        "imported": len(answer.found) if answer.done else 0,
        "clean": answer.clean,
    }


def render(answer: dict[str, Any]) -> RenderableType:
    """The pending operations, what Azure has of them, and what to do next."""
    environment, found, pending = answer["environment"], answer["found"], answer["pending"]
    program = answer["program"]
    stack = f"-C {program} -s {environment}" if program else f"-s {environment}"
    again = f"--env {environment} --project {program}" if program else f"--env {environment}"
    parts: list[RenderableType] = []
    if pending:
        parts.append("[bold]Interrupted[/]")
        parts += [f"  {one['operation']:<9} [cyan]{escape(_name(one['urn']))}[/]" for one in pending]
    if found:
        width = max(len(one["name"]) for one in found)
        parts.append("[bold]In Azure, not in the state[/]")
        parts += [f"  [cyan]{escape(one['name'].ljust(width))}[/]  {escape(one['id'])}" for one in found]
    if answer["replaced"]:
        names = ", ".join(answer["replaced"])
        parts.append(
            f"[yellow]warning:[/] Azure has {escape(names)} so different that `pulumi up` would delete and "
            "make it anew. If it holds what is needed, do not: docs/runbooks/interrupted-up.md."
        )
    if answer["clean"] and (found or pending):
        end = f"The state knows them now. Next: `pulumi preview {stack} --diff`, then `pulumi up {stack}`."
    elif answer["clean"]:
        end = "Nothing was interrupted, and Azure has nothing that the state does not know."
    else:
        end = (
            f"Nothing was changed. `mlops recover {again} --yes` imports them, with what stands in them, and "
            "clears what was pending."
        )
    return Group(*parts, end)


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
