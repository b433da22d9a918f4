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
        (
            "cpu = 1.0",
            "cpus = 1.0",
            "scoring.cpus = 1.0: there is no setting of that name; did you mean cpu?",
        ),
        ("cpu = 1.0", "cpus = 1.0", "scoring.cpu is not set"),
        (
            "[tuning]",
            "[zz]",
            "zz = {'trials': 12}: there is no setting of that name; known are data, download",
        ),
        ("[build]", "[zz]", "build is not set"),
        ("trials = 12", "trials = 0", "tuning.trials = 0"),
        ("minimum_roc_auc = 0.75", "minimum_roc_auc = -0.1", "bounds.minimum_roc_auc = -0.1"),
        ("minimum_roc_auc = 0.75", "minimum_auc = 0.75", "bounds.minimum_auc = 0.75"),
        ("sex = 0.1", "sex = 1.5", "bounds.maximum_equalised_odds_difference.sex = 1.5"),
        ("sex = 0.1", "height = 0.1", "bounds.maximum_equalised_odds_difference.height: "),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(tmp_path: Path, old: str, new: str, named: str):
    with pytest.raises(MlopsError) as caught:
        settings.read_settings(change(tmp_path, old, new))
    assert any(line.startswith(named) for line in caught.value.details)


def test_bounds_become_the_word_that_the_step_reads(tmp_path: Path):
    from ml.steps.bounds import parse, text_of

    found = settings.settings().bounds.bounds()
    assert {bound.name for bound in found} >= {
        "minimum_roc_auc",
        "maximum_equalised_odds_difference.sex",
        "maximum_equalised_odds_difference.age_group",
    }
    assert parse(text_of(found)) == found
    assert settings.BoundsSettings().bounds() == ()


def test_every_bound_of_the_steps_can_be_set():
    from ml.steps.bounds import ATTRIBUTES, FIGURES
    from ml.steps.card import groups

    fields = set(settings.BoundsSettings.model_fields)
    assert fields == {name.partition(".")[0] for name in FIGURES}
    assert tuple(groups.ATTRIBUTES) == ATTRIBUTES
    by_attribute = dict.fromkeys(ATTRIBUTES, 0.5)
    every = {name: by_attribute if name.endswith("_difference") else 0.5 for name in fields}
    assert {bound.name for bound in settings.BoundsSettings(**every).bounds()} == set(FIGURES)


def test_what_is_no_toml_is_named(tmp_path: Path):
    with pytest.raises(MlopsError, match="not TOML"):
        settings.read_settings(change(tmp_path, "[training]", "[training"))


def test_the_metrics_are_those_of_the_evaluation():
    from ml.steps.evaluate.metrics import DIRECTIONS

    assert set(get_args(settings.Metric)) == set(DIRECTIONS)


def test_the_network_lets_the_scoring_port_through():
    assert str(settings.settings().scoring.port) == SCORING_PORT
