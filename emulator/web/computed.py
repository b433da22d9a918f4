"""What Microsoft.Web computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import Facts, Table

WEB: Final = "Microsoft.Web"
SITE: Final = f"{WEB}/sites"
# "App Service limits" of "Azure subscription and service limits": most workers of a plan, read 2026-11
WORKERS: Final = {"F": 1, "D": 1, "B": 3, "S": 10, "P": 30, "I": 100, "E": 20, "W": 20}
SWAPPED: Final = "only while or after slots are swapped"


def _size(facts: Facts) -> str:
    return str((facts.resource.get("sku") or {}).get("name", ""))


def _tier_of_plan(facts: Facts) -> str | None:
    plan = facts.store.get(str(facts.properties.get("serverFarmId") or "")) or {}
    return (plan.get("sku") or {}).get("tier")


OF_SITE: Final[dict[str, Any]] = {
    "properties.lastModifiedTimeUtc": "{changed}",
    "properties.resourceGroup": "{group}",
    "properties.sku": _tier_of_plan,
}
NOT_OF_SITE: Final = {
    "inProgressOperationId": "only while something is done to it",
    "isDefaultContainer": "null in Azure's own answers",
    "maxNumberOfWorkers": "null in Azure's own answers",
    "siteConfig.machineKey": "never given back",
    "slotSwapStatus": SWAPPED,
    "suspendedTill": "only of a suspended one",
    "targetSwapSlot": SWAPPED,
    "trafficManagerHostNames": "only behind a traffic manager",
}
COMPUTED: Final[Table] = {
    f"{WEB}/serverfarms": {
        "properties.geoRegion": "{location}",
        "properties.maximumNumberOfWorkers": lambda facts: WORKERS.get(_size(facts)[:1].upper(), 1),
        "properties.numberOfWorkers": lambda facts: int(facts.resource["sku"].get("capacity") or 0),
        "properties.resourceGroup": "{group}",
        "properties.subscription": "{subscription}",
    },
    SITE: OF_SITE,
    f"{SITE}/slots": OF_SITE,
    f"{WEB}/staticSites": {
        "properties.contentDistributionEndpoint": "https://content-{mark}.infrastructure.azurestaticapps.net",
        "properties.customDomains": [],
        "properties.databaseConnections": [],
        "properties.keyVaultReferenceIdentity": "SystemAssigned",
        "properties.linkedBackends": [],
        "properties.privateEndpointConnections": [],
    },
}
ABSENT: Final = {
    SITE: NOT_OF_SITE,
    f"{SITE}/slots": NOT_OF_SITE,
    f"{SITE}/hostNameBindings": {"virtualIP": "only with an address of its own"},
    f"{WEB}/staticSites": {"userProvidedFunctionApps": "only with functions of one's own"},
    f"{WEB}/certificates": {
        "cerBlob": "only of one that was uploaded",
        "hostingEnvironmentProfile": "only in an App Service environment",
        "siteName": "only of one that was made for an app",
        "selfLink": "null in Azure's own answers",
    },
}
_READ: Final = "what is in a certificate is not read"
NOT_COMPUTED: Final = {
    f"{WEB}/certificates": dict.fromkeys(
        (
            "expirationDate",
            "friendlyName",
            "issueDate",
            "issuer",
            "keyVaultSecretStatus",
            "publicKeyHash",
            "subjectName",
            "thumbprint",
            "valid",
        ),
        _READ,
    )
}
