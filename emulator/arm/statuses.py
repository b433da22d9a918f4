"""With which status each type's service answers, where it is not the usual one: clients refuse any other."""

from __future__ import annotations

from typing import Final

from emulator.arm.ids import RESOURCE_GROUP

_STORAGE: Final = "microsoft.storage/storageaccounts"

# Services that answer 200 to the PUT that creates, not 201.
CREATES_WITH_OK: Final = frozenset(
    {
        _STORAGE,
        f"{_STORAGE}/blobservices",
        f"{_STORAGE}/blobservices/containers/immutabilitypolicies",
        f"{_STORAGE}/fileservices",
        f"{_STORAGE}/inventorypolicies",
        f"{_STORAGE}/localusers",
        f"{_STORAGE}/managementpolicies",
        f"{_STORAGE}/objectreplicationpolicies",
        f"{_STORAGE}/privateendpointconnections",
        f"{_STORAGE}/queueservices",
        f"{_STORAGE}/queueservices/queues",
        f"{_STORAGE}/tableservices",
        f"{_STORAGE}/tableservices/tables",
        "microsoft.keyvault/vaults/keys",
        "microsoft.keyvault/vaults/privateendpointconnections",
        "microsoft.machinelearningservices/workspaces/connections",
        "microsoft.machinelearningservices/workspaces/privateendpointconnections",
    }
)

# Services that answer 204, no content, to the DELETE of what exists.
DELETES_WITH_NO_CONTENT: Final = frozenset(
    {f"{_STORAGE}/queueservices/queues", f"{_STORAGE}/tableservices/tables"}
)

# Types of which ARM answers 404 to the DELETE of what does not exist, not 204.
MISSED_ON_DELETE: Final = frozenset({RESOURCE_GROUP.lower()})


def of_put(arm_type: str, created: bool) -> int:
    """The status of a PUT or PATCH that went well."""
    return 201 if created and arm_type.lower() not in CREATES_WITH_OK else 200


def of_delete(arm_type: str) -> int:
    """The status of a DELETE of what existed."""
    return 204 if arm_type.lower() in DELETES_WITH_NO_CONTENT else 200
