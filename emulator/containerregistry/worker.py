"""Carries builds out: fetches the source, builds, names the image; its log grows in a blob meanwhile."""

from __future__ import annotations

import logging
import re
import shutil
import threading
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator import environment
from emulator.containerregistry.records import INTERRUPTED, Records
from emulator.containerregistry.requests import DockerBuild
from emulator.errors import AzureError
from emulator.home import Home, private
from emulator.images.archive import unpack
from emulator.images.base import BaseError
from emulator.images.builder import BuildCanceled, BuildError, BuildRequest
from emulator.images.context import ContextError
from emulator.images.dockerfile import DockerfileError
from emulator.images.references import BadReference
from emulator.images.store import Images
from emulator.storage.service import Blobs

LOG = logging.getLogger("emulator")
# Where Azure keeps sources and logs of runs: an account of the service's own, reached by SAS alone.
ACCOUNT = "acrtasksinternal"
AT_ONCE = 2  # builds that run at the same time; others are queued
PUBLISH_S = 0.3
MAX_APPEND = 4 << 20
# What the log's metadata says once a run has ended, by its status: whoever reads the log waits for it.
COMPLETE = {
    "Succeeded": "successful",
    "Failed": "failed",
    "Canceled": "canceled",
    "Error": "internalerror",
    "Timeout": "timedout",
}
BARE_NEWLINE = re.compile(rb"(?<!\r)\n")
FAILURES = (BaseError, BuildError, ContextError, DockerfileError, BadReference)


def container(registry_id: str) -> str:
    """The blob container of a registry: its name, which is unique in all of Azure."""
    return registry_id.rsplit("/", 1)[-1].lower()


def log_blob(run_id: str) -> tuple[str, str]:
    """Container and name of the append blob that a run's log is in."""
    registry_id, _, name = run_id.rpartition("/runs/")
    return container(registry_id), f"logs/{name}/rawtext.log"


