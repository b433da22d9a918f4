"""Write-once containers: time-based retention, unlocked or locked for good."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any, Final, Literal

from emulator.arm.service import Action, Arm, Put
from emulator.errors import AzureError
from emulator.storage.accounts import CONTAINER
from emulator.storage.errors import failure
from emulator.storage.model import APPEND_BLOB, Blob

POLICY: Final = f"{CONTAINER}/immutabilityPolicies"
LONGEST: Final = 146_000  # days
PERIOD: Final = "immutabilityPeriodSinceCreationInDays"

DAY_S: Final = 86_400

Json = dict[str, Any]
Change = Literal["write", "append", "delete", "fill"]


def install(arm: Arm) -> None:
    """Register the hooks. The words are Azure's, as Azure/azure-powershell issue 26148 quotes them."""

    @arm.before_put(POLICY)
    def check(put: Put) -> None:
        days = put.properties.get(PERIOD)
        if put.resource["name"].lower() != "default":
            raise AzureError(
                400, "InvalidResourceName", f"{put.id}: an immutability policy is called 'default'."
            )
        if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= LONGEST:
            raise AzureError(
                400,
                "InvalidRequestPropertyValue",
                f"The value '{days}' is not allowed for property {PERIOD}: 1 to {LONGEST} days.",
            )
        state = put.old["properties"]["state"] if put.old else "Unlocked"
        if put.old and state == "Locked" and not _same(put.old, put.resource):
            raise _locked()
        put.properties["state"] = state
        put.resource["etag"] = f'"{uuid.uuid4().hex[:15]}"'

    @arm.action(POLICY, "lock")
    def lock(action: Action) -> Json:
        return _change(arm, action, locked=False, properties={"state": "Locked"})

    @arm.action(POLICY, "extend")
    def extend(action: Action) -> Json:
        wanted = (action.body.get("properties") or {}).get(PERIOD)
        current = arm.get(action.id)["properties"][PERIOD]
        if not isinstance(wanted, int) or not current <= wanted <= LONGEST:
            raise AzureError(
                400, "InvalidRequestPropertyValue", f"The value '{wanted}' is not allowed for {PERIOD}."
            )
        return _change(arm, action, locked=True, properties={PERIOD: wanted})

    @arm.before_delete(POLICY)
    def keep(resource: Json) -> None:
        if resource["properties"]["state"] != "Locked":
            return
        account, _, rest = resource["id"].partition("/blobServices/")
        container = rest.split("/")[2]
        root = arm.deletion_root.lower()
        if root == resource["id"].lower():
            raise _locked()
        if root == account.lower() or "/storageaccounts/" not in root:
            name = account.rsplit("/", 1)[-1]
            raise AzureError(
                409,
                "AccountProtectedFromDeletion",
                f"{name} is protected from deletion. The container(s) {container} have a locked "
                "immutability policy.",
            )
        raise AzureError(
            409,
            "ContainerImmutabilityPolicyLocked",
            "The requested operation is not allowed as the container has a locked immutability policy.",
        )

    @arm.on_get(CONTAINER)
    def show(resource: Json) -> Json:
        policy = arm.store.get(f"{resource['id']}/immutabilityPolicies/default")
        resource["properties"]["hasImmutabilityPolicy"] = policy is not None
        return resource


def keeps(arm: Arm, container_id: str, change: Change) -> Callable[[Blob | None], None]:
    """The check that a write of a blob has to pass: 409 while a policy keeps the blob as it is.

    After its time a blob can be deleted, and still not be changed. A file that has no content yet can be
    given it, as the dfs endpoint creates files empty.
    """
    policy = policy_of(arm, container_id)

    def check(blob: Blob | None) -> None:
        if policy is None or blob is None or (change == "fill" and blob.size == 0):
            return
        properties = policy["properties"]
        grows = any(properties.get(f"allowProtectedAppendWrites{end}") for end in ("", "All"))
        if change == "append" and grows and blob.kind == APPEND_BLOB:
            return
        over = time.time() >= blob.created + properties[PERIOD] * DAY_S
        if change == "delete" and over:
            return
        raise failure("BlobImmutableDueToPolicy")

    return check


def policy_of(arm: Arm, container_id: str) -> Json | None:
    """The policy of a container, if it has one."""
    return arm.store.get(f"{container_id}/immutabilityPolicies/default")


def _change(arm: Arm, action: Action, *, locked: bool, properties: Json) -> Json:
    policy = arm.get(action.id)
    if (policy["properties"]["state"] == "Locked") is not locked:
        raise _locked()
    expected = action.headers.get("if-match")
    if expected not in ("*", policy.get("etag")):
        raise AzureError(
            412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."
        )
    held = arm.store.get(action.id)
    assert held is not None  # noqa: S101  it was read just now
    held["properties"] |= properties
    arm.store.put(action.id, held)
    return arm.get(action.id)


def _same(old: Json, new: Json) -> bool:
    keys = (PERIOD, "allowProtectedAppendWrites", "allowProtectedAppendWritesAll")
    return all(
        bool(old["properties"].get(key)) == bool(new["properties"].get(key))
        if key != PERIOD
        else old["properties"].get(key) == new["properties"].get(key)
        for key in keys
    )


def _locked() -> AzureError:
    return AzureError(
        409,
        "ImmutabilityPolicyInvalidState",
        "Operation not allowed on immutability policy with current state.",
    )
