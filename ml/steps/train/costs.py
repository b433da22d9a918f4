"""What each candidate costs: to train, to keep, to ask."""

from __future__ import annotations

import time

import onnx

from ml.steps.train import additive, graph
from ml.steps.train.candidates import Contest
from scoring.model.composite import Composite
from scoring.model.schema import Matrix

FIGURES = ("seconds", "bytes", "microseconds")
MEASURED_ROWS, ROUNDS = 1_000, 3


def costs(contest: Contest, outlier: list[onnx.NodeProto], matrix: Matrix) -> dict[str, float]:
    """`cost.CANDIDATE.FIGURE` for each candidate at its best, with the outlier's nodes that all of them have.

    seconds: of all its fits, one after another. bytes: of its composite. microseconds: a row of `matrix`
    [rows, features] by ONNX Runtime on one thread, among at most MEASURED_ROWS. Figures of the machine that
    trained.
    """
    found: dict[str, float] = {}
    rows = matrix[:MEASURED_ROWS]
    for name, classifier in contest.fitted.items():
        exported = graph.joined(additive.READERS[name](classifier), outlier)
        composite = Composite(exported, matrix.shape[1])
        found[f"cost.{name}.seconds"] = round(contest.seconds[name], 3)
        found[f"cost.{name}.bytes"] = float(len(exported))
        found[f"cost.{name}.microseconds"] = round(_seconds(composite, rows) / len(rows) * 1e6, 3)
    return found


def _seconds(composite: Composite, rows: Matrix) -> float:
    """Of the fastest of some rounds: other programs only make a round slower."""
    least = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        composite.run(rows)
        least = min(least, time.perf_counter() - began)
    return least
