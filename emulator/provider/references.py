"""Objects that only name another resource: a `SubResource` with its id."""

from __future__ import annotations

from typing import Any, Final

from emulator.provider.schema import Properties

# What the SDK's classes set by themselves where the program gives only an id: no words of the program, and
# not sent where a reference is meant, such as SubnetArgs(id=...) for a SubResource.
SET_BY_SDK: Final = frozenset(
    {
        ("privateEndpointNetworkPolicies", "Disabled"),
        ("privateLinkServiceNetworkPolicies", "Enabled"),
        ("enableDdosProtection", False),
        ("enableVmProtection", False),
    }
)


def is_reference(declared: Properties) -> bool:
    """Whether an object of these properties only names another resource."""
    return declared.keys() == {"id"}


def written(declared: Properties, value: dict[str, Any]) -> dict[str, Any]:
    """The object without what the SDK has set in a reference by itself."""
    if not is_reference(declared) or "id" not in value:
        return value
    return {
        name: item
        for name, item in value.items()
        if name in declared or not any(name == other and item == held for other, held in SET_BY_SDK)
    }
