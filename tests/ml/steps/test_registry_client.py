"""The registry against a running emulator."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from emulator import environment
from emulator.home import Home
from ml.steps.errors import StepError
from ml.steps.registry import AzureRegistry, RegisteredModel
from scoring.model.artifact import Artifact
from tests.emulator.machinelearning import estate

pytestmark = pytest.mark.e2e


def emulator(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "emulator", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from azure.identity import EnvironmentCredential

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMULATOR_HOME", str(tmp_path_factory.mktemp("emulator")))
        emulator("up")
        try:
            for key, value in environment.applied(Home.default()).items():
                patch.setenv(key, value)
            token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
            client = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=30)

            def write(resource_id: str, body: estate.Json) -> estate.Json:
                url = f"https://management.azure.com{resource_id}?api-version=2025-01-01"
                answer = client.put(url, json=body)
                assert answer.status_code in (200, 201), answer.text
                return answer.json()

            estate.build(write)
            patch.setenv("AZUREML_ARM_SUBSCRIPTION", estate.SUBSCRIPTION)
            patch.setenv("AZUREML_ARM_RESOURCEGROUP", estate.GROUP_NAME)
            patch.setenv("AZUREML_ARM_WORKSPACE_NAME", estate.WORKSPACE_NAME)
            patch.delenv("DEFAULT_IDENTITY_CLIENT_ID", raising=False)
            yield
        finally:
            emulator("down")


def test_models_are_registered_listed_and_downloaded(
    workspace: None, artifact: Artifact, tmp_path: Path
) -> None:
    registry = AzureRegistry()
    assert registry.versions("credit") == []
    artifact.save(tmp_path / "model")
    for number in ("1", "2"):
        tags = {"artifact_digest": f"{artifact.digest}-{number}"}
        made = registry.register("credit", tmp_path / "model", "a model", tags, {"lineage.job": "j"})
        assert (made.name, made.version) == ("credit", number)
    found = registry.versions("credit")
    assert [model.version for model in found] == ["2", "1"]
    assert found[1].tags["artifact_digest"] == f"{artifact.digest}-1"
    assert found[0].properties["lineage.job"] == "j"
    assert registry.download(found[0], tmp_path / "again") == artifact
    for name, version in (("credit", "3"), ("other", "1")):
        with pytest.raises(StepError, match=f"no registered model {name}:{version}"):
            registry.download(RegisteredModel(name, version, {}, {}), tmp_path / name)


def test_two_that_register_at_once_get_a_number_each(
    workspace: None, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact.save(tmp_path / "model")
    first, second = AzureRegistry(), AzureRegistry()
    read = first._workspace.read
    others: list[str] = []

    def read_and_be_late(path: str, **query: str) -> estate.Json | None:
        found = read(path, **query)
        if path == "models/meanwhile" and not others:  # told a number that another one takes before us
            others.append("second")
            second.register("meanwhile", tmp_path / "model", "theirs", {"by": "second"}, {})
        return found

    monkeypatch.setattr(first._workspace, "read", read_and_be_late)
    made = first.register("meanwhile", tmp_path / "model", "ours", {"by": "first"}, {})
    assert made.version == "2"
    assert [(model.version, model.tags["by"]) for model in second.versions("meanwhile")] == [
        ("2", "first"), ("1", "second"),
    ]  # fmt: skip


def test_a_number_that_stays_refused_is_told(
    workspace: None, artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact.save(tmp_path / "model")
    registry = AzureRegistry()
    registry.register("stuck", tmp_path / "model", "theirs", {}, {})
    read = registry._workspace.read

    def read_an_old_one(path: str, **query: str) -> estate.Json | None:
        return None if path == "models/stuck" else read(path, **query)

    monkeypatch.setattr(registry._workspace, "read", read_an_old_one)
    with pytest.raises(StepError, match="refuses each number that it gives for a new version of stuck: 1: "):
        registry.register("stuck", tmp_path / "model", "ours", {}, {})
