"""Jobs from submission to their end: one thread for each outermost job; after a restart they go on."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

from emulator.arm.service import Arm
from emulator.arm.store import Store
from emulator.errors import AzureError
from emulator.home import Home
from emulator.identity.service import Identity
from emulator.machinelearning.access import Access
from emulator.machinelearning.assets import DEFAULT_VERSION
from emulator.machinelearning.command import Commands
from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.nodes import Nodes
from emulator.machinelearning.orders import Control, Given, Order, StepFailed, Stopped
from emulator.machinelearning.outputs import register_outputs
from emulator.machinelearning.pipeline import PipelineRun
from emulator.machinelearning.plan import parse_command
from emulator.machinelearning.plan_pipeline import parse_pipeline
from emulator.machinelearning.references import References
from emulator.machinelearning.runs import Runs
from emulator.machinelearning.runtimes import Runtimes
from emulator.machinelearning.spark import run as spark
from emulator.machinelearning.spark.plan import parse_spark
from emulator.machinelearning.steps import Source
from emulator.machinelearning.sweeps.plan import parse_sweep
from emulator.machinelearning.sweeps.run import SweepRun
from emulator.machinelearning.tracking.metrics import Metrics
from emulator.machinelearning.tracking.tokens import RunTokens
from emulator.network.reach import Reach
from emulator.principal import Principal
from emulator.processes import Processes
from emulator.storage.service import Blobs
from emulator.workplaces import Workplaces

Json = dict[str, Any]
LOG = logging.getLogger("emulator.machinelearning")
SHUTDOWN_S = 8.0
LABEL = re.compile(r"/labels/(?:default|latest)$", re.IGNORECASE)


class Executor:
    """Runs jobs; every state is in the store before the next one begins."""

    def __init__(
        self,
        home: Home,
        arm: Arm,
        store: Store,
        identity: Identity,
        blobs: Blobs,
        processes: Processes,
        workplaces: Workplaces,
        references: References,
        runs: Runs,
        runtimes: Runtimes,
        logs: JobLogs,
        tokens: RunTokens,
        metrics: Metrics,
        reach: Reach,
    ) -> None:
        self.metrics = metrics
        self._home = home
        self._arm = arm
        self._identity = identity
        self._runs = runs
        self._logs = logs
        self.nodes = Nodes()
        self._commands = Commands(
            home,
            arm,
            blobs,
            processes,
            workplaces,
            references,
            runs,
            runtimes,
            Access(arm, store, identity, reach),
            logs,
            tokens,
        )
        self._controls: dict[str, Control] = {}
        self._watched: dict[str, Control] = {}  # controls of trials, by the id of their job
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def submit(self, job_id: str, submitter: Principal | None, *, restarted: bool = False) -> None:
        """Run a stored job in a thread of its own."""
        with self._lock:
            if job_id.lower() in self._controls:
                return
            control = self._controls[job_id.lower()] = Control()
            thread = self._threads[job_id.lower()] = threading.Thread(
                target=self._run,
                args=(job_id, submitter, restarted, control),
                name=f"job {job_id.rsplit('/', 1)[1]}",
                daemon=True,
            )
            thread.start()

    def cancel(self, job_id: str) -> None:
        """Ask a job to end; one that has ended stays as it is. A step is cancelled with its pipeline,
        a trial by itself."""
        if not self._runs.advance(job_id, "CancelRequested"):
            return
        parent = self._runs.record(job_id).get("parent")
        with self._lock:
            control = self._controls.get(job_id.lower()) or self._watched.get(job_id.lower())
        if control is not None:
            control.stop("cancel")
        elif parent:
            self.cancel(Workspace.of(job_id).child("jobs", parent))
        else:
            self._runs.advance(job_id, "Canceled")

    def end(self, job_id: str) -> None:
        """End what runs of a job that is deleted, and wait until it has ended."""
        with self._lock:
            control, thread = self._controls.get(job_id.lower()), self._threads.get(job_id.lower())
        if control is not None and thread is not None:
            control.stop("cancel")
            thread.join(SHUTDOWN_S)

    def ending(self, job_id: str) -> bool:
        """Whether a job of the id still runs."""
        with self._lock:
            return job_id.lower() in self._controls

    def resume(self) -> None:
        """Go on with the jobs that were cut off when the emulator stopped."""
        for record in self._runs.unfinished():
            job_id = record["job"]
            submitter = self._identity.directory.find(record.get("submitter") or "")
            if record["status"] == "CancelRequested":
                self.cancelled(job_id)
            else:
                self.submit(job_id, submitter, restarted=True)

    def cancelled(self, job_id: str) -> None:
        """Mark a job of which nothing runs, and all jobs under it, as Canceled unless they have ended."""
        if not self._runs.exists(job_id):
            return
        for child in self._runs.children(Workspace.of(job_id), job_id.rsplit("/", 1)[1]):
            self.cancelled(child["id"])
        self._runs.advance(job_id, "Canceled")

    def stop(self) -> None:
        """End the commands because the emulator goes down; the jobs stay as they are, to go on later."""
        with self._lock:
            controls, threads = list(self._controls.values()), list(self._threads.values())
        for control in controls:
            control.stop("shutdown")
        for thread in threads:
            thread.join(SHUTDOWN_S)

    def _run(self, job_id: str, submitter: Principal | None, restarted: bool, control: Control) -> None:
        try:
            self.finish(job_id, lambda: self._perform_job(job_id, submitter, restarted, control))
        except Stopped:
            LOG.info("%s was cut off", job_id)
        except AzureError as error:
            LOG.info("%s is gone: %s", job_id, error.message)
        finally:
            with self._lock:
                self._controls.pop(job_id.lower(), None)
                self._threads.pop(job_id.lower(), None)

    def _perform_job(
        self, job_id: str, submitter: Principal | None, restarted: bool, control: Control
    ) -> Json:
        job = self._runs.job(job_id)
        properties = job["properties"]
        if properties["jobType"] == "Pipeline":
            plan, _ = parse_pipeline(Workspace.of(job_id), properties, self.component)
            return PipelineRun(job, plan, self._runs, self._logs, self, control, submitter).run()
        if properties["jobType"] == "Sweep":
            sweep, _ = parse_sweep(job["name"], properties)
            return SweepRun(
                job, sweep, self._runs, self._logs, self, control, submitter, "", _given(sweep.inputs),
                dict(sweep.outputs),
            ).run()  # fmt: skip
        if properties["jobType"] == "Spark":
            return self._perform_spark(job, submitter, restarted, control)
        step, _ = parse_command(job["name"], properties)
        inputs = _given(step.inputs)
        order = Order(
            job_id, job["name"], job["name"], properties["experimentName"], Workspace.of(job_id),
            step, inputs, step.outputs, submitter, restarted,
        )  # fmt: skip
        return self._perform(order, control)

    def _perform_spark(
        self, job: Json, submitter: Principal | None, restarted: bool, control: Control
    ) -> Json:
        """Serverless: it waits for no node of a cluster, and for its turn on this machine."""
        properties, workspace = job["properties"], Workspace.of(job["id"])
        step, submission, _ = parse_spark(job["name"], properties)
        order = Order(
            job["id"], job["name"], job["name"], properties["experimentName"], workspace,
            step, _given(step.inputs), {}, submitter, restarted,
        )  # fmt: skip
        self._runs.advance(order.job_id, "Queued")
        with self.nodes.hold(f"{workspace.id}/spark", 1, control):
            return spark.run(self._arm, self._commands, order, submission, control)

    def perform(self, order: Order, control: Control) -> Json:
        """Run a step's command as the step's job; its outputs."""
        try:
            return self.finish(order.job_id, lambda: self._perform(order, control))
        finally:
            with self._lock:
                self._watched.pop(order.job_id.lower(), None)

    def watch(self, job_id: str, control: Control) -> None:
        """Let a trial be cancelled by itself until it has been performed."""
        with self._lock:
            self._watched[job_id.lower()] = control

    def _perform(self, order: Order, control: Control) -> Json:
        self._runs.advance(order.job_id, "Queued")
        compute = self._arm.get(order.step.compute)
        most = compute["properties"]["properties"]["scaleSettings"]["maxNodeCount"]
        with self.nodes.hold(order.step.compute, most, control):
            outputs = self._commands.run(order, control)
        return register_outputs(self._arm, self._runs, order, outputs)

    def describe(self, job_id: str, properties: dict[str, str]) -> None:
        """Add to the properties of a job."""
        kept = self._runs.job(job_id)["properties"].get("properties") or {}
        self._arm.put(job_id, {"properties": {"properties": {**kept, **properties}}})

    def adopt(self, order: Order, outputs: Json) -> Json:
        """Make the outputs of the best trial those of its sweep: at their place, and registered."""
        placed = self._commands.place(order, outputs)
        return register_outputs(self._arm, self._runs, order, placed)

    def finish(self, job_id: str, work: Callable[[], Json]) -> Json:
        """Run ``work`` and write its end into the job; what ended it goes on to the caller."""
        try:
            outputs = work()
        except Stopped as stopped:
            if stopped.reason != "shutdown":
                error = (
                    {"code": "JobCanceled", "message": str(stopped)} if stopped.reason == "timeout" else None
                )
                self._runs.advance(job_id, "Canceled", error=error)
            raise
        except StepFailed as failure:
            self._runs.advance(job_id, "Failed", error={"code": "UserError", "message": str(failure)})
            if self._is_outermost(job_id):
                return {}
            raise
        except Exception as error:
            if not self._runs.exists(job_id):
                raise
            LOG.exception("%s failed unexpectedly", job_id)
            message = f"The emulator failed while running the job: {error!r}; see {self._home.log}."
            self._runs.advance(job_id, "Failed", error={"code": "ServiceError", "message": message})
            if self._is_outermost(job_id):
                return {}
            raise StepFailed(message) from error
        self._runs.advance(job_id, "Completed", outputs=outputs)
        return outputs

    def _is_outermost(self, job_id: str) -> bool:
        return not self._runs.record(job_id).get("parent")

    def component(self, component_id: str) -> Json | None:
        """A component's spec by its id, that of its default version included."""
        if not component_id.startswith("/subscriptions/"):
            return None
        by_label = LABEL.sub(rf"/versions/{DEFAULT_VERSION}", component_id)
        found = self._arm.find(by_label)
        return found["properties"]["componentSpec"] if found else None


def _given(inputs: Mapping[str, Source]) -> dict[str, Given]:
    """The inputs of a job that is in no pipeline."""
    return {
        name: Given(uri=source.text, type=source.name) if source.kind == "data" else Given(source.text)
        for name, source in inputs.items()
    }