class Worker:
    def __init__(self, home: Home, blobs: Blobs, images: Images, records: Records) -> None:
        self.blobs = blobs
        self.images = images
        self.records = records
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._canceled: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._closing = False
        self._folders = home.root / "builds"

    def start(
        self, registry: dict[str, Any], run: dict[str, Any], build: DockerBuild, closed: str = ""
    ) -> None:
        """Carry a run out in a thread of its own. closed: why its machine does not reach the registry."""
        thread = threading.Thread(
            target=self._run, args=(registry, run, build, closed), name=f"run {run['name']}"
        )
        with self._lock:
            self._canceled[run["id"].lower()] = threading.Event()
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _run(self, registry: dict[str, Any], run: dict[str, Any], build: DockerBuild, closed: str) -> None:
        """One run, to whatever end; never raises."""
        run_id = run["id"]
        with self._lock:
            canceled = self._canceled[run_id.lower()]
        folder = self._folders / uuid.uuid4().hex
        private(folder / "context")
        log = folder / "log"
        log.touch()
        try:
            with self._published(log, *log_blob(run_id)):
                status, properties = self._outcome(registry, run, build, folder, canceled, closed)
                if properties.get("runErrorMessage"):
                    _say(log, f"{status}: {properties['runErrorMessage']}")
            self.records.change(run_id, status, **properties)
        except Exception:
            LOG.exception("run %s", run_id)
            self.records.change(run_id, "Error", runErrorMessage="the emulator failed; see its log")
        finally:
            self._complete(run_id)
            with self._lock:
                self._canceled.pop(run_id.lower(), None)
            shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> None:
        """Put in order what builds of a process that died have left: folders, and logs without an end."""
        shutil.rmtree(self._folders, ignore_errors=True)
        for run in self.records.ended():
            self._complete(run["id"])

    def _complete(self, run_id: str) -> None:
        """Say in the log's metadata how the run has ended, after its last line and its last status."""
        run = self.records.store.get(run_id)
        place = (ACCOUNT, *log_blob(run_id))
        if run is None or not self.blobs.exists(*place):
            return  # deleted meanwhile
        if not self.blobs.properties(*place).metadata:
            self.blobs.mark(*place, {"complete": COMPLETE[run["properties"]["status"]]})

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop; one that has not begun stops at once."""
        with self._lock:
            event = self._canceled.get(run_id.lower())
        if event is not None:
            event.set()
        self.records.change(run_id, "Canceled", runErrorMessage="canceled by the user")

    def stop(self) -> None:
        """End all runs, when the emulator goes down; they count as interrupted."""
        self._closing = True
        with self._lock:
            events, threads = list(self._canceled.values()), self._threads
        for event in events:
            event.set()
        for thread in threads:
            thread.join()

    def _outcome(
        self,
        registry: dict[str, Any],
        run: dict[str, Any],
        build: DockerBuild,
        folder: Path,
        canceled: threading.Event,
        closed: str,
    ) -> tuple[str, dict[str, Any]]:
        log = folder / "log"
        if closed:
            return "Failed", {"runErrorMessage": closed}
        try:
            with self._slots:
                if not self.records.change(run["id"], "Started"):
                    return "Canceled", {}
                images = self._build(registry, run, build, folder, canceled)
        except BuildCanceled as error:
            if self._closing:
                return "Failed", {"runErrorMessage": INTERRUPTED}
            return "Canceled", {"runErrorMessage": str(error)}
        except FAILURES as error:
            return "Failed", {"runErrorMessage": str(error)}
        _say(log, f"Run ID: {run['name']} was successful")
        return "Succeeded", {"outputImages": images}

    def _build(
        self,
        registry: dict[str, Any],
        run: dict[str, Any],
        build: DockerBuild,
        folder: Path,
        canceled: threading.Event,
    ) -> list[dict[str, str]]:
        server = str(registry["properties"]["loginServer"])
        log = folder / "log"
        self._fetch(container(registry["id"]), build.source, folder)
        self.records.change(run["id"], "Running")
        built = self.images.build(
            BuildRequest(
                context=folder / "context",
                log=log,
                outside=environment.outside(),
                dockerfile=build.dockerfile,
                arguments=dict(build.arguments),
                target=build.target,
                no_cache=build.no_cache,
                timeout_s=build.timeout_s,
                registry=server,
                canceled=canceled,
            )
        )
        self.images.keep(built)
        now = datetime.now(UTC)
        values = {"ID": run["name"], "Registry": server, "Date": f"{now:%Y%m%d-%H%M%Sz}"}
        images: list[dict[str, str]] = []
        for reference in build.references(server, values):
            if build.push:
                self.images.name(reference, built.digest)
                _say(log, f"Pushed {reference} {built.digest}")
            images.append(
                {
                    "registry": server,
                    "repository": reference.repository,
                    "tag": reference.tag,
                    "digest": built.digest,
                }
            )
        return images

    def _fetch(self, box: str, source: str, folder: Path) -> None:
        archive = folder / "source.tar.gz"
        try:
            archive.write_bytes(self.blobs.read(ACCOUNT, box, source))
        except AzureError as error:
            raise ContextError(f"sourceLocation '{source}' has not been uploaded ({error.code})") from error
        unpack(archive, folder / "context")
        archive.unlink()

    @contextmanager
    def _published(self, log: Path, box: str, name: str) -> Generator[None]:
        """Appends what the log gains to its blob, until the end; lines end as those of Azure's logs do."""
        done = threading.Event()

        def publish() -> None:
            with log.open("rb") as file:
                last, before = False, b""
                while not last:
                    last = done.wait(PUBLISH_S)
                    while part := file.read(MAX_APPEND):
                        self.blobs.append(ACCOUNT, box, name, with_crlf(part, before))
                        before = part

        thread = threading.Thread(target=publish, name=f"log {name}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def with_crlf(part: bytes, before: bytes) -> bytes:
    """A part of a log, each of its lines ended by a carriage return and a newline; ``before``: the part
    before it."""
    kept = before[-1:] if before.endswith(b"\r") else b""
    return BARE_NEWLINE.sub(b"\r\n", kept + part)[len(kept) :]


def _say(log: Path, line: str) -> None:
    with log.open("a") as file:
        file.write(line + "\n")
