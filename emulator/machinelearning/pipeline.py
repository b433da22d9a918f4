"""Runs a pipeline: its steps are child jobs, in the order of their dependencies, independent ones at once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from emulator.machinelearning.expressions import substitute
from emulator.machinelearning.graph import descendants, ready
from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.literals import as_text
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.orders import Control, Given, Order, StepFailed, Stopped
from emulator.machinelearning.resources import nested_properties, step_properties
from emulator.machinelearning.runs import Runs
from emulator.machinelearning.said import say
from emulator.machinelearning.steps import Nested, Pipeline, Source, Step, Sweep, Target
from emulator.machinelearning.sweeps.resources import sweep_properties
from emulator.machinelearning.sweeps.run import Performer as SweepPerformer
from emulator.machinelearning.sweeps.run import SweepRun

Json = dict[str, Any]
LOG = "logs/azureml/executionlogs.txt"
STEPS_IN_HAND = 16  # threads; most of them wait for a node


class Performer(SweepPerformer, Protocol):
    """Who runs steps, and writes their end into their jobs."""

    def finish(self, job_id: str, work: Callable[[], Json]) -> Json:
        """Run ``work`` as the job of the id; its outputs."""
        ...

    def cancelled(self, job_id: str) -> None:
        """Mark a job of which nothing runs, and all jobs under it, as Canceled unless they have ended."""
        ...


Work = Callable[[], Json]  # runs a step; its outputs


@dataclass(slots=True)
class PipelineRun:
    """One run of one pipeline, from its first step or from where the emulator was stopped.

    ``given`` and ``targets`` are what the pipeline around it binds to its inputs and outputs.
    """

    job: Json
    plan: Pipeline
    runs: Runs
    logs: JobLogs
    performer: Performer
    control: Control
    submitter: Any = None
    root: str = ""  # name of the outermost job; "" when it is this one
    given: dict[str, Given] = field(default_factory=dict[str, Given])
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    finished: dict[str, Json] = field(default_factory=dict[str, Json])  # step -> its outputs
    failed: dict[str, str] = field(default_factory=dict[str, str])  # step -> why
    skipped: set[str] = field(default_factory=set[str])
    children: dict[str, str] = field(default_factory=dict[str, str])  # step -> name of its job
    controls: dict[str, Control] = field(default_factory=dict[str, Control])
    lines: list[str] = field(default_factory=list[str])
    saying: threading.Lock = field(default_factory=threading.Lock)

    @property
    def workspace(self) -> Workspace:
        return Workspace.of(self.job["id"])

    def run(self) -> Json:
        """Run to the end. Returns the pipeline's outputs; StepFailed or Stopped otherwise."""
        for name, source in self.plan.inputs.items():
            if name not in self.given:
                self.given[name] = self._value(source)
        self._recall()
        self.runs.advance(self.job["id"], "Running")
        started = time.monotonic()
        self._say(f"Pipeline {self.job['properties']['displayName']}: {len(self.plan.steps)} steps")
        with ThreadPoolExecutor(STEPS_IN_HAND, thread_name_prefix=self.job["name"]) as pool:
            pending: dict[Future[Json], str] = {}
            try:
                self._loop(pool, pending)
            finally:
                for control in self.controls.values():
                    control.stop(self.control.reason or "cancel")
        self.control.check()
        if self.failed:
            step, why = next(iter(self.failed.items()))
            self._say(f"Pipeline failed after {time.monotonic() - started:.1f} s")
            raise StepFailed(f"Step {step!r} of the pipeline failed: {why}")
        self._say(f"Pipeline completed in {time.monotonic() - started:.1f} s")
        return self._outputs()

    def _loop(self, pool: ThreadPoolExecutor, pending: dict[Future[Json], str]) -> None:
        dependencies = self.plan.dependencies
        while True:
            self.control.check()
            settled = {*self.finished, *self.failed, *self.skipped}
            for step in ready(dependencies, set(self.finished)):
                if step not in settled and step not in pending.values() and self._may_start():
                    pending[pool.submit(self._step, step, self._prepared(step))] = step
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)  # a stop ends what is pending
            for future in done:
                self._settle(pending.pop(future), future)

    def _may_start(self) -> bool:
        return not self.failed or self.plan.continue_on_failure

    def _settle(self, step: str, future: Future[Json]) -> None:
        try:
            self.finished[step] = future.result()
        except Stopped as stopped:
            if stopped.reason == "timeout":
                self._fail(step, str(stopped))
            elif not self.failed:
                self.control.check()
                self._fail(step, "it was cancelled")
            else:
                self.skipped.add(step)
        except StepFailed as failure:
            self._fail(step, str(failure))

    def _fail(self, step: str, why: str) -> None:
        self.failed[step] = why
        waiting = descendants(self.plan.dependencies, step)
        self.skipped |= waiting
        if waiting:
            self._say(f"{', '.join(name for name in self.plan.steps if name in waiting)}: not started")
        if not self.plan.continue_on_failure:
            for name, control in self.controls.items():
                if name not in self.finished:
                    control.stop("cancel")

    def _prepared(self, name: str) -> Work:
        """What will run a step, with its child job: a new one, or the one that was cut off."""
        step, restarted = self.plan.steps[name], name in self.children
        outputs = {key: self._target(target) for key, target in step.outputs.items()}
        inputs = {
            key: value for key, source in step.inputs.items() if (value := self._bound(source)) is not None
        }
        child = self.children.setdefault(name, str(uuid.uuid4()))
        child_id = self.workspace.child("jobs", child)
        self.runs.update(self.job["id"], steps=dict(self.children))
        if not self.runs.exists(child_id):
            properties = self._properties(step, inputs, outputs)
            self.runs.add_child(self.job, child, properties, step=name, root=self._root)
        control = self.controls[name] = self.control.under()
        self._say(f"{name}: queued{' again' if restarted else ''} ({child})")
        if isinstance(step, Nested):
            return self._inside(step, child_id, control, inputs, outputs)
        if isinstance(step, Sweep):
            sweep = SweepRun(
                self.runs.job(child_id), step, self.runs, self.logs, self.performer, control,
                self.submitter, self._root, inputs, outputs,
            )  # fmt: skip
            return lambda: self.performer.finish(child_id, sweep.run)
        order = Order(
            child_id, child, self._root, self.job["properties"]["experimentName"], self.workspace,
            step, inputs, outputs, self.submitter, restarted, lambda: self._say(f"{name}: running"),
        )  # fmt: skip
        return lambda: self.performer.perform(order, control)

    def _properties(
        self, step: Step | Sweep | Nested, inputs: dict[str, Given], outputs: dict[str, Target]
    ) -> Json:
        if isinstance(step, Nested):
            return nested_properties(self.job, step, inputs, outputs)
        if isinstance(step, Sweep):
            return sweep_properties(self.job, step, inputs, outputs)
        return step_properties(self.job, step, inputs, outputs)

    def _inside(
        self,
        step: Nested,
        job_id: str,
        control: Control,
        inputs: dict[str, Given],
        outputs: dict[str, Target],
    ) -> Work:
        """What will run a pipeline as a step of this one."""
        for key, declaration in step.declarations.items():
            if key not in inputs and declaration.get("default") is not None:
                inputs[key] = Given(text=as_text(declaration["default"]))
        run = PipelineRun(
            self.runs.job(job_id), step.pipeline, self.runs, self.logs, self.performer, control,
            self.submitter, self._root, inputs, outputs,
        )  # fmt: skip
        return lambda: self.performer.finish(job_id, run.run)

    def _step(self, name: str, work: Work) -> Json:
        """Run one step; its outputs."""
        started = time.monotonic()
        try:
            result = work()
        except Stopped as stopped:
            if stopped.reason != "shutdown":
                self._say(f"{name}: canceled after {time.monotonic() - started:.1f} s")
            raise
        except StepFailed as failure:
            self._say(f"{name}: failed after {time.monotonic() - started:.1f} s: {failure}")
            raise
        self._say(f"{name}: completed in {time.monotonic() - started:.1f} s")
        return result

    @property
    def _root(self) -> str:
        return self.root or self.job["name"]

    def _bound(self, source: Source) -> Given | None:
        return self.given.get(source.name) if source.kind == "parent" else self._value(source)

    def _value(self, source: Source) -> Given:
        if source.kind == "step":
            output = self.finished[source.step][source.name]
            return Given(uri=output["uri"], type=output["type"])
        if source.kind == "data":
            return Given(uri=source.text, type=source.name)
        return Given(text=substitute(source.text, lambda reference: self.given[reference.name].text))

    def _target(self, target: Target) -> Target:
        """The place of an output: the pipeline's, where it is an output of the pipeline as well."""
        place = (
            f"azureml://datastores/{self.plan.datastore}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}/"
        )
        if self.plan.datastore and not target.uri:
            target = replace(target, uri=place)
        whole = self.targets.get(target.parent) or self.plan.outputs.get(target.parent)
        if whole is None:
            return target
        return replace(
            target,
            uri=whole.uri.replace("${{name}}", self.job["name"]) or target.uri,
            asset_name=whole.asset_name or target.asset_name,
            asset_version=whole.asset_version or target.asset_version,
        )

    def _outputs(self) -> Json:
        found: Json = {}
        for name, step in self.plan.steps.items():
            for key, target in step.outputs.items():
                if target.parent:
                    found[target.parent] = self.finished[name][key]
        return found

    def _recall(self) -> None:
        """Take up what was done before the emulator was stopped."""
        self.children.update(self.runs.record(self.job["id"]).get("steps") or {})
        self.lines += self.runs.record(self.job["id"]).get("lines") or []
        for name, child in self.children.items():
            child_id = self.workspace.child("jobs", child)
            if not self.runs.exists(child_id):
                continue
            status, record = self.runs.status(child_id), self.runs.record(child_id)
            if status == "Completed":
                self.finished[name] = record["outputs"]
            elif status in ("Failed", "Canceled"):
                self._fail(name, (record["error"] or {}).get("message") or f"it was {status.lower()}")
        if not self._may_start():  # what ran when a step failed was to be cancelled
            for name in self.children.keys() - self.finished.keys():
                self.performer.cancelled(self.workspace.child("jobs", self.children[name]))

    def _say(self, text: str) -> None:
        say(self, LOG, text)
