"""A model is registered once: it is known by what it does, not by its name."""

from dataclasses import replace
from pathlib import Path

import pytest

from ml.steps.errors import StepError
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.register.registration import Lineage, Registration, register
from ml.steps.registry import RegisteredModel
from scoring.model.artifact import Artifact
from tests.ml.steps.conftest import FakeRegistry
from tests.scoring.trained import Small


def again(registry: FakeRegistry, artifact: Artifact, model: Small, card: Path, job: str) -> Registration:
    decision = {"accepted": True, "bounds": [], "reason": "better"}
    lineage = Lineage("credit:3", "ab" * 32, "c0ffee", "training:5", job, "pipeline")
    evaluation = evaluate(artifact, model.test).to_json()
    return register(registry, artifact, evaluation, decision, "credit", lineage, card)


def test_a_model_whose_files_are_gone_is_registered_anew(
    registry: FakeRegistry,
    artifact: Artifact,
    model: Small,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    first = again(registry, artifact, model, card, "job-1")

    def gone(model: RegisteredModel, directory: Path) -> Artifact:
        if model.version == first.version:
            raise StepError("model credit:1 holds 0 manifest.json, expected one")
        return registry.artifacts[model.name, model.version]

    monkeypatch.setattr(registry, "download", gone)
    assert [again(registry, artifact, model, card, "job-2").version for _ in range(2)] == ["2", "2"]
    assert "credit:1 is registered and cannot be used (model credit:1 holds 0" in capsys.readouterr().out


def test_another_model_is_the_next_version_and_the_same_one_stays_what_it_is(
    registry: FakeRegistry, artifact: Artifact, model: Small, tmp_path: Path
) -> None:
    card = tmp_path / "card"
    card.mkdir()
    (card / "card.json").write_text("{}")
    other = replace(artifact, thresholds=replace(artifact.thresholds, decision=0.5))
    assert other.digest != artifact.digest
    found = [again(registry, each, model, card, f"job-{n}") for n, each in enumerate((artifact, other) * 2)]
    assert [each.version for each in found] == ["1", "2", "1", "2"]
    assert all(each.registered for each in found)
    digests = [each.tags["artifact_digest"] for each in registry.models["credit"]]
    assert digests == [artifact.digest, other.digest]
    assert "is version 2 already" in found[3].reason
