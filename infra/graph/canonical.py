"""The canonical form of a graph: JSON whose bytes depend on the program and its settings alone."""

from __future__ import annotations

import json
from typing import Any, Final

from infra.graph.model import Graph, Resource
from infra.graph.secrets import MARKED, PLAIN, is_marked, plain_secrets

FORMAT: Final = 1


class GraphError(ValueError):
    """A file that holds no graph that this program can read."""


def dump(graph: Graph) -> str:
    """Resources by type and name, keys sorted, secrets left out, what is empty left out."""
    resources = sorted(
        (_row(resource) for resource in graph.resources), key=lambda row: (row["type"], row["name"])
    )
    return json.dumps({"format": FORMAT, "resources": resources, "stack": graph.stack}, indent=1) + "\n"


def _row(resource: Resource) -> dict[str, Any]:
    options = {
        "aliases": list(resource.aliases),
        "createTimeout": resource.create_timeout,
        "deleteBeforeReplace": resource.delete_before_replace,
        "ignoreChanges": list(resource.ignore_changes),
        "protect": resource.protect,
        "replaceOnChanges": list(resource.fixed),
        "retainOnDelete": resource.retain_on_delete,
    }
    row = {
        "type": resource.type,
        "name": resource.name,
        "parent": resource.parent,
        "within": resource.within,
        "inputs": redacted(resource.inputs),
        "options": {name: value for name, value in options.items() if value},
        "dependencies": sorted(resource.depends_on),
        "references": {name: sorted(keys) for name, keys in sorted(resource.references.items()) if keys},
    }
    return {name: value for name, value in row.items() if value}


def redacted(inputs: dict[str, Any]) -> dict[str, Any]:
    """A sorted copy without secrets: those marked so, and those that stand there as plain text."""
    plain = set(plain_secrets(inputs))

    def walk(value: Any, path: tuple[str, ...]) -> Any:
        if is_marked(value):
            return MARKED
        if path in plain:
            return PLAIN
        if isinstance(value, dict):
            return {key: walk(value[key], (*path, key)) for key in sorted(value)}
        if isinstance(value, list):
            return [walk(item, (*path, str(place))) for place, item in enumerate(value)]
        return value

    return walk(inputs, ())


def load(text: str) -> Graph:
    """The graph of a canonical file. Raises GraphError that says what is wrong."""
    try:
        read: Any = json.loads(text)
    except ValueError as error:
        raise GraphError(f"is not JSON ({error})") from error
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise GraphError(f"is no graph of format {FORMAT}: `make golden` writes one")
    try:
        return Graph([_resource(row) for row in read["resources"]], stack=str(read["stack"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise GraphError(f"lacks a part of a graph: {type(error).__name__} {error}") from error


def _resource(row: dict[str, Any]) -> Resource:
    options: dict[str, Any] = row.get("options", {})
    return Resource(
        type=row["type"],
        name=row["name"],
        parent=row.get("parent", ""),
        inputs=row.get("inputs", {}),
        protect=options.get("protect", False),
        depends_on=frozenset(row.get("dependencies", ())),
        ignore_changes=tuple(options.get("ignoreChanges", ())),
        create_timeout=options.get("createTimeout", ""),
        fixed=tuple(options.get("replaceOnChanges", ())),
        delete_before_replace=options.get("deleteBeforeReplace", False),
        retain_on_delete=options.get("retainOnDelete", False),
        within=row.get("within", ""),
        aliases=tuple(options.get("aliases", ())),
        references={name: tuple(keys) for name, keys in row.get("references", {}).items()},
    )
