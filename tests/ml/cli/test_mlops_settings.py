from pathlib import Path
from typing import get_args

import pytest

from infra.traffic import SCORING_PORT
from ml import settings
from ml.errors import MlopsError


def test_the_settings_of_the_repository_are_valid():
    assert settings.settings().training.metric


def change(tmp_path: Path, old: str, new: str) -> Path:
    text = settings.FILE.read_text()
    assert old in text
    file = tmp_path / "settings.toml"
    file.write_text(text.replace(old, new, 1))
    return file


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("margin = 0.002", "margin = -1", "training.margin = -1"),
        ("test_fraction = 0.2", "test_fraction = 1.0", "training.test_fraction = 1.0"),
        ("port = 8080", 'port = "many"', "scoring.port = 'many'"),
        ("cpu = 1.0", "cpus = 1.0", "scoring.cpus"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(tmp_path: Path, old: str, new: str, named: str):
    with pytest.raises(MlopsError) as caught:
        settings.read_settings(change(tmp_path, old, new))
    assert any(line.startswith(named) for line in caught.value.details)


def test_what_is_no_toml_is_named(tmp_path: Path):
    with pytest.raises(MlopsError, match="not TOML"):
        settings.read_settings(change(tmp_path, "[training]", "[training"))


def test_the_metrics_are_those_of_the_evaluation():
    from ml.steps.evaluate.metrics import DIRECTIONS

    assert set(get_args(settings.Metric)) == set(DIRECTIONS)


def test_the_network_lets_the_scoring_port_through():
    assert str(settings.settings().scoring.port) == SCORING_PORT
