"""REGION.api.azureml.ms: discovery, run history and the resolution of outputs, as MLClient asks for them."""

from __future__ import annotations

import re
import uuid
from typing import Any

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.machinelearning import datastore_service
from emulator.machinelearning.admission import admit
from emulator.machinelearning.batch.invocations import Invocations
from emulator.machinelearning.datastore_service import DatastoreService
from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.names import BATCH_DEPLOYMENT, BATCH_ENDPOINT, JOB, WORKSPACE, Workspace
from emulator.machinelearning.references import DATASTORE_PATH
from emulator.machinelearning.runs import TERMINAL, Runs
from emulator.machinelearning.tracking.artifacts import PATH as ARTIFACTS
from emulator.machinelearning.tracking.artifacts import Artifacts
from emulator.machinelearning.tracking.service import Tracking
from emulator.machinelearning.tracking.tokens import RunTokens
from emulator.network.reach import Reach

Json = dict[str, Any]
HOSTS = "*.api.azureml.ms"
# The client in azureml-fsspec and mltable asks again and again, for ever, after a 501 (seen with
# azureml-dataprep-rslex 2.26.0, 2026-11); it shows what a 400 says.
NOT_RETRIED = 400
SERVICES = (
    "api",
    "catalog",
    "experimentation",
    "history",
    "hyperdrive",
    "modelmanagement",
    "pipelines",
    "notebooks",
)
PATH = re.compile(
    r"/(?P<service>[a-z]+)/v[0-9.]+(?P<workspace>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/[^/]+)/(?P<rest>.+)",
    re.IGNORECASE,
)
RUN = re.compile(
    r"(?:experiments/[^/]+/|experimentids/[^/]+/)?runs/(?P<run>[^/]+)(?:/(?P<part>details|children))?"
)
OUTPUT_ASSET = re.compile(
    r"azureml://locations/[^/]+/workspaces/[^/]+/data/azureml_(?P<job>.+)_output_data_(?P<name>.+)/versions/1"
)
# the management front end, by which clients list the jobs of batch endpoints
STARTED = re.compile(
    r"/mferp/managementfrontend(?P<endpoint>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/"
    r"Microsoft\.MachineLearningServices/workspaces/[^/]+/batchEndpoints/[^/]+)"
    r"(?:/deployments/(?P<deployment>[^/]+))?/jobs",
    re.IGNORECASE,
)
NEWS_WITHIN_S = 0.5
# azure-ai-ml 1.35 downloads outputs of these types only as folders
SHOWN_TYPES = {"custom_model": "uri_folder", "mlflow_model": "uri_folder"}
RUN_TYPES = {
    "Pipeline": "azureml.PipelineRun",
    "Command": "azureml.scriptrun",
    "Spark": "azureml.scriptrun",  # what Azure says of these is not known; clients tell the other two apart
    "Sweep": "hyperdrive",
}


