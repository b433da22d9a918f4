"""Jobs that were submitted: their states, and how to follow one with its steps' output to the end."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ml.azure.clients import Azure
from ml.azure.pauses import pauses
from ml.azure.remote_log import RemoteLog
from ml.azure.rest import Rest
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


@dataclass(frozen=True, slots=True)
class Child:
    """A job under another one: `title` is its name in the pipeline."""

    name: str
    title: str
    status: str


@dataclass(slots=True)
class Step:
    """One step of a job: `name` is the name of its own job, `title` its name in the pipeline."""

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


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """What a job logged to MLflow: the latest value of each metric, and its parameters."""

    metrics: dict[str, float]
    params: dict[str, str]


class Runs:
    """Jobs, ended and running ones, as two services of the workspace know them.

    Run history has their states and log files, MLflow tracking what they logged.
    """

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    @cached_property
    def _services(self) -> Rest:
        address = self._told("discoveryUrl", "https://", "its services")
        return Rest(self._azure, Rest(self._azure, address, open=True).get(address)["api"])

    @cached_property
    def _tracking(self) -> Rest:
        address = self._told("mlFlowTrackingUri", "azureml://", "its tracking service")
        return Rest(self._azure, "https://" + address.removeprefix("azureml://"))

    @cached_property
    def _workspace(self) -> dict[str, Any]:
        return (self._azure.assets.read("", "read the workspace") or {}).get("properties") or {}

    def _told(self, name: str, scheme: str, service: str) -> str:
        """One of the workspace's own addresses. Raises MlopsError when the workspace does not give it."""
        estate = self._azure.estate
        address = str(self._workspace.get(name) or "")
        if not address.startswith(scheme):
            raise MlopsError(
                f"The workspace {estate.workspace} tells no address of {service}.",
                f"Look at its state, then run `pulumi up -s {estate.environment}`.",
            )
        return address

    def details(self, job: str) -> RunDetails:
        """Raises HttpResponseError when there is no such job."""
        body = self._services.get(f"{self._run(job)}/details")
        error: dict[str, Any] = (body.get("error") or {}).get("error") or {}
        return RunDetails(
            str(body.get("status")), body.get("logFiles") or {}, str(error.get("message") or "")
        )

    def children(self, job: str) -> list[Child]:
        """The steps of a pipeline, or the trials of a sweep. Raises HttpResponseError for no such job.

        azure-ai-ml asks for the job itself each time, and makes an object of all that a pipeline says.
        """
        return [
            Child(name, str(each.get("displayName") or name), str(each.get("status")))
            for each in self._services.items(f"{self._run(job)}/children")
            for name in [str(each["runId"])]
        ]

    def outputs(self, job: str, names: Iterable[str]) -> dict[str, str]:
        """Where these outputs of a job are, each as azureml://…/datastores/NAME/paths/PATH.

        One that the job does not have is left out. Raises HttpResponseError for no such job.
        """
        asked = {"runId": job, "selectRunMetadata": True}
        found = self._services.ask(f"{self._path('history')}/rundata", asked)
        known: dict[str, Any] = (found.get("runMetadata") or {}).get("outputs") or {}
        assets = {name: str(known[name]["assetId"]) for name in names if name in known}
        body = {"values": list(assets.values())}
        told = self._services.ask(f"{self._path('data')}/dataversion/batchGetResolvedUris", body)["values"]
        return {name: str(told[asset]["uri"]) for name, asset in assets.items() if asset in told}

    def _run(self, job: str) -> str:
        return f"{self._path('history')}/runs/{job}"

    def _path(self, service: str) -> str:
        return f"/{service}/v1.0{self._azure.assets.id()}"

    def tracked(self, job: str) -> TrackedRun:
        """Raises HttpResponseError when there is no such job."""
        run = self._tracking.get("/api/2.0/mlflow/runs/get", run_id=job)["run"]
        data: dict[str, Any] = run.get("data") or {}
        return TrackedRun(
            {each["key"]: float(each["value"]) for each in data.get("metrics") or []},
            {each["key"]: str(each["value"]) for each in data.get("params") or []},
        )


class Follower:
    """Reports a job's progress until the job ends; with `trials`, that of its sweeps' trials, too.

    alone: the job has no steps: its own output is followed, as that of one step.
    """

    def __init__(self, azure: Azure, *, trials: bool = False, alone: bool = False) -> None:
        self._azure = azure
        self._trials = trials
        self._alone = alone
        self._runs = Runs(azure)
        self._steps: dict[str, Step] = {}

    def follow(self, job: str, seconds: float) -> tuple[str, list[Step]]:
        """The job's final status and its steps. Raises MlopsError when it is not over after `seconds`."""
        deadline = time.monotonic() + seconds
        waits = pauses(self._azure.settings.azure.poll_seconds)
        while True:
            status = self._runs.details(job).status
            if self._alone:
                step = self._steps.setdefault(job, Step(job, job, RemoteLog(self._azure)))
                self._update(step, status)
            else:
                self._look_at_children(job, "")
            if status in FINISHED:
                return status, list(self._steps.values())
            if time.monotonic() > deadline:
                raise MlopsError(
                    f"The job {job} is still {status} after {seconds / 60:.0f} minutes.",
                    "It goes on without this command: run the same command again to follow it, "
                    "or cancel it in the workspace.",
                )
            time.sleep(next(waits))

    def _look_at_children(self, job: str, within: str) -> None:
        """The steps of a job, and the trials of each: run history does not tell which of them is a sweep."""
        for child in self._runs.children(job):
            name = child.name
            title = f"{within} {name.removeprefix(f'{job}_')}" if within else child.title
            step = self._steps.setdefault(name, Step(name, title, RemoteLog(self._azure)))
            done = step.status in FINISHED
            self._update(step, child.status)
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
        details = self._runs.details(step.name)
        # The state is read first: when it says that the step has ended, the log read after it is whole.
        step.drained = details.status in FINISHED
        step.error = details.error
        names = sorted(name for name in details.logs if name.startswith(USER_LOG))
        for line in step.log.new_lines(details.logs[names[0]], final=step.drained) if names else []:
            step.tail.append(line)
            self._azure.report.log(step.title, line)
