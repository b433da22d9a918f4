"""The lists that reach over all types: the resources of a subscription or group, and the tags in use."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

from emulator.arm.filters import matching
from emulator.arm.ids import RESOURCE_GROUP, parse
from emulator.arm.paging import page
from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal

SUBSCRIPTION_PATH: Final = r"/subscriptions/(?P<subscription>[^/]+)"
SHOWN: Final = ("id", "name", "type", "location", "tags", "sku", "kind", "identity", "zones", "managedBy")
# nested types that have a place and tags of their own, so that the lists show them
NESTED: Final = frozenset(
    {
        "microsoft.machinelearningservices/workspaces/onlineendpoints",
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments",
        "microsoft.machinelearningservices/workspaces/batchendpoints",
        "microsoft.machinelearningservices/workspaces/batchendpoints/deployments",
        "microsoft.containerregistry/registries/webhooks",
        "microsoft.containerregistry/registries/replications",
        "microsoft.containerregistry/registries/tasks",
        "microsoft.network/privatednszones/virtualnetworklinks",
    }
)

Json = dict[str, Any]


def install(arm: Arm, store: Store, identity: Identity) -> None:
    """The paths of these lists."""

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/resources")
    @arm.special("GET", f"{SUBSCRIPTION_PATH}/resourceGroups/(?P<group>[^/]+)/resources")
    def resources(request: Request, match: re.Match[str], principal: Principal) -> Response:
        """``$filter``, ``$top`` and ``$expand`` (createdTime, changedTime, provisioningState) hold."""
        scope = request.path.rstrip("/").rpartition("/")[0]
        identity.require(principal, "Microsoft.Resources/subscriptions/resources/read", scope)
        arm.get(scope)
        listed = [item for item in store.subtree(scope) if _is_listed(item)]
        answer = page(matching(listed, request.query.get("$filter", "")), request)
        wanted = {one.strip().lower() for one in request.query.get("$expand", "").split(",")}
        return Response.json({**answer, "value": [_shown(item, wanted) for item in answer["value"]]})

    @arm.on_list(RESOURCE_GROUP)
    def groups(items: list[Json], query: dict[str, str]) -> list[Json]:
        return matching(items, query.get("$filter", ""))

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/tagNames")
    def tag_names(request: Request, match: re.Match[str], principal: Principal) -> Response:
        """The names and values of tags in use, and how often each is."""
        scope = f"/subscriptions/{match['subscription']}"
        identity.require(principal, "Microsoft.Resources/subscriptions/tagNames/read", scope)
        arm.get(scope)
        counts = Counter(
            (name, value)
            for item in store.subtree(scope)
            for name, value in (item.get("tags") or {}).items()
            if item["type"] == RESOURCE_GROUP or _is_listed(item)
        )
        names = dict.fromkeys(name for name, _ in sorted(counts))
        tags = [
            {
                "id": f"{scope}/tagNames/{name}",
                "tagName": name,
                "count": _count(sum(many for (held, _), many in counts.items() if held == name)),
                "values": [
                    {
                        "id": f"{scope}/tagNames/{name}/tagValues/{value}",
                        "tagValue": value,
                        "count": _count(many),
                    }
                    for (held, value), many in sorted(counts.items())
                    if held == name
                ],
            }
            for name in names
        ]
        return Response.json(page(tags, request))


def _is_listed(item: Json) -> bool:
    """Whether a resource has a place of its own: extensions (role assignments, locks …) have none."""
    parsed = parse(item["id"])
    if parsed is None or "location" not in item or item["type"] == RESOURCE_GROUP:
        return False
    return len(parsed.names) == 1 or item["type"].lower() in NESTED


def _shown(item: Json, expand: set[str]) -> Json:
    shown = {key: item[key] for key in SHOWN if key in item}
    data = item.get("systemData", {})
    more = {
        "createdtime": ("createdTime", data.get("createdAt")),
        "changedtime": ("changedTime", data.get("lastModifiedAt")),
        "provisioningstate": ("provisioningState", item["properties"].get("provisioningState")),
    }
    return shown | {name: value for key, (name, value) in more.items() if key in expand and value}


def _count(value: int) -> Json:
    return {"type": "Total", "value": value}
