"""A pipeline job's plan: its steps from their components, pipelines inside it, and how they hang together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.machinelearning.bindings import check_bindings, followed
from emulator.machinelearning.literals import DEFAULT_TYPE, as_text
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.notemulated import STEPS
from emulator.machinelearning.plan import (
    Complaints,
    ComponentOf,
    Json,
    asset,
    camel,
    identity_of,
    input_source,
    output_target,
    refuse_extras,
    timeout_of,
)
from emulator.machinelearning.settings import Settings
from emulator.machinelearning.steps import Nested, Pipeline, Source, Step, Sweep, Target
from emulator.machinelearning.sweeps.plan import read_sweep

COMMAND, PIPELINE, SWEEP = "command", "pipeline", "sweep"
RUN = (COMMAND, PIPELINE, SWEEP)
AROUND = ("onInit", "onFinalize")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the nodes of one pipeline job. What its steps inherit is the same at every depth."""

    workspace: Workspace
    component_of: ComponentOf
    complaints: Complaints
    compute: str = ""
    identity: Any = None
    continue_on_failure: bool = False
    datastore: str = ""

    def pipeline(
        self, nodes: Mapping[str, Any], inputs: dict[str, Source], outputs: dict[str, Target], path: str
    ) -> Pipeline:
        """The plan of ``nodes`` (name -> body); its bindings are not checked yet."""
        if not nodes:
            self.complaints.add(f"{path}jobs", "the pipeline has no steps")
        steps: dict[str, Step | Sweep | Nested] = {}
        for name, node in nodes.items():
            step = self._node(name, node, inputs, f"{path}jobs.{name}.")
            if step is not None:
                steps[name] = step
        complete = len(steps) == len(nodes)
        return Pipeline(
            steps, inputs, outputs, self.continue_on_failure, self.datastore, self.compute, complete
        )

    def spec(self, body: Json, kinds: tuple[str, ...], path: str) -> Json | None:
        """The component's content (``body`` itself when it names none); None after a complaint."""
        component = asset(body.get("componentId"))
        spec = self.component_of(component) if component else body
        if spec is None:
            self.complaints.add(f"{path}componentId", f"there is no component {component!r}")
            return None
        kind = str(spec.get("type") or COMMAND)
        if component and kind not in kinds:
            advice = STEPS.get(kind, f"use {' or '.join(kinds)}")
            self.complaints.add(
                f"{path}componentId", f"components of type {kind!r} are not emulated here; {advice}"
            )
            return None
        return spec

    def _node(
        self, name: str, node: Json, outer: dict[str, Source], path: str
    ) -> Step | Sweep | Nested | None:
        given = camel(node)
        kind = str(given.get("type") or COMMAND)
        if kind in (COMMAND, SWEEP):
            given = Settings(self.workspace, outer, self.complaints).of(given, path)
        if kind not in RUN:
            advice = STEPS.get(kind, f"use {' or '.join(RUN)}")
            self.complaints.add(f"{path}type", f"steps of type {kind!r} are not emulated; {advice}")
            return None
        body = {**given, **camel(given.get("trial") or {})} if kind == SWEEP else given
        spec = self.spec(body, (COMMAND if kind == SWEEP else kind,), path)
        if spec is None:
            return None
        declarations = declared(spec.get("inputs"))
        inputs: dict[str, Source] = {}
        for key, bound in (given.get("inputs") or {}).items():
            source = input_source(bound, f"{path}inputs.{key}", self.complaints)
            if source is not None:
                inputs[key] = source
        targets = self._targets(given.get("outputs") or {}, spec, path)
        if kind == COMMAND:
            return self._command(name, given, spec, declarations, inputs, targets, path)
        if kind == SWEEP:
            trial = {key: value for key, value in body.items() if key != "limits"}
            step = self._command(name, trial, spec, declarations, inputs, targets, path)
            return read_sweep(step, given, path, self.complaints)
        nodes = spec.get("jobs") or {}
        inside = self.pipeline(nodes, followed(declarations, inputs, outer), own_outputs(spec), path)
        display_name = str(given.get("displayName") or name)
        component = asset(given.get("componentId"))
        return Nested(name, display_name, declarations, inputs, targets, inside, nodes, component)

    def _command(
        self,
        name: str,
        given: Json,
        spec: Json,
        declarations: dict[str, Json],
        inputs: dict[str, Source],
        targets: dict[str, Target],
        path: str,
    ) -> Step:
        refuse_extras({**spec, **given}, path, self.complaints)
        return Step(
            name,
            str(given.get("displayName") or name),
            str(spec.get("command") or ""),
            asset(given.get("code") or spec.get("code")),
            asset(given.get("environment") or spec.get("environment")),
            asset(given.get("computeId") or given.get("compute")) or self.compute,
            declarations,
            inputs,
            targets,
            {**_variables(camel(spec)), **_variables(given)},
            timeout_of(given.get("limits") or spec.get("limits"), f"{path}limits", self.complaints),
            identity_of(given.get("identity") or self.identity, f"{path}identity", self.complaints),
            asset(given.get("componentId")),
        )

    def _targets(self, bound: Json, spec: Json, path: str) -> dict[str, Target]:
        outputs = own_outputs(spec)
        for key in bound.keys() - outputs.keys():
            self.complaints.add(
                f"{path}outputs.{key}",
                f"the component has no such output; it has: {', '.join(outputs) or 'none'}",
            )
        return {
            key: output_target(bound.get(key), own.type, f"{path}outputs.{key}", self.complaints)
            for key, own in outputs.items()
        }


