"""Components and steps in Azure Machine Learning's own words: what a `componentSpec` of its REST API says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from ml.errors import MlopsError

# Of a declaration, what the service takes as text, whatever the file says it is.
TEXTS: Final = ("default", "min", "max")


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a pipeline.

    inputs: values, or `${{parent…}}` with where they come from. outputs: those that are the pipeline's, too.
    """

    inputs: Mapping[str, object]
    outputs: tuple[str, ...] = field(default=())


def file_of(directory: Path, step: str) -> Path:
    """Where a step declares what it is. Raises MlopsError when that is missing."""
    file = directory / step / "component.yml"
    if not file.is_file():
        raise MlopsError(
            f"The pipeline's step {step} has no {file}.", "Restore the file from the repository."
        )
    return file


def declared(directory: Path, step: str) -> dict[str, Any]:
    """What a step declares, as the service takes it. Raises MlopsError when the file is missing."""
    import yaml

    file = file_of(directory, step)
    found = cast("dict[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")))
    return found | {"inputs": {name: told(one) for name, one in (found.get("inputs") or {}).items()}}


def told(declaration: Mapping[str, Any]) -> dict[str, Any]:
    """An input's declaration with its limits and its default as text."""
    return {name: str(value) if name in TEXTS else value for name, value in declaration.items()}


def node(name: str, made: Node, component_id: str, client_id: str, minutes: int) -> dict[str, Any]:
    """A step. client_id: of the identity that it runs as. minutes: after which it is ended."""
    return {
        "name": name,
        "type": "command",
        "componentId": component_id,
        "inputs": {
            key: {"job_input_type": "literal", "value": str(value)} for key, value in made.inputs.items()
        },
        "outputs": {
            key: {"type": "literal", "value": f"${{{{parent.outputs.{key}}}}}"} for key in made.outputs
        },
        "identity": {"identity_type": "Managed", "client_id": client_id},
        "limits": {"job_limits_type": "Command", "timeout": f"PT{minutes}M"},
    }
