"""The state of jobs: a record of each run beside its ARM resource, which shows the record's status."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator import times
from emulator.arm.store import Store
from emulator.errors import not_found
from emulator.machinelearning.names import JOB, Workspace
from emulator.machinelearning.references import RUN_DOCUMENT, run_key

Json = dict[str, Any]

RECENT = timedelta(minutes=1)
TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
# status -> the statuses that may follow it
FOLLOWING: dict[str, frozenset[str]] = {
    "NotStarted": frozenset({"Queued", "Preparing", "Running", "CancelRequested", *TERMINAL}),
    "Queued": frozenset({"Preparing", "Running", "CancelRequested", *TERMINAL}),
    "Preparing": frozenset({"Queued", "Running", "CancelRequested", *TERMINAL}),
    "Running": frozenset({"Queued", "Finalizing", "CancelRequested", *TERMINAL}),
    "Finalizing": frozenset({"CancelRequested", *TERMINAL}),
    "CancelRequested": TERMINAL,
    **{status: frozenset() for status in TERMINAL},
}


class Runs:
    """All jobs of all workspaces. Every change is in the store before the call returns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changed = threading.Condition(threading.RLock())
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._served: dict[str, int] = {}
        self.advanced: Callable[[str, str], None] = lambda job_id, status: None  # told of each new status

    def record(self, job_id: str) -> Json:
        """The run's record: created, started, ended, error, outputs, inputs, parent, steps …"""
        found = self._store.document(RUN_DOCUMENT, run_key(job_id))
        if found is None:
            raise not_found(job_id)
        return found

    def job(self, job_id: str) -> Json:
        """The job's ARM resource; 404 when there is none."""
        found = self._store.get(job_id)
        if found is None:
            raise not_found(job_id)
        return self.shown(found)

    def shown(self, job: Json) -> Json:
        """A stored job with its status. The status lives in the record alone: a client's PUT of tags cannot
        bring an old one back."""
        job["properties"]["status"] = self.record(job["id"])["status"]
        return job

    def exists(self, job_id: str) -> bool:
        return self._store.get(job_id) is not None

    def status(self, job_id: str) -> str:
        return self.record(job_id)["status"]

    def begin(self, job_id: str, **fields: Any) -> None:
        """Make the record of a job that is stored, or will be stored at once."""
        self._store.put_document(
            RUN_DOCUMENT,
            run_key(job_id),
            {
                "job": job_id,
                "status": "NotStarted",
                "created": times.now(),
                "started": None,
                "ended": None,
                "error": None,
                "outputs": {},
                **fields,
            },
        )

    def update(self, job_id: str, **fields: Any) -> None:
        """Change fields of the record."""
        with self._changed, self._store.transaction():
            self._store.put_document(RUN_DOCUMENT, run_key(job_id), {**self.record(job_id), **fields})
            self._touch(job_id)

    def advance(self, job_id: str, status: str, **fields: Any) -> bool:
        """Move a job to ``status`` if that may follow; whether it did. ``fields`` go into the record."""
        with self._changed, self._store.transaction():
            record = self.record(job_id)
            if status not in FOLLOWING[record["status"]]:
                return False
            record |= {"status": status, **fields}
            if status == "Running":
                record["started"] = record["started"] or times.now()
            if status in TERMINAL:
                record["ended"] = times.now()
            self._store.put_document(RUN_DOCUMENT, run_key(job_id), record)
            self._store.after_commit(lambda: self.advanced(job_id, status))
            self._touch(job_id)
            return True

    def add_child(self, parent: Json, name: str, properties: Json, **fields: Any) -> str:
        """Store the job of a pipeline's step; its id."""
        workspace = Workspace.of(parent["id"])
        child_id = workspace.child("jobs", name)
        with self._changed, self._store.transaction():
            self.record(parent["id"])  # 404 when the parent was deleted: then it gets no more children
            self._store.put(
                child_id,
                {
                    "id": child_id,
                    "name": name,
                    "type": JOB,
                    "systemData": parent["systemData"],
                    "properties": properties,
                },
            )
            self.begin(child_id, parent=parent["name"], **fields)
        return child_id

    def children(self, workspace: Workspace, name: str) -> list[Json]:
        """The jobs of a pipeline's steps, oldest first."""
        jobs = self._store.children(workspace.child("jobs"))
        return [self.shown(job) for job in jobs if job["properties"].get("parentJobName") == name]

    def unfinished(self) -> list[Json]:
        """The records of outermost jobs that have not ended: what a start of the emulator goes on with."""
        return [
            record
            for record in self._store.documents(RUN_DOCUMENT).values()
            if record["status"] not in TERMINAL and not record.get("parent") and self.exists(record["job"])
        ]

    def forget(self, job_id: str) -> None:
        """Remove the record of a job that is deleted."""
        self._store.delete_document(RUN_DOCUMENT, run_key(job_id))

    def touch(self, job_id: str) -> None:
        """Something that readers of the job wait for has changed, such as its log."""
        with self._changed:
            self._touch(job_id)

    def wait_for_news(self, job_id: str, seconds: float) -> None:
        """Return when the job has changed since the last call for it, at the latest after ``seconds``."""
        key = job_id.lower()
        with self._changed:
            self._changed.wait_for(lambda: self._versions[key] != self._served.get(key), seconds)
            self._served[key] = self._versions[key]

    def first_look(self, job_id: str) -> bool:
        """Whether nobody has looked at the job before, and it ended within the last minute."""
        key = job_id.lower()
        with self._changed:
            first = key not in self._served
            self._served.setdefault(key, self._versions[key])
        ended = self.record(job_id)["ended"]
        return first and ended is not None and datetime.now(UTC) - datetime.fromisoformat(ended) < RECENT

    def _touch(self, job_id: str) -> None:
        self._versions[job_id.lower()] += 1
        self._changed.notify_all()
