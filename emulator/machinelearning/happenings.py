"""What a workspace tells Event Grid: models that are registered, jobs that move on.

From "Azure Machine Learning as an Event Grid source" (learn.microsoft.com, read 2026-11).
"""

from __future__ import annotations

from typing import Any, Final

from emulator.arm.ids import parse_resource
from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.eventgrid.publish import Publisher
from emulator.machinelearning.names import WORKSPACE, Workspace
from emulator.machinelearning.tracking.experiments import DEFAULT, experiment_id

MODEL: Final = f"{WORKSPACE}/models/versions"
PREFIX: Final = "Microsoft.MachineLearningServices"


class Announcer:
    """Publishes a workspace's events where a topic of the workspace is there to be told."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store, self._publisher = store, publisher

    def install(self, arm: Arm) -> None:
        """Tell of each new version of a model."""

        @arm.after_put(MODEL)
        def registered(put: Put) -> None:
            workspace = Workspace.of(put.id)
            if put.old is not None or not self._publisher.watched(workspace.id):
                return
            name, version = parse_resource(put.id).names[-2:]
            data: dict[str, Any] = {
                "ModelName": name,
                "ModelVersion": version,
                "ModelTags": put.properties.get("tags") or {},
                "ModelProperties": put.properties.get("properties") or {},
            }
            self._publisher.publish(
                workspace.id, f"{PREFIX}.ModelRegistered", f"models/{name}:{version}", data
            )

    def advanced(self, job_id: str, status: str) -> None:
        """A job has another status; one that has ended well is completed besides."""
        workspace = Workspace.of(job_id)
        job = self._store.get(job_id)
        if job is None or not self._publisher.watched(workspace.id):
            return
        properties = job["properties"]
        experiment = properties.get("experimentName") or DEFAULT
        number = experiment_id(workspace, experiment)
        subject = f"experiments/{number}/runs/{job['name']}"
        data: dict[str, Any] = {
            "experimentId": number,
            "experimentName": experiment,
            "runId": job["name"],
            "runType": None,
            "runTags": properties.get("tags") or {},
            "runProperties": properties.get("properties") or {},
        }
        more = {**data, "runStatus": status.lower()}
        self._publisher.publish(workspace.id, f"{PREFIX}.RunStatusChanged", subject, more)
        if status == "Completed":
            self._publisher.publish(workspace.id, f"{PREFIX}.RunCompleted", subject, data)
