import tomllib
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from infra.traffic import SCORING_PORT
from ml import settings
from ml.errors import MlopsError
from ml.jobs import pipeline
from ml.steps.train.space import OFFERED, SPACE, USUAL


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
            "[published]",
            "[zz]",
            "zz = {'keep': 3}: there is no setting of that name; known are data, download",
        ),
        ("[build]", "[zz]", "build is not set"),
        (
            'experiment = "credit-default"',
            'experiment = "credit default"',
            "training.experiment = 'credit default'",
        ),
        ('experiment = "credit-default"', 'experiment = "-credit"', "training.experiment = '-credit'"),
        ('experiment = "credit-default"', 'experiment = ""', "training.experiment = ''"),
        ('environment = "training"', 'environment = "Training"', "training.environment = 'Training'"),
        ("trials = 12", "trials = 0", "tuning.trials = 0"),
        ("minimum_roc_auc = 0.75", "minimum_roc_auc = -0.1", "bounds.minimum_roc_auc = -0.1"),
        ("minimum_roc_auc = 0.75", "minimum_auc = 0.75", "bounds.minimum_auc = 0.75"),
        ("sex = 0.1", "sex = 1.5", "bounds.maximum_equalised_odds_difference.sex = 1.5"),
        (
            "sex = 0.1",
            "height = 0.1",
            "bounds.maximum_equalised_odds_difference.height: 'height' is no attribute of ml/steps/about.py: "
            "expected one of sex, education, marriage, age_group",
        ),
        ("margin = 0.002", "margin = nan", "training.margin = nan: Input should be a finite number"),
        ("margin = 0.002", 'margin = "0.002"', "training.margin = '0.002'"),
        (
            "false_negative_cost = 5.0",
            "false_negative_cost = 0",
            "training.false_negative_cost = 0: Input should be greater than or equal to 0.001",
        ),
        (
            "false_positive_cost = 1.0",
            "false_positive_cost = inf",
            "training.false_positive_cost = inf: Input should be a finite number",
        ),
        ("seed = 20050930", "seed = 7.0", "training.seed = 7.0"),
        ("seed = 20050930", "seed = true", "training.seed = True"),
        ("test_fraction = 0.2", "test_fraction = 0.6", "training.test_fraction = 0.6"),
        ("test_fraction = 0.2", "test_fraction = 0.005", "training.test_fraction = 0.005"),
        ("minimum_roc_auc = 0.75", "minimum_roc_auc = true", "bounds.minimum_roc_auc = True"),
        ("minimum_roc_auc = 0.75", "maximum_log_loss = inf", "bounds.maximum_log_loss = inf"),
        ("sex = 0.1", "sex = false", "bounds.maximum_equalised_odds_difference.sex = False"),
        ("read_seconds = 60", "read_seconds = inf", "download.read_seconds = inf"),
        ("time_limit_minutes = 120", "time_limit_minutes = 1e5", "training.time_limit_minutes = 100000.0"),
        ("time_limit_minutes = 120", f"time_limit_minutes = {10**400}", "training.time_limit_minutes = 1000"),
        ("tolerance = 1e-5", "tolerance = nan", "scoring.tolerance = nan"),
        ('path = "data/credit_default.parquet"', "path = 3", "data.path = 3"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(tmp_path: Path, old: str, new: str, named: str):
    with pytest.raises(MlopsError) as caught:
        settings.read_settings(change(tmp_path, old, new))
    assert any(line.startswith(named) for line in caught.value.details)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("learning_rate = nan", "tuning.start.learning_rate = nan: Input should be a finite number"),
        ("learning_rate = 5.0", "tuning.start.learning_rate = 5.0: Input should be less than or equal to 1"),
        ("learning_rate = true", "tuning.start.learning_rate = True"),
        ("max_iter = 0", "tuning.start.max_iter = 0: Input should be greater than or equal to 1"),
        ("max_iter = inf", "tuning.start.max_iter = inf: Input should be a valid integer"),
        ("max_iter = 1.5", "tuning.start.max_iter = 1.5: Input should be a valid integer"),
        ("max_features = 1.5", "tuning.start.max_features = 1.5"),
        ("learning_rat = 0.1", "tuning.start.learning_rat = 0.1: there is no setting of that name; did you"),
        ("rate = 1", "tuning.start.rate = 1: there is no setting of that name; "),
    ],
)
def test_a_wrong_start_of_the_search_is_named(tmp_path: Path, line: str, named: str):
    with pytest.raises(MlopsError) as caught:
        settings.read_settings(change(tmp_path, "[tuning.start]", f"[tuning.start]\n{line}"))
    assert [detail[: len(named)] for detail in caught.value.details] == [named]


