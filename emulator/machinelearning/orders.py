"""Defines what a run is told: the order for one command, the values of its inputs, and how others end it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from emulator.arm.ids import fold
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.plan import Step, Target
from emulator.principal import Principal


class StepFailed(Exception):
    """The command failed, or could not be started; the message is for the user."""


class Stopped(Exception):
    """The run was ended from outside: ``reason`` is cancel, timeout or shutdown."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Given:
    """The value of an input at run time: literal text, or data of a type at a uri."""

    text: str = ""
    uri: str = ""
    type: str = ""


@dataclass(slots=True)
class Control:
    """How others reach into a run: once stopped, it ends with that reason. The first reason counts."""

    reason: str = ""
    wake: threading.Event = field(default_factory=threading.Event)
    below: list[Control] = field(default_factory=list["Control"])

    def stop(self, reason: str) -> None:
        """Ask the run to end, and those below it; it ends its process itself."""
        self.reason = self.reason or reason
        self.wake.set()
        for one in list(self.below):
            one.stop(reason)

    def under(self) -> Control:
        """The control of a run that ends with this one."""
        control = Control()
        self.below.append(control)
        if self.reason:  # it was stopped while it began
            control.stop(self.reason)
        return control

    def check(self) -> None:
        """Stopped when the run was asked to end."""
        if self.reason:
            raise Stopped(self.reason)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run, for which job, on whose behalf."""

    job_id: str
    name: str
    root: str  # name of the outermost job
    experiment: str
    workspace: Workspace
    step: Step
    inputs: Mapping[str, Given]
    outputs: Mapping[str, Target]
    submitter: Principal | None
    restarted: bool = False
    on_running: Callable[[], None] = lambda: None

    @property
    def key(self) -> str:
        """A name of its own among the jobs of all workspaces: each has its own names."""
        return f"{self.name[:200]}-{hashlib.sha256(fold(self.job_id).encode()).hexdigest()[:12]}"

    @property
    def workload(self) -> str:
        """The name under which the command proves who it is; no container's begins so."""
        return f"job-{self.key}"
