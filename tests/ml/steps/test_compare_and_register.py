import json
from dataclasses import replace
from pathlib import Path

import pytest

from ml.steps.compare import main as compare_main
from ml.steps.compare.decision import decide
from ml.steps.errors import StepError
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.evaluate.metrics import DIRECTIONS
from ml.steps.files import TEST, write_json, write_table
from ml.steps.register import main as register_main
from ml.steps.register.registration import Lineage, properties, register
from ml.steps.registry import AzureRegistry, RegisteredModel, order
from scoring.model import artifact as artifacts
from scoring.model.artifact import Artifact
from tests.ml.steps.conftest import FakeRegistry
from tests.scoring.trained import Small

LINEAGE = Lineage("credit:3", "ab" * 32, "c0ffee", "training:5", "job-7", "pipeline-7")
COSTS = {"false_negative_cost": 5.0, "false_positive_cost": 1.0}
METRICS = dict.fromkeys(DIRECTIONS, 0.5) | {"test_sha256": "t", "test_rows": 10}


def metrics(**more: object) -> dict[str, object]:
    return METRICS | more


@pytest.mark.parametrize(
    ("metric", "margin", "challenger", "champion", "better"),
    [
        ("roc_auc", 0.0, 0.78, 0.77, True),
        ("roc_auc", 0.0, 0.77, 0.77, False),
        ("roc_auc", 0.02, 0.78, 0.77, False),
        ("roc_auc", 0.002, 0.76, 0.77, False),
        ("log_loss", 0.0, 0.40, 0.42, True),
        ("log_loss", 0.0, 0.42, 0.40, False),
        ("cost", 0.05, 0.40, 0.50, True),
        ("brier", 0.05, 0.46, 0.50, False),
        ("average_precision", 0.0, 0.6, 0.5, True),
    ],
)
def test_better_is_a_metric_with_a_margin(
    metric: str, margin: float, challenger: float, champion: float, better: bool
) -> None:
    decision = decide(metric, margin, metrics(**{metric: challenger}), metrics(**{metric: champion}), "4")
    assert decision.better is better
    assert decision.champion_version == "4"
    assert ("not better" in decision.reason) is not better
    assert metric in decision.reason


def test_the_first_model_is_better_than_none() -> None:
    decision = decide("roc_auc", 0.1, metrics(), None, None)
    assert decision.better
    assert decision.champion is None


@pytest.mark.parametrize(
    ("metric", "margin", "champion", "says"),
    [
        ("accuracy", 0.0, METRICS, "metric is 'accuracy': expected one of roc_auc"),
        ("roc_auc", -1.0, METRICS, "margin is -1.0"),
        ("roc_auc", float("nan"), METRICS, "margin is nan"),
        ("roc_auc", 0.0, METRICS | {"test_sha256": "other"}, "not measured on the same test rows"),
    ],
)
def test_what_cannot_be_decided(metric: str, margin: float, champion: dict, says: str) -> None:
    with pytest.raises(StepError, match=says):
        decide(metric, margin, metrics(), champion, "1")


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return written_card(tmp_path / "card", [])


def written_card(directory: Path, bounds: list[dict[str, object]]) -> Path:
    write_json({"bounds": bounds, "threshold": COSTS}, directory / "card.json")
    (directory / "card.html").write_text("<p>card</p>")
    return directory


def registered(
    registry: FakeRegistry, model: Small, card: Path, accepted: bool = True
) -> RegisteredModel | None:
    evaluation = evaluate(model.trained.artifact, model.test).to_json()
    result = register(
        registry,
        model.trained.artifact,
        evaluation,
        {"accepted": accepted, "bounds": [], "reason": "because"},
        "credit",
        LINEAGE,
        card,
    )
    return registry.versions("credit")[0] if result.registered else None


def test_a_better_model_is_registered_with_all_about_it(
    registry: FakeRegistry, model: Small, card: Path
) -> None:
    found = registered(registry, model, card)
    assert found is not None
    artifact = model.trained.artifact
    assert found.tags["artifact_digest"] == artifact.digest
    assert found.properties["schema_sha256"] == artifact.schema.digest
    assert json.loads(found.properties["thresholds"]) == artifact.thresholds.to_json()
    assert found.properties["lineage.code_commit"] == "c0ffee"
    assert found.properties["lineage.job"] == "job-7"
    assert found.evaluation == evaluate(artifact, model.test).to_json()
    assert {"card/card.json", "card/card.html", "manifest.json"} <= registry.files["credit", "1"]
    stored = registry.artifacts["credit", "1"]
    assert stored.digest == artifact.digest
    assert stored.lineage["data_asset"] == "credit:3"
    assert stored.metrics["test.roc_auc"] == found.evaluation["roc_auc"]
    assert all(isinstance(value, str) for value in {**found.tags, **found.properties}.values())


def test_a_model_says_what_started_its_training(registry: FakeRegistry, model: Small, card: Path) -> None:
    lineage = replace(LINEAGE, started_by="metric", reason="drift of age", event="alert-7")
    evaluation = evaluate(model.trained.artifact, model.test).to_json()
    decision = {"accepted": True, "bounds": [], "reason": "because"}
    register(registry, model.trained.artifact, evaluation, decision, "credit", lineage, card)
    [found] = registry.versions("credit")
    said = {name: found.properties[f"lineage.{name}"] for name in ("started_by", "reason", "event")}
    assert said == {"started_by": "metric", "reason": "drift of age", "event": "alert-7"}
    assert "lineage.event" not in properties_of(LINEAGE, model)


