"""Microsoft.Resources: the tenant, its subscriptions, resource groups, and what providers are registered."""

from __future__ import annotations

import re
from typing import Any

from emulator.arm.ids import RESOURCE_GROUP, SUBSCRIPTION
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.directory import SUBSCRIPTIONS, TENANT_ID
from emulator.identity.service import Identity
from emulator.keyvault.vaults import Vaults
from emulator.principal import Principal
from emulator.resources import availability, features, listing, metadata, providers, tagging, tags
from emulator.resources.listing import SUBSCRIPTION_PATH
from emulator.resources.locations import LOCATIONS, ZONAL, is_global, nearest


def install(arm: Arm, store: Store, identity: Identity, vaults: Vaults) -> None:
    """Store the subscriptions; hooks of resource groups; the listings that are no ARM resources."""
    for subscription, name in SUBSCRIPTIONS.items():
        path = f"/subscriptions/{subscription}"
        if store.get(path) is None:
            store.put(path, _subscription(subscription, name))

    listing.install(arm, store, identity)
    providers.install(arm, identity)
    features.install(arm, identity)
    availability.install(arm, store, identity, vaults)
    tagging.install(arm, identity)

    @arm.before_put(SUBSCRIPTION)
    def no_new_subscription(put: Put) -> None:
        raise AzureError(405, "MethodNotAllowed", f"A subscription cannot be written: '{put.id}'.")

    @arm.before_delete(SUBSCRIPTION)
    def no_deletion(resource: dict[str, Any]) -> None:
        raise AzureError(405, "MethodNotAllowed", f"A subscription cannot be deleted: '{resource['id']}'.")

    @arm.before_put("*")
    def location(put: Put) -> None:
        """A region that Azure does not have is a typing error; a zone in one without zones another."""
        tags.check(put.resource.get("tags"))
        asked, kind = put.resource.get("location"), put.resource["type"]
        if put.resource.get("zones") and asked in LOCATIONS and asked not in ZONAL:
            raise AzureError(  # the words from memory
                400,
                "LocationNotSupportAvailabilityZones",
                f"The resource '{put.id}' does not support availability zones at location '{asked}'.",
            )
        if asked is None or asked in LOCATIONS or (asked == "global" and is_global(kind)):
            return
        code, what = "LocationNotAvailableForResourceType", f"resource type '{kind}'"
        if kind == RESOURCE_GROUP:
            code, what = "LocationNotAvailableForResourceGroup", "resource group"
        raise AzureError(
            400,
            code,
            f"The provided location '{asked}' is not available for {what}.{nearest(str(asked))} List of "
            f"available regions is '{','.join(LOCATIONS)}'.",
        )

    @arm.before_put(RESOURCE_GROUP)
    def group(put: Put) -> None:
        if not put.resource.get("location"):
            raise AzureError(400, "LocationRequired", f"The location property is required for '{put.id}'.")

    @arm.special("GET", f"{SUBSCRIPTION_PATH}/locations")
    def locations(request: Request, match: re.Match[str], principal: Principal) -> Response:
        path = f"/subscriptions/{match['subscription']}"
        arm.get(path)
        value = [
            {"id": f"{path}/locations/{name}", "name": name, "displayName": name, "type": "Region"}
            for name in LOCATIONS
        ]
        return Response.json({"value": value})

    arm.without_token("GET", metadata.PATH)(metadata.clouds)

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
