"""What a job is to do, as data: steps, where their inputs come from, and where their outputs go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.machinelearning.literals import DEFAULT_TYPE
from emulator.machinelearning.sweeps.policy import Policy
from emulator.machinelearning.sweeps.space import Distribution

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input's value comes from."""

    # literal: text, may hold ${{parent.inputs.x}} | data: a reference | parent: an input | step: an output
    kind: str
    text: str = ""
    name: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an output goes."""

    type: str = DEFAULT_TYPE
    uri: str = ""  # "" is the default place of the job
    parent: str = ""  # the output of the pipeline that it is as well
    asset_name: str = ""
    asset_version: str = ""


@dataclass(frozen=True, slots=True)
class Acting:
    """As whom a step reaches its data: an identity of its compute, or the one who submitted the job."""

    kind: str = "managed"  # or user
    name: str = ""  # client, object or resource id of the compute's identity; "" is its first


@dataclass(frozen=True, slots=True)
class Step:
    """One command to run: a command job, or a step of a pipeline."""

    name: str
    display_name: str
    command: str
    code: str
    environment: str
    compute: str
    declarations: Mapping[str, Json]
    inputs: Mapping[str, Source]
    outputs: Mapping[str, Target]
    environment_variables: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout: float | None = None  # seconds
    identity: Acting = Acting()
    component: str = ""

    @property
    def depends_on(self) -> set[str]:
        """The steps whose outputs this one reads."""
        return _read_steps(self.inputs)


@dataclass(frozen=True, slots=True)
class Sweep:
    """A step whose trials are ``trial`` with other values of the parameters in ``space``."""

    name: str
    display_name: str
    trial: Step
    space: Mapping[str, Distribution]
    sampling: str
    seed: int | None
    maximize: bool
    metric: str
    most: int  # trials
    at_once: int
    timeout: float | None  # seconds for all trials together
    early: Policy | None
    declarations: Mapping[str, Json]  # without those of the space
    inputs: Mapping[str, Source]
    outputs: Mapping[str, Target]
    component: str = ""

    @property
    def depends_on(self) -> set[str]:
        """The steps whose outputs the trials read."""
        return _read_steps(self.inputs)

    @property
    def compute(self) -> str:
        return self.trial.compute


@dataclass(frozen=True, slots=True)
class Nested:
    """A pipeline as a step of another one; ``pipeline.inputs`` are ``inputs`` followed to their beginning."""

    name: str
    display_name: str
    declarations: Mapping[str, Json]
    inputs: Mapping[str, Source]
    outputs: Mapping[str, Target]
    pipeline: Pipeline
    nodes: Mapping[str, Json]  # in the component's own words
    component: str = ""

    @property
    def depends_on(self) -> set[str]:
        """The steps whose outputs this one reads."""
        return _read_steps(self.inputs)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Steps with what goes into and comes out of them together."""

    steps: Mapping[str, Step | Sweep | Nested]
    inputs: Mapping[str, Source]
    outputs: Mapping[str, Target]
    continue_on_failure: bool = False
    datastore: str = ""  # where outputs go that say nothing else; "" is the workspace's own
    compute: str = ""  # where steps run that name none
    complete: bool = True  # every node could be read

    @property
    def dependencies(self) -> dict[str, set[str]]:
        return {name: step.depends_on for name, step in self.steps.items()}

    def walk(self, path: str) -> Iterator[tuple[str, Step | Sweep | Nested]]:
        """Every step with its field's path, those of nested pipelines after their own."""
        for name, step in self.steps.items():
            inner = f"{path}jobs.{name}."
            yield inner, step
            if isinstance(step, Nested):
                yield from step.pipeline.walk(inner)


def _read_steps(inputs: Mapping[str, Source]) -> set[str]:
    return {source.step for source in inputs.values() if source.kind == "step"}
