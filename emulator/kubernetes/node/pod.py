"""One pod on its node: its volumes, its containers, its end, and its status in the API."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from emulator.home import private
from emulator.images.image import Image
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.node import refusals, volumes
from emulator.kubernetes.node.container import Container
from emulator.kubernetes.node.status import status
from emulator.kubernetes.node.surroundings import Surroundings
from emulator.kubernetes.node.variables import Lookup, Missing, of_container
from emulator.kubernetes.objects import Objects
from emulator.processes import Processes

LOG = logging.getLogger("emulator")
Json = dict[str, Any]
Tell = Callable[[Json, str, str, str, str], None]
"""(object, type, reason, message, field path): an Event"""
RETRY_S: Final = 5.0  # until a volume that could not be made is tried again
MANAGER: Final = "kubelet"


@dataclass(frozen=True, slots=True)
class Ground:
    """What a node gives to a pod. admit: the variables of its workload. dismiss: it has ended. addresses: of
    the node and of the pod."""

    objects: Objects
    processes: Processes
    folder: Path
    addresses: tuple[str, str]
    pull: Callable[[str], Image]
    lookup: Lookup
    token: volumes.Token
    admit: Callable[[], Mapping[str, str]]
    dismiss: Callable[[], None]
    tell: Tell


class Pod:
    """``start`` returns at once; ``stop`` asks for the end, which its own thread carries out and reports."""

    def __init__(self, pod: Json, ground: Ground) -> None:
        self.object = pod
        self.uid: str = pod["metadata"]["uid"]
        self._ground = ground
        self._meta = pod["metadata"]
        self._key = ("Pod", self._meta["namespace"], self._meta["name"])
        self._ending = threading.Event()
        self._grace_s = 30.0
        self._lock = threading.RLock()
        self._abandoned = False
        self._gone = False
        self._tokens: list[volumes.TokenFile] = []
        self._workload: dict[str, str] = {}
        self._refused = refusals.refusals(pod["spec"])
        before = {one["name"]: one for one in (pod.get("status") or {}).get("containerStatuses") or []}
        self._volumes = ground.folder / "volumes"
        around = self._around()
        # Names that are no names of folders are refused, and get none.
        found = [] if self._refused else pod["spec"]["containers"]
        self.containers = {one["name"]: Container(one, around, before.get(one["name"])) for one in found}
        self._thread = threading.Thread(target=self._run, name=f"pod {self._meta['name']}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, grace_s: float) -> None:
        """End it within so many seconds."""
        with self._lock:
            again = self._ending.is_set()
            if again and grace_s >= self._grace_s:
                return
            self._grace_s = grace_s
        self._ending.set()
        if again:
            for one in self.containers.values():
                one.stop(grace_s)

    def lose(self) -> None:
        """The object is gone: end its processes at once, and say nothing of it."""
        self._gone = True
        self.stop(0.0)

    def abandon(self) -> None:
        """The emulator goes down, and ends the processes itself."""
        self._abandoned = True
        for one in self.containers.values():
            one.abandon()
        self._ending.set()

    def join(self) -> None:
        self._thread.join()

    def local_port(self, port: int) -> int | None:
        """Where a port of it answers on this machine; None unless a ready container has it."""
        for one in self.containers.values():
            if one.port == port and one.ready:
                return one.local_port
        return None

    @property
    def address(self) -> str:
        """Its own."""
        return self._ground.addresses[1]

    @property
    def token_s(self) -> float | None:
        """After how many seconds its tokens are to be written anew; None where it has none."""
        lives = [
            float((source.get("serviceAccountToken") or {}).get("expirationSeconds") or volumes.LIFETIME_S)
            for volume in self.object["spec"].get("volumes") or []
            for source in (volume.get("projected") or {}).get("sources") or []
            if source.get("serviceAccountToken")
        ]
        return min(lives) * volumes.RENEWED if lives else None

    def renew(self) -> float | None:
        """Write its tokens anew; in how many seconds again, None where it has none."""
        for one in self._tokens:
            volumes.write_token(one, self._ground.token)
        return self.token_s

    # the thread

    def _run(self) -> None:
        try:
            self.changed()
            if self._refused:
                self._refuse()
            elif self._prepare():
                for one in self.containers.values():
                    one.start()
            self._ending.wait()
            self._end()
        except Exception:
            LOG.exception("pod %s", self._meta["name"])

    def _refuse(self) -> None:
        words = f"not emulated: {', '.join(self._refused)}"
        self._ground.tell(self.object, "Warning", "Failed", f"Error: {words}", "")
        LOG.warning("pod %s: %s", self._meta["name"], words)

    def _prepare(self) -> bool:
        """Make the volumes; False where it is to end first."""
        while not self._ending.is_set():
            try:
                private(self._volumes)
                self._tokens = volumes.fill(
                    self.object, self._volumes, self._ground.lookup, self._ground.token
                )
                self._workload = dict(self._ground.admit())
                return True
            except Missing as error:
                self._ground.tell(self.object, "Warning", "FailedMount", str(error), "")
                self._ending.wait(RETRY_S)
        return False

    def _end(self) -> None:
        if self._abandoned:
            return
        with self._lock:
            grace = self._grace_s
        for one in self.containers.values():
            one.stop(grace)
        for one in self.containers.values():
            one.join()
        if self._abandoned:  # meanwhile: there may be no store any more
            return
        self.changed(alive=False)
        self._ground.dismiss()
        self._remove()
        shutil.rmtree(self._ground.folder, ignore_errors=True)

    def _remove(self) -> None:
        if self._gone:
            return
        kind, namespace, name = self._key
        try:
            self._ground.objects.delete(kind, namespace, name, grace_s=0, uid=self.uid)
        except ApiError as error:
            LOG.debug("pod %s: %s", name, error)

    # what is told

    def _around(self) -> Surroundings:
        meta, spec, ground = self._meta, self.object["spec"], self._ground
        grace = spec.get("terminationGracePeriodSeconds")

        def variables(container: Json) -> Mapping[str, str]:
            seen = {**self.object, "status": {**(self.object.get("status") or {}), **self._addresses()}}
            return {**self._workload, **of_container(container, seen, ground.lookup)}

        def mounted(container: Json) -> Mapping[str, Path]:
            return volumes.mounts(container, self._volumes)

        def say(kind: str, reason: str, message: str, field: str) -> None:
            ground.tell(self.object, kind, reason, message, field)

        return Surroundings(
            name=meta["name"],
            namespace=meta["namespace"],
            uid=meta["uid"],
            address=ground.addresses[1],
            policy=spec.get("restartPolicy", "Always"),
            grace_s=30.0 if grace is None else float(grace),
            folder=ground.folder,
            processes=ground.processes,
            pull=ground.pull,
            variables=variables,
            mounts=mounted,
            say=say,
            changed=self.changed,
        )

    def _addresses(self) -> Json:
        host, own = self._ground.addresses
        return {"hostIP": host, "podIP": own}

    def changed(self, *, alive: bool = True) -> None:
        """Write what is so now into the object's status."""
        if self._abandoned or self._gone:
            return

        def now(pod: Json) -> None:
            if pod["metadata"]["uid"] != self.uid:
                return
            states = [one.state for one in self.containers.values()]
            made = status(pod, states, self._ground.addresses, datetime.now(UTC), alive=alive)
            if self._refused:
                words = f"not emulated: {', '.join(self._refused)}"
                made |= {"reason": "NotEmulated", "message": words}
            pod["status"] = {**(pod.get("status") or {}), **made}
            pod["status"].setdefault("startTime", pod["metadata"]["creationTimestamp"])

        kind, namespace, name = self._key
        with self._lock:
            try:
                self._ground.objects.change(kind, namespace, name, now, "status", manager=MANAGER)
            except ApiError as error:
                if error.status != 404:
                    raise
                self._gone = True
