"""What all controllers of a cluster do with its objects: read, write, tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.kubernetes.controllers.facts import matches, owner
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]
CONTROLLERS: Final = "kube-controller-manager"


class Controller:
    """One of them. told: uid of an object -> what was last said of it, so that it is not said again."""

    def __init__(self, objects: Objects, recorder: Recorder) -> None:
        self.objects = objects
        self.told: dict[str, str] = {}
        self._recorder = recorder

    def all(self, kind: str) -> list[Json]:
        return self.objects.list(kind)

    def write(self, kind: str, one: Json, change: Callable[[Json], None]) -> None:
        self.change(kind, one, change, "status")

    def say(self, kind: str, one: Json, status: Json) -> None:
        """Write a status that is another than the object, as it was read, has."""
        if (one.get("status") or {}) != status:
            self.write(kind, one, as_status(status))

    def owned(self, by: Json, kind: str) -> list[Json]:
        """The objects of a kind whose controller another one is."""
        uid, namespace = by["metadata"]["uid"], by["metadata"]["namespace"]
        return self.objects.list(kind, namespace, lambda one: (owner(one) or {}).get("uid") == uid)

    def selected(self, selector: Json | None, namespace: str) -> list[Json]:
        """The pods of a namespace that a label selector fits."""
        return self.objects.list(
            "Pod", namespace, lambda pod: matches(selector, pod["metadata"].get("labels"))
        )

    def change(
        self,
        kind: str,
        one: Json,
        change: Callable[[Json], None],
        subresource: str = "",
        manager: str = CONTROLLERS,
    ) -> None:
        """Change an object unless it is gone, or another one has its name by now."""
        meta = one["metadata"]

        def same(held: Json) -> None:
            if held["metadata"]["uid"] == meta["uid"]:
                change(held)

        try:
            self.objects.change(
                kind, meta.get("namespace", ""), meta["name"], same, subresource, manager=manager
            )
        except ApiError as error:
            if error.status != 404:
                raise

    def delete(self, kind: str, one: Json) -> None:
        meta = one["metadata"]
        try:
            self.objects.delete(kind, meta.get("namespace", ""), meta["name"], uid=meta["uid"])
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    def tell(self, one: Json, kind: str, reason: str, message: str, source: str) -> None:
        self._recorder.tell(one, kind, reason, message, source=source)


def as_status(status: Json) -> Callable[[Json], None]:
    def put(one: Json) -> None:
        one["status"] = status

    return put
