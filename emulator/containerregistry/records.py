"""The runs of a registry as ARM shows them: one resource each, changed by the run's own thread."""

from __future__ import annotations

import threading
from typing import Any

from emulator import times
from emulator.arm.store import Store
from emulator.containerregistry.registries import REGISTRY
from emulator.containerregistry.requests import DockerBuild

RUN = f"{REGISTRY}/runs"
COUNTER = "registry-runs"
INTERRUPTED = "interrupted: the emulator stopped during the run"
ENDED = ("Succeeded", "Failed", "Canceled", "Error", "Timeout")


class Records:
    """Reads and writes runs; a run that has ended changes no more, save its archive flag."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()

    def create(self, registry: dict[str, Any], build: DockerBuild) -> dict[str, Any]:
        """A new run in the queue. Ids count up and never come again, not even in a registry made anew."""
        with self._lock, self.store.transaction():
            number = int(self.store.document(COUNTER, "last") or 0) + 1
            self.store.put_document(COUNTER, "last", number)
            name = f"ca{number:x}"
            now = times.now()
            run: dict[str, Any] = {
                "id": f"{registry['id']}/runs/{name}",
                "name": name,
                "type": RUN,
                "properties": {
                    "runId": name,
                    "status": "Queued",
                    "runType": "QuickBuild",
                    "createTime": now,
                    "lastUpdatedTime": now,
                    "platform": build.platform,
                    "agentConfiguration": {"cpu": 2},
                    "provisioningState": "Succeeded",
                    "isArchiveEnabled": build.archive,
                    **({"agentPoolName": build.pool} if build.pool else {}),
                },
            }
            self.store.put(run["id"], run)
            return run

    def change(self, run_id: str, status: str, **properties: Any) -> bool:
        """Bring a run that has not ended into a status; False when it has ended, or is gone."""
        with self._lock, self.store.transaction():
            run = self.store.get(run_id)
            if run is None or run["properties"]["status"] in ENDED:
                return False
            run["properties"] |= {"status": status, "lastUpdatedTime": times.now(), **properties}
            if status == "Running":
                run["properties"].setdefault("startTime", times.now())
            if status in ENDED:
                run["properties"]["finishTime"] = times.now()
                run["properties"]["provisioningState"] = {
                    "Succeeded": "Succeeded",
                    "Canceled": "Canceled",
                }.get(status, "Failed")
            self.store.put(run_id, run)
            return True

    def ended(self) -> list[dict[str, Any]]:
        """The runs that have ended, of all registries."""
        return [run for run in self.store.by_type(RUN) if run["properties"]["status"] in ENDED]

    def fail_interrupted(self) -> None:
        """Called at the start: what had not ended when the last process died will not end by itself."""
        for run in self.store.by_type(RUN):
            self.change(run["id"], "Failed", runErrorMessage=INTERRUPTED)
