"""[scoring.variables] of ml/settings.toml: which variables of the scoring service a release may set."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from ml import settings
from ml.azure import models
from ml.azure.models import ModelVersion
from ml.deploy import image, variables
from ml.deploy.prepare import prepare
from ml.errors import MlopsError
from ml.terminal.subjects import app
from scoring.settings import read

ROOT = Path(__file__).parents[3]


class Asked(Mapping[str, str]):
    """An environment that remembers which variables were read."""

    def __init__(self, content: Mapping[str, str]) -> None:
        self.content, self.names = content, set[str]()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self.content[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)


def test_each_variable_of_the_service_may_be_set_or_is_refused_with_a_reason() -> None:
    asked = Asked({"SCORING_ALLOW_ANONYMOUS": "true"})
    read(asked)
    assert variables.ALLOWED | set(variables.REFUSED) == asked.names
    assert not variables.ALLOWED & set(variables.REFUSED)


def test_what_may_be_set_is_documented() -> None:
    text = (ROOT / "docs" / "scoring.md").read_text()
    assert all(f"`{name}`" in text for name in variables.ALLOWED)


def with_variables(directory: Path, lines: str) -> Path:
    file = directory / "settings.toml"
    file.write_text(
        settings.FILE.read_text().replace("[scoring.variables]", f"[scoring.variables]\n{lines}\n", 1)
    )
    return file


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("", {}),
        ("SCORING_DRIFT_WINDOW_ROWS = 2000", {"SCORING_DRIFT_WINDOW_ROWS": "2000"}),
        ("SCORING_DRIFT_LEAST_PSI = 0.05", {"SCORING_DRIFT_LEAST_PSI": "0.05"}),
        ("SCORING_REDACT_FEATURES = ' age, sex '", {"SCORING_REDACT_FEATURES": "age, sex"}),
    ],
)
def test_texts_and_numbers_are_taken(tmp_path: Path, lines: str, found: dict[str, str]) -> None:
    read_from = settings.read_settings(with_variables(tmp_path, lines))
    assert variables.checked(read_from.scoring.variables) == found


@pytest.mark.parametrize("value", ["true", "[1]", "{ a = 1 }", "2026-01-01"])
def test_other_values_are_refused_by_name(tmp_path: Path, value: str) -> None:
    with pytest.raises(MlopsError) as caught:
        settings.read_settings(with_variables(tmp_path, f"SCORING_MAX_ROWS = {value}"))
    assert len(caught.value.details) == 1
    assert caught.value.details[0].startswith("scoring.variables.SCORING_MAX_ROWS = ")
    assert "expected a text or a number" in caught.value.details[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"SCORING_HASH_KEY": "s3cret"}, "SCORING_HASH_KEY: it is a secret"),
        ({"SCORING_ALLOW_ANONYMOUS": "true"}, "SCORING_ALLOW_ANONYMOUS: a deployed service is never open"),
        ({"SCORING_WORKERS": "3"}, "SCORING_WORKERS: it follows from scoring.cpu"),
        ({"SCORING_MAX_ROW": "3"}, "SCORING_MAX_ROW: .* did you mean SCORING_MAX_ROWS?"),
        ({"LD_PRELOAD": "x"}, "LD_PRELOAD: the service knows no such variable; known are SCORING_"),
        ({"SCORING_MAX_ROWS": "many"}, "SCORING_MAX_ROWS is 'many': expected an integer"),
        ({"SCORING_MAX_ROWS": "0"}, "SCORING_MAX_ROWS is 0: expected a value from 1"),
        ({"SCORING_MAX_ROWS": " "}, "SCORING_MAX_ROWS is blank"),
        ({"SCORING_DRIFT_WINDOW_ROWS": "100", "SCORING_DRIFT_LEAST_ROWS": "200"}, "more than SCORING_DRIFT"),
    ],
)
def test_what_the_service_cannot_be_given_is_refused_with_words_on_why(
    given: dict[str, str], says: str
) -> None:
    with pytest.raises(MlopsError) as caught:
        variables.checked(given)
    (line,) = caught.value.details
    assert re.search(says, line)
    assert "s3cret" not in str(caught.value) + line


def test_all_that_may_not_be_set_is_refused() -> None:
    with pytest.raises(MlopsError) as caught:
        variables.checked(dict.fromkeys(variables.REFUSED, "1"))
    assert len(caught.value.details) == len(variables.REFUSED)


def test_features_are_those_of_the_model() -> None:
    variables.check_features({"SCORING_REDACT_FEATURES": "age,sex, "}, ("age", "sex"))
    with pytest.raises(MlopsError) as caught:
        variables.check_features({"SCORING_HASH_FEATURES": "age,name"}, ("age", "sex"))
    assert caught.value.details == ["SCORING_HASH_FEATURES: the model has no feature 'name'"]


def test_a_wrong_variable_ends_deploy_before_the_stack_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: Any) -> None:
        raise AssertionError("the stack was asked")

    file = with_variables(tmp_path, "SCORING_HASH_KEY = 'x'")
    monkeypatch.setattr("ml.estate.read_estate", asked)
    monkeypatch.setattr(settings, "settings", lambda: settings.read_settings(file))
    done = CliRunner().invoke(app, ["deploy", "--env", "stage", "--json"], catch_exceptions=False)
    assert done.exit_code == 1
    assert "SCORING_HASH_KEY: it is a secret" in json.loads(done.stdout)["error"]["details"][0]


@pytest.mark.parametrize("name", sorted(variables.ALLOWED - set(variables.FEATURES)))
def test_the_service_has_its_word_on_each_value(name: str) -> None:
    with pytest.raises(MlopsError) as caught:
        variables.checked({name: "x"})
    assert f"{name} is 'x': expected" in caught.value.details[0]


def test_the_models_own_samples_have_to_pass() -> None:
    request = {"records": [{"age": 30 + row} for row in range(12)]}
    size = len(json.dumps(request))
    variables.check_samples({"SCORING_MAX_ROWS": "12", "SCORING_MAX_BODY_BYTES": str(size)}, request)
    variables.check_samples({"SCORING_TRACE_RATIO": "0.5"}, request)
    with pytest.raises(MlopsError) as refused:
        variables.check_samples({"SCORING_MAX_ROWS": "11", "SCORING_MAX_BODY_BYTES": "9"}, request)
    assert refused.value.details == [
        "SCORING_MAX_ROWS is 11, and the samples are 12 rows",
        f"SCORING_MAX_BODY_BYTES is 9, and the samples are {size} bytes",
    ]


def test_limits_that_the_samples_break_end_a_deployment_before_an_image_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def built(*_: Any) -> None:
        raise AssertionError("an image was built")

    model = ModelVersion("credit", "1", {}, {})
    artifact = SimpleNamespace(
        schema=SimpleNamespace(names=("age",)),
        samples=SimpleNamespace(request={"records": [{"age": 1}, {"age": 2}]}),
    )
    monkeypatch.setattr(models, "find", lambda azure, reference: model)
    monkeypatch.setattr(image, "assemble", lambda azure, root, found: SimpleNamespace(model=artifact))
    monkeypatch.setattr(image, "ensure", built)
    azure = SimpleNamespace(
        report=SimpleNamespace(phase=lambda title: nullcontext(), line=lambda text: None),
        settings=SimpleNamespace(scoring=SimpleNamespace(variables={"SCORING_MAX_ROWS": "1"})),
    )
    with pytest.raises(MlopsError, match="own samples"):
        prepare(cast("Any", azure), ROOT, "credit:1")
