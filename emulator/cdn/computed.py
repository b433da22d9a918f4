"""What Microsoft.Cdn computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import Facts, Table

PROFILE: Final = "Microsoft.Cdn/profiles"


def _is_front_door(facts: Facts) -> bool:
    return "AzureFrontDoor" in str((facts.resource.get("sku") or {}).get("name", ""))


COMPUTED: Final[Table] = {
    PROFILE: {
        "kind": lambda facts: "frontdoor" if _is_front_door(facts) else "cdn",
        "properties.extendedProperties": {},
        "properties.frontDoorId": lambda facts: facts.text("uuid") if _is_front_door(facts) else None,
        "properties.resourceState": "Active",
    },
    f"{PROFILE}/endpoints": {
        "properties.customDomains": [],
        "properties.hostName": "{name}.azureedge.net",
        "properties.resourceState": "Running",
    },
}
ABSENT: Final = {
    PROFILE: {"frontDoorId": "only of Azure Front Door"},
    f"{PROFILE}/endpoints": {"origins[].privateEndpointStatus": "only of an origin behind a private link"},
}
