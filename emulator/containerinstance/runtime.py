"""The container groups that run: one supervisor a container, started and stopped with their group."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.arm.ids import fold
from emulator.containerinstance.supervisor import Spec, Supervisor
from emulator.home import Home, private
from emulator.processes import Processes

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Running:
    """A group that was started."""

    key: str  # of what it runs: the same key again changes nothing
    containers: dict[str, Supervisor]


class Runtime:
    """Groups by their folded ARM id. Starting and stopping one group is one step after another."""

    def __init__(self, home: Home, processes: Processes) -> None:
        self._root = home.containers
        self._processes = processes
        self._groups: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._busy: dict[str, threading.RLock] = {}

    def folder(self, group_id: str) -> Path:
        """Where a group's containers keep their trees and logs."""
        name = group_id.rsplit("/", 1)[-1].lower()
        return self._root / f"{name}-{hashlib.sha256(fold(group_id).encode()).hexdigest()[:12]}"

    def start(self, group_id: str, key: str, specs: Callable[[], list[Spec]]) -> None:
        """Run a group; one that already runs the same ``key`` is left alone, any other is replaced."""
        with self._one_at_a_time(group_id):
            running = self.find(group_id)
            if running is not None and running.key == key:
                return
            self._stop(group_id)
            shutil.rmtree(self.folder(group_id), ignore_errors=True)
            containers: dict[str, Supervisor] = {}
            for spec in specs():
                private(spec.folder)
                containers[spec.name] = Supervisor(spec, self._processes)
            with self._lock:
                self._groups[fold(group_id)] = Running(key, containers)
            for supervisor in containers.values():
                supervisor.start()

    def stop(self, group_id: str) -> None:
        """End a group's containers; their logs stay."""
        with self._one_at_a_time(group_id):
            self._stop(group_id)

    def remove(self, group_id: str) -> None:
        """End a group's containers and remove what they wrote."""
        with self._one_at_a_time(group_id):
            self._stop(group_id)
            shutil.rmtree(self.folder(group_id), ignore_errors=True)

    def find(self, group_id: str) -> Running | None:
        with self._lock:
            return self._groups.get(fold(group_id))

    def processes(self) -> dict[str, dict[str, int]]:
        """The processes of containers that run, by container, by the folded id of their group."""
        with self._lock:
            groups = dict(self._groups)
        return {
            group: {name: one.pid for name, one in running.containers.items() if one.pid is not None}
            for group, running in groups.items()
        }

    def close(self) -> None:
        """The emulator goes down: nothing is to be started again."""
        with self._lock:
            groups, self._groups = self._groups, {}
        for group in groups.values():
            for supervisor in group.containers.values():
                supervisor.abandon()

    def _stop(self, group_id: str) -> None:
        with self._lock:
            running = self._groups.pop(fold(group_id), None)
        if running is not None:
            threads = [threading.Thread(target=one.stop) for one in running.containers.values()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def _one_at_a_time(self, group_id: str) -> threading.RLock:
        with self._lock:
            return self._busy.setdefault(fold(group_id), threading.RLock())


def state(running: Running | None) -> str:
    """The state of a group: Stopped, Pending, Running, Succeeded or Failed.

    Running means that every port answers (and every readiness probe holds); Failed that a container has ended
    for good with an error, or ended again and again without having been ready.
    """
    if running is None:
        return "Stopped"
    containers = list(running.containers.values())
    if any(one.failed for one in containers):
        return "Failed"
    if all(one.ended for one in containers):
        return "Succeeded"
    return "Running" if all(one.ready or one.ended for one in containers) else "Pending"


def group_events(running: Running | None) -> list[Json]:
    """The events of a group: why its containers failed."""
    if running is None:
        return []
    return [
        {"count": 1, "name": "Failed", "type": "Warning", "message": f"container {name}: {one.failed}"}
        for name, one in running.containers.items()
        if one.failed
    ]
