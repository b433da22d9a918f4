"""The workspace of an estate in Azure Resource Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from infra.outputs import EstateOutputs

API: Final = "2024-10-01"
"""The version of Azure Resource Manager's API by which models and datastores are asked for."""


def path_of(estate: EstateOutputs) -> str:
    """The workspace's id, as the path of a request."""
    scope = (estate.subscription_id, estate.resource_group, estate.workspace)
    subscription, group, workspace = (quote(part, safe="") for part in scope)
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
    )
