"""Jobs in the ARM store: checked and refused at their PUT, started once they are stored."""

from __future__ import annotations

import re
from typing import Any

from emulator.arm.ids import fold, within
from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.errors import AzureError, NotEmulated
from emulator.http import Response
from emulator.machinelearning import shapes
from emulator.machinelearning.assets import select
from emulator.machinelearning.computes import identities, identity
from emulator.machinelearning.condaenv import EnvironmentProblem
from emulator.machinelearning.executor import Executor
from emulator.machinelearning.literals import as_text
from emulator.machinelearning.names import BLOB_STORE, COMPUTE, JOB, Workspace
from emulator.machinelearning.notemulated import STEPS
from emulator.machinelearning.plan import Complaints, asset, parse_command
from emulator.machinelearning.plan_pipeline import parse_pipeline
from emulator.machinelearning.references import References
from emulator.machinelearning.runs import TERMINAL, Runs
from emulator.machinelearning.runtimes import Runtimes, title
from emulator.machinelearning.spark.plan import parse_spark
from emulator.machinelearning.spark.runtime import installed
from emulator.machinelearning.steps import Nested, Source, Step, Sweep, Target
from emulator.machinelearning.sweeps.plan import parse_sweep

Json = dict[str, Any]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
EXPERIMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,255}")  # microsoft/dstoolkit-mlops-v2#179
RUN = ("Command", "Pipeline", "Spark", "Sweep")
CONTENT = (
    "jobType",
    "command",
    "computeId",
    "environmentId",
    "codeId",
    "componentId",
    "jobs",
    "inputs",
    "searchSpace",
    "args",
    "conf",
    "entry",
)
CHANGEABLE = ("displayName", "description", "tags", "properties", "isArchived")


