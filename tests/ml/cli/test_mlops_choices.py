"""What makes a job another one: all that it does, and nothing of how it is followed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml import settings
from ml.commands import sweep, train
from ml.jobs.submission import Request, content_of
from ml.settings import Settings
from ml.sources.address import LocalFile

REQUEST = Request(LocalFile(Path("x")), "roc_auc", 0.002, trials=12, wait=True, force=False)
TRAINING: dict[str, Any] = {
    "training.model_name": "other",
    "training.seed": 8,
    "training.test_fraction": 0.3,
    "tuning.start": {"learning_rate": 0.07},
    "tuning.candidates": ["hist_gradient_boosting", "lightgbm"],
    "bounds.minimum_roc_auc": 0.76,
    "bounds.maximum_log_loss": 0.5,
    "bounds.maximum_equalised_odds_difference": {"sex": 0.2},
}
REQUESTED: dict[str, Any] = {
    "metric": "cost",
    "margin": 0.003,
    "trials": 13,
    "override": "why",
    "start_from": "m:1",
}
FOLLOWED: dict[str, Any] = {"wait": False, "force": True}


def changed(name: str, value: Any) -> Settings:
    tree = settings.settings().model_dump(exclude_none=True)
    section, key = name.split(".")
    tree[section][key] = value
    return settings.checked(tree, settings.FILE)


def key(choices: dict[str, Any]) -> str:
    return content_of(
        **{**dict.fromkeys(("data", "code", "environment"), "x"), "joined": [], "choices": choices}
    )


def of_training(given: Settings, request: Request = REQUEST) -> str:
    return key(train.choices_of(given, request))


def of_sweep(given: Settings, request: Request = REQUEST) -> str:
    return key(sweep.choices_of(given, request))


@pytest.mark.parametrize("name", TRAINING)
def test_another_setting_is_another_training(name: str) -> None:
    assert of_training(changed(name, TRAINING[name])) != of_training(settings.settings())


@pytest.mark.parametrize("name", REQUESTED)
def test_another_request_is_another_training(name: str) -> None:
    request = replace(REQUEST, **{name: REQUESTED[name]})
    assert of_training(settings.settings(), request) != of_training(settings.settings())


def test_a_sweep_is_another_one_for_its_trials_seed_and_rows_only() -> None:
    """It compares with no champion, registers nothing, and begins nowhere."""
    own = of_sweep(settings.settings())
    assert own != of_training(settings.settings())
    assert of_sweep(settings.settings(), replace(REQUEST, trials=13)) != own
    for name, value in TRAINING.items():
        other = of_sweep(changed(name, value))
        assert (other != own) is (name in ("training.seed", "training.test_fraction")), name


@pytest.mark.parametrize("name", FOLLOWED)
def test_how_a_job_is_followed_makes_no_other_one(name: str) -> None:
    request = replace(REQUEST, **{name: FOLLOWED[name]})
    assert of_training(settings.settings(), request) == of_training(settings.settings())
    assert of_sweep(settings.settings(), request) == of_sweep(settings.settings())


def test_the_order_of_choices_makes_no_other_job() -> None:
    assert key({"b": 1, "a": 2}) == key({"a": 2, "b": 1}) != key({"a": 1, "b": 2})
