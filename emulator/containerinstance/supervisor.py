"""Keeps one container running: starts its process, watches and probes it, restarts it after a pause."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from emulator.containerinstance.events import History, exit_code
from emulator.containers.loopback import ADDRESS, listening_elsewhere, on_loopback
from emulator.containers.ports import free_port
from emulator.containers.probes import EARLY_S, Probe, Verdict, listens
from emulator.images.image import Image, ImageError
from emulator.processes import Handle, Processes

LOG = logging.getLogger("emulator")
BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
STABLE_S = 60.0  # a process that ran so long starts again without a pause
GRACE_S = 30.0  # from SIGTERM to SIGKILL, as Azure gives
CRASHES = 3  # so many ends without ever having been ready count as a failure
TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Spec:
    """A container as it is to run. ``port``: the declared one; the process gets another through PORT, and
    loopback through HOST."""

    group: str
    name: str
    image: Image
    command: tuple[str, ...]
    env: dict[str, str]
    port: int | None
    restart: str
    readiness: Probe | None
    liveness: Probe | None
    folder: Path  # the container's own: its tree and its log


class Supervisor:
    """``start`` returns at once; ``stop`` waits until the process has ended."""

    def __init__(self, spec: Spec, processes: Processes) -> None:
        self.spec = spec
        self.history = History()
        self.log = spec.folder / "log"
        self.local_port: int | None = None
        self.pid: int | None = None  # of the process, while it runs
        self.ready = False
        self.ended = False  # and will not start again
        self._processes = processes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"container {spec.name}", daemon=True)
        self._crashes = 0
        self._been_ready = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the process (SIGTERM, then SIGKILL) and do not start it again."""
        self._stopping.set()
        self._thread.join()

    def abandon(self) -> None:
        """Let whatever becomes of the process be: the emulator goes down and ends it itself."""
        self._stopping.set()

    @property
    def failed(self) -> str:
        """Why the container counts as failed, "" when it does not."""
        state = self.history.state
        if self.ended and state.get("exitCode", 0) != 0:
            return f"exit code {state['exitCode']}"
        if not self._been_ready and self._crashes >= CRASHES:
            return f"it ended {self._crashes} times without having been ready"
        return ""

    def tail(self, lines: int) -> str:
        """The last lines of the log."""
        if not self.log.exists():
            return ""
        with self.log.open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=lines))

    # the thread
    def _run(self) -> None:
        spec = self.spec
        try:
            self.history.event("Pulling", f'pulling image "{spec.image.digest}"')
            image = spec.image.instance(spec.folder / "root")
            self.history.event("Pulled", f'Successfully pulled image "{spec.image.digest}"')
            while not self._stopping.is_set():
                began = time.monotonic()
                code = self._once(image)
                if self._stopping.is_set() or not self._again(code):
                    break
                self._pause(time.monotonic() - began)
        except (ImageError, OSError) as error:
            self.history.event("Failed", str(error), "Warning")
            self.history.terminated(127)
        except Exception as error:
            LOG.exception("container %s of %s", spec.name, spec.group)
            self.history.event("Failed", f"the emulator failed: {error}", "Warning")
            self.history.terminated(1)
        finally:
            self.ready, self.ended = False, True

    def _once(self, image: Image) -> int:
        """Run the process to its end; its exit code."""
        argv, cwd, overlay = image.spawn_spec(list(self.spec.command) or None)
        tree = image.root
        env = {**overlay, "HOME": str(tree / "root"), "TMPDIR": str(tree / "tmp"), **self.spec.env}
        argv = [argv[0], *map(on_loopback, argv[1:])]
        env = {name: on_loopback(value) for name, value in env.items()} | {"HOST": ADDRESS}
        if self.spec.port is not None:
            self.local_port = free_port()
            env["PORT"] = str(self.local_port)
        handle = self._processes.start(f"container {self.spec.name}", argv, cwd=cwd, env=env, log=self.log)
        self.history.running()
        self.history.event("Started", "Started container")
        self.pid = handle.pid
        code = self._watch(handle)
        self.ready, self.pid = False, None
        self.history.terminated(code)
        if code != 0 and not self._stopping.is_set():
            tail = self.tail(TAIL_LINES).strip()
            self.history.event(
                "Failed",
                f"container exited with code {exit_code(code)}; last lines of its log:\n{tail}",
                "Warning",
            )
        return code

    def _watch(self, handle: Handle) -> int:
        began = time.monotonic()
        readiness = Verdict(self.spec.readiness or Probe("/"), good=False)
        liveness = Verdict(self.spec.liveness, good=True) if self.spec.liveness else None
        ask_ready = began
        ask_alive = began + (liveness.probe.initial_delay_s if liveness else 0.0)
        self.ready = self.spec.port is None
        while True:
            try:
                return handle.wait(EARLY_S)
            except TimeoutError:
                pass
            if self._stopping.is_set():
                return handle.terminate(GRACE_S)
            at = time.monotonic()
            if at >= ask_ready:
                before = self.ready
                self._ask_readiness(readiness)
                if self.ready and not before:
                    self._warn_of_exposure(handle.pid)
                ask_ready = at + (readiness.probe.period_s if self.ready else EARLY_S)
            if liveness and at >= ask_alive:
                ask_alive = at + liveness.probe.period_s
                if self._dead(liveness):
                    return handle.terminate(GRACE_S) or 1

    def _ask_readiness(self, verdict: Verdict) -> None:
        port = self.local_port
        if self.spec.port is None or port is None:
            self._been_ready = True
            return
        if self.spec.readiness is None:
            self.ready = self.ready or listens(port)
        else:
            problem = verdict.probe.ask(port)
            if verdict.add(problem) and problem:
                self.history.event("Unhealthy", f"Readiness probe failed: {problem}", "Warning")
            self.ready = verdict.good
        self._been_ready = self._been_ready or self.ready

    def _warn_of_exposure(self, pid: int) -> None:
        """Images that listen everywhere whatever HOST says are common: they run, and the user is told."""
        if found := listening_elsewhere(pid):
            message = (
                f"the container listens at {', '.join(found)}: other machines may reach it. Let it"
                f" listen at the address in the variable HOST ({ADDRESS})"
            )
            self.history.event("ListensBeyondLoopback", message, "Warning")
            LOG.warning("container %s of %s: %s", self.spec.name, self.spec.group, message)

    def _dead(self, verdict: Verdict) -> bool:
        if self.local_port is None:
            return False
        problem = verdict.probe.ask(self.local_port)
        if problem:
            self.history.event("Unhealthy", f"Liveness probe failed: {problem}", "Warning")
        if verdict.add(problem):
            self.history.event("Killing", "Killing container: its liveness probe failed", "Warning")
            return True
        return False

    def _again(self, code: int) -> bool:
        policy = self.spec.restart
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    def _pause(self, ran_s: float) -> None:
        self._crashes = 0 if ran_s > STABLE_S else self._crashes + 1
        self.history.restarts += 1
        pause = 0.0 if ran_s > STABLE_S else BACK_OFF_S[min(self._crashes, len(BACK_OFF_S)) - 1]
        if pause:
            self.history.waiting("CrashLoopBackOff: Back-off restarting failed")
            self._stopping.wait(pause)
