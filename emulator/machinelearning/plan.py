"""A command job's plan, and what steps of pipelines share with it; every complaint has its field's path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from emulator.machinelearning.computes import duration_seconds
from emulator.machinelearning.expressions import references, required_references, whole
from emulator.machinelearning.literals import DATA_TYPES, DEFAULT_TYPE, LITERAL_TYPES, as_text, complaint
from emulator.machinelearning.steps import Acting, Json, Nested, Source, Step, Sweep, Target

LONGEST_S: Final = 1e9  # seconds; the greatest limit of time that is taken
OUTPUT_MODES = frozenset({"", "Upload", "ReadWriteMount"})
INPUT_MODES = frozenset({"", "ReadOnlyMount", "Download", "ReadWriteMount", "Mount"})


class Complaints:
    """What is wrong with a body: (path, message) in the order found, the first one of each path."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, path: str, message: str) -> None:
        if path not in (known for known, _ in self.found):
            self.found.append((path, message.rstrip(".")))


def camel(body: Json) -> Json:
    """A body with its keys in camel case, as jobs have them; steps of pipelines have them in snake case."""
    return {
        re.sub(r"(?<=[a-z])_([a-z])", lambda match: match[1].upper(), key): value
        for key, value in body.items()
    }


def asset(reference: Any) -> str:
    """An asset reference without the prefix that component files use."""
    text = str(reference or "")
    return text.removeprefix("azureml:") if text.startswith("azureml:/subscriptions/") else text


def input_source(body: Any, path: str, complaints: Complaints) -> Source | None:
    """One input's binding; None when it has no value."""
    given = camel(body) if isinstance(body, dict) else {"jobInputType": "literal", "value": body}
    kind = str(given.get("jobInputType") or ("uri_folder" if given.get("uri") else "literal"))
    mode = str(given.get("mode") or "")
    if mode not in INPUT_MODES:
        complaints.add(f"{path}.mode", f"{mode!r} is not emulated; use ReadOnlyMount or Download")
    if kind == "literal":
        if given.get("value") is None:
            return None
        text = as_text(given["value"])
        reference = whole(text)
        if reference is None:
            return Source("literal", text)
        if reference.form == "parent_input":
            return Source("parent", text, reference.name)
        if reference.form == "step_output":
            return Source("step", text, reference.name, reference.step)
        complaints.add(path, f"{text!r} is no binding that an input may have")
        return None
    if kind not in DATA_TYPES:
        complaints.add(
            f"{path}.jobInputType", f"{kind!r} is none of literal, {', '.join(sorted(DATA_TYPES))}"
        )
        return None
    if not given.get("uri"):
        complaints.add(f"{path}.uri", f"an input of type {kind} needs a uri")
        return None
    return Source("data", as_text(given["uri"]), kind)


def output_target(body: Any, declared: str, path: str, complaints: Complaints) -> Target:
    """One output's place."""
    given = camel(body or {})
    kind = str(given.get("jobOutputType") or declared)
    mode = str(given.get("mode") or "")
    if mode not in OUTPUT_MODES:
        complaints.add(f"{path}.mode", f"{mode!r} is not emulated; use Upload or ReadWriteMount")
    if kind not in DATA_TYPES:
        complaints.add(f"{path}.jobOutputType", f"{kind!r} is none of {', '.join(sorted(DATA_TYPES))}")
    parent = ""
    if given.get("value"):
        reference = whole(as_text(given["value"]))
        if reference is None or reference.form != "parent_output":
            complaints.add(
                path,
                f"{given['value']!r} is no binding that an output may have: ${{{{parent.outputs.NAME}}}}",
            )
        else:
            parent = reference.name
    return Target(
        kind,
        as_text(given.get("uri")),
        parent,
        as_text(given.get("assetName") or given.get("name")),
        as_text(given.get("assetVersion") or given.get("version")),
    )


def timeout_of(limits: Any, path: str, complaints: Complaints) -> float | None:
    """Seconds of ``limits.timeout``, which is an ISO 8601 duration or a number of seconds."""
    value = (limits or {}).get("timeout")
    if value is None:
        return None
    try:
        number = isinstance(value, int | float) or str(value).isdigit()
        seconds = float(str(value)) if number else duration_seconds(str(value))
    except ValueError as error:
        complaints.add(f"{path}.timeout", str(error))
        return None
    if not 0 < seconds <= LONGEST_S:
        complaints.add(f"{path}.timeout", f"{value!r} must be more than 0 seconds and at most {LONGEST_S:g}")
        return None
    return seconds