def inputs_of(step: str) -> dict[str, dict[str, float]]:
    return yaml.safe_load((pipeline.STEPS_DIRECTORY / step / "component.yml").read_text())["inputs"]


def limits_of(section: type[BaseModel], name: str) -> tuple[float | None, float | None]:
    shown = section.model_json_schema()["properties"][name]
    shown = next((each for each in shown.get("anyOf", []) if each["type"] != "null"), shown)
    return shown.get("minimum"), shown.get("maximum")


@pytest.mark.parametrize("name", [dimension.name for dimension in SPACE])
def test_the_search_may_begin_wherever_the_step_takes_it(name: str):
    declared = inputs_of("train")[name]
    assert limits_of(settings.StartSettings, name) == (declared["min"], declared["max"])


def test_what_the_steps_take_is_what_the_settings_take():
    assert set(settings.StartSettings.model_fields) == {dimension.name for dimension in SPACE}
    for section, setting, step in (
        (settings.TrainingSettings, "test_fraction", "prepare"),
        (settings.TuningSettings, "trials", "train"),
    ):
        declared = inputs_of(step)[setting]
        assert limits_of(section, setting) == (declared["min"], declared["max"])


def test_the_candidates_are_those_of_the_step(tmp_path: Path):
    from typing import get_args

    assert get_args(settings.Candidate) == OFFERED
    assert tuple(settings.settings().tuning.candidates) == USUAL
    assert yaml.safe_load((pipeline.STEPS_DIRECTORY / "train" / "component.yml").read_text())["inputs"][
        "candidates"
    ]["default"] == ",".join(USUAL)
    usual = '"hist_gradient_boosting", "random_forest", "logistic_regression",'
    for wrong, named in (('"forest"', "tuning.candidates.0 = 'forest'"), ("", "tuning.candidates = []")):
        with pytest.raises(MlopsError) as caught:
            settings.read_settings(change(tmp_path, usual, wrong))
        assert any(detail.startswith(named) for detail in caught.value.details), caught.value.details
    with pytest.raises(MlopsError) as caught:
        settings.read_settings(change(tmp_path, usual, '"lightgbm", "lightgbm"'))
    assert "named twice" in caught.value.details[0]


def test_the_costs_are_inputs_of_the_step(tmp_path: Path):
    file = change(tmp_path, "false_negative_cost = 5.0", "false_negative_cost = 8")
    found = settings.read_settings(file).training.costs()
    assert found == {"false_negative_cost": 8.0, "false_positive_cost": 1.0}
    for name in found:
        assert limits_of(settings.TrainingSettings, name)[0] == inputs_of("train")[name]["min"]


def test_a_start_of_whole_and_other_numbers_is_what_was_written(tmp_path: Path):
    assert settings.settings().tuning.start.given() == {}
    file = change(tmp_path, "[tuning.start]", "[tuning.start]\nlearning_rate = 1\nmax_iter = 41")
    start = settings.read_settings(file).tuning.start.given()
    assert start == {"learning_rate": 1.0, "max_iter": 41}
    assert [type(value) for value in start.values()] == [float, int]


NUMBERS = st.one_of(st.integers(-(10**400), 10**400), st.floats(), st.booleans(), st.text("a1.", max_size=3))
NUMBERED = [
    (section, name)
    for section, fields in tomllib.loads(settings.FILE.read_text()).items()
    for name, value in fields.items()
    if isinstance(value, int | float)
]


