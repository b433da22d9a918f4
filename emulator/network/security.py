"""Network security groups: Azure's default rules, and what it refuses in rules."""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.network.rulevalues import check_values

GROUP: Final = "Microsoft.Network/networkSecurityGroups"
RULE: Final = f"{GROUP}/securityRules"
PRIORITIES: Final = range(100, 4097)

# name, direction, priority, access, source, destination
DEFAULTS: Final = (
    ("AllowVnetInBound", "Inbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", "Inbound", 65001, "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", "Inbound", 65500, "Deny", "*", "*"),
    ("AllowVnetOutBound", "Outbound", 65000, "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", "Outbound", 65001, "Allow", "*", "Internet"),
    ("DenyAllOutBound", "Outbound", 65500, "Deny", "*", "*"),
)
# one of each pair must be there
NEEDED: Final = (
    ("protocol",),
    ("access",),
    ("direction",),
    ("priority",),
    ("sourceAddressPrefix", "sourceAddressPrefixes", "sourceApplicationSecurityGroups"),
    ("destinationAddressPrefix", "destinationAddressPrefixes", "destinationApplicationSecurityGroups"),
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationPortRange", "destinationPortRanges"),
)


def install(arm: Arm) -> None:
    """Hooks of security groups and their rules."""

    @arm.before_put(GROUP)
    def defaults(put: Put) -> None:
        put.properties["defaultSecurityRules"] = [_default(put.id, *row) for row in DEFAULTS]
        _refuse_twice((put.body.get("properties") or {}).get("securityRules") or [])

    @arm.before_put(RULE)
    def rule(put: Put) -> None:
        properties, name = put.properties, put.resource["name"]
        for choice in NEEDED:
            if not any(properties.get(key) for key in choice):
                raise AzureError(
                    400,
                    "SecurityRuleParameterMissing",
                    f"Security rule '{name}': {' or '.join(choice)} is required.",
                )
        if properties["priority"] not in PRIORITIES:
            raise AzureError(
                400,
                "SecurityRuleInvalidPriority",
                f"Security rule '{name}' has invalid priority {properties['priority']}. It must be between "
                f"{PRIORITIES.start} and {PRIORITIES.stop - 1}.",
            )
        check_values(name, properties)
        if fold(arm.written_whole) != fold(put.id.rsplit("/", 2)[0]):  # else its list was checked
            siblings = arm.store.children(put.id.rsplit("/", 1)[0])
            _refuse_twice([*(one for one in siblings if fold(one["id"]) != fold(put.id)), put.resource])


def _refuse_twice(rules: list[dict[str, Any]]) -> None:
    """400 for two rules of one priority and direction."""
    seen: dict[tuple[Any, Any], str] = {}
    for one in rules:
        properties = one.get("properties") or {}
        place = properties.get("priority"), str(properties.get("direction")).lower()
        if place[0] is not None and place in seen:
            raise AzureError(
                400,
                "SecurityRuleConflict",
                f"Security rule '{one.get('name')}' conflicts with rule '{seen[place]}': rules cannot have "
                "the same priority and direction.",
            )
        seen[place] = str(one.get("name"))


def _default(
    group: str, name: str, direction: str, priority: int, access: str, source: str, destination: str
) -> dict[str, Any]:
    return {
        "id": f"{group}/defaultSecurityRules/{name}",
        "name": name,
        "type": f"{GROUP}/defaultSecurityRules",
        "properties": {
            "access": access,
            "destinationAddressPrefix": destination,
            "destinationPortRange": "*",
            "direction": direction,
            "priority": priority,
            "protocol": "*",
            "provisioningState": "Succeeded",
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
        },
    }
