"""A sweep's run: trials as child jobs, as many at once as it says; the best one's outputs are the sweep's."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from emulator.machinelearning.joblogs import JobLogs
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.orders import Control, Given, Order, StepFailed, Stopped
from emulator.machinelearning.resources import step_properties
from emulator.machinelearning.runs import TERMINAL, Runs
from emulator.machinelearning.said import say
from emulator.machinelearning.steps import Sweep, Target
from emulator.machinelearning.sweeps import sampling
from emulator.machinelearning.sweeps.resources import said
from emulator.machinelearning.tracking.metrics import Metrics

Json = dict[str, Any]
LOG: Final = "azureml-logs/hyperdrive.txt"
LOOK_EVERY_S: Final = 0.2
IN_HAND: Final = 16  # trials: most of them wait for a node
# the reason that an ended trial has
WORSE, LATE = "early termination", "the sweep's limit of time is over"


class Performer(Protocol):
    """Who runs trials, and keeps what a sweep says of itself."""

    metrics: Metrics

    def perform(self, order: Order, control: Control) -> Json:
        """Run a command once it has a node; its outputs."""
        ...

    def watch(self, job_id: str, control: Control) -> None:
        """Let a trial be cancelled by itself until it has been performed."""
        ...

    def describe(self, job_id: str, properties: dict[str, str]) -> None:
        """Add to the properties of a job."""
        ...

    def adopt(self, order: Order, outputs: Json) -> Json:
        """Make the outputs of a trial those of the order: brought to their place, registered."""
        ...


@dataclass(slots=True)
class SweepRun:
    """One run of one sweep, from its first trial or from where the emulator was stopped."""

    job: Json
    plan: Sweep
    runs: Runs
    logs: JobLogs
    performer: Performer
    control: Control
    submitter: Any = None
    root: str = ""  # name of the outermost job
    given: dict[str, Given] = field(default_factory=dict[str, Given])
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    trials: list[Json] = field(default_factory=list[Json])  # name and values of each, in their order
    controls: dict[str, Control] = field(default_factory=dict[str, Control])
    compared: dict[str, int] = field(default_factory=dict[str, int])  # trial -> interval
    lines: list[str] = field(default_factory=list[str])
    saying: threading.Lock = field(default_factory=threading.Lock)

    @property
    def workspace(self) -> Workspace:
        return Workspace.of(self.job["id"])

    def run(self) -> Json:
        """Run to the end. Returns the best trial's outputs; StepFailed or Stopped otherwise."""
        values = self._recall()
        self.runs.advance(self.job["id"], "Running")
        self._describe()
        started = time.monotonic()
        late = False
        at_once = min(self.plan.at_once, IN_HAND)
        with ThreadPoolExecutor(at_once, thread_name_prefix=self.job["name"]) as pool:
            pending: dict[Future[Json], str] = {
                pool.submit(work): name for name, work in self._cut_off().items()
            }
            try:
                while True:
                    self.control.check()
                    late = late or self._is_late(started)
                    while not late and len(pending) < at_once and (work := self._next(values)):
                        pending[pool.submit(work[1])] = work[0]
                    if not pending:
                        break
                    done, _ = wait(pending, LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._settle(pending.pop(future), future)
                    self._end_the_worse()
            finally:
                for control in self.controls.values():
                    control.stop(self.control.reason or "cancel")
        self.control.check()
        return self._result(late)

    def _result(self, late: bool) -> Json:
        best, score = self._best()
        if best is None and late:
            raise Stopped("timeout", f"The sweep was longer than its limit of {self.plan.timeout:g} s.")
        if best is None:
            raise StepFailed(self._nothing())
        self._say(f"The best of {len(self.trials)} trials is {best}: {self.plan.metric} {score!r}")
        outputs = self.runs.record(self._id(best))["outputs"]
        return self.performer.adopt(self._order(self.job["name"], {}, self.targets), outputs)

    def _recall(self) -> Iterator[sampling.Values]:
        """Take up what was begun before the emulator was stopped; the values of the trials to come."""
        record = self.runs.record(self.job["id"])
        self.trials += record.get("trials") or []
        self.lines += record.get("lines") or []
        seed = self.plan.seed if self.plan.seed is not None else record.get("seed")
        seed = secrets.randbelow(2**31) if seed is None else seed
        self.runs.update(self.job["id"], seed=seed)
        if not self.trials:
            self._say(f"Sweep of {self.plan.most} trials, {self.plan.sampling} sampling, seed {seed}")
        values = sampling.samples(self.plan.sampling, self.plan.space, seed)
        for _ in self.trials:
            next(values)
        return values

    def _cut_off(self) -> dict[str, Callable[[], Json]]:
        return {
            trial["name"]: self._work(trial, restarted=True)
            for trial in self.trials
            if not self.runs.exists(self._id(trial["name"]))
            or self.runs.status(self._id(trial["name"])) not in TERMINAL
        }

    def _next(self, values: Iterator[sampling.Values]) -> tuple[str, Callable[[], Json]] | None:
        """The next trial, if there is one."""
        if len(self.trials) >= self.plan.most:
            return None
        trial: Json = {"name": f"{self.job['name']}_{len(self.trials)}", "values": next(values)}
        self.trials.append(trial)
        self.runs.update(self.job["id"], trials=list(self.trials))
        return trial["name"], self._work(trial, restarted=False)

    def _work(self, trial: Json, *, restarted: bool) -> Callable[[], Json]:
        name, values = trial["name"], trial["values"]
        inputs = {**self.given, **{key: Given(text=value) for key, value in values.items()}}
        outputs = {key: _own(target) for key, target in self.targets.items()}
        if not self.runs.exists(self._id(name)):
            properties = step_properties(self.job, self.plan.trial, inputs, outputs)
            properties["displayName"] = name
            properties["properties"] = {"hyperparameters": json.dumps(values)}
            self.runs.add_child(self.job, name, properties, root=self.root or self.job["name"], values=values)
        control = self.controls[name] = self.control.under()
        order = self._order(name, inputs, outputs, restarted=restarted)
        self.performer.watch(order.job_id, control)
        said = ", ".join(f"{key} {value}" for key, value in values.items())
        self._say(f"{name}: {'queued again' if restarted else 'queued'}: {said}")
        return lambda: self.performer.perform(order, control)

    def _order(
        self, name: str, inputs: dict[str, Given], outputs: dict[str, Target], *, restarted: bool = False
    ) -> Order:
        return Order(
            self._id(name), name, self.root or self.job["name"], self.job["properties"]["experimentName"],
            self.workspace, self.plan.trial, inputs, outputs, self.submitter, restarted,
        )  # fmt: skip

    def _settle(self, name: str, future: Future[Json]) -> None:
        how = "completed"
        try:
            future.result()
        except Stopped as stopped:
            if stopped.reason == "shutdown":
                raise
            how = str(stopped)
        except StepFailed as failure:
            how = f"failed: {failure}"
        logged = self._series().get(name)
        shown = f"{self.plan.metric} {self._worth(logged)!r}" if logged else f"no {self.plan.metric}"
        self._say(f"{name}: {how}; {shown}")
        self._describe()

    def _describe(self) -> None:
        best, score = self._best()
        self.performer.describe(self.job["id"], said(self.plan, best, score))

    def _best(self) -> tuple[str | None, float | None]:
        """The trial that completed and is worth most, and what it is worth."""
        worth = {
            name: self._worth(values)
            for name, values in self._series().items()
            if self.runs.status(self._id(name)) == "Completed"
        }
        if not worth:
            return None, None
        best = (max if self.plan.maximize else min)(worth, key=lambda name: worth[name])
        return best, worth[best]

    def _worth(self, values: list[float]) -> float:
        return (max if self.plan.maximize else min)(values)

    def _series(self) -> dict[str, list[float]]:
        """The values of the primary metric that each trial has logged, without NaN."""
        found: dict[str, list[float]] = {}
        for trial in self.trials:
            points = self.performer.metrics.history(self._id(trial["name"]), self.plan.metric)
            values = [point["value"] for point in points if point["value"] == point["value"]]
            if values:
                found[trial["name"]] = values
        return found

    def _end_the_worse(self) -> None:
        """Compare the trials that run at the interval that each has reached."""
        early = self.plan.early
        if early is None:
            return
        series = self._series()
        for name, values in series.items():
            interval = len(values)
            if interval == self.compared.get(name) or self.runs.status(self._id(name)) in TERMINAL:
                continue
            due = [at for at in range(self.compared.get(name, 0) + 1, interval + 1) if early.due(at)]
            self.compared[name] = interval
            if any(early.ends(name, at, series, maximize=self.plan.maximize) for at in due):
                self.controls[name].stop(WORSE)

    def _is_late(self, started: float) -> bool:
        if self.plan.timeout is None or time.monotonic() - started < self.plan.timeout:
            return False
        self._say(f"The sweep's limit of {self.plan.timeout:g} s is over")
        for control in self.controls.values():
            control.stop(LATE)
        return True

    def _nothing(self) -> str:
        """The reason, in words, why there is no best trial."""
        completed = [one for one in self.trials if self.runs.status(self._id(one["name"])) == "Completed"]
        if completed:
            logged = self.performer.metrics.logged(self._id(completed[0]["name"]))["metrics"]
            return (
                f"No trial of the sweep that completed has logged the primary metric {self.plan.metric!r}. "
                f"{completed[0]['name']} logged: {', '.join(logged) or 'nothing'}."
            )
        last = self.runs.record(self._id(self.trials[-1]["name"]))
        why = (last["error"] or {}).get("message") or f"it was {last['status']}"
        return f"No trial of the sweep completed. The last one, {self.trials[-1]['name']}: {why}"

    def _id(self, name: str) -> str:
        return self.workspace.child("jobs", name)

    def _say(self, text: str) -> None:
        say(self, LOG, text)


def _own(target: Target) -> Target:
    """The place that a trial writes to: one of its own, even when the sweep's place is for a single run."""
    return Target(target.type, target.uri if "${{name}}" in target.uri else "")
