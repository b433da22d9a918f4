"""The registered models of a workspace, as Azure Resource Manager lists them.

Without azure-ai-ml: whoever only looks is spared the two seconds that its import takes.
"""

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ml.azure.rest import MANAGEMENT, Rest

if TYPE_CHECKING:
    from ml.azure.clients import Azure

MODELS_API: Final = "2024-10-01"


@dataclass(frozen=True, slots=True)
class Listed:
    """One version of a registered model."""

    name: str
    version: str
    tags: dict[str, str]


def newest(azure: "Azure", name: str, most: int) -> list[Listed]:
    """The versions that are not archived, the newest first, so many at most.

    Raises HttpResponseError; its status is 404 where there is no model of the name.
    """
    estate = azure.estate
    scope = (estate.subscription_id, estate.resource_group, estate.workspace, name)
    subscription, group, workspace, model = (quote(part, safe="") for part in scope)
    path = (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers"
        f"/Microsoft.MachineLearningServices/workspaces/{workspace}/models/{model}/versions"
    )
    # Azure documents no order where none is asked for. This one is what azure-ai-ml takes for "latest".
    query = {"api-version": MODELS_API, "listViewType": "ActiveOnly", "$orderBy": "createdtime desc"}
    found = islice(Rest(azure, MANAGEMENT).items(path, **query), most)
    return [Listed(name, str(item["name"]), _tags(item)) for item in found]


def _tags(item: dict[str, Any]) -> dict[str, str]:
    return dict((item.get("properties") or {}).get("tags") or {})
