"""The supervisor binds the port, starts one worker a core, replaces those that die, and ends all together.

Workers are started as programs, not forked, because onnxruntime's threads do not survive a fork.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scoring.settings import Settings
from scoring.worker import FAILED, STARTING, STATUS, VARIABLE, Place

log = logging.getLogger(__name__)

BACKLOG: Final = 2_048
FIRST_WAIT, LAST_WAIT = 0.1, 10.0  # seconds before a dead worker is replaced
LIVED: Final = 30.0  # the start of a worker that lived that long is not why it died
LOOK_SECONDS: Final = 1.0  # between two looks at whether the workers' event loops run
# A worker whose event loop stood still at so many looks in a row is ended. Looks are counted instead of
# seconds, because a platform may halt a whole container for a while, and then nobody looks.
HUNG_LOOKS: Final = 30
# The same for a worker whose event loop has not run yet: loading a large model may take minutes.
UNBORN_LOOKS: Final = 300
# The time after the drain time to answer, to flush telemetry and to end. Platforms kill after 30 s.
END_SECONDS: Final = 28.0
SIGNALS: Final = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}


@dataclass(slots=True)
class Worker:
    place: Place
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 0.0  # seconds that were waited before the latest start
    due: float = 0.0  # while there is no process: when to start one
    first_beat: int = 0  # the latest beat of the processes before this one
    beat: int = 0  # at the last look
    still: int = 0  # how many looks in a row found the same beat

    def served(self) -> bool:
        """Whether this process got as far as its event loop."""
        return self.place.last_beat(self.place.number) != self.first_beat


class Supervisor:
    """Runs `program` in each worker, with the environment and the worker's place."""

    def __init__(self, settings: Settings, environment: Mapping[str, str], program: list[str]) -> None:
        self._settings, self._program = settings, program
        self._environment = dict(environment)
        if not self._environment.get("SCORING_HASH_KEY", "").strip():
            # without a common key, workers would hash the same value differently
            self._environment["SCORING_HASH_KEY"] = secrets.token_hex(32)

    def run(self) -> int:
        """The exit code: 0 when the service was asked to end and all workers ended well.

        Raises OSError when the port cannot be bound.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # `sigtimedwait` takes them instead of a handler
        listener = _bound(self._settings.host, self._settings.port)
        memory = os.memfd_create("scoring")
        os.ftruncate(memory, STATUS)
        alive, _kept_open = os.pipe()
        count = self._settings.workers
        workers = [Worker(Place(i, count, listener.fileno(), memory, alive)) for i in range(count)]
        log.info("starting workers", extra={"workers": count, "port": self._settings.port})
        code = self._watch(workers)
        listener.close()
        return self._end(workers, code)

    def _watch(self, workers: list[Worker]) -> int:
        """Keep the workers running until the service is asked to end (0), or cannot start (1)."""
        looked = time.monotonic()
        while True:
            now = time.monotonic()
            for worker in workers:
                if worker.process is None and worker.due <= now:
                    self._start(worker)
            due = min(
                (worker.due for worker in workers if worker.process is None), default=now + LOOK_SECONDS
            )
            found = signal.sigtimedwait(SIGNALS, max(0.0, min(due - now, LOOK_SECONDS)))
            if found is not None and found.si_signo != signal.SIGCHLD:
                return 0
            for worker in workers:
                code = None if worker.process is None else worker.process.poll()
                if code is not None and not self._died(worker, code):
                    return 1
            if all(worker.process is None and _failed(worker) for worker in workers):
                log.critical("no worker can be started again: the service ends")
                return 1
            if time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                for worker in workers:
                    _end_if_hung(worker)

    def _start(self, worker: Worker) -> None:
        place = worker.place
        worker.started, worker.still = time.monotonic(), 0
        worker.first_beat = worker.beat = place.last_beat(place.number)
        try:
            worker.process = subprocess.Popen(
                self._program,
                env=self._environment | {VARIABLE: place.text()},
                pass_fds=[place.listener, place.memory, place.alive],
            )
        except OSError as error:  # the system has no memory or no process left; the other workers go on
            self._later(worker)
            more = {"worker": place.number, "reason": str(error), "again_in_seconds": worker.wait}
            log.error("a worker could not be started", extra=more)

    def _died(self, worker: Worker, code: int) -> bool:
        """Plan a successor. False when a worker refused its first start: the service does not start."""
        lived = time.monotonic() - worker.started
        worker.process = None
        place = worker.place
        if code > 0 and place.state(place.number) == STARTING:
            return False
        if code > 0 and not worker.served():  # it refused to start, and logged why
            place.say_failed(place.number)
        if lived >= LIVED:
            worker.wait = 0.0
        self._later(worker)
        more = {"worker": place.number, "exit_code": code, "seconds": round(lived, 1)}
        log.warning("a worker has ended and will be replaced", extra=more)
        return True

    def _later(self, worker: Worker) -> None:
        """Plan to start the worker again, after twice the time that was waited before."""
        worker.wait = min(max(FIRST_WAIT, 2 * worker.wait), LAST_WAIT)
        worker.due = time.monotonic() + worker.wait

    def _end(self, workers: list[Worker], code: int) -> int:
        running = [worker.process for worker in workers if worker.process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._settings.drain_seconds + END_SECONDS
        while any(process.poll() is None for process in running) and time.monotonic() < deadline:
            found = signal.sigtimedwait(SIGNALS, 0.2)
            if found is not None and found.si_signo != signal.SIGCHLD:
                for process in running:
                    process.send_signal(signal.SIGTERM)  # whoever asks twice does not want to wait
        late = [process for process in running if process.poll() is None]
        for process in late:
            process.kill()
        if late:
            log.error("workers did not end in time", extra={"workers": len(late)})
        codes = [process.wait() for process in running]
        # SIGTERM ends a worker that has not begun to serve, and that is no failure
        return code or int(any(found not in (0, -signal.SIGTERM) for found in codes))


def _failed(worker: Worker) -> bool:
    return worker.place.state(worker.place.number) == FAILED


def _end_if_hung(worker: Worker) -> None:
    """Kill a worker whose event loop stands still, or does not begin to run, so that another replaces it."""
    beat = worker.place.last_beat(worker.place.number)
    worker.still = worker.still + 1 if beat == worker.beat else 0
    worker.beat = beat
    most = HUNG_LOOKS if worker.served() else UNBORN_LOOKS
    if worker.process is not None and worker.still >= most:
        worker.still = 0
        log.error("a worker does not get on and is ended", extra={"worker": worker.place.number})
        worker.process.kill()


def supervise(settings: Settings) -> int:
    try:
        return Supervisor(settings, os.environ, [sys.executable, "-m", "scoring"]).run()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        reason = f"HOST and PORT: {where} cannot be bound: {(error.strerror or str(error)).lower()}"
        log.critical("the service cannot start", extra={"reason": reason})
        return 1


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener
