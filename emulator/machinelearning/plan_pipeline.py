"""A pipeline job's plan: its steps from their components, and how they hang together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.machinelearning.expressions import references
from emulator.machinelearning.graph import CycleError, check_acyclic
from emulator.machinelearning.literals import DEFAULT_TYPE, LITERAL_TYPES, as_text, complaint
from emulator.machinelearning.plan import (
    Complaints,
    ComponentOf,
    Json,
    Pipeline,
    Source,
    Step,
    asset,
    camel,
    check_step,
    identity_of,
    input_source,
    output_target,
    refuse_extras,
    timeout_of,
)

STEP_TYPE = "command"


def parse_pipeline(properties: Json, component_of: ComponentOf) -> tuple[Pipeline, Complaints]:
    """The plan of a pipeline job. ``component_of`` gives a component's spec by its id, None if none."""
    complaints = Complaints()
    settings = camel(properties.get("settings") or {})
    compute = asset(properties.get("computeId") or settings.get("defaultCompute"))
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
    outputs = {
        name: output_target(body, DEFAULT_TYPE, f"properties.outputs.{name}", complaints)
        for name, body in (properties.get("outputs") or {}).items()
        if name != "default"
    }
    nodes = properties.get("jobs") or {}
    if properties.get("componentId"):
        complaints.add(
            "properties.componentId", "pipelines from a pipeline component are not emulated; give the steps"
        )
    elif not nodes:
        complaints.add("properties.jobs", "the pipeline has no steps")
    steps: dict[str, Step] = {}
    for name, node in nodes.items():
        step = _step(name, node, compute, properties.get("identity"), component_of, complaints)
        if step is not None:
            steps[name] = step
    datastore = asset(settings.get("defaultDatastore")).removeprefix("azureml:").rsplit("/", 1)[-1]
    pipeline = Pipeline(steps, inputs, outputs, bool(settings.get("continueOnStepFailure")), datastore)
    if len(steps) == len(nodes):
        _check_bindings(pipeline, complaints)
    return pipeline, complaints


def _step(
    name: str, node: Json, compute: str, identity: Any, component_of: ComponentOf, complaints: Complaints
) -> Step | None:
    path = f"properties.jobs.{name}."
    given = camel(node)
    kind = str(given.get("type") or STEP_TYPE)
    if kind != STEP_TYPE:
        complaints.add(f"{path}type", f"steps of type {kind!r} are not emulated; use {STEP_TYPE!r}")
        return None
    component = asset(given.get("componentId"))
    spec = component_of(component) if component else given
    if spec is None:
        complaints.add(f"{path}componentId", f"there is no component {component!r}")
        return None
    if str(spec.get("type") or STEP_TYPE) != STEP_TYPE:
        complaints.add(
            f"{path}componentId", f"components of type {spec['type']!r} are not emulated; use {STEP_TYPE!r}"
        )
        return None
    declarations: dict[str, Json] = {
        key: dict(body or {}) for key, body in (spec.get("inputs") or {}).items()
    }
    inputs: dict[str, Source] = {}
    for key, body in (given.get("inputs") or {}).items():
        source = input_source(body, f"{path}inputs.{key}", complaints)
        if source is not None:
            inputs[key] = source
    declared = {
        key: str((body or {}).get("type") or DEFAULT_TYPE)
        for key, body in (spec.get("outputs") or {}).items()
    }
    bound = given.get("outputs") or {}
    for key in bound.keys() - declared.keys():
        complaints.add(
            f"{path}outputs.{key}",
            f"the component has no such output; it has: {', '.join(declared) or 'none'}",
        )
    step = Step(
        name,
        str(given.get("displayName") or name),
        str(spec.get("command") or ""),
        asset(given.get("code") or spec.get("code")),
        asset(given.get("environment") or spec.get("environment")),
        asset(given.get("computeId") or given.get("compute")) or compute,
        declarations,
        inputs,
        {
            key: output_target(bound.get(key), kind, f"{path}outputs.{key}", complaints)
            for key, kind in declared.items()
        },
        {**_variables(camel(spec)), **_variables(given)},
        timeout_of(given.get("limits") or spec.get("limits"), f"{path}limits", complaints),
        identity_of(given.get("identity") or identity, f"{path}identity", complaints),
        component,
    )
    refuse_extras({**spec, **given}, path, complaints)
    return step


def _variables(body: Json) -> dict[str, str]:
    return {key: as_text(value) for key, value in (body.get("environmentVariables") or {}).items()}


def _check_bindings(pipeline: Pipeline, complaints: Complaints) -> None:
    """What only the whole pipeline shows: names of steps, parent inputs and outputs, cycles."""
    before = len(complaints.found)
    for name, step in pipeline.steps.items():
        path = f"properties.jobs.{name}."
        for key, source in step.inputs.items():
            wrong = _wrong_binding(pipeline, step.declarations.get(key), source)
            if wrong:
                complaints.add(f"{path}inputs.{key}", wrong)
        for key, target in step.outputs.items():
            if target.parent and target.parent not in pipeline.outputs:
                complaints.add(f"{path}outputs.{key}", f"the pipeline has no output {target.parent!r}")
        check_step(_without_absent(pipeline, step), path, f"{path}command", complaints)
    bound = {target.parent for step in pipeline.steps.values() for target in step.outputs.values()}
    for name in pipeline.outputs.keys() - bound:
        complaints.add(f"properties.outputs.{name}", "no step writes this output")
    if len(complaints.found) == before:
        try:
            check_acyclic(pipeline.dependencies)
        except CycleError as error:
            complaints.add("properties.jobs", f"steps wait for each other: {error}")


def _without_absent(pipeline: Pipeline, step: Step) -> Step:
    """The step without inputs that are bound to pipeline inputs nobody gave: they count as not given."""
    given = {
        key: source
        for key, source in step.inputs.items()
        if source.kind != "parent" or source.name in pipeline.inputs
    }
    return replace(step, inputs=given)


def _wrong_binding(pipeline: Pipeline, declaration: Json | None, source: Source) -> str | None:
    if source.kind == "literal":
        for reference in references(source.text):
            if reference.form != "parent_input":
                return f"${{{{{reference.text}}}}} cannot stand inside other text"
            if reference.name not in pipeline.inputs:
                return f"the pipeline has no input {reference.name!r}"
        return None
    if source.kind == "step":
        step = pipeline.steps.get(source.step)
        if step is None:
            return f"there is no step {source.step!r}; the steps are: {', '.join(pipeline.steps)}"
        if source.name not in step.outputs:
            known = ", ".join(step.outputs) or "none"
            return f"step {source.step!r} has no output {source.name!r}; it has: {known}"
        return None
    if source.kind != "parent" or declaration is None:
        return None
    given = pipeline.inputs.get(source.name)
    if given is None:
        optional = declaration.get("optional") or declaration.get("default") is not None
        return None if optional else f"the pipeline has no input {source.name!r}"
    wants_literal = str(declaration.get("type")) in LITERAL_TYPES
    if wants_literal != (given.kind == "literal"):
        what = "a literal" if given.kind == "literal" else "data"
        return f"pipeline input {source.name!r} is {what}; the component wants {declaration.get('type')}"
    return complaint(declaration, given.text) if wants_literal else None


def input_sources(pipeline: Pipeline, step: Step) -> dict[str, Any]:
    """The step's inputs with parent bindings followed (kinds literal, data, step), without absent ones."""
    resolved: dict[str, Source] = {}
    for name, source in step.inputs.items():
        followed = pipeline.inputs.get(source.name) if source.kind == "parent" else source
        if followed is not None:
            resolved[name] = followed
    return resolved
