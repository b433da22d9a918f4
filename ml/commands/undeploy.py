"""`mlops undeploy`: removes what `pulumi destroy` of the estate does not reach or would only soft-delete."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from ml.terminal import options
from ml.terminal.run import run

if TYPE_CHECKING:
    from ml.azure.clients import Azure

Workspace = Annotated[
    bool,
    typer.Option(
        "--workspace",
        help="Delete the Azure ML workspace too, for good: its models, jobs and records are gone. Say it "
        "before `pulumi destroy`; afterwards Azure keeps the name for 14 days and nothing frees it.",
    ),
]


def command(
    env: options.Environment,
    workspace: Workspace = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Remove what deploy put there: needed before `pulumi destroy` where the service stands in a subnet.

    Models, images and release records stay, unless --workspace says otherwise.
    """
    run(env, as_json, quiet, lambda azure, root: undeploy(azure, workspace), render)


def undeploy(azure: "Azure", workspace: bool) -> dict[str, Any]:
    """Remove the container group; with `workspace`, the Azure ML workspace as well, for good.

    A workspace that is only soft-deleted keeps its name for 14 days, and Azure then finds nothing to purge.
    So permanent deletion has to be asked for before `pulumi destroy`.
    """
    from ml.deploy import group, ways

    estate = azure.estate
    with azure.report.phase(f"closing the way to what answers in {estate.environment}"):
        ways.shut(azure)
    with azure.report.phase(f"removing the container group of {estate.environment}"):
        removed = group.down(estate.environment, azure.report)
    answer: dict[str, Any] = {"environment": estate.environment, "removed": removed}
    if workspace:
        with azure.report.phase(f"deleting the workspace {estate.workspace} for good"):
            answer["workspace"] = {"name": estate.workspace, "deleted": delete_workspace(azure)}
    return answer


def delete_workspace(azure: "Azure") -> bool:
    """Delete the workspace permanently, with all that is in it; False when there is none."""
    from azure.core.exceptions import ResourceNotFoundError

    from ml.azure.clients import without_its_own_output

    try:
        with without_its_own_output():
            azure.ml.workspaces.begin_delete(
                azure.estate.workspace, delete_dependent_resources=False, permanently_delete=True
            ).result()
    except ResourceNotFoundError:
        return False
    return True


def render(answer: Mapping[str, Any]) -> RenderableType:
    done = "The service was removed" if answer["removed"] else "No service is deployed"
    said = f"{done} in {answer['environment']}."
    if workspace := answer.get("workspace"):
        gone = "was deleted for good" if workspace["deleted"] else "is not there"
        said += f" The workspace {workspace['name']} {gone}; `pulumi destroy` can follow."
    return said
