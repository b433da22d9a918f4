"""The registered model that a new one is held against: on the same rows, at the same costs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.steps.compare import main as compare_main
from ml.steps.compare.champion import judged
from ml.steps.compare.decision import decide
from ml.steps.errors import StepError
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.evaluate.metrics import DIRECTIONS, Costs, cost
from ml.steps.files import TEST, content_sha256, write_json, write_table
from ml.steps.registry import AzureRegistry, RegisteredModel
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from tests.ml.steps.conftest import FakeRegistry
from tests.scoring.trained import Small


def at_costs(artifact: Artifact, missed: float, alarm: float, **more: float) -> Artifact:
    thresholds = replace(artifact.thresholds, false_negative_cost=missed, false_positive_cost=alarm, **more)
    return replace(artifact, thresholds=thresholds)


def champion(
    registry: FakeRegistry, artifact: Artifact, evaluation: Mapping[str, Any], **more: str
) -> RegisteredModel:
    properties = {
        "evaluation": json.dumps(evaluation),
        "thresholds": json.dumps(artifact.thresholds.to_json()),
        **more,
    }
    model = RegisteredModel("credit", "1", {}, properties)
    registry.models["credit"] = [model]
    registry.artifacts["credit", "1"] = artifact
    return model


def compared(directory: Path, registry: FakeRegistry, artifact: Artifact, test: Any, metric: str) -> Any:
    write_json(evaluate(artifact, test).to_json(), directory / "evaluation/metrics.json")
    write_json({"bounds": [], "threshold": artifact.thresholds.to_json()}, directory / "card/card.json")
    write_table(test, directory / "validated" / TEST)
    places = (directory / name for name in ("evaluation", "card", "validated"))
    compare_main.run(*places, "credit", metric, 0.002, directory / "decision", connect=lambda: registry)
    return json.loads((directory / "decision/decision.json").read_text())


def test_a_model_does_not_get_better_by_stating_lower_costs(
    tmp_path: Path, registry: FakeRegistry, model: Small
) -> None:
    old = model.trained.artifact
    champion(registry, old, evaluate(old, model.test).to_json())
    decision = compared(tmp_path, registry, at_costs(old, 1.0, 1.0), model.test, "cost")
    assert decision["better"] is False
    assert decision["champion"]["cost"] == decision["challenger"]["cost"]
    assert decision["champion"]["cost"] < evaluate(old, model.test).metrics["cost"]  # at its own costs
    assert registry.downloads == 1


def test_each_is_judged_at_its_own_threshold_and_the_new_costs(
    tmp_path: Path, registry: FakeRegistry, model: Small
) -> None:
    old = model.trained.artifact
    champion(registry, old, evaluate(old, model.test).to_json())
    decision = compared(tmp_path, registry, at_costs(old, 1.0, 1.0, decision=0.5), model.test, "cost")
    labels = model.test["default"].to_numpy()
    probabilities = Composite(old.composite, old.schema.width).run(model.test_matrix)[0].astype(np.float64)
    for who, threshold in (("challenger", 0.5), ("champion", old.thresholds.decision)):
        expected = cost(labels, probabilities, threshold, 1.0, 1.0)
        assert decision[who]["cost"] == pytest.approx(expected, abs=1e-8)
    assert decision["better"] is True


def test_what_was_recorded_on_the_same_rows_at_the_same_costs_is_taken(
    tmp_path: Path, registry: FakeRegistry, model: Small
) -> None:
    old = model.trained.artifact
    champion(registry, old, evaluate(old, model.test).to_json())
    compared(tmp_path, registry, replace(old, estimator="other"), model.test, "cost")
    assert registry.downloads == 0


@pytest.mark.parametrize("recorded", [None, "0.9", float("nan"), True])
def test_a_record_without_a_metric_is_measured_anew(
    tmp_path: Path, registry: FakeRegistry, model: Small, recorded: object
) -> None:
    old = model.trained.artifact
    whole = evaluate(old, model.test).to_json()
    champion(registry, old, {name: value for name, value in whole.items() if name != "roc_auc"})
    assert compared(tmp_path, registry, old, model.test, "roc_auc")["champion"] == whole
    champion(registry, old, {**whole, "roc_auc": recorded})
    assert compared(tmp_path, registry, old, model.test, "roc_auc")["champion"] == whole
    assert registry.downloads == 2


@pytest.mark.parametrize("recorded", ["", "{", "{}", '{"false_negative_cost": "5"}'])
def test_unknown_costs_are_measured_anew(
    tmp_path: Path, registry: FakeRegistry, model: Small, recorded: str
) -> None:
    old = model.trained.artifact
    champion(registry, old, evaluate(old, model.test).to_json(), thresholds=recorded)
    assert compared(tmp_path, registry, old, model.test, "cost")["better"] is False
    assert registry.downloads == 1


class BrokenModels:
    """A workspace whose model lost its graph."""

    def read(self, path: str) -> dict[str, Any]:
        assert path == "models/credit/versions/7"
        return {"properties": {"modelUri": "azureml://datastores/blobs/paths/some/model"}}

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact

    def download(self, address: str, folder: Path) -> None:
        self.artifact.save(folder / "model")
        (folder / "model" / "composite.onnx").unlink()


def test_a_champion_that_cannot_be_used_is_named_with_what_to_do(model: Small) -> None:
    registry = object.__new__(AzureRegistry)
    registry._workspace = BrokenModels(model.trained.artifact)
    found = RegisteredModel("credit", "7", {}, {})
    with pytest.raises(StepError) as caught:
        judged(registry, found, content_sha256(model.test), lambda: model.test, Costs(5.0, 1.0))
    said = str(caught.value)
    assert said.startswith("the champion credit:7 cannot be judged: credit/model/composite.onnx")
    assert "archive that version" in said
    assert "champion-" not in said


def test_a_champion_that_needs_other_columns_is_named(registry: FakeRegistry, model: Small) -> None:
    found = champion(registry, model.trained.artifact, {})
    test = model.test.drop(columns="pay_0")
    with pytest.raises(StepError, match=r"the champion credit:1 cannot be judged: .* no column pay_0"):
        judged(registry, found, "other", lambda: test, Costs(5.0, 1.0))


METRICS = dict.fromkeys(DIRECTIONS, 0.5) | {"test_sha256": "t"}


@given(st.integers(0, 990), st.integers(1, 10), st.sampled_from(sorted(DIRECTIONS)))
def test_a_gain_of_the_margin_itself_counts(thousandths: int, margin: int, metric: str) -> None:
    """Whatever a sum of floats makes of it."""
    low, high = thousandths / 1000, (thousandths + margin) / 1000
    new, old = (high, low) if DIRECTIONS[metric] == "higher" else (low, high)
    for asked, better in ((margin / 1000, True), (margin / 1000 + 1e-8, False), (margin / 1000 - 1e-8, True)):
        decided = decide(metric, asked, {**METRICS, metric: new}, {**METRICS, metric: old}, "1")
        assert decided.better is better, decided.reason


def test_an_equal_model_is_not_better_even_without_a_margin() -> None:
    decided = decide("roc_auc", 0.0, METRICS, METRICS, "1")
    assert not decided.better
    assert "a gain of 0.00000 where more than 0 is asked for" in decided.reason


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (
            0.702,
            "better: roc_auc 0.70200 against 0.70000 of version 1, a gain of 0.00200 where at least 0.00200",
        ),
        (0.70199, "a gain of 0.00199 where at least 0.00200 is asked for"),
        (0.701999, "a gain of 0.001999 where at least 0.002000 is asked for"),
    ],
)
def test_the_reason_has_the_digits_that_decide(new: float, says: str) -> None:
    decided = decide("roc_auc", 0.002, {**METRICS, "roc_auc": new}, {**METRICS, "roc_auc": 0.7}, "1")
    assert says in decided.reason
