"""One function app that runs: its process, and what triggers its functions."""

from __future__ import annotations

import base64
import json
import logging
import secrets
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from emulator.containers.ports import free_port
from emulator.errors import AzureError, NotEmulated
from emulator.functions import bindings, ncrontab
from emulator.functions.bindings import Function, Unsuitable
from emulator.functions.package import Host
from emulator.functions.queue import Message, Queue
from emulator.home import write_aside
from emulator.processes import Handle, Processes

LOG: Final = logging.getLogger("emulator.functions")
WORKER: Final = Path(__file__).with_name("worker.py")
SECRET: Final = "X-Worker-Secret"  # noqa: S105  a header's name
LOADING_S: Final = 60.0
CALL_S: Final = 300.0
LEASE_S: Final = 600  # for which the host hides a message while its function runs
SHORTEST_PAUSE_S: Final = 0.1
RESTARTS_S: Final = (1.0, 5.0, 30.0)

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spec:
    """folder: of the app, with `wwwroot`, `secret` and `log` in it. queue: makes the client of an account's
    queue by the app's identity. refused: told of what is not emulated."""

    name: str
    folder: Path
    settings: Mapping[str, str]
    environment: Mapping[str, str]
    host: Host
    queue: Callable[[str, str], Queue]
    refused: Callable[[str, str], None]