def parse_pipeline(
    workspace: Workspace, properties: Json, component_of: ComponentOf
) -> tuple[Pipeline, Complaints]:
    """The plan of a pipeline job of a workspace.

    component_of: gives a component's spec by its id, None if there is none.
    """
    complaints = Complaints()
    settings = camel(properties.get("settings") or {})
    for key in AROUND:
        if settings.get(key):
            complaints.add(
                f"properties.settings.{key}",
                "steps before and after a pipeline are not emulated; make them steps of the pipeline",
            )
    reader = Reader(
        workspace,
        component_of,
        complaints,
        asset(properties.get("computeId") or settings.get("defaultCompute")),
        properties.get("identity"),
        bool(settings.get("continueOnStepFailure")),
        asset(settings.get("defaultDatastore")).removeprefix("azureml:").rsplit("/", 1)[-1],
    )
    spec: Json = {}
    if properties.get("componentId"):
        spec = reader.spec(properties, (PIPELINE,), "properties.") or {}
    inputs = {
        name: source
        for name, body in (properties.get("inputs") or {}).items()
        if (source := input_source(body, f"properties.inputs.{name}", complaints)) is not None
    }
    for name, source in inputs.items():
        if source.kind in ("parent", "step"):
            complaints.add(
                f"properties.inputs.{name}", f"{source.text!r} binds to a pipeline, and this is the outermost"
            )
    declarations = declared(spec.get("inputs"))
    for name in inputs.keys() - declarations.keys() if spec else ():
        known = ", ".join(sorted(declarations)) or "none"
        complaints.add(f"properties.inputs.{name}", f"the component has no such input; it has: {known}")
    outputs = own_outputs(spec) | {
        name: output_target(body, DEFAULT_TYPE, f"properties.outputs.{name}", complaints)
        for name, body in (properties.get("outputs") or {}).items()
        if name != "default"
    }
    nodes = properties.get("jobs") or spec.get("jobs") or {}
    inputs = {**followed(declarations, {}, {}), **inputs}
    if complaints.found and properties.get("componentId") and not nodes:
        return Pipeline({}, inputs, outputs), complaints  # a complaint says already why there are no steps
    plan = reader.pipeline(nodes, inputs, outputs, "properties.")
    check_bindings(plan, "properties.", complaints)
    return plan, complaints


def declared(inputs: Any) -> dict[str, Json]:
    """The declarations of a component's inputs."""
    return {key: dict(body or {}) for key, body in (inputs or {}).items()}


def own_outputs(spec: Json) -> dict[str, Target]:
    """What a component says of its outputs: their types."""
    return {
        key: Target(str((body or {}).get("type") or DEFAULT_TYPE))
        for key, body in (spec.get("outputs") or {}).items()
    }


def _variables(body: Json) -> dict[str, str]:
    return {key: as_text(value) for key, value in (body.get("environmentVariables") or {}).items()}