class Jobs:
    """The rules of jobs."""

    def __init__(
        self,
        arm: Arm,
        store: Store,
        references: References,
        runs: Runs,
        runtimes: Runtimes,
        executor: Executor,
    ) -> None:
        self._arm = arm
        self._store = store
        self._references = references
        self._runs = runs
        self._runtimes = runtimes
        self._executor = executor

    def before_put(self, put: Put) -> None:
        """Check a new job; of one that exists only what describes it may change."""
        properties = put.properties
        properties.pop("provisioningState", None)
        if put.old is not None:
            kept = put.old["properties"]
            refuse_changes(kept, properties)
            changes = {key: properties[key] for key in CHANGEABLE if properties.get(key) is not None}
            put.resource["properties"] = {**kept, **changes}
            return
        if self._executor.ending(put.id):
            raise AzureError(
                409, "UserError", f"Job {put.resource['name']!r} was deleted and still ends; try again."
            )
        self.check(Workspace.of(put.id), put.resource["name"], properties)
        name = put.resource["name"]
        properties["experimentName"] = properties.get("experimentName") or "Default"
        properties["displayName"] = properties.get("displayName") or name
        for key in ("tags", "properties", "inputs", "outputs"):
            properties[key] = properties.get(key) or {}
        properties.setdefault("isArchived", False)
        properties.pop("status", None)
        workspace = self._arm.get(Workspace.of(put.id).id)
        properties["services"] = {
            "Tracking": {
                "jobServiceType": "Tracking",
                "endpoint": workspace["properties"]["mlFlowTrackingUri"],
            },
            "Studio": {
                "jobServiceType": "Studio",
                "endpoint": f"https://ml.azure.com/runs/{name}?wsid={workspace['id']}",
            },
        }
        self._runs.begin(put.id, submitter=put.principal.object_id if put.principal else None)

    def after_put(self, put: Put) -> None:
        """Start a new job, now that it is stored."""
        if put.old is None:
            self._executor.submit(put.id, put.principal)

    def check(self, workspace: Workspace, name: str, properties: Json) -> None:
        """400 with every field that is wrong; nothing has run then."""
        kind = properties.get("jobType")
        if kind not in RUN:
            advice = STEPS.get(str(kind).lower(), f"use {' or '.join(RUN)}")
            raise NotEmulated(f"jobs of type {kind} (job {name!r}); {advice}")
        if not NAME.fullmatch(name):
            raise AzureError(
                400, "UserError", f"{name!r} is no name for a job: letters, digits, '_' and '-', at most 255."
            )
        experiment = properties.get("experimentName") or "Default"
        if not (isinstance(experiment, str) and EXPERIMENT.fullmatch(experiment)):
            raise AzureError(
                400,
                "UserError",
                "Experiment name must be 1-256 characters, start with a letter or a number, and can only "
                "contain letters, numbers, underscores, and dashes.",
            )
        _refuse_if(name, list(shapes.of_job(properties, "properties.")))
        if kind == "Spark":
            self._check_spark(workspace, name, properties)
            return
        sources: dict[str, Source] = {}
        steps: dict[str, Step | Sweep | Nested] = {}
        default_compute = ""
        if kind == "Pipeline":
            plan, complaints = parse_pipeline(workspace, properties, self._executor.component)
            sources = {f"properties.inputs.{key}": source for key, source in plan.inputs.items()}
            steps |= plan.walk("properties.")
            default_compute = plan.compute
            for key, target in plan.outputs.items():
                self._check_target(workspace, f"properties.outputs.{key}", target, complaints)
            if plan.datastore:
                place = f"azureml://datastores/{plan.datastore}/paths/"
                self._resolvable(workspace, "properties.settings.defaultDatastore", place, complaints)
        else:
            read = parse_sweep if kind == "Sweep" else parse_command
            steps["properties."], complaints = read(name, properties)
        if default_compute:
            self._check_compute(workspace, "properties.settings.defaultCompute", default_compute, complaints)
        for path, step in steps.items():
            sources |= {f"{path}inputs.{key}": source for key, source in step.inputs.items()}
            if isinstance(step, Step | Sweep):
                if not default_compute or step.compute != default_compute:
                    self._check_compute(workspace, f"{path}computeId", step.compute, complaints)
                if isinstance(step, Sweep):
                    self._check_place(workspace, path, step.trial, complaints, "trial.")
                else:
                    self._check_place(workspace, path, step, complaints)
        self._check_references(workspace, sources, complaints)
        _refuse_if(name, complaints.found)

    def _check_spark(self, workspace: Workspace, name: str, properties: Json) -> None:
        step, _, complaints = parse_spark(name, properties)
        if step.code:
            self._resolvable(workspace, "properties.codeId", step.code, complaints)
        else:
            complaints.add("properties.codeId", "a Spark job needs code, which holds its entry")
        environment: Json | None = None
        if step.environment:
            try:
                environment = self._references.asset(workspace, step.environment, "environments")
            except AzureError as error:
                complaints.add("properties.environmentId", error.message)
        _refuse_if(name, complaints.found)
        try:
            spark = installed()
            if environment is not None:
                spark.check(title(environment), environment)
        except EnvironmentProblem as error:
            raise AzureError(400, "UserError", f"Job {name!r} is not valid. {error}") from error

    def _check_place(
        self, workspace: Workspace, path: str, step: Step, complaints: Complaints, inner: str = ""
    ) -> None:
        """Environment, code and identity of a step exist and can be had. ``inner``: where the first stand."""
        command = path == "properties."
        compute = self._compute(workspace, step.compute)
        if (
            compute is not None
            and step.identity.name
            and identity(self._arm, compute, step.identity.name) is None
        ):
            known = ", ".join(one.rsplit("/", 1)[-1] for one in identities(compute)) or "none"
            complaints.add(
                f"{path}identity",
                f"compute {compute['name']!r} has no identity {step.identity.name!r}; it has: {known}",
            )
        field = inner + ("environmentId" if command else "environment")
        try:
            if not step.environment:
                complaints.add(f"{path}{field}", "there is no environment")
            else:
                self._runtimes.check(self._references.asset(workspace, step.environment, "environments"))
        except AzureError as error:
            complaints.add(f"{path}{field}", error.message)
        except EnvironmentProblem as error:
            complaints.add(f"{path}{field}", str(error))
        if step.code:
            self._resolvable(
                workspace, f"{path}{inner}{'codeId' if command else 'code'}", step.code, complaints
            )
        for name, target in step.outputs.items():
            self._check_target(workspace, f"{path}outputs.{name}", target, complaints)

    def _check_target(self, workspace: Workspace, path: str, target: Target, complaints: Complaints) -> None:
        """Beside the default datastore, only a part of an output's path is filled in at run time."""
        if target.uri:
            place = target.uri.replace("${{default_datastore}}", BLOB_STORE)
            self._resolvable(workspace, f"{path}.uri", place, complaints)

    def _compute(self, workspace: Workspace, compute_id: str) -> Json | None:
        """A compute of the workspace; None for any other id."""
        found = self._store.get(compute_id) if compute_id.startswith("/subscriptions/") else None
        own = found and found["type"].lower() == COMPUTE.lower() and within(compute_id, workspace.id)
        return found if own else None

    def _check_compute(
        self, workspace: Workspace, path: str, compute_id: str, complaints: Complaints
    ) -> None:
        if self._compute(workspace, compute_id) is not None:
            return
        computes = self._store.children(workspace.child("computes"))
        known = ", ".join(item["name"] for item in computes) or "none"
        name = compute_id.rsplit("/", 1)[-1]
        what = (
            "there is no compute, and serverless is not emulated; name one"
            if name.lower() in ("", "serverless")
            else f"{name!r} is no compute"
        )
        complaints.add(path, f"{what} of workspace {workspace.name!r}; it has: {known}")

    def _check_references(
        self, workspace: Workspace, sources: dict[str, Source], complaints: Complaints
    ) -> None:
        for path, source in sources.items():
            if source.kind == "data":
                self._resolvable(workspace, f"{path}.uri", source.text, complaints)

    def _resolvable(self, workspace: Workspace, path: str, reference: str, complaints: Complaints) -> None:
        try:
            where = self._references.locate(workspace, reference)
            self._references.require_account(reference, where)
        except AzureError as error:
            complaints.add(path, error.message)