@example(("training", "seed"), 2**32 - 1)
@example(("download", "read_seconds"), 10**15)
@given(st.sampled_from(NUMBERED), NUMBERS)
def test_a_number_is_taken_as_it_is_or_refused_by_name(place: tuple[str, str], value: object):
    """Never another number than was written, and none that arithmetic on seconds or rows fails on."""
    section, name = place
    tree = tomllib.loads(settings.FILE.read_text())
    tree[section][name] = value
    try:
        taken = getattr(getattr(settings.checked(tree, Path("x.toml")), section), name)
    except MlopsError as error:
        assert error.details[0].startswith(f"{section}.{name} = ")
        assert len(error.details[0]) < 300
    else:
        assert taken == value and not isinstance(value, bool)
        if name.endswith(("seconds", "minutes")):
            assert timedelta(minutes=float(taken)).days < 100


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


@pytest.mark.parametrize("left", ["[bounds]", ""], ids=["an empty table", "no table"])
def test_bounds_can_be_taken_out(tmp_path: Path, left: str):
    """As docs/own-data.md says for the first training of a model."""
    text = settings.FILE.read_text()
    begin, end = text.index("[bounds]"), text.index("[build]")
    file = tmp_path / "settings.toml"
    file.write_text(f"{text[:begin]}{left}\n\n{text[end:]}")
    assert settings.read_settings(file).bounds.bounds() == ()


def test_every_bound_of_the_steps_can_be_set():
    from ml.steps.about import ATTRIBUTES
    from ml.steps.bounds import FIGURES

    fields = set(settings.BoundsSettings.model_fields)
    assert fields == {name.partition(".")[0] for name in FIGURES}
    by_attribute = dict.fromkeys(ATTRIBUTES, 0.5)
    every = {name: by_attribute if name.endswith("_difference") else 0.5 for name in fields}
    assert {bound.name for bound in settings.BoundsSettings(**every).bounds()} == set(FIGURES)


def test_what_is_no_toml_is_named(tmp_path: Path):
    with pytest.raises(MlopsError, match="not TOML"):
        settings.read_settings(change(tmp_path, "[training]", "[training"))
    with pytest.raises(MlopsError, match="not TOML"):  # more digits than Python reads
        settings.read_settings(change(tmp_path, "seed = 20050930", f"seed = {'9' * 5000}"))


def test_what_is_no_utf8_is_named_with_its_line(tmp_path: Path):
    file = tmp_path / "settings.toml"
    file.write_bytes(b"[data]\n# f\xfcr alle\n" + settings.FILE.read_bytes())
    with pytest.raises(MlopsError, match=r"settings\.toml is not UTF-8: line 2 has the byte 0xfc") as caught:
        settings.read_settings(file)
    assert "UTF-8" in caught.value.remedy


def test_the_metrics_are_those_of_the_evaluation():
    from ml.steps.evaluate.metrics import DIRECTIONS

    assert set(get_args(settings.Metric)) == set(DIRECTIONS)


def test_the_network_lets_the_scoring_port_through():
    assert str(settings.settings().scoring.port) == SCORING_PORT


def test_another_file_may_stand_over_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    over = tmp_path / "over.toml"
    over.write_text("[scoring]\nmetric_seconds = 2\n[scoring.variables]\nSCORING_MAX_ROWS = '50'\n")
    monkeypatch.setenv(settings.OVER, str(over))
    settings.settings.cache_clear()
    try:
        found, under = settings.settings(), settings.read_settings(settings.FILE)
        assert (found.scoring.metric_seconds, found.scoring.variables) == (2, {"SCORING_MAX_ROWS": "50"})
        assert (found.scoring.cpu, found.training) == (under.scoring.cpu, under.training)
        over.write_text("[scoring]\nmetric_second = 2\n")
        settings.settings.cache_clear()
        with pytest.raises(MlopsError, match=r"over\.toml 1 setting is not valid"):
            settings.settings()
    finally:
        settings.settings.cache_clear()
