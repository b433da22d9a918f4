from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ml.steps.registry import RegisteredModel
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact
from tests.scoring.trained import Small, small


@pytest.fixture(scope="session")
def model() -> Small:
    return small()


@pytest.fixture(scope="session")
def artifact(model: Small) -> Artifact:
    return model.trained.artifact


@dataclass
class FakeRegistry:
    """A registry in memory, with the behaviour that the steps rely on."""

    models: dict[str, list[RegisteredModel]] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], Artifact] = field(default_factory=dict)
    files: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    downloads: int = 0

    def versions(self, name: str) -> list[RegisteredModel]:
        return list(reversed(self.models.get(name, [])))

    def download(self, model: RegisteredModel, directory: Path) -> Artifact:
        self.downloads += 1
        return self.artifacts[model.name, model.version]

    def register(
        self,
        name: str,
        directory: Path,
        description: str,
        tags: Mapping[str, str],
        properties: Mapping[str, str],
    ) -> RegisteredModel:
        versions = self.models.setdefault(name, [])
        model = RegisteredModel(name, str(len(versions) + 1), dict(tags), dict(properties))
        versions.append(model)
        self.artifacts[name, model.version] = artifacts.load(directory)
        self.files[name, model.version] = {
            path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
        }
        return model


@pytest.fixture
def registry() -> FakeRegistry:
    return FakeRegistry()