def _refuse_if(name: str, found: list[tuple[str, str]]) -> None:
    """400 with all (path, message) that were found."""
    if found:
        lines = "; ".join(f"{path}: {message}" for path, message in found)
        details = [{"code": "ValidationError", "target": path, "message": text} for path, text in found]
        raise AzureError(400, "UserError", f"Job {name!r} is not valid. {lines}.", details)


def refuse_changes(before: Json, after: Json) -> None:
    """400 when a PUT would change what an existing job runs. What the client leaves out is no change."""
    for key in CONTENT:
        given, kept = after.get(key), before.get(key)
        if given in (None, "", {}) or _content(key, given) == _content(key, kept):
            continue
        raise AzureError(
            400,
            "UserError",
            "A job with this name already exists. If you are trying to create a new job, use a different "
            f"name. If you are trying to update an existing job, the existing job's {key} cannot be changed. "
            "Only description, displayName, tags, and isArchived can be modified.",
        )


def _content(key: str, value: Any) -> Any:
    """The part of a field that is compared: of inputs their values, of steps their names, else all."""
    if not isinstance(value, dict):
        return fold(asset(value)) if key.endswith("Id") else value
    return {
        name: as_text(body.get("value", body.get("uri"))) if isinstance(body, dict) else None
        for name, body in value.items()
    }


def install(arm: Arm, jobs: Jobs, runs: Runs, executor: Executor) -> None:
    """Hook jobs into the ARM store."""
    arm.before_put(JOB)(jobs.before_put)
    arm.after_put(JOB)(jobs.after_put)
    arm.on_get(JOB)(runs.shown)

    @arm.on_list(JOB)
    def outermost(items: list[Json], query: dict[str, str]) -> list[Json]:
        wanted = [job for job in items if not job["properties"].get("parentJobName")]
        if kind := query.get("jobtype"):
            wanted = [job for job in wanted if fold(job["properties"]["jobType"]) == fold(kind)]
        newest_first = wanted[::-1]
        return select(newest_first, {key: value for key, value in query.items() if "orderby" not in key})

    @arm.action(JOB, "cancel")
    def cancel(action: Action) -> Response:
        runs.job(action.id)
        executor.cancel(action.id)
        return Response(200)

    @arm.before_delete(JOB)
    def refuse_running(job: Json) -> None:
        itself = fold(arm.deletion_root) == fold(job["id"])
        status = runs.status(job["id"])
        if itself and status not in TERMINAL:
            raise AzureError(409, "UserError", f"Job {job['name']!r} is {status}; cancel it first.")

    @arm.with_delete(JOB)
    def forget(job: Json) -> None:
        runs.forget(job["id"])

    @arm.after_delete(JOB)
    def end(job: Json) -> None:
        executor.end(job["id"])
