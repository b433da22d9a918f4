"""Orders the steps of a pipeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping


class CycleError(ValueError):
    """Steps wait for each other; ``steps`` is the cycle, in order."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__(" -> ".join([*steps, steps[0]]))
        self.steps = steps


def ready(dependencies: Mapping[str, Collection[str]], done: Collection[str]) -> list[str]:
    """The steps that are not done and need only steps that are, in the order of ``dependencies``."""
    return [
        step
        for step, needed in dependencies.items()
        if step not in done and all(name in done for name in needed)
    ]


def check_acyclic(dependencies: Mapping[str, Collection[str]]) -> None:
    """CycleError when the steps cannot all run; every name in the values must be a key."""
    done: set[str] = set()
    while batch := ready(dependencies, done):
        done.update(batch)
    if len(done) == len(dependencies):
        return
    # Every step left waits for another that is left: walking along the waits must come back to itself.
    path: list[str] = []
    step = next(name for name in dependencies if name not in done)
    while step not in path:
        path.append(step)
        step = next(name for name in dependencies[step] if name not in done)
    raise CycleError(path[path.index(step) :])


def descendants(dependencies: Mapping[str, Collection[str]], step: str) -> set[str]:
    """The steps that wait for ``step``, directly or through others."""
    found: set[str] = set()
    frontier = {step}
    while frontier:
        frontier = {name for name, needed in dependencies.items() if frontier & set(needed)} - found
        found |= frontier
    return found
