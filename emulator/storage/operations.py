"""The operations of the Blob service and what each needs: role action, SAS letters, SAS resource type."""

from __future__ import annotations

from dataclasses import dataclass

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
BLOBS = f"{CONTAINERS}/blobs"


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of access. ``letters``: any one of them in a SAS will do. ``resource``: s(ervice), c(ontainer)
    or o(bject). ``in_service_sas``: whether a SAS on a container, blob or queue can give it at all.
    ``instead``: groups of actions of which one, held whole, does as well as ``action``."""

    name: str
    action: str
    data: bool
    letters: str
    resource: str
    in_service_sas: bool = True
    instead: tuple[tuple[str, ...], ...] = ()


LIST_CONTAINERS = Operation("List Containers", f"{CONTAINERS}/read", False, "l", "s", False)
ACCOUNT_INFORMATION = Operation(
    "Get Account Information",
    "Microsoft.Storage/storageAccounts/blobServices/getInfo/action",
    True,
    "rl",
    "sco",
)
SERVICE_PROPERTIES = Operation(
    "Get Blob Service Properties",
    "Microsoft.Storage/storageAccounts/blobServices/read",
    False,
    "r",
    "s",
    False,
)
SET_SERVICE_PROPERTIES = Operation(
    "Set Blob Service Properties",
    "Microsoft.Storage/storageAccounts/blobServices/write",
    False,
    "w",
    "s",
    False,
)
USER_DELEGATION_KEY = Operation(
    "Get User Delegation Key",
    "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
    False,
    "",
    "",
    False,
)
CREATE_CONTAINER = Operation("Create Container", f"{CONTAINERS}/write", False, "cw", "c", False)
READ_CONTAINER = Operation("Get Container Properties", f"{CONTAINERS}/read", False, "r", "c", False)
WRITE_CONTAINER = Operation("Set Container Metadata", f"{CONTAINERS}/write", False, "w", "c", False)
DELETE_CONTAINER = Operation("Delete Container", f"{CONTAINERS}/delete", False, "d", "c", False)
LIST_BLOBS = Operation("List Blobs", f"{BLOBS}/read", True, "l", "c")
READ_BLOB = Operation("Get Blob", f"{BLOBS}/read", True, "r", "o")
# Whoever may only add makes new blobs whole ("Put Blob", "Copy Blob", "Append Block": their RBAC actions,
# read 2026-11). Blocks and the dfs endpoint are not documented to take that action, so they take `write`.
ADD: tuple[tuple[str, ...], ...] = ((f"{BLOBS}/add/action",),)
PUT_BLOB = Operation("Put Blob (new)", f"{BLOBS}/write", True, "cw", "o", instead=ADD)
CREATE_BLOB = Operation("Put Block or Path - Create (new)", f"{BLOBS}/write", True, "cw", "o")
WRITE_BLOB = Operation("Put Blob", f"{BLOBS}/write", True, "w", "o")
LEASE_BLOB = Operation("Lease Blob", f"{BLOBS}/write", True, "dw", "o")
APPEND_BLOCK = Operation("Append Block", f"{BLOBS}/write", True, "aw", "o", instead=ADD)
UPDATE_PATH = Operation("Path - Update", f"{BLOBS}/write", True, "aw", "o")
DELETE_BLOB = Operation("Delete Blob", f"{BLOBS}/delete", True, "d", "o")