class DataPlane:
    """Answers the data plane of every workspace."""

    def __init__(
        self,
        arm: Arm,
        store: Store,
        runs: Runs,
        logs: JobLogs,
        tracking: Tracking,
        artifacts: Artifacts,
        tokens: RunTokens,
        datastores: DatastoreService,
        reach: Reach,
        invocations: Invocations,
    ) -> None:
        self._arm = arm
        self._invocations = invocations
        self._reach = reach
        self._store = store
        self._runs = runs
        self._logs = logs
        self._tracking = tracking
        self._artifacts = artifacts
        self._tokens = tokens
        self._datastores = datastores

    def handle(self, request: Request) -> Response:
        """One request; NotEmulated for a call that is not among those here."""
        if request.path.rstrip("/") == "/discovery":
            base = f"https://{request.host}"
            return Response.json({**dict.fromkeys(SERVICES, base), "studio": "https://ml.azure.com"})
        if request.method == "GET" and (match := STARTED.fullmatch(request.path)):
            return self._started(request, match["endpoint"], match["deployment"])
        match = PATH.fullmatch(request.path)
        if match is None:
            raise NotEmulated(request.describe(), NOT_RETRIED)
        workspace = Workspace.of(match["workspace"])
        admit(self._reach, request, workspace)
        if match["service"].lower() == "mlflow":
            return self._tracking.handle(request, workspace, match["rest"])
        named = datastore_service.CALL.fullmatch(match["rest"])
        if match["service"].lower() == "datastore" and request.method == "GET" and named:
            caller = self._tokens.caller(request, workspace, datastore_service.READ)
            self._arm.get(workspace.id)
            return Response.json(self._datastores.show(caller, workspace, named["name"]))
        self._allow(request, workspace)
        self._arm.get(workspace.id)
        answer = self._answer(request, match["service"].lower(), workspace, match["rest"])
        if answer is None:
            raise NotEmulated(request.describe(), NOT_RETRIED)
        return Response.json(answer)

    def _started(self, request: Request, endpoint_id: str, deployment: str | None) -> Response:
        """The jobs that a batch endpoint, or one of its deployments, has started."""
        workspace = Workspace.of(endpoint_id)
        admit(self._reach, request, workspace)
        part = BATCH_DEPLOYMENT if deployment else BATCH_ENDPOINT
        self._tokens.caller(request, workspace, f"{part}/jobs/read")
        endpoint = self._arm.get(endpoint_id)
        if deployment:
            self._arm.get(f"{endpoint_id}/deployments/{deployment}")
        return Response.json({"value": self._invocations.started(endpoint, deployment or "")})

    def _allow(self, request: Request, workspace: Workspace) -> None:
        reading = request.method == "GET" or request.path.lower().endswith(
            ("rundata", "batchgetresolveduris")
        )
        self._tokens.caller(request, workspace, f"{JOB}/{'read' if reading else 'write'}")

    def _answer(self, request: Request, service: str, workspace: Workspace, rest: str) -> Json | None:
        if service == "data" and rest.lower() == "dataversion/batchgetresolveduris":
            assets = request.object("values")["values"]
            return {"values": {asset: self._resolve(workspace, asset) for asset in assets}}
        if service != "history":
            return None
        if rest == "rundata":
            return {
                "runMetadata": self.run(workspace, request.object("runId")["runId"]),
                "runDefinition": {},
                "jobSpecification": None,
            }
        if files := ARTIFACTS.fullmatch(rest):
            return self._artifacts.handle(request, workspace, files["run"], files["part"] or "")
        match = RUN.fullmatch(rest)
        if match is None:
            return None
        name, part = match["run"], match["part"]
        if request.method == "PATCH" and part is None:
            return self._patch(workspace, name, request.object())
        if request.method != "GET":
            return None
        if part == "details":
            return self._details(workspace, name)
        if part == "children":
            children = self._runs.children(workspace, name)
            return {"value": [self.run(workspace, child["name"]) for child in children]}
        return self.run(workspace, name)

    def run(self, workspace: Workspace, name: str) -> Json:
        """A job as run history shows it."""
        job = self._job(workspace, name)
        record, properties = self._runs.record(job["id"]), job["properties"]
        region = self._arm.get(workspace.id)["location"]
        scope = f"azureml://locations/{region}/workspaces/{workspace.name}"
        return {
            "runId": name,
            "runUuid": str(uuid.uuid5(uuid.NAMESPACE_URL, job["id"].lower())),
            "parentRunId": record.get("parent"),
            "rootRunId": record.get("root") or name,
            "experimentId": str(
                uuid.uuid5(uuid.NAMESPACE_URL, f"{workspace.id}/{properties['experimentName']}".lower())
            ),
            "status": record["status"],
            "displayName": properties["displayName"],
            "name": properties["displayName"],
            "description": properties.get("description"),
            "createdUtc": record["created"],
            "startTimeUtc": record["started"],
            "endTimeUtc": record["ended"],
            "error": _error(record),
            "tags": properties.get("tags") or {},
            "properties": properties.get("properties") or {},
            "hidden": bool(properties.get("isArchived")),
            "runType": RUN_TYPES[properties["jobType"]],
            "target": str(properties.get("computeId") or "").rsplit("/", 1)[-1] or None,
            "outputs": {
                key: {
                    "assetId": f"{scope}/data/azureml_{name}_output_data_{key}/versions/1",
                    "type": SHOWN_TYPES.get(output["type"], output["type"]),
                }
                for key, output in record["outputs"].items()
            },
        }

    def _details(self, workspace: Workspace, name: str) -> Json:
        """Status and logs. While the job is under way the answer waits a moment for news of it.

        A job that has just ended is finalizing to the first who looks: the client shows the logs only of jobs
        that it saw before their end, and jobs here may end sooner than any client can look.
        """
        job = self._job(workspace, name)
        if self._runs.status(job["id"]) not in TERMINAL:
            self._runs.wait_for_news(job["id"], NEWS_WITHIN_S)
        run = self.run(workspace, name)
        if run["status"] in TERMINAL and self._runs.first_look(job["id"]):
            run["status"] = "Finalizing"
        shown = ("runId", "target", "status", "startTimeUtc", "endTimeUtc", "error", "properties")
        return {
            **{key: run[key] for key in shown},
            "warnings": [],
            "logFiles": self._logs.addresses(workspace, name),
        }

    def _patch(self, workspace: Workspace, name: str, body: Json) -> Json:
        """What describes a run: tags and properties are merged into those that are there."""
        job = self._job(workspace, name)
        properties = job["properties"]
        changes: Json = {
            key: body[key] for key in ("displayName", "description") if body.get(key) is not None
        }
        for key in ("tags", "properties"):
            if body.get(key) is not None:
                changes[key] = {**(properties.get(key) or {}), **body[key]}
        if body.get("hidden") is not None:
            changes["isArchived"] = body["hidden"]
        self._arm.put(job["id"], {"properties": changes})
        return self.run(workspace, name)

    def _resolve(self, workspace: Workspace, asset: str) -> Json:
        """The place of an output, in the long form that names the workspace."""
        match = OUTPUT_ASSET.fullmatch(asset)
        output = None
        if match is not None:
            record = self._runs.record(self._job(workspace, match["job"])["id"])
            output = record["outputs"].get(match["name"])
        if output is None:
            raise AzureError(
                404, "UserError", f"There is no output {asset!r} in workspace {workspace.name!r}."
            )
        path = DATASTORE_PATH.fullmatch(output["uri"])
        uri = workspace.datastore_uri(path["datastore"], path["path"]) if path else output["uri"]
        return {"uri": uri, "type": SHOWN_TYPES.get(output["type"], output["type"])}

    def _job(self, workspace: Workspace, name: str) -> Json:
        job = self._store.get(workspace.child("jobs", name))
        if job is None:
            raise AzureError(
                404,
                "UserError",
                f"Run {name!r} was not found in {WORKSPACE.split('/')[0]} workspace {workspace.name!r}.",
            )
        return job


def _error(record: Json) -> Json | None:
    if not record["error"]:
        return None
    return {"error": {**record["error"], "messageFormat": "", "messageParameters": {}, "details": []}}