def properties_of(lineage: Lineage, model: Small) -> dict[str, str]:
    return properties(model.trained.artifact, {}, lineage)


def test_a_retry_does_not_register_twice(registry: FakeRegistry, model: Small, card: Path) -> None:
    registered(registry, model, card)
    again = registered(registry, model, card)
    assert again is not None
    assert len(registry.models["credit"]) == 1


def test_not_accepted_is_skipped(registry: FakeRegistry, model: Small, card: Path) -> None:
    assert registered(registry, model, card, accepted=False) is None
    assert registry.models == {}


def write_inputs(directory: Path, model: Small) -> None:
    write_json(evaluate(model.trained.artifact, model.test).to_json(), directory / "evaluation/metrics.json")
    written_card(directory / "card", [])
    write_table(model.test, directory / "validated" / TEST)
    model.trained.artifact.save(directory / "model")


def compared(directory: Path, registry: FakeRegistry) -> dict[str, object]:
    compare_main.run(
        directory / "evaluation",
        directory / "card",
        directory / "validated",
        "credit",
        "roc_auc",
        0.002,
        directory / "decision",
        connect=lambda: registry,
    )
    return json.loads((directory / "decision/decision.json").read_text())


def test_compare_and_register_twice(tmp_path: Path, registry: FakeRegistry, model: Small, capsys) -> None:
    """The second training of the same model is a clean skip that says so."""
    write_inputs(tmp_path, model)
    outcomes = []
    for round_ in ("first", "second"):
        outcomes.append(compared(tmp_path, registry)["better"])
        register_main.run(
            tmp_path / "model",
            tmp_path / "evaluation",
            tmp_path / "decision",
            tmp_path / "card",
            "credit",
            LINEAGE,
            tmp_path / round_,
            connect=lambda: registry,
        )
    assert outcomes == [True, False]
    first, second = (
        json.loads((tmp_path / round_ / "registration.json").read_text()) for round_ in ("first", "second")
    )
    assert (first["registered"], first["version"]) == (True, "1")
    assert (second["registered"], second["version"]) == (False, None)
    assert "not better" in second["reason"]
    assert "not registered: not better" in capsys.readouterr().out
    assert registry.downloads == 0


def test_a_model_outside_its_bounds_is_a_clean_skip_by_name(
    tmp_path: Path, registry: FakeRegistry, model: Small, capsys
) -> None:
    write_inputs(tmp_path, model)
    finding = {"name": "maximum_calibration_error", "limit": 0.01, "found": 0.02, "holds": False}
    written_card(tmp_path / "card", [finding])
    decision = compared(tmp_path, registry)
    assert (decision["better"], decision["accepted"]) == (True, False)
    register_main.run(
        tmp_path / "model",
        tmp_path / "evaluation",
        tmp_path / "decision",
        tmp_path / "card",
        "credit",
        LINEAGE,
        tmp_path / "registration",
        connect=lambda: registry,
    )
    said = json.loads((tmp_path / "registration" / "registration.json").read_text())
    assert said["registered"] is False
    assert said["broken_bounds"] == ["maximum_calibration_error is 0.020, at most 0.010 is allowed"]
    assert "outside its bounds: maximum_calibration_error is 0.02" in said["reason"]
    assert registry.models == {}
    assert "not registered: the first model; outside its bounds" in capsys.readouterr().out


def test_champion_is_scored_again_on_other_test_rows(
    tmp_path: Path, registry: FakeRegistry, model: Small
) -> None:
    write_inputs(tmp_path, model)
    registered(registry, model, tmp_path / "card")
    champion = registry.models["credit"][0]
    stale = dict(champion.properties) | {"evaluation": json.dumps({"test_sha256": "other", "roc_auc": 0.99})}
    registry.models["credit"][0] = RegisteredModel("credit", "1", champion.tags, stale)
    decision = compared(tmp_path, registry)
    assert registry.downloads == 1
    assert decision["champion"] == decision["challenger"]
    assert decision["better"] is False


@pytest.mark.parametrize("evaluation", ["", "{", "[]", "null"])
def test_an_unreadable_evaluation_is_none(evaluation: str) -> None:
    assert RegisteredModel("m", "1", {}, {"evaluation": evaluation}).evaluation is None
    assert RegisteredModel("m", "1", {}, {}).evaluation is None


def test_versions_are_ordered_by_number() -> None:
    assert sorted(["10", "9", "abc", "1"], key=order, reverse=True) == ["10", "9", "1", "abc"]


def test_outside_a_job_the_step_says_so() -> None:
    with pytest.raises(StepError, match=r"AZUREML_ARM_SUBSCRIPTION, .* must run as an Azure ML job"):
        AzureRegistry({})


def test_evaluation_is_flat_and_of_the_served_model(model: Small, artifact: Artifact, tmp_path: Path) -> None:
    result = evaluate(artifact, model.test).to_json()
    assert set(DIRECTIONS) <= set(result)
    assert all(isinstance(value, int | float | str) for value in result.values())
    artifact.save(tmp_path / "model")
    assert evaluate(artifacts.load(tmp_path / "model"), model.test).to_json() == result
    assert evaluate(artifact, model.test.head(500)).test_sha256 != result["test_sha256"]
