"""One container of a pod: a thread that pulls its image, starts, probes, restarts and ends its process."""

from __future__ import annotations

import http.client
import itertools
import logging
import secrets
import shutil
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from emulator.containers.loopback import ADDRESS, listening_elsewhere
from emulator.containers.ports import free_port
from emulator.images.image import Image, ImageError
from emulator.kubernetes.controllers.facts import amount, spell
from emulator.kubernetes.node import measure
from emulator.kubernetes.node.backoff import Backoff
from emulator.kubernetes.node.backoff import spell as spell_wait
from emulator.kubernetes.node.preparation import check_user, prepared
from emulator.kubernetes.node.probing import Check, Course, check_of, port_of
from emulator.kubernetes.node.status import State, first, waiting_for
from emulator.kubernetes.node.surroundings import PullError, Surroundings
from emulator.kubernetes.node.variables import Missing
from emulator.processes import Handle

LOG = logging.getLogger("emulator")
Json = dict[str, Any]
LEAST_GRACE_S: Final = 2.0  # that a process has after SIGTERM, however long its preStop hook took
CONFIG_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)  # until a container that cannot be made is looked at again
MEMORY_S: Final = 2.0  # between two looks at a container that has a limit of memory
KILLED: Final = 137


class Container:
    """``start`` returns at once. ``stop`` asks for the end, ``join`` waits for it."""

    def __init__(self, spec: Json, around: Surroundings, before: Json | None = None) -> None:
        """before: its entry in containerStatuses, of a pod that ran when the emulator went down."""
        self.spec = spec
        self.name: str = spec["name"]
        self.folder = around.folder / self.name
        self.log = self.folder / "log"
        self.previous = self.folder / "log.previous"
        self.local_port: int | None = None
        self.pid: int | None = None
        self._around = around
        checks = [check_of(spec.get(f"{kind}Probe"), spec) for kind in ("startup", "readiness", "liveness")]
        self._startup, self._readiness, self._liveness = checks
        declared = [int(one["containerPort"]) for one in spec.get("ports") or []]
        self.port = next(iter([*declared, *(check.port for check in checks if check)]), None)
        limit = ((spec.get("resources") or {}).get("limits") or {}).get("memory")
        self._limit = amount(limit)
        self._lock = threading.Lock()
        self._state = first(spec, before)
        self._back_off, self._pull_back_off = Backoff(), Backoff(at_once=False)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._abandoned = False
        self._deadline = 0.0
        self._handle: Handle | None = None
        self._killed = ""  # why the node ended the process
        self._thread = threading.Thread(target=self._run, name=f"{around.name}/{self.name}", daemon=True)
        self.ended = False  # and will not start again

    @property
    def state(self) -> State:
        with self._lock:
            return self._state

    @property
    def ready(self) -> bool:
        return self.state.ready

    def start(self) -> None:
        self._thread.start()

    def stop(self, grace_s: float) -> None:
        """Ask for the end within so many seconds, preStop hook included; sooner where it was asked before."""
        deadline = time.monotonic() + grace_s
        with self._lock:
            sooner = not self._stopping.is_set() or deadline < self._deadline
            self._deadline = deadline if sooner else self._deadline
            handle = self._handle
            again = self._stopping.is_set()
        self._stopping.set()
        self._wake.set()
        if again and sooner and handle is not None and grace_s <= LEAST_GRACE_S:
            handle.terminate(grace_s)

    def join(self) -> None:
        if self._thread.ident is not None:
            self._thread.join()

    def abandon(self) -> None:
        """The emulator goes down, and ends the process itself: nothing is to be said of it."""
        self._abandoned = True
        self._stopping.set()
        self._wake.set()

    # the thread

    def _run(self) -> None:
        try:
            image = self._pulled()
            while image is not None and not self._stopping.is_set():
                code = self._once(image)
                if self._stopping.is_set() or not self._again(code):
                    break
                self._wait_to_restart()
        except Exception as error:
            LOG.exception("container %s of pod %s", self.name, self._around.name)
            self._say("Warning", "Failed", f"the emulator failed: {error}")
        finally:
            self.ended = True
            self._set(ready=False, started=False)

    def _again(self, code: int) -> bool:
        policy = self._around.policy
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    def _wait_to_restart(self) -> None:
        wait = self._back_off.failed(time.monotonic())
        ended = self.state.state
        if wait:
            words = (
                f"back-off {spell_wait(wait)} restarting failed container={self.name} pod={self._around.pod}"
            )
            self._set(state=waiting_for("CrashLoopBackOff", words), last=ended)
            self._say(
                "Warning",
                "BackOff",
                f"Back-off restarting failed container {self.name} in pod {self._around.pod}",
            )
            self._stopping.wait(wait)
        if not self._stopping.is_set():
            self._set(last=ended, restarts=self.state.restarts + 1)

    def _pulled(self) -> Image | None:
        """The image; tried again, with pauses, until it can be had or the pod is to end."""
        name = self.spec["image"]
        while not self._stopping.is_set():
            self._say("Normal", "Pulling", f'Pulling image "{name}"')
            began = time.monotonic()
            try:
                image = self._around.pull(name)
            except PullError as error:
                reason = "ErrImagePull"
                self._say("Warning", "Failed", f'Failed to pull image "{name}": {error}')
                self._say("Warning", "Failed", f"Error: {reason}")
                self._set(state=waiting_for(reason, str(error)))
                wait = self._pull_back_off.failed(time.monotonic())
                self._stopping.wait(1.0)
                if self._stopping.is_set():
                    break
                self._say("Normal", "BackOff", f'Back-off pulling image "{name}"')
                self._say("Warning", "Failed", "Error: ImagePullBackOff")
                words = f'Back-off pulling image "{name}": {reason}: {error}'
                self._set(state=waiting_for("ImagePullBackOff", words))
                self._stopping.wait(wait)
                continue
            took = f"{(time.monotonic() - began) * 1000:.0f}ms"
            self._say(
                "Normal",
                "Pulled",
                f'Successfully pulled image "{name}" in {took} ({took} including waiting).',
            )
            repository = name.partition("@")[0]
            head, _, tail = repository.rpartition("/")
            self._set(image_id=f"{head}/{tail.partition(':')[0]}@{image.digest}".lstrip("/"))
            return image
        return None

    def _once(self, image: Image) -> int:
        """Run the process to its end; its exit code."""
        began = datetime.now(UTC)
        identifier = f"containerd://{secrets.token_hex(32)}"
        try:
            prepared = self._prepare(image)
        except (ImageError, OSError) as error:
            return self._unstartable(str(error), began, identifier)
        if prepared is None:
            return 0
        argv, cwd, env = prepared
        self._say("Normal", "Created", f"Created container: {self.name}")
        self._killed_as("")
        if self.log.exists():
            shutil.move(self.log, self.previous)
        try:
            handle = self._around.processes.start(
                f"pod {self._around.name}/{self.name}",
                argv,
                cwd=cwd,
                env=env,
                log=self.log,
                on_exit=lambda _: self._wake.set(),
            )
        except OSError as error:
            return self._unstartable(str(error), began, identifier)
        except RuntimeError:  # the emulator is going down
            self._abandoned = True
            self._stopping.set()
            return 0
        with self._lock:
            self._handle, self.pid = handle, handle.pid
        self._set(
            state={"running": {"startedAt": spell(began)}},
            container_id=identifier,
            started=self._startup is None,
            ready=self._startup is None and self._readiness is None,
        )
        self._say("Normal", "Started", f"Started container {self.name}")
        code = self._watch(handle)
        with self._lock:
            self._handle = self.pid = None
        if self._killed == "OOMKilled":
            code = KILLED
        code = 128 - code if code < 0 else code
        reason = self._killed or ("Completed" if code == 0 else "Error")
        self._end(code, reason, began, identifier)
        return code

    def _killed_as(self, reason: str) -> None:
        self._killed = reason

    def _end(self, code: int, reason: str, began: datetime, identifier: str, message: str = "") -> None:
        ended: Json = {"exitCode": code, "reason": reason}
        ended |= {"message": message} if message else {}
        ended |= {
            "startedAt": spell(began),
            "finishedAt": spell(datetime.now(UTC)),
            "containerID": identifier,
        }
        self._set(state={"terminated": ended}, ready=False, started=False, container_id=identifier)

    def _prepare(self, image: Image) -> tuple[list[str], Path, dict[str, str]] | None:
        """What to start; tried again until all that it refers to is there, None where it is to end first."""
        for times in itertools.count():
            try:
                check_user(self.spec, image, self._around.pod)
                port = free_port() if self.port is not None else None
                made = prepared(self.spec, image, self.folder, self._around, port)
                self.local_port = port
                return made
            except Missing as error:
                self._await(str(error), times)
            if self._stopping.is_set():
                break
        return None

    def _await(self, problem: str, times: int) -> None:
        """What it refers to is not there: it is looked for again after a while, as the kubelet does."""
        self._set(state=waiting_for("CreateContainerConfigError", problem))
        self._say("Warning", "Failed", f"Error: {problem}")
        self._stopping.wait(CONFIG_S[min(times, len(CONFIG_S) - 1)])

    def _unstartable(self, problem: str, began: datetime, identifier: str) -> int:
        words = f"failed to create containerd task: failed to create shim task: {problem}: unknown"
        self._say("Warning", "Failed", f"Error: {words}")
        self._end(128, "StartError", began, identifier, words)
        return 128

    # while it runs

    def _watch(self, handle: Handle) -> int:
        began = time.monotonic()
        startup = Course(self._startup, began, good=False) if self._startup else None
        readiness, liveness = (None, None) if startup else self._begin(time.monotonic())
        memory_at = began + MEMORY_S if self._limit else float("inf")
        warned = False
        while True:
            due = [course.due for course in (startup, readiness, liveness) if course]
            pause = min([memory_at, *due]) - time.monotonic()
            self._wake.wait(None if pause == float("inf") else max(0.0, pause))
            self._wake.clear()
            if handle.poll() is not None:
                return handle.wait()
            if self._stopping.is_set():
                return self._finish(handle)
            at = time.monotonic()
            if at >= memory_at:
                memory_at = at + MEMORY_S
                if (measure.memory(handle.pid, self._limit) or 0) > self._limit:
                    self._killed_as("OOMKilled")
                    return handle.terminate(0)
            if startup and at >= startup.due:
                if self._failed(startup, "Startup"):
                    return self._kill(handle, "startup", self._startup)
                if startup.verdict.good:
                    startup = None
                    readiness, liveness = self._begin(time.monotonic())
                    self._set(started=True, ready=readiness is None)
            if readiness and at >= readiness.due:
                self._failed(readiness, "Readiness")
                if readiness.verdict.good != self.ready:
                    self._set(ready=readiness.verdict.good)
            if liveness and at >= liveness.due and self._failed(liveness, "Liveness"):
                return self._kill(handle, "liveness", self._liveness)
            if self.ready and not warned:
                warned = True
                self._warn_of_exposure(handle.pid)

    def _begin(self, at: float) -> tuple[Course | None, Course | None]:
        """Readiness and liveness are asked once it has started."""
        readiness = Course(self._readiness, at, good=False) if self._readiness else None
        return readiness, Course(self._liveness, at, good=True) if self._liveness else None

    def _failed(self, course: Course, label: str) -> bool:
        """Ask a probe; whether it has just failed for good."""
        local = self.local_port if course.check.port == self.port else None
        # Nothing listens at a port that the container does not have.
        problem, counts, flipped = (
            course.ask(local, self._around.address)
            if local is not None
            else course.take(
                f"dial tcp {self._around.address}:{course.check.port}: connect: connection refused",
                time.monotonic(),
            )
        )
        if problem and counts:
            self._say("Warning", "Unhealthy", f"{label} probe failed: {problem}")
        if label == "Startup":
            # Its verdict begins as not good: it has failed when so many answers in a row were none.
            course.failures = course.failures + 1 if problem and counts else course.failures
            return course.failures >= course.check.probe.failures and not course.verdict.good
        return flipped and not course.verdict.good

    def _kill(self, handle: Handle, probe: str, check: Check | None) -> int:
        words = f"Container {self.name} failed {probe} probe, will be restarted"
        self._say("Normal", "Killing", words)
        grace = check.grace_s if check and check.grace_s is not None else self._around.grace_s
        with self._lock:
            if not self._stopping.is_set():
                self._deadline = time.monotonic() + grace
        self._set(ready=False)
        return self._finish(handle, say=False)

    def _finish(self, handle: Handle, *, say: bool = True) -> int:
        """preStop, SIGTERM, and SIGKILL when the time is up."""
        if self._abandoned:
            return 0
        if say:
            self._say("Normal", "Killing", f"Stopping container {self.name}")
        hook = (self.spec.get("lifecycle") or {}).get("preStop") or {}
        if hook and self._deadline > time.monotonic():
            self._hook(handle, hook)
        left = self._deadline - time.monotonic()
        return handle.terminate(max(left, LEAST_GRACE_S) if hook or left > 0 else 0.0)

    def _hook(self, handle: Handle, hook: Json) -> None:
        if sleep := hook.get("sleep"):
            until = time.monotonic() + float(sleep["seconds"])
            while (left := min(until, self._deadline) - time.monotonic()) > 0 and handle.poll() is None:
                self._wake.wait(left)
                self._wake.clear()
            return
        asked = hook.get("httpGet") or {}
        port = port_of(asked.get("port", 0), self.spec)
        headers = {str(one["name"]): str(one.get("value", "")) for one in asked.get("httpHeaders") or ()}
        left = max(0.1, self._deadline - time.monotonic())
        connection = http.client.HTTPConnection(
            ADDRESS, self.local_port if port == self.port and self.local_port else 1, timeout=left
        )
        try:
            connection.request("GET", str(asked.get("path") or "/"), headers=headers)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            self._say("Warning", "FailedPreStopHook", f"PreStopHook failed: {error}")
        finally:
            connection.close()

    # what is told

    def _set(self, **changes: Any) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)
        if not self._abandoned:
            self._around.changed()

    def _say(self, kind: str, reason: str, message: str) -> None:
        if not self._abandoned:
            self._around.say(kind, reason, message, f"spec.containers{{{self.name}}}")

    def _warn_of_exposure(self, pid: int) -> None:
        """Images that listen everywhere whatever HOST says are common: they run, and the user is told."""
        if found := listening_elsewhere(pid):
            message = (
                f"the container listens at {', '.join(found)}: other machines may reach it. Let it listen at "
                f"the address in the variable HOST ({ADDRESS})"
            )
            self._say("Warning", "ListensBeyondLoopback", message)
            LOG.warning("container %s of pod %s: %s", self.name, self._around.name, message)
