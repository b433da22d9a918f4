"""The types of Microsoft.Authorization: roles, locks and policies.

One row a type: see `emulator.arm.catalog_types.ResourceType` for what each column means.
"""

from __future__ import annotations

from typing import Final

from emulator.arm.catalog_types import GROUP, NameRule, ResourceType, Row
from emulator.arm.name_rules import UUID

AUTHORIZATION: Final = "{scope}/providers/Microsoft.Authorization"
SUBSCRIPTION: Final = "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization"

# fmt: off
ROWS: Final[tuple[ResourceType, ...]] = (
    Row(f"{AUTHORIZATION}/roleAssignments/{{roleAssignmentName}}", "authorization:RoleAssignment", name=UUID),
    Row(f"{AUTHORIZATION}/roleDefinitions/{{roleDefinitionId}}", "authorization:RoleDefinition", name=UUID),
    Row(f"{AUTHORIZATION}/locks/{{lockName}}", "authorization:ManagementLockByScope"),
    Row(f"{GROUP}/providers/Microsoft.Authorization/locks/{{lockName}}",
        "authorization:ManagementLockAtResourceGroupLevel"),
    Row(f"{SUBSCRIPTION}/locks/{{lockName}}", "authorization:ManagementLockAtSubscriptionLevel"),
    Row(f"{AUTHORIZATION}/policyAssignments/{{policyAssignmentName}}", "authorization:PolicyAssignment",
        name=NameRule(1, 128, r"[^%&\\?/]*[^%&\\?/. ]", "none of % & \\ ? /")),
    Row(f"{SUBSCRIPTION}/policyDefinitions/{{policyDefinitionName}}", "authorization:PolicyDefinition"),
)
# fmt: on