class Running:
    """`start` returns at once. state: why it does not run, "" while it does or is starting."""

    def __init__(self, spec: Spec, processes: Processes) -> None:
        self.spec = spec
        self.state = "it is starting"
        self.functions: dict[str, Function] = {}
        self.counts: dict[str, int] = {}
        self._processes = processes
        self._stopping = threading.Event()
        self._loaded = threading.Event()
        self._handle: Handle | None = None
        self._port, self._secret = 0, secrets.token_urlsafe(24)
        self._thread = threading.Thread(target=self._run, name=f"function app {spec.name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._loaded.set()
        if self._handle is not None:
            self._handle.terminate(2.0)
        self._thread.join(10.0)

    def ready(self, seconds: float) -> bool:
        """Whether its functions are loaded by then."""
        self._loaded.wait(seconds)
        return not self.state

    def call(self, name: str, given: Json) -> Json:
        """Call a function. Raises Failed with its words, and what keeps the worker from answering."""
        answer = self._post(f"/call/{name}", given, CALL_S)
        self.counts[name] = self.counts.get(name, 0) + 1
        return answer

    def timer(self, name: str, *, past_due: bool = False) -> None:
        self.call(name, {"past_due": past_due})

    # the threads

    def _run(self) -> None:
        for pause in (*RESTARTS_S, None):
            if not self._once() or pause is None:
                return
            self._stopping.wait(pause)
        LOG.error("function app %s: %s", self.spec.name, self.state)

    def _once(self) -> bool:
        """Start the process and look after it; whether to start it again."""
        self._begin()
        if self._stopping.is_set():
            return False
        try:
            described: Any = self._described()
            found = [bindings.function_of(one, self.spec.settings) for one in described]
        except NotEmulated as error:
            self.spec.refused(self.spec.name, error.what)
            return self._failed(error.what)
        except (Unsuitable, OSError, ValueError, Failed) as error:
            return self._failed(f"{error}; see {self.spec.folder / 'log'}")
        self.functions = {one.name: one for one in found}
        self.state = ""
        self._loaded.set()
        threads = [threading.Thread(target=listen, daemon=True) for listen in self._listeners(found)]
        for thread in threads:
            thread.start()
        handle = self._handle
        while handle is not None and not handle.ended.wait(0.5):
            if self._stopping.is_set():
                return False
        self.state = "" if self._stopping.is_set() else f"its process ended; see {self.spec.folder / 'log'}"
        return not self._stopping.is_set()

    def _failed(self, why: str) -> bool:
        self.state = why
        self._loaded.set()
        LOG.error("function app %s: %s", self.spec.name, why)
        if self._handle is not None:
            self._handle.terminate(2.0)
        return False

    def _begin(self) -> None:
        folder, self._port = self.spec.folder, free_port()
        write_aside(folder / "secret", self._secret.encode())
        # -P: the worker's own folder is no place to import from; a file there would hide a module of Python.
        argv = [sys.executable, "-P", "-X", "faulthandler", str(WORKER)]
        argv += [str(folder / "wwwroot"), str(self._port)]
        self._handle = self._processes.start(
            f"function app {self.spec.name}",
            argv,
            cwd=folder / "wwwroot",
            env={**self.spec.environment, **self.spec.settings, "PYTHONUNBUFFERED": "1"},
            log=folder / "log",
        )

    def _described(self) -> Any:
        """What the worker has loaded, once it answers."""
        until = time.monotonic() + LOADING_S
        while not self._stopping.is_set():
            try:
                return self._post("/functions", {}, 5.0)
            except OSError:
                handle = self._handle
                if handle is None or handle.ended.is_set() or time.monotonic() > until:
                    raise
                time.sleep(0.05)
        return []

    def _listeners(self, functions: list[Function]) -> list[Callable[[], None]]:
        found: list[Callable[[], None]] = []
        for function in functions:
            if bindings.disabled(function, self.spec.settings):
                continue
            if function.kind == "queueTrigger":
                found.append(self._queue_listener(function))
            elif function.kind == "timerTrigger":
                found.append(self._timer_listener(function))
        return found

    def _timer_listener(self, function: Function) -> Callable[[], None]:
        schedule = ncrontab.parse(str(function.trigger["schedule"]))

        def listen() -> None:
            if function.trigger.get("runOnStartup"):
                self._logged(function, lambda: self.timer(function.name))
            while self._goes_on():
                due = schedule.after(datetime.now(UTC))
                if self._stopping.wait(max(0.0, (due - datetime.now(UTC)).total_seconds())):
                    return
                if self._goes_on():
                    self._logged(function, lambda: self.timer(function.name))

        return listen

    def _queue_listener(self, function: Function) -> Callable[[], None]:
        name = str(function.trigger["queueName"])
        account = bindings.account_of(str(function.trigger.get("connection", "")), self.spec.settings)
        queue, poison = self.spec.queue(account, name), self.spec.queue(account, f"{name}-poison")

        def listen() -> None:
            pause, told = SHORTEST_PAUSE_S, ""
            while self._goes_on():
                try:
                    taken = queue.take(max(1, self.spec.host.batch), LEASE_S)
                    told = ""
                except AzureError as error:
                    taken = []
                    if str(error.message) != told:  # once for each reason
                        told = str(error.message)
                        LOG.warning("function app %s: %s: %s", self.spec.name, function.name, told)
                for message in taken:
                    self._message(function, message, queue, poison)
                longest = max(SHORTEST_PAUSE_S, self.spec.host.longest_pause)
                pause = SHORTEST_PAUSE_S if taken else min(pause * 2, longest)
                self._stopping.wait(pause)

        return listen

    def _message(self, function: Function, message: Message, queue: Queue, poison: Queue) -> None:
        given = {
            "id": message.id,
            "body": base64.b64encode(message.body()).decode(),
            "dequeue_count": message.deliveries,
            "pop_receipt": message.receipt,
            "inserted": message.inserted.isoformat(),
            "expires": message.expires.isoformat(),
        }
        try:
            if self._logged(function, lambda: self.call(function.name, given)):
                queue.delete(message)
            elif message.deliveries >= self.spec.host.most_deliveries:
                poison.make()
                poison.put(message.text)
                queue.delete(message)
            elif not self._stopping.is_set():
                queue.later(message, int(self.spec.host.again_after))
        except AzureError as error:
            LOG.warning("function app %s: %s: %s", self.spec.name, function.name, error.message)

    def _logged(self, function: Function, call: Callable[[], Any]) -> bool:
        """Whether the call went well."""
        try:
            call()
        except (Failed, OSError) as error:
            LOG.warning("function app %s: %s failed: %s", self.spec.name, function.name, error)
            return False
        return True

    def _goes_on(self) -> bool:
        handle = self._handle
        return not self._stopping.is_set() and handle is not None and not handle.ended.is_set()

    def _post(self, path: str, body: Json, seconds: float) -> Any:
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}",
            json.dumps(body).encode(),
            {SECRET: self._secret, "content-type": "application/json"},
            method="POST",
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(asked, timeout=seconds) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise Failed(str(json.loads(error.read() or b"{}").get("error", error))) from error


class Failed(Exception):
    """A function raised; the text has its words."""
