"""What Microsoft.ApiManagement computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.computed import ETAG, Facts, Table

SERVICE: Final = "Microsoft.ApiManagement/service"
OUTBOUND: Final = ["198.18.255.4"]
CLASSIC: Final = ("Developer", "Basic", "Standard", "Premium", "Consumption", "Isolated")


def _sku(facts: Facts) -> str:
    return str((facts.resource.get("sku") or {}).get("name", ""))


def _has_gateway(facts: Facts) -> bool:
    """Whether the gateway has an address of its own."""
    return _sku(facts) in CLASSIC and _sku(facts) != "Consumption"


def _classic(text: str) -> Any:
    """A text that only the classic tiers have."""

    def compute(facts: Facts) -> str | None:
        if not _has_gateway(facts):
            return None
        return text.replace("NAME", facts.text("name")).replace("LOCATION", facts.text("location"))

    return compute


def _platform(facts: Facts) -> str:
    sku = _sku(facts)
    return "mtv1" if sku == "Consumption" else "stv2" if sku in CLASSIC else "stv2.1"


def _path(facts: Facts) -> str | None:
    """The path of an API that a product holds."""
    service = facts.id.split("/products/")[0]
    api = facts.store.get(f"{service}/apis/{facts.text('name')}") or {}
    return (api.get("properties") or {}).get("path")


COMPUTED: Final[Table] = {
    SERVICE: {
        "etag": ETAG,
        "properties.createdAtUtc": "{created}",
        "properties.gatewayUrl": "https://{name}.azure-api.net",
        "properties.gatewayRegionalUrl": _classic("https://NAME-LOCATION-01.regional.azure-api.net"),
        "properties.developerPortalUrl": "https://{name}.developer.azure-api.net",
        "properties.managementApiUrl": "https://{name}.management.azure-api.net",
        "properties.portalUrl": _classic("https://NAME.portal.azure-api.net"),
        "properties.scmUrl": _classic("https://NAME.scm.azure-api.net"),
        "properties.platformVersion": _platform,
        "properties.targetProvisioningState": "",
        "properties.publicIPAddresses": lambda facts: OUTBOUND if _has_gateway(facts) else None,
        "properties.outboundPublicIPAddresses": lambda facts: (
            OUTBOUND if _sku(facts) != "Consumption" else None
        ),
    },
    f"{SERVICE}/apis": {"properties.isOnline": True},
    f"{SERVICE}/apis/releases": {
        "properties.createdDateTime": "{created}",
        "properties.updatedDateTime": "{changed}",
    },
    f"{SERVICE}/products/apis": {"properties.isOnline": True, "properties.path": _path},
    f"{SERVICE}/subscriptions": {"properties.createdDate": "{created}"},
}
DEFAULTS: Final[Table] = {f"{SERVICE}/subscriptions": {"properties.state": "submitted"}}
ABSENT: Final = {
    SERVICE: {
        "gatewayRegionalUrl": "only of the classic tiers",
        "portalUrl": "only of the classic tiers",
        "scmUrl": "only of the classic tiers",
        "privateIPAddresses": "only inside a network",
    },
    f"{SERVICE}/products/apis": {"path": "only of an API that exists"},
}
