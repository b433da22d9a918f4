"""Who reaches a workspace's data plane: the same rule for its API and for the hosts of its endpoints."""

from __future__ import annotations

from emulator.errors import AzureError
from emulator.http import Request
from emulator.machinelearning.names import Workspace
from emulator.network.denied import unreachable
from emulator.network.reach import Reach


def admit(reach: Reach, request: Request, workspace: Workspace) -> None:
    """403 in the words of MicrosoftDocs/azure-docs#90426 where no private endpoint leads in."""
    denied = reach.denied(request.place, workspace.id, "amlworkspace")
    if denied is not None and denied.kind == "lost":
        raise unreachable(f"The workspace '{workspace.name}'", denied)
    if denied is not None:
        words = "Access to workspace was denied based on workspace private link configuration."
        raise AzureError(403, "UserError", f"{words} Workspace '{workspace.name}': {denied.why}.")