def check_inputs(step: Step | Sweep | Nested, path: str, complaints: Complaints) -> None:
    """A step's inputs against their declarations."""
    for name in step.inputs.keys() - step.declarations.keys():
        known = ", ".join(sorted(step.declarations)) or "none"
        complaints.add(f"{path}inputs.{name}", f"the component has no such input; it has: {known}")
    for name, declaration in step.declarations.items():
        source = step.inputs.get(name)
        if source is None:
            if not declaration.get("optional") and declaration.get("default") is None:
                complaints.add(f"{path}inputs.{name}", f"this input ({declaration.get('type')}) is required")
            continue
        literal = str(declaration.get("type")) in LITERAL_TYPES
        if source.kind == "literal" and not literal:
            complaints.add(
                f"{path}inputs.{name}",
                f"{source.text!r} is a literal; the component wants {declaration.get('type')}",
            )
        elif source.kind in ("data", "step") and literal:
            complaints.add(
                f"{path}inputs.{name}", f"the component wants a {declaration.get('type')}, not data"
            )
        elif source.kind == "literal" and not list(references(source.text)):
            wrong = complaint(dict(declaration), source.text)
            if wrong:
                complaints.add(f"{path}inputs.{name}", wrong)


def check_command(step: Step, command_path: str, complaints: Complaints) -> None:
    """A command against the inputs and outputs of its step."""
    if not step.command.strip():
        complaints.add(command_path, "there is no command")
    mandatory = {reference.text for reference in required_references(step.command)}
    for reference in references(step.command):
        if reference.form == "input":
            declaration = step.declarations.get(reference.name)
            if declaration is None:
                complaints.add(command_path, f"${{{{{reference.text}}}}} names no input")
                continue
            absent = reference.name not in step.inputs and declaration.get("default") is None
            if absent and declaration.get("optional") and reference.text in mandatory:
                complaints.add(
                    command_path,
                    f"${{{{{reference.text}}}}} has no value; put an optional input into $[[...]]",
                )
        elif reference.form != "output" or reference.name not in step.outputs:
            complaints.add(command_path, f"${{{{{reference.text}}}}} names no output or input")


def check_trial(sweep: Sweep, path: str, complaints: Complaints) -> None:
    """A sweep's command, in which every parameter of the space has a value."""
    searched = {key: Source("literal", "") for key in sweep.space}
    whole = replace(sweep.trial, inputs={**sweep.inputs, **searched})
    check_command(whole, f"{path}trial.command", complaints)


def parse_command(name: str, properties: Json) -> tuple[Step, Complaints]:
    """A command job's plan."""
    complaints = Complaints()
    inputs: dict[str, Source] = {}
    declarations: dict[str, Json] = {}
    for key, body in (properties.get("inputs") or {}).items():
        source = input_source(body, f"properties.inputs.{key}", complaints)
        declarations[key] = {"type": source.name if source and source.kind == "data" else "string"}
        if source and source.kind in ("parent", "step"):
            complaints.add(
                f"properties.inputs.{key}", f"{source.text!r} binds to a pipeline, and this job is in none"
            )
        elif source:
            inputs[key] = source
    step = Step(
        name,
        str(properties.get("displayName") or name),
        str(properties.get("command") or ""),
        asset(properties.get("codeId")),
        asset(properties.get("environmentId")),
        asset(properties.get("computeId")),
        declarations,
        inputs,
        {
            key: output_target(body, DEFAULT_TYPE, f"properties.outputs.{key}", complaints)
            for key, body in (properties.get("outputs") or {}).items()
            if key != "default"
        },
        {key: as_text(value) for key, value in (properties.get("environmentVariables") or {}).items()},
        timeout_of(properties.get("limits"), "properties.limits", complaints),
        identity_of(properties.get("identity"), "properties.identity", complaints),
    )
    refuse_extras(properties, "properties.", complaints)
    check_inputs(step, "properties.", complaints)
    check_command(step, "properties.command", complaints)
    return step, complaints


def identity_of(identity: Any, path: str, complaints: Complaints) -> Acting:
    """The identity with which a job reads and writes its data."""
    given = camel(identity or {})
    kind = str(given.get("identityType") or given.get("type") or "managed").lower().replace("_", "")
    if kind in ("managed", "managedidentity"):
        named = given.get("clientId") or given.get("objectId") or given.get("resourceId")
        return Acting("managed", str(named or ""))
    if kind in ("useridentity", "amltoken"):
        return Acting("user" if kind == "useridentity" else "managed")
    complaints.add(path, f"identity {kind!r} is not emulated; use managed or user_identity")
    return Acting()


def refuse_extras(body: Json, path: str, complaints: Complaints) -> None:
    """Jobs over several nodes, and services beside the command, are refused by name."""
    if body.get("distribution"):
        complaints.add(f"{path}distribution", "distributed jobs are not emulated; leave the distribution out")
    others = set(body.get("services") or {}) - {"Tracking", "Studio"}
    if others:
        complaints.add(
            f"{path}services", f"services inside jobs are not emulated: {', '.join(sorted(others))}"
        )
    resources = camel(body.get("resources") or {})
    if resources.get("dockerArgs"):
        complaints.add(f"{path}resources.dockerArgs", "arguments for Docker are not emulated; leave them out")
    count = str(resources.get("instanceCount") or 1)
    if not count.isdigit():
        complaints.add(f"{path}resources.instanceCount", f"it must be a whole number, not {count!r}")
    elif count.lstrip("0") not in ("", "1"):
        complaints.add(f"{path}resources.instanceCount", "jobs on more than one node are not emulated; use 1")


ComponentOf = Callable[[str], "Json | None"]
