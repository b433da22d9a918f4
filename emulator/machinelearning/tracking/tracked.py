"""MLflow's runs: a job's run is the job, others are made through MLflow and are documents of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.identity.service import Identity
from emulator.machinelearning.names import JOB, WORKSPACE, Workspace
from emulator.machinelearning.references import run_key
from emulator.machinelearning.runs import Runs
from emulator.machinelearning.tracking.errors import TrackingError, missing
from emulator.machinelearning.tracking.experiments import Experiments, experiment_id
from emulator.machinelearning.tracking.metrics import Metrics
from emulator.machinelearning.tracking.values import now_ms

Json = dict[str, Any]
OWN = "ml-mlflow-run"  # kind of the documents of runs that are no job's
NAME, PARENT, ROOT, USER = "mlflow.runName", "mlflow.parentRunId", "mlflow.rootRunId", "mlflow.user"
SYSTEM = "mlflow."
STATUSES = {
    **dict.fromkeys(("NotStarted", "Queued", "Preparing"), "SCHEDULED"),
    **dict.fromkeys(("Running", "Finalizing", "CancelRequested"), "RUNNING"),
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
}


class Tracked:
    """Runs as MLflow sees them: {attributes, metrics, params, tags}."""

    def __init__(
        self,
        arm: Arm,
        store: Store,
        identity: Identity,
        runs: Runs,
        metrics: Metrics,
        experiments: Experiments,
    ) -> None:
        self._arm = arm
        self._identity = identity
        self._store = store
        self._runs = runs
        self.metrics = metrics
        self.experiments = experiments

    def run(self, workspace: Workspace, name: str) -> Json:
        """404 when there is neither a job nor a run of the name."""
        run_id = workspace.child("jobs", name)
        job = self._store.get(run_id)
        if job is not None:
            return self._of_job(workspace, job)
        own = self._store.document(OWN, run_key(run_id))
        if own is None:
            raise missing(f"Run '{name}' not found in workspace {workspace.name!r}.")
        return self._of_own(workspace, own)

    def all(self, workspace: Workspace) -> Iterator[Json]:
        """Every run of a workspace, archived ones too."""
        for job in self._store.children(workspace.child("jobs")):
            yield self._of_job(workspace, job)
        for own in self._store.documents(OWN, f"{run_key(workspace.id)}/").values():
            yield self._of_own(workspace, own)

    def create(self, workspace: Workspace, experiment: str, fields: Json, tags: dict[str, str]) -> str:
        """A run that is no job's; its id."""
        name = str(uuid.uuid4())
        kept = {**fields, "run_id": name, "experiment": experiment, "status": "RUNNING", "stage": "active"}
        with self._store.transaction():
            run_id = workspace.child("jobs", name)
            self._store.put_document(OWN, run_key(run_id), {**kept, "end_time": None})
            self.metrics.log(run_id, tags=tags.items())
        return name

    def update(self, workspace: Workspace, name: str, changes: Json) -> Json:
        """Change ``run_name``, ``status``, ``end_time``; a job's state is its own. The run."""
        run_id = workspace.child("jobs", name)
        with self._store.transaction():
            self.run(workspace, name)
            if self._store.get(run_id) is not None:
                if changes.get("run_name"):
                    self._arm.put(run_id, {"properties": {"displayName": changes["run_name"]}})
            else:
                own = self._store.document(OWN, run_key(run_id)) or {}
                self._store.put_document(OWN, run_key(run_id), {**own, **changes})
        return self.run(workspace, name)

    def keep(self, workspace: Workspace, name: str, *, deleted: bool) -> None:
        """Delete or restore a run as MLflow does: it is hidden, as archived jobs are."""
        run_id = workspace.child("jobs", name)
        with self._store.transaction():
            self.run(workspace, name)
            if self._store.get(run_id) is not None:
                self._arm.put(run_id, {"properties": {"isArchived": deleted}})
            else:
                own = self._store.document(OWN, run_key(run_id)) or {}
                stage = "deleted" if deleted else "active"
                self._store.put_document(OWN, run_key(run_id), {**own, "stage": stage})

    def log(self, workspace: Workspace, name: str, **logged: Any) -> None:
        """Log to a run that is not deleted. Tags of a job that are not MLflow's own are the job's."""
        run_id = workspace.child("jobs", name)
        with self._store.transaction():
            self._active(self.run(workspace, name))
            tags = dict(logged.pop("tags", ()))
            if NAME in tags:
                self.update(workspace, name, {"run_name": tags[NAME]})
            theirs = {key: value for key, value in tags.items() if not key.startswith(SYSTEM)}
            if theirs and (job := self._store.get(run_id)) is not None:
                merged = {**(job["properties"].get("tags") or {}), **theirs}
                self._arm.put(run_id, {"properties": {"tags": merged}})
                tags = {key: value for key, value in tags.items() if key not in theirs}
            self.metrics.log(run_id, tags=tags.items(), **logged)

    def delete_tag(self, workspace: Workspace, name: str, key: str) -> None:
        """404 when the run has no such tag."""
        run_id = workspace.child("jobs", name)
        with self._store.transaction():
            self._active(self.run(workspace, name))
            job = self._store.get(run_id)
            tags = dict((job["properties"].get("tags") or {}) if job else {})
            if tags.pop(key, None) is not None:
                self._arm.put(run_id, {"properties": {"tags": tags}})
            elif not self.metrics.delete_tag(run_id, key):
                raise missing(f"No tag with name: {key} in run with id {name}")

    def install(self) -> None:
        """When a job or workspace is deleted, delete what was logged of it."""
        arm = self._arm

        @arm.with_delete(JOB)
        def forget_job(job: Json) -> None:
            self.metrics.forget(job["id"])

        @arm.with_delete(WORKSPACE)
        def forget_workspace(workspace: Json) -> None:
            self.forget(Workspace.of(workspace["id"]))

    def forget(self, workspace: Workspace) -> None:
        """Remove the runs, of a deleted workspace, that are no job's. Its jobs are deleted with it."""
        for key in self._store.documents(OWN, f"{run_key(workspace.id)}/"):
            self._store.delete_document(OWN, key)
            self.metrics.forget(key)
        self.experiments.forget(workspace)

    def _active(self, run: Json) -> None:
        found = run["attributes"]
        if found["lifecycle_stage"] != "active":
            raise TrackingError(
                "INVALID_PARAMETER_VALUE",
                f"The run {found['run_id']} must be in the 'active' state. Current state is deleted.",
            )

    def _of_job(self, workspace: Workspace, job: Json) -> Json:
        record, properties = self._runs.record(job["id"]), job["properties"]
        submitter = self._identity.directory.find(record.get("submitter") or "")
        tags = {
            **(properties.get("tags") or {}),
            NAME: properties.get("displayName") or job["name"],
            ROOT: record.get("root") or job["name"],
            **({PARENT: record["parent"]} if record.get("parent") else {}),
            **({USER: submitter.name} if submitter else {}),
        }
        attributes = {
            "run_id": job["name"],
            "run_name": tags[NAME],
            "experiment": properties.get("experimentName") or "Default",
            "user_id": tags.get(USER, ""),
            "status": STATUSES[record["status"]],
            "start_time": _ms(record["started"] or record["created"]),
            "end_time": _ms(record["ended"]),
            "lifecycle_stage": "deleted" if properties.get("isArchived") else "active",
        }
        return self._shown(workspace, attributes, tags)

    def _of_own(self, workspace: Workspace, own: Json) -> Json:
        attributes = {
            "run_id": own["run_id"],
            "run_name": own["run_name"],
            "experiment": own["experiment"],
            "user_id": own["user_id"],
            "status": own["status"],
            "start_time": own["start_time"],
            "end_time": own["end_time"],
            "lifecycle_stage": own["stage"],
        }
        return self._shown(workspace, attributes, {NAME: own["run_name"], ROOT: own["run_id"]})

    def _shown(self, workspace: Workspace, attributes: Json, tags: dict[str, str]) -> Json:
        name, experiment = attributes["run_id"], attributes.pop("experiment")
        logged = self.metrics.logged(workspace.child("jobs", name))
        region = self._arm.get(workspace.id)["location"]
        place = f"azureml://{region}.api.azureml.ms/mlflow/v2.0{workspace.id}"
        attributes |= {
            "experiment_id": experiment_id(workspace, experiment),
            "artifact_uri": f"{place}/experiments/{experiment}/runs/{name}/artifacts",
        }
        tags = {**tags, **{key: value for key, value in logged["tags"].items() if key != NAME}}
        return {
            "attributes": attributes,
            "points": logged["metrics"],
            "metrics": {key: point["value"] for key, point in logged["metrics"].items()},
            "params": logged["params"],
            "tags": tags,
        }


def start_time(given: int) -> int:
    """The start of a run: what its client says, or now."""
    return given or now_ms()


def _ms(time: str | None) -> int | None:
    return int(datetime.fromisoformat(time).timestamp() * 1000) if time else None
