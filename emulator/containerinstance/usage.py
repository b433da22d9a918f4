"""What container groups use, as Azure measures it: CpuUsage in thousandths of a core, "
"MemoryUsage in bytes."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final

from emulator.containerinstance.runtime import Runtime
from emulator.kubernetes.node import measure
from emulator.monitor.kql.values import ticks_of
from emulator.monitor.metrics.book import Book

LOG: Final = logging.getLogger("emulator.containerinstance")
EVERY_S: Final = 5.0


class Usage:
    """Asks the kernel every few seconds, while groups run."""

    def __init__(self, runtime: Runtime, book: Book) -> None:
        self._runtime, self._book = runtime, book
        self._stop = threading.Event()
        self._before: dict[int, tuple[float, float]] = {}  # process -> time and CPU seconds

    def start(self) -> None:
        threading.Thread(target=self._loop, name="container-usage", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def take(self) -> None:
        """Measure each container that runs, once."""
        before, self._before = self._before, {}
        for group, containers in self._runtime.processes().items():
            for name, pid in containers.items():
                self._one(group, name, pid, before.get(pid))

    def _one(self, group: str, name: str, pid: int, before: tuple[float, float] | None) -> None:
        used, at = measure.cpu_seconds(pid), time.monotonic()
        held = measure.memory(pid)
        if used is None or held is None:
            return
        self._before[pid] = (at, used)
        now, dimensions = ticks_of(datetime.now(UTC)), {"containerName": name}
        self._book.write(group, "MemoryUsage", held, now, dimensions)
        if before is not None and at > before[0]:
            cores = max(used - before[1], 0.0) / (at - before[0])
            self._book.write(group, "CpuUsage", cores * 1000, now, dimensions)

    def _loop(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.take()
            except Exception:  # one group that cannot be measured keeps no other from it
                LOG.exception("the use of container groups could not be measured")
