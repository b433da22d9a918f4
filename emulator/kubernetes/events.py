"""Events: what happened to an object, in the words of whoever did it; the same again counts up."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from emulator.kubernetes.controllers.facts import moment, spell
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]
EVERY: Final = timedelta(minutes=1)
KEPT: Final = timedelta(hours=1)  # as an API server keeps them
FIELDS: Final = ("kind", "namespace", "name", "uid")


class Recorder:
    """Writes the Events of one cluster. Thread-safe."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._lock = threading.Lock()
        self._known: dict[tuple[str, ...], str] = {}  # what is told -> the name of its Event
        self._pruned: dict[str, datetime] = {}  # namespace -> when old ones were last looked for

    def tell(
        self, of: Json, kind: str, reason: str, message: str, field: str = "", source: str = "kubelet"
    ) -> None:
        """kind: Normal or Warning. field: path of the part that it is about. source: who tells."""
        meta, now = of["metadata"], datetime.now(UTC)
        namespace = str(meta.get("namespace") or "default")
        key = (meta["uid"], kind, reason, message, field, source)
        with self._lock:
            self._prune(namespace, now)
            name = self._known.get(key, "")
            if name and self._again(namespace, name, now):
                return
            self._known[key] = name = f"{meta['name']}.{secrets.token_hex(8)}"
            about = {
                "apiVersion": of["apiVersion"],
                "kind": of["kind"],
                "name": meta["name"],
                "uid": meta["uid"],
                "resourceVersion": meta.get("resourceVersion", ""),
                **({"namespace": meta["namespace"]} if meta.get("namespace") else {}),
                **({"fieldPath": field} if field else {}),
            }
            event: Json = {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": about,
                "reason": reason,
                "message": message[:1024],
                "type": kind,
                "source": {"component": source},
                "reportingComponent": source,
                "reportingInstance": "",
                "firstTimestamp": spell(now),
                "lastTimestamp": spell(now),
                "eventTime": None,
                "count": 1,
            }
            try:
                self._objects.create(event, manager=source)
            except ApiError as error:
                if error.status not in (403, 404):  # the namespace is going, or gone
                    raise

    def _again(self, namespace: str, name: str, now: datetime) -> bool:
        def counted(event: Json) -> None:
            event["count"] = int(event.get("count") or 1) + 1
            event["lastTimestamp"] = spell(now)

        try:
            self._objects.change("Event", namespace, name, counted)
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def _prune(self, namespace: str, now: datetime) -> None:
        if now - self._pruned.get(namespace, now - EVERY) < EVERY:
            return
        self._pruned[namespace] = now
        old = [
            event["metadata"]["name"]
            for event in self._objects.list("Event", namespace, lambda one: _old(one, now))
        ]
        for name in old:
            self._objects.delete("Event", namespace, name)
        if old:
            gone = set(old)
            self._known = {key: name for key, name in self._known.items() if name not in gone}


def _old(event: Json, now: datetime) -> bool:
    at = moment(event.get("lastTimestamp") or event["metadata"].get("creationTimestamp"))
    return at is not None and now - at > KEPT
