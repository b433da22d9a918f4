"""Settings of a pipeline's steps that are bound to inputs of the pipeline, such as the compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator.machinelearning.expressions import Reference, references, substitute, whole
from emulator.machinelearning.names import Workspace
from emulator.machinelearning.plan import Complaints, Json
from emulator.machinelearning.steps import Source

# What has bindings of its own (inputs and outputs), or belongs to the component and not to the step.
APART: Final = frozenset({"type", "componentId", "inputs", "outputs", "command", "trial", "jobs"})
COMPUTE: Final = ("computeId", "compute")


@dataclass(frozen=True, slots=True)
class Settings:
    """Puts the values of a pipeline's ``inputs`` where a step's settings name them."""

    workspace: Workspace
    inputs: Mapping[str, Source]
    complaints: Complaints

    def of(self, node: Json, path: str) -> Json:
        """The (camel case) body of a step with values for bindings; a setting with a wrong one is None."""
        filled = {
            key: value if key in APART else self._filled(value, f"{path}{key}") for key, value in node.items()
        }
        for key in COMPUTE:
            if filled.get(key) and filled[key] != node[key]:  # users name it, clients send its id
                filled[key] = compute_id(self.workspace, str(filled[key]))
        return filled

    def _filled(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(inner, f"{path}.{key}") for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, f"{path}.{index}") for index, inner in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) else value

    def _text(self, text: str, path: str) -> Any:
        for reference in references(text):
            if wrong := self._wrong(reference):
                self.complaints.add(path, wrong)
                return None
        if (reference := whole(text)) is not None:
            return _number(self.inputs[reference.name].text)
        return substitute(text, lambda reference: self.inputs[reference.name].text)

    def _wrong(self, reference: Reference) -> str | None:
        text = f"${{{{{reference.text}}}}}"
        if reference.form != "parent_input":
            return f"{text} is no binding that a setting may have: ${{{{parent.inputs.NAME}}}}"
        source = self.inputs.get(reference.name)
        if source is None:
            return f"the pipeline has no input {reference.name!r}, or it has no value"
        if source.kind != "literal":
            return f"pipeline input {reference.name!r} is data; a setting needs a literal, known beforehand"
        return None


def _number(text: str) -> Any:
    """A number where the text is one as it would be written; settings such as limits are numbers."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if str(number) == text:
            return number
    return text


def compute_id(workspace: Workspace, text: str) -> str:
    """The id of the compute that a pipeline's input names: by its id, or by its name alone."""
    name = text.removeprefix("azureml:")
    if name.startswith("/subscriptions/") or name.lower() in ("", "serverless"):
        return name
    return workspace.child("computes", name)
