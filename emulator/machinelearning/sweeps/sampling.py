"""Draws the values of a sweep's trials, one trial after the other."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping

from emulator.machinelearning.sweeps.space import Distribution

Values = dict[str, str]
RANDOM, GRID = "random", "grid"
# kind -> what to do instead
REFUSED = {
    "bayesian": "it is not carried out here; use random or grid, or search inside one command step",
}


def samples(kind: str, space: Mapping[str, Distribution], seed: int) -> Iterator[Values]:
    """The values of each trial; the same ones for the same seed. A grid comes to an end."""
    if kind == GRID:
        names = list(space)
        for values in itertools.product(*(space[name].choices or [] for name in names)):
            yield dict(zip(names, values, strict=True))
        return
    source = random.Random(seed)  # noqa: S311 - a search, no secret
    while True:
        yield {name: distribution.draw(source) for name, distribution in space.items()}


def count(kind: str, space: Mapping[str, Distribution]) -> int | None:
    """How many trials there can be at most; None when there is no end to them."""
    if kind != GRID:
        return None
    total = 1
    for distribution in space.values():
        total *= len(distribution.choices or [])
    return total
