"""`mlops release lineage`: from data to production, and back from an answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType
from rich.markup import escape

from ml.errors import MlopsError
from ml.terminal import options, preflight
from ml.terminal.console import table
from ml.terminal.failures import honest
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure


def command(
    env: options.Environment,
    release: Annotated[
        str | None, typer.Argument(metavar="[RELEASE]", help="The release, as r-0123456789abcdef.")
    ] = None,
    request: Annotated[
        str | None, typer.Option(metavar="ID", help="Instead: the x-request-id of an answer of --env.")
    ] = None,
    recorded_in: Annotated[
        str, typer.Option(metavar="STACK", help="With --request: where the release was recorded.")
    ] = "stage",
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """The chain of a release: data, job, model, image, release, evidence, approval, revision.

    With --request: the release that gave an answer, as the service's telemetry says, and its chain.
    """
    with honest(as_json):
        preflight.check_settings()
        if (release is None) == (request is None):
            raise MlopsError("Neither or both of RELEASE and --request are given.", "Give one of them.")
        if release is not None:
            preflight.check_release(release)
        if request is not None:
            from ml.release.requests import query_of

            query_of(request)

    def work(azure: "Azure", root: Path) -> dict[str, Any]:
        from infra.environments import environments
        from ml.release.lineage import lineage
        from ml.release.requests import release_of

        if request is None:
            return lineage(azure, str(release), environments(root))
        with azure.report.phase(f"looking for the request {request}"):
            told = release_of(azure, request)
        home = azure if recorded_in == env else _other(azure, recorded_in, root)
        return {"request": told, **lineage(home, told["release"], environments(root))}

    run(env, as_json, quiet, work, render, stored=request is None)


def _other(azure: "Azure", environment: str, root: Path) -> "Azure":
    from ml.azure.clients import Azure
    from ml.release.place import estate_of

    return Azure(estate_of(environment, root), azure.report)


def render(answer: Mapping[str, Any]) -> RenderableType:
    made = table(f"Lineage of {answer['release']}", "", "name", "detail")
    if told := answer.get("request"):
        detail = f"{told.get('environment', '')} {told.get('TimeGenerated', '')} {told.get('ResultCode', '')}"
        made.add_row("request", told["release"], escape(detail.strip()))
    for link in answer["chain"]:
        made.add_row(link["what"], escape(link["name"]), escape(link["detail"]))
    return made
