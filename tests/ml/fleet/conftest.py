"""A pooled model, the tables of a fleet's training, and what one training of fifty members registered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ml.fleet.gather import main as gather
from ml.fleet.members import main as members
from ml.steps.files import TEST, TRAIN, write_table
from tests.ml.fleet.trainings import FLEET, ORIGIN, Registry, quick, trained
from tests.scoring.trained import Small, data_set, small


@pytest.fixture(scope="session")
def model() -> Small:
    return small()


@pytest.fixture(scope="session")
def inputs(model: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Validated tables of the whole data set, and a pooled model."""
    folder = tmp_path_factory.mktemp("inputs")
    rows = data_set()
    write_table(rows.iloc[5_000:], folder / "validated" / TRAIN)
    write_table(rows.iloc[:5_000], folder / "validated" / TEST)
    model.trained.artifact.save(folder / "pooled")
    return folder


@pytest.fixture(scope="session")
def gathered(model: Small, inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The registry with one version, the step's result, and the folders of the shards."""
    folder = tmp_path_factory.mktemp("fleet")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(members, "made", quick(model))
        shards = trained(inputs, folder / "shards")
    registry = Registry(folder)
    result = gather.run(
        FLEET, inputs / "validated", inputs / "pooled", shards, ORIGIN, folder / "said", lambda: registry
    )
    yield registry, result, shards
