"""Microsoft.Resources: the tenant, its subscriptions, resource groups, and what providers are registered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from emulator.arm import catalog
from emulator.arm.catalog_rows import ROWS
from emulator.arm.ids import RESOURCE_GROUP, SUBSCRIPTION, parse
from emulator.arm.service import Put
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.directory import SUBSCRIPTIONS, TENANT_ID
from emulator.resources.locations import LOCATIONS

if TYPE_CHECKING:
    from emulator.app import Emulator
    from emulator.identity import Principal

SUBSCRIPTION_PATH: Final = r"/subscriptions/(?P<subscription>[^/]+)"


def install(emulator: Emulator) -> None:
    """Store the subscriptions; hooks of resource groups; the listings that are no ARM resources."""
    arm, store = emulator.arm, emulator.store
    for subscription, name in SUBSCRIPTIONS.items():
        path = f"/subscriptions/{subscription}"
        if store.get(path) is None:
            store.put(path, _subscription(subscription, name))

    @arm.before_put(SUBSCRIPTION)
    def no_new_subscription(put: Put) -> None:
        raise AzureError(405, "MethodNotAllowed", f"A subscription cannot be written: '{put.id}'.")

    @arm.before_delete(SUBSCRIPTION)
    def no_deletion(resource: dict[str, Any]) -> None:
        raise AzureError(405, "MethodNotAllowed", f"A subscription cannot be deleted: '{resource['id']}'.")

    @arm.before_put("*")
    def location(put: Put) -> None:
        """A region that Azure does not have is a typing error."""
        asked = put.resource.get("location")
        if asked is not None and asked != "global" and asked not in LOCATIONS:
            raise AzureError(
                400,
                "LocationNotAvailableForResourceType",
                f"The provided location '{asked}' is not available for resource type "
                f"'{put.resource['type']}'. "
                f"List of available regions is '{','.join(LOCATIONS)}'.",
            )

    @arm.before_put(RESOURCE_GROUP)
    def group(put: Put) -> None:
        if not put.resource.get("location"):
            raise AzureError(400, "LocationRequired", f"The location property is required for '{put.id}'.")

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/resources")
    @arm.special("GET", f"{SUBSCRIPTION_PATH}/resourceGroups/(?P<group>[^/]+)/resources")
    def resources(request: Request, match: re.Match[str], principal: Principal) -> Response:
        """The top-level resources of a subscription or group that the caller may read."""
        scope = request.path.rstrip("/").rpartition("/")[0]
        emulator.identity.require(principal, "Microsoft.Resources/subscriptions/resources/read", scope)
        arm.get(scope)
        found = [
            {
                key: item[key]
                for key in ("id", "name", "type", "location", "tags", "sku", "kind")
                if key in item
            }
            for item in store.subtree(scope)
            if (parsed := parse(item["id"])) and len(parsed.names) == 1 and item["type"] != RESOURCE_GROUP
        ]
        return Response.json({"value": found})

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/locations")
    def locations(request: Request, match: re.Match[str], principal: Principal) -> Response:
        path = f"/subscriptions/{match['subscription']}"
        arm.get(path)
        value = [
            {"id": f"{path}/locations/{name}", "name": name, "displayName": name, "type": "Region"}
            for name in LOCATIONS
        ]
        return Response.json({"value": value})

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/providers")
    def providers(request: Request, match: re.Match[str], principal: Principal) -> Response:
        arm.get(f"/subscriptions/{match['subscription']}")
        return Response.json({"value": [_provider(match["subscription"], name) for name in _namespaces()]})

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/providers/(?P<namespace>[^/]+)")
    @arm.special("POST", f"{SUBSCRIPTION_PATH}/providers/(?P<namespace>[^/]+)/register")
    def provider(request: Request, match: re.Match[str], principal: Principal) -> Response:
        arm.get(f"/subscriptions/{match['subscription']}")
        known = {name.lower(): name for name in _namespaces()}
        name = known.get(match["namespace"].lower())
        if name is None:
            raise AzureError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{match['namespace']}' is not emulated.",
            )
        return Response.json(_provider(match["subscription"], name))

    @arm.special("GET", "/tenants")
    def tenants(request: Request, match: re.Match[str], principal: Principal) -> Response:
        return Response.json({"value": [{"id": f"/tenants/{TENANT_ID}", "tenantId": TENANT_ID}]})


def _subscription(subscription: str, name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}",
        "name": subscription,
        "type": SUBSCRIPTION,
        "subscriptionId": subscription,
        "tenantId": TENANT_ID,
        "displayName": name,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "properties": {},
    }


def _namespaces() -> list[str]:
    return sorted({row.arm_type.split("/", 1)[0] for row in ROWS})


def _provider(subscription: str, namespace: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationState": "Registered",
        "resourceTypes": [
            {"resourceType": row.arm_type.split("/", 1)[1], "locations": list(LOCATIONS)}
            for row in ROWS
            if row.arm_type.startswith(f"{namespace}/") and catalog.find(row.arm_type) is row
        ],
    }
