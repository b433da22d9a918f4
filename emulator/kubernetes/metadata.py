"""What every object has in common: its key, owners, times and generation; as plain functions over JSON."""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from emulator.kubernetes.kinds import BY_KIND, Kind

GRACE_S: Final = 30  # of a pod that says nothing of it

Json = dict[str, Any]
Key = tuple[str, str, str]  # kind, namespace ("" for none), name


def copy(value: Json) -> Json:
    """JSON, whole, of its own."""
    try:
        return cast(Json, marshal.loads(marshal.dumps(value)))  # noqa: S302  # by far the fastest way
    except ValueError:  # something in it is more than JSON, such as a text of a class of its own
        return cast(Json, _copied(value))


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in cast(Json, value).items()}
    if isinstance(value, list):
        return [_copied(one) for one in cast(list[Any], value)]
    return value


def timestamp(later_s: float = 0) -> str:
    """Now, as metadata has times: whole seconds, UTC."""
    return (datetime.now(UTC) + timedelta(seconds=later_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_of(value: Json) -> Key:
    meta = value.get("metadata") or {}
    kind = BY_KIND[value["kind"]]
    return kind.kind, str(meta.get("namespace") or "") if kind.namespaced else "", str(meta.get("name") or "")


def references(value: Json) -> list[Json]:
    return (value.get("metadata") or {}).get("ownerReferences") or []


def owners(value: Json) -> Iterable[str]:
    return [str(one["uid"]) for one in references(value)]


def blocks(value: Json, uid: str) -> bool:
    return any(one["uid"] == uid and one.get("blockOwnerDeletion") for one in references(value))


def is_running(kind: Kind, value: Json) -> bool:
    """Whether a node has to end it first."""
    phase = (value.get("status") or {}).get("phase")
    placed = (value.get("spec") or {}).get("nodeName")
    return kind.kind == "Pod" and bool(placed) and phase not in ("Succeeded", "Failed")


def grace_s_of(kind: Kind, value: Json, grace_s: int | None) -> int:
    if not is_running(kind, value):
        return 0
    if grace_s is not None:
        return grace_s
    given = (value.get("spec") or {}).get("terminationGracePeriodSeconds")
    return GRACE_S if given is None else int(given)


def merged(kind: Kind, before: Json, given: Json, subresource: str) -> Json:
    """What a write may change of an object: the rest stays as it was."""
    old = before["metadata"]
    if subresource == "status":
        now = copy(before)
        now.pop("status", None)
        if given.get("status") is not None:
            now["status"] = copy(given["status"])
        if "managedFields" in (given.get("metadata") or {}):
            now["metadata"]["managedFields"] = copy(given)["metadata"]["managedFields"]
        return now
    now = copy(given)
    meta = now["metadata"]
    for name in ("uid", "creationTimestamp", "generation", "resourceVersion", "generateName"):
        meta.pop(name, None)
        if name in old:
            meta[name] = old[name]
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        meta.pop(name, None)
        if name in old:
            meta[name] = old[name]
    if kind.status:
        now.pop("status", None)
        if "status" in before:
            now["status"] = copy(before["status"])
    return now


def count_generation(kind: Kind, before: Json, now: Json) -> None:
    """One more generation where more than metadata and status have changed."""
    if kind.generation and _spec(now) != _spec(before):
        now["metadata"]["generation"] = int(before["metadata"].get("generation", 0)) + 1


def _spec(value: Json) -> Json:
    return {name: one for name, one in value.items() if name not in ("metadata", "status")}


def says_the_same(before: Json, now: Json) -> bool:
    """Whether a write says nothing new; times of managers alone are nothing."""
    return _bare(before) == _bare(now)


def _bare(value: Json) -> Json:
    meta = dict(value["metadata"])
    meta.pop("resourceVersion", None)
    if "managedFields" in meta:
        meta["managedFields"] = [
            {name: one for name, one in entry.items() if name != "time"} for entry in meta["managedFields"]
        ]
    return {**value, "metadata": meta}
