"""What Microsoft.Authorization computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import Table

NAMESPACE: Final = "Microsoft.Authorization"
_SIGNED: Final = {
    "properties.createdBy": "{creator}",
    "properties.createdOn": "{created}",
    "properties.updatedBy": "{changer}",
    "properties.updatedOn": "{changed}",
}
COMPUTED: Final[Table] = {
    f"{NAMESPACE}/roleAssignments": _SIGNED,
    f"{NAMESPACE}/roleDefinitions": _SIGNED,
    f"{NAMESPACE}/policyAssignments": {
        "properties.instanceId": "{uuid}",
        "properties.scope": "{scope}",
    },
}
_CONDITION: Final = "only with a condition"
_EXPANDED: Final = "only with $expand"
ABSENT: Final = {
    f"{NAMESPACE}/roleDefinitions": {
        "permissions[].condition": _CONDITION,
        "permissions[].conditionVersion": _CONDITION,
    },
    f"{NAMESPACE}/policyAssignments": {
        "effectiveDefinitionVersion": _EXPANDED,
        "latestDefinitionVersion": _EXPANDED,
    },
}
