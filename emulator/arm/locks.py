"""Management locks: CanNotDelete and ReadOnly, inherited by all that lies under their scope."""

from __future__ import annotations

from emulator.arm.ids import within
from emulator.arm.store import Store
from emulator.errors import AzureError

LOCK = "Microsoft.Authorization/locks"
SEPARATOR = "/providers/Microsoft.Authorization/locks/"


def check_write(store: Store, resource_id: str) -> None:
    """409 ScopeLocked when a ReadOnly lock holds over ``resource_id``."""
    if not _is_lock(resource_id):
        _refuse(_over(store, resource_id, {"readonly"}), resource_id, "write")


def check_action(store: Store, resource_id: str, action: str) -> None:
    """409 ScopeLocked when a ReadOnly lock holds: POST actions count as writes, listing keys included."""
    _refuse(_over(store, resource_id, {"readonly"}), resource_id, action)


def check_delete(store: Store, resource_id: str) -> None:
    """409 ScopeLocked when a lock holds over ``resource_id`` or over anything that would go with it."""
    if _is_lock(resource_id):
        return
    held = _over(store, resource_id, {"readonly", "cannotdelete"})
    under = [lock["id"] for lock in store.by_type(LOCK, resource_id)]
    _refuse(list(dict.fromkeys(held + [_scope(lock_id) for lock_id in under])), resource_id, "delete")


def _over(store: Store, resource_id: str, levels: set[str]) -> list[str]:
    return [
        scope
        for lock in store.by_type(LOCK)
        if str(lock["properties"].get("level", "")).lower() in levels
        and within(resource_id, scope := _scope(lock["id"]))
    ]


def _scope(lock_id: str) -> str:
    return lock_id[: lock_id.lower().rindex(SEPARATOR.lower())]


def _is_lock(resource_id: str) -> bool:
    return SEPARATOR.lower() in resource_id.lower()


def _refuse(scopes: list[str], resource_id: str, operation: str) -> None:
    if scopes:
        raise AzureError(
            409,
            "ScopeLocked",
            f"The scope '{resource_id}' cannot perform {operation} operation because following scope(s) are "
            f"locked: '{', '.join(scopes)}'. Please remove the lock and try again.",
        )
