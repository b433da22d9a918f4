"""Following a pipeline job: its steps' states and their own output, as both come in."""

import time
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ml.azure.clients import MANAGEMENT, Azure
from ml.azure.remote_log import RemoteLog
from ml.errors import MlopsError

FINISHED = frozenset({"Completed", "Failed", "Canceled", "NotResponding"})
STARTED = frozenset({"Running", "Finalizing"}) | FINISHED
USER_LOG = "user_logs/std_log"
TAIL = 15


@dataclass(frozen=True, slots=True)
class RunDetails:
    """`logs` maps a log file's name to a URL that needs no credentials; `error` is Azure's words."""

    status: str
    logs: dict[str, str]
    error: str


@dataclass(slots=True)
class Step:
    """What is known of one step: `name` is that of its job, `title` that of the step in the pipeline."""

    name: str
    title: str
    log: RemoteLog
    status: str = ""
    drained: bool = False
    error: str = ""
    tail: deque[str] = field(default_factory=lambda: deque[str](maxlen=TAIL))

    @property
    def reason(self) -> list[str]:
        """The end of the step's own output, or Azure's words when it has none."""
        return [line for line in self.tail if line.strip()] or [self.error or "it gave no reason"]


class RunHistory:
    """The workspace's run history service: states and log files of jobs, running ones too."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    @cached_property
    def _client(self) -> Any:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        azure = self._azure
        workspace = azure.ml.workspaces.get(azure.estate.workspace)
        if workspace is None or not workspace.discovery_url:
            raise MlopsError(
                f"The workspace {azure.estate.workspace} tells no address of its services.",
                f"Look at its state, then run `pulumi up -s {azure.estate.environment}`.",
            )
        from azure.core.rest import HttpRequest

        discovery: Any = PipelineClient(workspace.discovery_url, policies=[RetryPolicy()], **azure.limits)
        answer = discovery.send_request(HttpRequest("GET", workspace.discovery_url))
        answer.raise_for_status()
        authentication = BearerTokenCredentialPolicy(azure.credential, f"{MANAGEMENT}/.default")
        return PipelineClient(answer.json()["api"], policies=[RetryPolicy(), authentication], **azure.limits)

    def details(self, job: str) -> RunDetails:
        """Raises HttpResponseError when there is no such job."""
        from azure.core.rest import HttpRequest

        estate = self._azure.estate
        path = (
            f"/history/v1.0/subscriptions/{estate.subscription_id}/resourceGroups/{estate.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{estate.workspace}/runs/{job}/details"
        )
        answer = self._client.send_request(HttpRequest("GET", self._client.format_url(path)))
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        error: dict[str, Any] = (body.get("error") or {}).get("error") or {}
        return RunDetails(
            str(body.get("status")), body.get("logFiles") or {}, str(error.get("message") or "")
        )


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What a job logged to MLflow: the latest value of each metric, and its parameters."""

    metrics: dict[str, float]
    params: dict[str, str]


class TrackedRuns:
    """The workspace's MLflow tracking service."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    @cached_property
    def _client(self) -> Any:
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        azure = self._azure
        workspace = azure.ml.workspaces.get(azure.estate.workspace)
        address = str(getattr(workspace, "mlflow_tracking_uri", None) or "")
        if not address.startswith("azureml://"):
            raise MlopsError(
                f"The workspace {azure.estate.workspace} tells no address of its tracking service.",
                f"Look at its state, then run `pulumi up -s {azure.estate.environment}`.",
            )
        authentication = BearerTokenCredentialPolicy(azure.credential, f"{MANAGEMENT}/.default")
        base = "https://" + address.removeprefix("azureml://")
        return PipelineClient(base, policies=[RetryPolicy(), authentication], **azure.limits)

    def run(self, job: str) -> TrackedRun:
        """Raises HttpResponseError when there is no such job."""
        from azure.core.rest import HttpRequest

        request = HttpRequest("GET", "/api/2.0/mlflow/runs/get", params={"run_id": job})
        request.url = self._client.format_url(request.url)
        answer = self._client.send_request(request)
        answer.raise_for_status()
        data: dict[str, Any] = answer.json()["run"].get("data") or {}
        return TrackedRun(
            {each["key"]: float(each["value"]) for each in data.get("metrics") or []},
            {each["key"]: str(each["value"]) for each in data.get("params") or []},
        )


class Follower:
    """Tells a job's progress to the report until the job ends; with `trials`, that of its sweeps' too."""

    def __init__(self, azure: Azure, *, trials: bool = False) -> None:
        self._azure = azure
        self._trials = trials
        self._history = RunHistory(azure)
        self._steps: dict[str, Step] = {}

    def follow(self, job: str, seconds: float) -> tuple[str, list[Step]]:
        """The job's final status and its steps. Raises MlopsError when it is not over after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            status = self._history.details(job).status
            self._look_at_children(job, "")
            if status in FINISHED:
                return status, list(self._steps.values())
            if time.monotonic() > deadline:
                raise MlopsError(
                    f"The job {job} is still {status} after {seconds / 60:.0f} minutes.",
                    "It goes on without this command: run the same command again to follow it, "
                    "or cancel it in the workspace.",
                )
            time.sleep(self._azure.settings.azure.poll_seconds)

    def _look_at_children(self, job: str, within: str) -> None:
        """The steps of a job, and the trials of each: run history does not tell which of them is a sweep."""
        for child in self._azure.ml.jobs.list(parent_job_name=job):
            name = str(child.name)
            title = f"{within} {name.removeprefix(f'{job}_')}" if within else str(child.display_name or name)
            step = self._steps.setdefault(name, Step(name, title, RemoteLog(self._azure)))
            done = step.status in FINISHED
            self._update(step, str(child.status))
            if self._trials and not within and not done:
                self._look_at_children(name, title)

    def _update(self, step: Step, status: str) -> None:
        """Tell a start before the step's output and an end after it."""
        changed, step.status = status != step.status, status
        if changed and status not in FINISHED:
            self._azure.report.line(f"{step.title}: {status}")
        if status in STARTED and not step.drained:
            self._read_log(step)
        if changed and status in FINISHED:
            self._azure.report.line(f"{step.title}: {status}")

    def _read_log(self, step: Step) -> None:
        details = self._history.details(step.name)
        # The state is read before the log: what was written before the end is then in the log.
        step.drained = details.status in FINISHED
        step.error = details.error
        names = sorted(name for name in details.logs if name.startswith(USER_LOG))
        for line in step.log.new_lines(details.logs[names[0]], final=step.drained) if names else []:
            step.tail.append(line)
            self._azure.report.log(step.title, line)
