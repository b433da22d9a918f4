"""Whether the caller may do what `pulumi up` does."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.doctor.findings import Finding, failed, ok
from ml.doctor.subject import PERMISSIONS, Subject

if TYPE_CHECKING:
    from infra.config import Settings

TITLE: Final = "rights"


@dataclass(frozen=True, slots=True)
class Right:
    """An action on the subscription, why it is needed, and a built-in role that has it."""

    action: str
    why: str
    role: str


RIGHTS: Final[tuple[Right, ...]] = (
    Right(
        "Microsoft.Resources/subscriptions/resourceGroups/write", "makes the resource group", "Contributor"
    ),
    Right("Microsoft.Network/virtualNetworks/write", "makes the network", "Contributor"),
    Right("Microsoft.Storage/storageAccounts/write", "makes the storage account", "Contributor"),
    Right("Microsoft.MachineLearningServices/workspaces/write", "makes the workspace", "Contributor"),
    Right("Microsoft.ManagedIdentity/userAssignedIdentities/write", "makes the identities", "Contributor"),
    Right(
        "Microsoft.Authorization/roleAssignments/write",
        "grants the identities their roles",
        "Role Based Access Control Administrator",
    ),
)
LOCKS: Final = Right(
    "Microsoft.Authorization/locks/write",
    "locks what holds data (protectData)",
    "User Access Administrator, or a role of your own with Microsoft.Authorization/locks/*",
)


def needed(settings: "Settings") -> tuple[Right, ...]:
    return (*RIGHTS, LOCKS) if settings.protect_data else RIGHTS


def check(subject: Subject) -> list[Finding]:
    path = f"{subject.subscription}/providers/Microsoft.Authorization/permissions"
    held = list(subject.management.items(path, **{"api-version": PERMISSIONS}))
    missing = [right for right in needed(subject.settings) if not allows(held, right.action)]
    if not missing:
        return [ok(TITLE, "the caller may make the estate and grant its roles")]
    return [
        failed(
            TITLE,
            f"the caller may not {right.action}, which {right.why}",
            f"Have the role {right.role} granted to the caller on the subscription.",
        )
        for right in missing
    ]


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether one of the permissions has the action and does not take it away again."""
    return any(
        _matches(one.get("actions") or (), action) and not _matches(one.get("notActions") or (), action)
        for one in permissions
    )


def _matches(patterns: Iterable[str], action: str) -> bool:
    """Azure's wildcard stands for any characters, and actions have no case."""
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE)
        for pattern in patterns
    )
