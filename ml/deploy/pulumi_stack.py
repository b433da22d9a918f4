"""A stack of Pulumi's automation API without the processes of its CLI whose answers nobody reads.

Each process of the CLI takes a third of a second of a processor. The API begins with one that selects the
stack, and after `pulumi up` come one for the history and two for the outputs.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from pulumi.automation import (
    Deployment,
    LocalWorkspace,
    OutputMap,
    ProjectSettings,
    PulumiCommand,
    Stack,
    UpdateSummary,
    Workspace,
)
from pulumi.automation.errors import StackNotFoundError

if TYPE_CHECKING:
    from pulumi.automation import LocalWorkspaceOptions


class NamedStack(Stack):
    """A stack that each command names, so that none has to be selected.

    It tells neither outputs nor history: the program keeps what it has seen.
    """

    def __init__(self, name: str, workspace: Workspace) -> None:
        # Not that of Stack, which selects.
        self.name, self.workspace = name, workspace

    def export_stack(self) -> Deployment:
        """The state; where there is no such stack it is made, and has none."""
        try:
            return super().export_stack()
        except StackNotFoundError:
            self.workspace.create_stack(self.name)
            return Deployment(version=None, deployment=None)

    def outputs(self) -> OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> UpdateSummary:
        return UpdateSummary("unknown", datetime.now(UTC), "", {}, {}, "unknown")


@cache
def command() -> PulumiCommand:
    """The CLI, which is asked for its version once. Raises InvalidVersionError where it is too old."""
    return PulumiCommand()


def stack_of(name: str, project: ProjectSettings, options: LocalWorkspaceOptions) -> NamedStack:
    """A stack whose program is in this process, in the folder of the options. It need not exist."""
    workspace = LocalWorkspace(
        work_dir=options.work_dir,
        # Of commands that are given none, such as a refresh: without it the CLI prepares that of the folder
        # `main` for its run, and makes a virtual environment there.
        program=_nothing,
        secrets_provider=options.secrets_provider,
        project_settings=project,
        stack_settings=options.stack_settings,
        pulumi_command=command(),
    )
    return NamedStack(name, workspace)


def _nothing() -> None: ...
