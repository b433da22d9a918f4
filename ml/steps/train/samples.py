"""Chooses the rows that the artifact keeps with their answers, for self-tests and smoke tests."""

from __future__ import annotations

import numpy as np

from scoring.model.artifact import Samples, Thresholds
from scoring.model.composite import Composite
from scoring.model.graph import GraphError, read
from scoring.model.probes import Probes
from scoring.model.schema import Matrix, Schema
from scoring.scorer import judge

SPREAD, OUTLYING = 10, 2
NEAR = 1e-5  # to a threshold


def probes(graph: Composite, exported: bytes) -> Probes | None:
    """Rows that go everywhere in the trees; None of a graph that machine code would not take."""
    try:
        return Probes.of(graph, read(exported))
    except GraphError:
        return None


def choose(graph: Composite, schema: Schema, thresholds: Thresholds, test: Matrix) -> Samples:
    """Rows spread evenly over the probabilities, and the most outlying ones, in the order of the table.

    None lies at a threshold, if that can be: what differs in the last digit must not have another label.
    Among equal rows the first is taken, so the same model and rows give the same samples.
    """
    probability, outlier_score = graph.run(test)
    clear = (np.abs(probability - thresholds.decision) > NEAR) & (
        np.abs(outlier_score - thresholds.outlier) > NEAR
    )
    if clear.any():
        test, probability, outlier_score = test[clear], probability[clear], outlier_score[clear]
    by_probability = np.argsort(probability, kind="stable")
    spread = by_probability[np.linspace(0, len(test) - 1, SPREAD).astype(int)]
    outlying = np.argsort(-outlier_score, kind="stable")[:OUTLYING]
    rows = test[np.unique(np.concatenate([spread, outlying]))]
    batch = judge(graph, thresholds, rows)
    return Samples(
        request={"records": schema.records(rows)},
        predictions=tuple(batch.predictions()),
        outliers=tuple(batch.outliers()),
    )
