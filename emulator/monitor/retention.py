"""Deleted workspaces: kept for two weeks with their telemetry, recovered by a PUT of their id, or purged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.monitor.components import COMPONENT
from emulator.monitor.database import Database
from emulator.monitor.workspaces import WORKSPACE

DELETED: Final = "log-analytics-deleted"  # documents: folded id -> what is kept of the workspace
KEPT_FOR: Final = timedelta(days=14)
RECOVERED: Final = ("customerId", "createdDate")

Json = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


class Retention:
    """Which workspaces' telemetry is shown, kept aside or gone."""

    def __init__(self, arm: Arm, database: Database, now: Callable[[], datetime] = _now) -> None:
        self._arm = arm
        self._database = database
        self._now = now
        self._lock = threading.Lock()

    def install(self) -> None:
        """Register the hooks."""
        arm = self._arm
        arm.before_put(WORKSPACE)(self._recover)
        arm.with_put(WORKSPACE)(lambda put: arm.store.delete_document(DELETED, fold(put.id)))
        arm.after_put(WORKSPACE)(lambda put: self.settle() if put.old is None else None)
        arm.with_delete(WORKSPACE)(self._keep)
        arm.after_delete(WORKSPACE)(lambda resource: self.settle())

    def settle(self) -> None:
        """Bring the tables into line with the workspaces; also what a kill has cut off."""
        store = self._arm.store
        # one view, and no older one after a newer one: rows of what is in neither set go for good
        with self._lock:
            with store.transaction():
                workspaces = {
                    fold(one["id"]): str(one["properties"]["customerId"]) for one in store.by_type(WORKSPACE)
                }
                for key, body in store.documents(DELETED).items():
                    if self._expired(body):
                        store.delete_document(DELETED, key)
                deleted = {
                    str(body["properties"]["customerId"]) for body in store.documents(DELETED).values()
                }
                components = {
                    fold(one["id"]): workspaces.get(
                        fold(str(one["properties"].get("WorkspaceResourceId"))), ""
                    )
                    for one in store.by_type(COMPONENT)
                }
            self._database.settle(set(workspaces.values()), deleted, components)

    def _recover(self, put: Put) -> None:
        """A new workspace with the id of a deleted one is that one."""
        held = self._arm.store.document(DELETED, fold(put.id)) if put.old is None else None
        if held is not None and not self._expired(held):
            put.properties.update({key: held["properties"][key] for key in RECOVERED})

    def _keep(self, resource: Json) -> None:
        asked = fold(self._arm.deletion_root) == fold(resource["id"])
        if asked and self._arm.deletion_query.get("force", "").lower() == "true":
            return
        kept = {key: resource[key] for key in ("id", "name", "type", "location") if key in resource}
        properties = {key: resource["properties"][key] for key in RECOVERED}
        properties["deletedDate"] = self._now().isoformat()
        self._arm.store.put_document(DELETED, fold(resource["id"]), {**kept, "properties": properties})

    def _expired(self, held: Json) -> bool:
        return datetime.fromisoformat(held["properties"]["deletedDate"]) + KEPT_FOR < self._now()
