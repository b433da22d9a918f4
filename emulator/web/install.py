"""Microsoft.Web: App Service plans and apps. No app runs and no page is served."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.web import secrets

PLAN: Final = "Microsoft.Web/serverfarms"
SITE: Final = "Microsoft.Web/sites"
SLOT: Final = f"{SITE}/slots"
STATIC: Final = "Microsoft.Web/staticSites"
ADDRESSES: Final = "198.18.255.1,198.18.255.2"
TIERS: Final = {
    "F": "Free",
    "D": "Shared",
    "B": "Basic",
    "S": "Standard",
    "P": "PremiumV2",
    "Y": "Dynamic",
    "E": "ElasticPremium",
    "I": "Isolated",
    "W": "WorkflowStandard",
}


def install(arm: Arm, store: Store) -> None:
    """Hooks of plans, apps and their slots."""
    secrets.install(arm, store)

    @arm.before_put(PLAN)
    def plan(put: Put) -> None:
        name = str((put.resource.get("sku") or {}).get("name", ""))
        if not name or name[0].upper() not in TIERS:
            raise AzureError(
                400, "BadRequest", f"{put.resource['name']}: sku.name is {name!r}, no plan's size."
            )
        sku = put.resource["sku"]
        sku.setdefault("tier", TIERS[name[0].upper()])
        sku.setdefault("size", name)
        sku.setdefault("family", name[0].upper())
        sku.setdefault("capacity", 0 if name.startswith("Y") else 1)
        put.properties["status"] = "Ready"
        put.properties.setdefault("reserved", False)

    @arm.on_get(PLAN)
    def count(resource: dict[str, Any]) -> dict[str, Any]:
        resource["properties"]["numberOfSites"] = len(_sites(resource["id"]))
        return resource

    @arm.before_delete(PLAN)
    def plan_in_use(resource: dict[str, Any]) -> None:
        root = fold(arm.deletion_root)
        users = [one for one in _sites(resource["id"]) if not (root and fold(one).startswith(f"{root}/"))]
        if users:
            raise AzureError(
                409,
                "Conflict",
                f"Server farm '{resource['name']}' cannot be deleted because it has web app(s) "
                f"{users[0]} assigned to it.",
            )

    @arm.before_put(SITE)
    def site(put: Put) -> None:
        _complete(put, f"{put.resource['name']}.azurewebsites.net".lower())

    @arm.before_put(SLOT)
    def slot(put: Put) -> None:
        app, name = put.id.split("/")[-3], put.resource["name"]
        _complete(put, f"{app}-{name}.azurewebsites.net".lower())

    @arm.before_put(STATIC)
    def static(put: Put) -> None:
        put.properties["defaultHostname"] = f"{put.resource['name']}.azurestaticapps.net".lower()

    def _sites(plan_id: str) -> list[str]:
        return [
            one["id"]
            for one in store.by_type(SITE)
            if fold(str(one["properties"].get("serverFarmId") or "")) == fold(plan_id)
        ]


def _complete(put: Put, host: str) -> None:
    console = f"{host.split('.', 1)[0]}.scm.azurewebsites.net"
    properties = put.properties
    properties["defaultHostName"] = host
    properties["hostNames"] = [host]
    properties["enabledHostNames"] = [host, console]
    properties["state"] = "Running" if properties.setdefault("enabled", True) else "Stopped"
    properties["usageState"] = "Normal"
    properties["availabilityState"] = "Normal"
    properties["repositorySiteName"] = put.resource["name"]
    properties["outboundIpAddresses"] = properties["possibleOutboundIpAddresses"] = ADDRESSES
    properties.setdefault("httpsOnly", False)
    put.resource.setdefault("kind", "app")
