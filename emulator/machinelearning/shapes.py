"""Checks the shapes of jobs' and components' bodies before they are read: what must be an object is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from emulator.machinelearning.expressions import whole
from emulator.machinelearning.plan import Json, camel

OBJECTS: Final = (
    "earlyTermination",
    "environmentVariables",
    "identity",
    "inputs",
    "jobs",
    "limits",
    "objective",
    "outputs",
    "resources",
    "searchSpace",
    "services",
    "settings",
    "trial",
)
OBJECT: Final = "it must be an object, not {!r}"


def of_job(body: Json, path: str) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of a job, or of a step of one."""
    yield from _objects(body, path, ("outputs",))


def of_component(spec: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of a component's content."""
    if not isinstance(spec, dict):
        yield path.rstrip("."), OBJECT.format(spec)
    else:
        yield from _objects(spec, path, ("inputs", "outputs"))


def _objects(body: Json, path: str, members: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    given = camel(body)
    for key in OBJECTS:
        value = given.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            yield f"{path}{key}", OBJECT.format(value)
            continue
        if key == "trial":
            yield from _objects(value, f"{path}trial.", members)
            continue
        for name, member in value.items():
            if key == "jobs" and not isinstance(member, dict):
                yield f"{path}jobs.{name}", OBJECT.format(member)
            elif key == "jobs":
                yield from of_job(member, f"{path}jobs.{name}.")
            elif key in members and member is not None and not isinstance(member, dict):
                yield f"{path}{key}.{name}", OBJECT.format(member)
    resources = given.get("resources")
    count = camel(resources).get("instanceCount") if isinstance(resources, dict) else None
    bound = isinstance(count, str) and whole(count) is not None
    if count is not None and not bound and not str(count).isdigit():
        yield f"{path}resources.instanceCount", f"it must be a whole number, not {count!r}"
