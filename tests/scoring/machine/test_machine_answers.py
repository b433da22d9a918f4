"""The machine code answers as ONNX Runtime does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.steps.train import graph as export
from ml.steps.train import parity
from ml.steps.train.additive import NOTHING, Additive
from ml.steps.train.trees import LEAF, Tree
from scoring.model import evaluator
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.encode import Encoder
from scoring.model.evaluator import TOLERANCE, MachineComposite
from scoring.model.graph import read
from scoring.model.machine import MachineCode
from scoring.model.probes import PROBES, Probes, rows_for
from scoring.model.schema import Matrix
from scoring.scorer import Judge

MANY = 300


def test_answers_are_those_of_onnx_runtime(
    compiled: MachineComposite, reference: Composite, artifact: Artifact, rows: Matrix
) -> None:
    assert np.isnan(rows).any()
    thresholds = artifact.thresholds
    limits = np.float32(thresholds.decision), np.float32(thresholds.outlier)
    for ours, theirs, limit in zip(compiled.run(rows), reference.run(rows), limits, strict=True):
        assert np.abs(ours - theirs).max() <= TOLERANCE
        near = np.abs(theirs - limit) <= TOLERANCE
        assert ((ours >= limit) == (theirs >= limit))[~near].all()


@given(start=st.integers(0, 2_000), count=st.integers(1, MANY))
@settings(max_examples=60, deadline=None)
def test_one_row_and_many_give_the_same_bits(
    compiled: MachineComposite, rows: Matrix, start: int, count: int
) -> None:
    some = rows[start : start + count]
    together = compiled.run(some)
    alone = [compiled.run(some[row : row + 1]) for row in range(0, len(some), 7)]
    for output in range(2):
        assert [one[output][0] for one in alone] == together[output][::7].tolist()


def test_judgements_are_rounded_and_compared_as_python_does_it(
    compiled: MachineComposite, artifact: Artifact, rows: Matrix
) -> None:
    probability, outlier_score = compiled.run(rows)
    batch = Judge(compiled, artifact.thresholds)(rows)
    assert batch.probabilities == probability.astype(np.float64).round(7).tolist()
    assert batch.outlier_scores == outlier_score.astype(np.float64).round(7).tolist()
    decision, outlier = np.float32(artifact.thresholds.decision), np.float32(artifact.thresholds.outlier)
    assert batch.labels == (probability >= decision).astype(int).tolist()
    assert batch.outlier_flags == (outlier_score > outlier).tolist()
    assert {type(flag) for flag in batch.outlier_flags} == {bool}


@st.composite
def trees(draw: st.DrawFn, width: int) -> Tree:
    """A tree of any shape: chains, single leaves, both children leaves."""
    feature, threshold, left, right, missing, value = [LEAF], [0.0], [0], [0], [False], [0.0]
    for _ in range(draw(st.integers(0, 24))):
        leaf = draw(st.sampled_from([at for at, found in enumerate(feature) if found == LEAF]))
        feature[leaf], missing[leaf] = draw(st.integers(0, width - 1)), draw(st.booleans())
        threshold[leaf] = draw(st.sampled_from([-2.5, -1.0, 0.0, 0.5, 1.0, 3.0]))
        left[leaf], right[leaf] = len(feature), len(feature) + 1
        for _ in range(2):
            feature.append(LEAF)
            threshold.append(0.0)
            left.append(0)
            right.append(0)
            missing.append(False)
            value.append(draw(st.floats(-2, 2, width=32)))
    return Tree(
        np.array(feature),
        np.array(threshold),
        np.array(left),
        np.array(right),
        np.array(missing),
        np.array(value),
    )


@given(data=st.data(), width=st.integers(1, 5), linear=st.booleans())
@settings(max_examples=15, deadline=None)
def test_graphs_of_any_trees_answer_as_onnx_runtime_does(
    code: MachineCode, data: st.DataObject, width: int, linear: bool
) -> None:
    forests = [tuple(data.draw(st.lists(trees(width), min_size=1, max_size=12))) for _ in range(2)]
    slope = np.linspace(-0.5, 0.75, width) if linear else np.zeros(width)
    margin = Additive(forests[0] if not linear else (NOTHING, *forests[0]), slope, np.ones(width), 0.25)
    with pytest.MonkeyPatch.context() as patched:
        lengths = [replace(tree, value=np.abs(tree.value)) for tree in forests[1]]  # so scores are 1 at most
        patched.setattr(export, "isolation_trees", lambda _: lengths)
        patched.setattr(export, "isolation_scale", lambda _: 4.0)
        model = export.composite(margin, None)
    random = np.random.default_rng(len(forests[0]))
    rows = random.choice(
        np.array([-3.0, -1.0, -0.0, 0.0, 0.5, 1.0, 7.0, np.inf, np.nan], dtype=np.float32), (70, width)
    )
    if linear:
        rows[np.isinf(rows)] = 9.0  # times a slope of 0 it would be no number
    compiled = MachineComposite(code.composite(read(model), width))
    assert not evaluator.difference(compiled, Probes(rows, *Composite(model, width).run(rows)))


@pytest.mark.slow
def test_ten_million_rows(compiled: MachineComposite, reference: Composite, artifact: Artifact) -> None:
    """Within 1e-6 of ONNX Runtime; labels and flags differ only where a value is so near to its threshold."""
    found = ten_million(compiled, reference, artifact)
    assert found["rows"] == 10_000_000
    assert max(found["probability"], found["outlier score"]) <= TOLERANCE
    assert found["elsewhere"] == 0


def ten_million(
    compiled: MachineComposite, reference: Composite, artifact: Artifact, rows: int = 10_000_000
) -> dict[str, float]:
    """Greatest differences over rows within the limits, mixed of real ones, on thresholds, far away.

    `near`: how many labels and flags differ within 1e-6 of a threshold, `elsewhere`: beyond.
    """
    random = np.random.default_rng(14)
    schema, thresholds = artifact.schema, artifact.thresholds
    low, high = parity.limits(schema)
    graph = read(artifact.composite)
    forests = graph.margin, graph.outlier
    real = Encoder(schema, 1_000).encode(dict(artifact.samples.request))
    limits = np.float32(thresholds.decision), np.float32(thresholds.outlier)
    found = {"rows": 0, "probability": 0.0, "outlier score": 0.0, "near": 0, "elsewhere": 0}
    block = 100_000
    for number in range(rows // block):
        match number % 4:
            case 0:
                matrix = random.uniform(low, high, (block, schema.width)).astype(np.float32)
            case 1:  # mixtures of real rows
                matrix = real[random.integers(0, len(real), (block, schema.width)), np.arange(schema.width)]
            case 2:
                matrix = np.tile(rows_for(schema.width, forests), (block // PROBES + 1, 1))
                matrix = random.permuted(matrix, axis=0)[:block]
            case _:
                matrix = (random.standard_cauchy((block, schema.width)) * high / 50).astype(np.float32)
                matrix[random.random(matrix.shape) < 0.02] = np.nan
        matrix = np.ascontiguousarray(matrix)
        found["rows"] += block
        pairs = zip(
            ("probability", "outlier score"), compiled.run(matrix), reference.run(matrix), limits, strict=True
        )
        for name, ours, theirs, limit in pairs:
            found[name] = max(found[name], float(np.abs(ours.astype(np.float64) - theirs).max()))
            other = ((ours >= limit) != (theirs >= limit)) | ((ours > limit) != (theirs > limit))
            near = np.abs(theirs.astype(np.float64) - limit) <= TOLERANCE
            found["near"] += int((other & near).sum())
            found["elsewhere"] += int((other & ~near).sum())
    return found
