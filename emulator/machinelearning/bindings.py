"""Follows the values of one pipeline's steps to where they begin, and finds wrong bindings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emulator.machinelearning.expressions import Reference, references, substitute
from emulator.machinelearning.graph import CycleError, check_acyclic
from emulator.machinelearning.literals import LITERAL_TYPES, as_text, complaint
from emulator.machinelearning.plan import Complaints, check_command, check_inputs, check_trial
from emulator.machinelearning.steps import Json, Nested, Pipeline, Source, Step, Sweep


def followed(
    declarations: Mapping[str, Json], inputs: Mapping[str, Source], outer: Mapping[str, Source]
) -> dict[str, Source]:
    """The inputs of a pipeline from its declarations, what a node gives, and the pipeline around it.

    Kinds: literal, data, or step (of a pipeline further out). Without those that nobody gives.
    """
    found: dict[str, Source] = {}
    for name, declaration in declarations.items():
        source = inputs.get(name)
        if source is not None and source.kind == "parent":
            source = outer.get(source.name)
        elif source is not None and source.kind == "literal":
            source = Source("literal", substitute(source.text, lambda reference: _text(reference, outer)))
        if source is None and declaration.get("default") is not None:
            source = Source("literal", as_text(declaration["default"]))
        if source is not None:
            found[name] = source
    return found


def check_bindings(plan: Pipeline, path: str, complaints: Complaints) -> None:
    """What only the whole pipeline shows: names of steps, parent inputs and outputs, cycles.

    A nested pipeline is looked into only when nothing is wrong around it, so that a fault is told once.
    """
    before = len(complaints.found)
    if plan.complete:
        _check_level(plan, path, complaints)
    if len(complaints.found) == before:
        for name, step in plan.steps.items():
            if isinstance(step, Nested):
                check_bindings(step.pipeline, f"{path}jobs.{name}.", complaints)


def _check_level(plan: Pipeline, path: str, complaints: Complaints) -> None:
    before = len(complaints.found)
    for name, step in plan.steps.items():
        inner = f"{path}jobs.{name}."
        for key, source in step.inputs.items():
            wrong = _wrong_binding(plan, step.declarations.get(key), source)
            if wrong:
                complaints.add(f"{inner}inputs.{key}", wrong)
        for key, target in step.outputs.items():
            whole = plan.outputs.get(target.parent)
            if target.parent and whole is None:
                complaints.add(f"{inner}outputs.{key}", f"the pipeline has no output {target.parent!r}")
            elif whole is not None and whole.asset_name and target.asset_name:
                complaints.add(
                    f"{inner}outputs.{key}",
                    f"it is named {target.asset_name!r} here and {whole.asset_name!r} as the "
                    f"pipeline's output {target.parent!r}; name it once",
                )
        given = _without_absent(plan, step)
        check_inputs(given, inner, complaints)
        if isinstance(given, Step):
            check_command(given, f"{inner}command", complaints)
        elif isinstance(given, Sweep):
            check_trial(given, inner, complaints)
    bound = {target.parent for step in plan.steps.values() for target in step.outputs.values()}
    for name in plan.outputs.keys() - bound:
        complaints.add(f"{path}outputs.{name}", "no step writes this output")
    if len(complaints.found) == before:
        try:
            check_acyclic(plan.dependencies)
        except CycleError as error:
            complaints.add(f"{path}jobs", f"steps wait for each other: {error}")


def _without_absent(plan: Pipeline, step: Step | Sweep | Nested) -> Step | Sweep | Nested:
    """The step without inputs that are bound to pipeline inputs nobody gave: they count as not given."""
    given = {
        key: source
        for key, source in step.inputs.items()
        if source.kind != "parent" or source.name in plan.inputs
    }
    return replace(step, inputs=given)


def _wrong_binding(plan: Pipeline, declaration: Json | None, source: Source) -> str | None:
    if source.kind == "literal":
        for reference in references(source.text):
            if reference.form != "parent_input":
                return f"${{{{{reference.text}}}}} cannot stand inside other text"
            if reference.name not in plan.inputs:
                return f"the pipeline has no input {reference.name!r}"
            if plan.inputs[reference.name].kind != "literal":
                return f"pipeline input {reference.name!r} is data, which cannot stand inside other text"
        return None
    if source.kind == "step":
        step = plan.steps.get(source.step)
        if step is None:
            return f"there is no step {source.step!r}; the steps are: {', '.join(plan.steps)}"
        if source.name not in step.outputs:
            known = ", ".join(step.outputs) or "none"
            return f"step {source.step!r} has no output {source.name!r}; it has: {known}"
        return None
    if source.kind != "parent" or declaration is None:
        return None
    given = plan.inputs.get(source.name)
    if given is None:
        optional = declaration.get("optional") or declaration.get("default") is not None
        return None if optional else f"the pipeline has no input {source.name!r}"
    wants_literal = str(declaration.get("type")) in LITERAL_TYPES
    if wants_literal != (given.kind == "literal"):
        what = "a literal" if given.kind == "literal" else "data"
        return f"pipeline input {source.name!r} is {what}; the component wants {declaration.get('type')}"
    return complaint(declaration, given.text) if wants_literal else None


def _text(reference: Reference, outer: Mapping[str, Source]) -> str:
    source = outer.get(reference.name) if reference.form == "parent_input" else None
    return source.text if source is not None else f"${{{{{reference.text}}}}}"
