"""The machine code, a trained model in it and in ONNX Runtime, and rows that both are asked."""

import numpy as np
import pytest

from ml.steps.train import parity
from ml.steps.train.trees import Tree
from scoring.model import machine
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.evaluator import MachineComposite
from scoring.model.graph import Ensemble, read
from scoring.model.machine import MachineCode
from scoring.model.schema import Matrix
from tests.scoring.trained import Small


@pytest.fixture(scope="module")
def code() -> MachineCode:
    found = machine.found()
    assert isinstance(found, MachineCode), f"{found.reason}: `make setup` builds it"
    return found


@pytest.fixture(scope="module")
def compiled(code: MachineCode, artifact: Artifact) -> MachineComposite:
    return MachineComposite(code.composite(read(artifact.composite), artifact.schema.width))


@pytest.fixture(scope="module")
def reference(artifact: Artifact) -> Composite:
    return Composite(artifact.composite, artifact.schema.width)


@pytest.fixture(scope="module")
def rows(model: Small, artifact: Artifact) -> Matrix:
    """The whole test set, extremes, values on thresholds and just above, missing and unseen ones."""
    found = read(artifact.composite)
    splits = [tree for forest in (found.margin, found.outlier) for tree in trees_of(forest)]
    adversarial = parity.adversarial_rows(artifact.schema, model.test_matrix, splits, seed=5)
    return np.concatenate([model.test_matrix, adversarial])


def trees_of(forest: Ensemble) -> list[Tree]:
    parts = [slice(*pair) for pair in zip(forest.first[:-1], forest.first[1:], strict=True)]
    return [
        Tree(
            feature=forest.feature[part].astype(np.int64),
            threshold=forest.threshold[part].astype(np.float64),
            left=forest.left[part].astype(np.int64),
            right=forest.right[part].astype(np.int64),
            missing_left=forest.missing_left[part].astype(np.bool_),
            value=forest.value[part].astype(np.float64),
        )
        for part in parts
    ]
