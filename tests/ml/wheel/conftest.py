"""A wheel of the small model."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.wheel.build import Origin, Wheel, build
from scoring.model.artifact import Artifact
from tests.scoring.trained import small

ROOT = Path(__file__).parents[3]
ORIGIN = Origin("credit-default", "3", "r-0123456789abcdef")


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    return small().trained.artifact


@pytest.fixture(scope="session")
def model_folder(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    artifact.save(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(model_folder: Path) -> Wheel:
    return build(ROOT, model_folder, ORIGIN)
