"""What a deletion does: finalizers, graceful ends, the dependents of what goes, and the end of namespaces."""

from __future__ import annotations

from typing import Final

from emulator.kubernetes.holding import Holding
from emulator.kubernetes.kinds import BY_KIND, Kind
from emulator.kubernetes.metadata import (
    Json,
    Key,
    blocks,
    copy,
    grace_s_of,
    is_running,
    owners,
    references,
    timestamp,
)

FOREGROUND: Final = "foregroundDeletion"


class Deletion(Holding):
    """Lets objects go in the order that the API and its garbage collector keep."""

    def _put(self, kind: Kind, key: Key, before: Json, now: Json) -> Json:
        """Write what an object is from now on. One that only finalizers held goes with the last of them."""
        meta = now["metadata"]
        freed = before["metadata"].get("finalizers") and not meta.get("finalizers")
        ended = not is_running(kind, now) or meta.get("deletionGracePeriodSeconds") == 0
        if meta.get("deletionTimestamp") and freed and ended and kind.kind != "Namespace":
            return self._remove(kind, key, now)
        self._write("MODIFIED", kind, key, now, before)
        if kind.kind == "Namespace":
            self._end_if_empty(key[2])
        return copy(now)

    def _delete(self, kind: Kind, key: Key, held: Json, grace_s: int | None, propagation: str) -> Json:
        now = copy(held)
        meta = now["metadata"]
        grace = grace_s_of(kind, now, grace_s)
        first = "deletionTimestamp" not in meta
        if propagation == "Orphan":
            self._orphan(meta["uid"])
        elif propagation == "Foreground" and self._dependents.get(meta["uid"]):
            meta["finalizers"] = sorted({*(meta.get("finalizers") or []), FOREGROUND})
        if first or grace < int(meta.get("deletionGracePeriodSeconds") or 0):
            meta["deletionTimestamp"] = timestamp(grace)
            meta["deletionGracePeriodSeconds"] = grace
            if kind.generation:
                meta["generation"] = int(meta.get("generation", 0)) + 1
        if kind.kind == "Namespace":
            return self._end_namespace(key, held, now)
        if not meta.get("finalizers") and (grace == 0 or not is_running(kind, now)):
            return self._remove(kind, key, now)
        if now != held:
            self._write("MODIFIED", kind, key, now, held)
        if FOREGROUND in (meta.get("finalizers") or []):
            self._collect(meta["uid"], "Foreground")
            self._unblock(meta["uid"])
            found = self._held.get(key)
            return copy(found) if found else now
        return copy(now)

    def _end_namespace(self, key: Key, held: Json, now: Json) -> Json:
        """All that is in it goes first; the last of it takes the namespace with it."""
        now.setdefault("status", {})["phase"] = "Terminating"
        if now != held:
            self._write("MODIFIED", BY_KIND["Namespace"], key, now, held)
        for inner in sorted(one for one in self._held if one[1] == key[2]):
            if inner in self._held:
                self._delete(BY_KIND[inner[0]], inner, self._held[inner], None, "Background")
        self._end_if_empty(key[2])
        return copy(now)

    def _end_if_empty(self, namespace: str) -> None:
        key = ("Namespace", "", namespace)
        held = self._held.get(key)
        if held is None or not held["metadata"].get("deletionTimestamp"):
            return
        if held["metadata"].get("finalizers") or any(one[1] == namespace for one in self._held):
            return
        self._write("DELETED", BY_KIND["Namespace"], key, copy(held), held)

    def _remove(self, kind: Kind, key: Key, last: Json) -> Json:
        with self._whole():
            before = self._held[key]
            gone = copy(last)
            self._write("DELETED", kind, key, gone, before)
            self._collect(gone["metadata"]["uid"], "Background")
            for uid in owners(gone):
                self._unblock(uid)
            if key[1]:
                self._end_if_empty(key[1])
            return gone

    def _collect(self, uid: str, propagation: str) -> None:
        """What is owned by an object that is gone, or going, goes; what has another owner left loses this."""
        for key in sorted(self._dependents.get(uid, ())):
            held = self._held.get(key)
            if held is None:
                continue
            others = [one for one in references(held) if one["uid"] != uid and one["uid"] in self._by_uid]
            if others and propagation == "Background":
                now = copy(held)
                now["metadata"]["ownerReferences"] = [copy(one) for one in others]
                self._write("MODIFIED", BY_KIND[key[0]], key, now, held)
            elif not others and "deletionTimestamp" not in held["metadata"]:
                self._delete(BY_KIND[key[0]], key, held, None, propagation)

    def _unblock(self, uid: str) -> None:
        """An owner that waited for the last of its dependents goes."""
        key = self._by_uid.get(uid)
        if key is None or any(blocks(self._held[one], uid) for one in self._dependents.get(uid, ())):
            return
        held = self._held[key]
        finalizers = held["metadata"].get("finalizers") or []
        if FOREGROUND in finalizers:
            now = copy(held)
            now["metadata"]["finalizers"] = [one for one in finalizers if one != FOREGROUND]
            self._put(BY_KIND[key[0]], key, held, now)

    def _orphan(self, uid: str) -> None:
        for key in sorted(self._dependents.get(uid, ())):
            held = self._held[key]
            now = copy(held)
            left = [one for one in references(now) if one["uid"] != uid]
            if left:
                now["metadata"]["ownerReferences"] = left
            else:
                del now["metadata"]["ownerReferences"]
            self._write("MODIFIED", BY_KIND[key[0]], key, now, held)
