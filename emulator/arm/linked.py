"""The ARM ids in a body: what a resource names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

SKIPPED: Final = frozenset({"tags", "systemData", "id"})  # at the top of a body


def linked(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(path, id) of each ARM id in the body, keys of maps (userAssignedIdentities) included."""
    for key, value in resource.items():
        if key not in SKIPPED:
            yield from _walk(value, key)


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if value[:15].lower() == "/subscriptions/":
            yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key[:15].lower() == "/subscriptions/":
                yield f"{path}[{key}]", key
            yield from _walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}[{index}]")
