"""How a terminal shows what commands answer."""

import io
from typing import Any

import pytest
from rich.console import Console

from ml.commands import deploy, score, status, train
from ml.terminal.console import show, table


def text(renderable: Any) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(renderable)
    return console.export_text()


ANSWER = {
    "job": "train-1",
    "status": "Completed",
    "reused": False,
    "registered": True,
    "model": "credit:2",
    "reason": "auc 0.78 beats 0.77",
    "metrics": {"auc": 0.78, "brier": 0.14},
    "decision": {"metric": "auc", "champion": {"auc": 0.77}, "champion_version": "1"},
}


def test_a_registered_model_is_shown_beside_the_champion():
    said = text(train.render(ANSWER))
    assert "registered credit:2" in said
    assert "0.7800" in said and "0.7700" in said


def test_a_model_that_is_not_better_says_so():
    said = text(train.render({**ANSWER, "registered": False, "model": None, "reason": "[0.1] below margin"}))
    assert "not better: skipped" in said and "[0.1] below margin" in said


def test_a_model_outside_its_bounds_says_so():
    broken = "maximum_calibration_error is 0.05, at most 0.04 is allowed"
    answer = {**ANSWER, "registered": False, "model": None, "reason": broken, "broken_bounds": [broken]}
    said = text(train.render(answer))
    assert "outside its bounds: skipped" in said and broken in said


def test_scores_are_shown_with_their_outliers():
    answer = {
        "address": "http://x:8080",
        "ids": [7, 9],
        "predictions": [{"probability": 0.25, "label": 0}, {"probability": 0.75, "label": 1}],
        "outliers": [{"score": 0.4, "flag": False}, {"score": 0.9, "flag": True}],
        "drift": {
            "status": "collecting",
            "window_rows": 2,
            "window_size": 1000,
            "least_rows": 200,
            "features": {},
        },
        "model": {"name": "credit", "version": "2"},
        "seconds": 0.1,
    }
    said = text(score.render(answer))
    assert "credit:2" in said and "1 flagged as outliers" in said and "http://x:8080" in said
    assert "collecting over 2 of 1000 rows; nothing is said below 200." in said and "PSI" not in said


def test_an_address_and_a_digest_can_be_copied_from_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", "60")
    answer = {
        "address": "http://scoring-stage.106024e7e17c58.westeurope.azurecontainer.io:8080",
        "release": "r-1",
        "model": "credit:2",
        "digest": f"sha256:{'ab' * 32}",
        "built": True,
        "smoke_tests": ["health"],
    }
    show(answer, False, lambda: deploy.render(answer))
    said = capsys.readouterr().out
    assert answer["address"] in said and answer["digest"] in said


def test_a_release_can_be_copied_from_a_narrow_terminal_whatever_its_column() -> None:
    made = table("Registered", "model", "estimator", "release")
    made.add_row("credit-default:1", "hist_gradient_boosting " * 3, "r-49383578de219d0b")
    console = Console(width=60, record=True, file=io.StringIO())
    console.print(made)
    assert "r-49383578de219d0b" in console.export_text()


def test_an_empty_estate_says_what_makes_its_first_model():
    answer = {"environment": "stage", "workspace": "mlw-stage", "models": [], "deployed": None}
    said = text(status.render(answer))
    assert "No model is registered in mlw-stage" in said and "mlops train --env stage" in said
    assert "Nothing is deployed in stage" in said


def test_a_version_that_was_not_better_has_a_line_that_says_why_it_is_registered():
    plain, other = {"model": "credit:1", "tags": {}}, {"model": "credit:2", "tags": {"override": "a [b] c"}}
    answer: dict[str, Any] = {"environment": "stage", "workspace": "mlw-stage", "deployed": None}
    assert "override" not in text(status.render({**answer, "models": [plain]}))
    said = text(status.render({**answer, "models": [other, plain]}))
    assert "\ncredit:2 was not better and is registered by override: a [b] c\n" in said


def test_a_registered_model_is_a_line_of_figures_and_its_release_here():
    tags = {"roc_auc": "0.782", "log_loss": "0.427", "estimator": "forest", "artifact_digest": "sha256:abc"}
    here, elsewhere = {"release-stage": "r-12", "image-crstage": "sha256:def"}, {"release-prod": "r-34"}
    answer = {
        "environment": "stage",
        "workspace": "mlw-stage",
        "models": [{"model": "credit:2", "tags": {**tags, **here}}, {"model": "credit:1", "tags": elsewhere}],
        "deployed": None,
    }
    said = text(status.render(answer))
    assert all(shown in said for shown in ("credit:2", "forest", "0.782", "0.427", "r-12", "credit:1"))
    assert not any(hidden in said for hidden in ("sha256", "r-34"))
