"""Blocks of counts as a test wants them."""

import numpy as np

from ml.production.canary.counts import Block, Counts
from ml.production.canary.metrics import METRICS, Name


def counts(requests: int, **shares: float) -> dict[Name, Counts]:
    """`requests` scores; shares by metric, the same at each cut, 0.01 where none is given."""
    return {
        metric.name: Counts(
            np.array(float(requests)), np.full(len(metric.cuts), requests * shares.get(metric.name, 0.01))
        )
        for metric in METRICS
    }


def block(running: dict[Name, Counts], new: dict[Name, Counts], start: float = 0.0) -> Block:
    return Block(start, running, new)
