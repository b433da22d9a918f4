"""Deleted workspaces are kept for 14 days, and their names with them, unless the deletion says otherwise."""

from __future__ import annotations

import time
from typing import Any, Final

from emulator import times
from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.machinelearning.names import WORKSPACE

Json = dict[str, Any]
KIND: Final = "ml-deleted-workspace"  # kind of the documents, which are kept by folded id
KEPT_S: Final = (
    14 * 86400
)  # "Recover workspace data after accidental deletion with soft delete", read 2026-11
PURGE: Final = "forcetopurge"  # a parameter of the deletion's query


def install(arm: Arm) -> None:
    """Hook into the deletion and the creation of workspaces."""
    store = arm.store

    @arm.before_put(WORKSPACE)
    def taken(put: Put) -> None:
        if put.old is None and _kept(store, put.id):
            raise AzureError(
                400,
                "BadRequest",
                "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete",
            )

    @arm.with_delete(WORKSPACE)
    def keep(resource: Json) -> None:
        if arm.deletion_query.get(PURGE, "").lower() == "true":
            return
        store.put_document(
            KIND,
            fold(resource["id"]),
            {"id": resource["id"], "name": resource["name"], "until": time.time() + KEPT_S},
        )


def deleted(store: Store) -> list[Json]:
    """The deleted workspaces whose names are still taken: name, id, kept_until."""
    return [
        {"name": one["name"], "id": one["id"], "kept_until": times.at(one["until"])}
        for key in sorted(store.documents(KIND))
        if (one := _kept(store, key))
    ]


def _kept(store: Store, resource_id: str) -> Json | None:
    key = fold(resource_id)
    one = store.document(KIND, key)
    if one and one["until"] <= time.time():
        store.delete_document(KIND, key)
        return None
    return one
