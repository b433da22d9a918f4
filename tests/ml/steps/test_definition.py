"""Whether contract and words can be worked with is said up front, with the file that is wrong."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ml.errors import MlopsError
from ml.steps import about, contract, definition
from ml.steps.attribute import Attribute
from ml.steps.card.main import main as card
from ml.steps.definition import fingerprint, of_attributes, of_columns, of_words
from ml.steps.prepare.main import main as prepare
from ml.steps.train.main import main as train
from ml.steps.validate.main import main as validate
from ml.terminal import preflight
from ml.terminal.subjects import app
from scoring.model.schema import CategoryFeature, Feature, NumberFeature

AGE = NumberFeature("age", "years", 0, 120, integer=True)
SHARE = NumberFeature("share", "a share", 0, 1, integer=False)
PLAN = CategoryFeature("plan", "", ("a", "b"))


def test_the_repositorys_own_definition_is_valid() -> None:
    assert definition.problems() == []


@pytest.mark.parametrize(
    ("features", "says"),
    [
        ((AGE, AGE), "the column 'age' is named twice"),
        ((AGE, replace(SHARE, name="id")), "the column 'id' is named twice"),
        ((replace(SHARE, name="left"),), "the column 'left' is named twice"),
        ((replace(SHARE, name=""),), "a column has an empty name"),
        ((), "FEATURES is empty"),
        ((replace(SHARE, minimum=1, maximum=0),), "the minimum 1 is not below the maximum 0"),
        ((replace(SHARE, minimum=1, maximum=1),), "the minimum 1 is not below the maximum 1"),
        ((replace(SHARE, maximum=float("inf")),), "limits of share: 0 to inf are not finite"),
        ((replace(SHARE, minimum=float("nan")),), "limits of share: nan to 1 are not finite"),
        ((replace(PLAN, categories=("a", "b", "a")),), "categories of plan: 'a' is listed twice"),
        ((replace(PLAN, categories=()),), "categories of plan: none is listed"),
        ((replace(PLAN, categories=(False, True)),), "False is neither text nor a whole number"),
        ((replace(PLAN, categories=tuple(range(256))),), "256 are listed, at most 255 are possible"),
        ((replace(PLAN, categories=("1", 1)),), "text and whole numbers, but a column of a file holds one"),
        ((replace(PLAN, categories=("a", "")),), "'' is empty, which csv cannot tell from a value that is"),
        ((replace(PLAN, categories=("a", "b\x00")),), "has control characters"),
        ((replace(PLAN, categories=(1, 2**53 + 1)),), "is beyond 9,007,199,254,740,992"),
        (
            (replace(SHARE, maximum=1e39),),
            "limits of share: 1e+39 is beyond 3.402823e+38, the greatest float32",
        ),
        ((replace(SHARE, minimum=-(10**400)),), "is beyond 3.402823e+38, the greatest float32"),
        ((replace(SHARE, minimum="0"),), "limits of share: '0' is no number"),
        ((replace(SHARE, maximum=True),), "limits of share: True is no number"),
        ((replace(SHARE, minimum=1, maximum=1 + 1e-9),), "1 and 1.000000001 are one number in float32"),
        ((replace(SHARE, maximum=1e-60),), "0 and 1e-60 are one number in float32"),
        ((replace(AGE, maximum=2**53 + 2),), "whole numbers beyond 9,007,199,254,740,992 are not exact"),
        ((replace(AGE, minimum=0.2, maximum=0.8),), "no whole number lies between 0.2 and 0.8"),
        ((replace(AGE, integer=1),), "limits of age: integer is 1: expected True or False"),
        ((replace(AGE, name="a,b"),), "the column 'a,b': csv files and settings have to name it"),
        ((replace(AGE, name=" age"),), "no white space around it"),
        ((replace(AGE, name="\ud800"),), "no control characters"),
        ((replace(AGE, name=7),), "the column 7: a name is text"),
        ((replace(AGE, description="a\nb"),), "the description of age: 'a\\nb' is no text of one line"),
    ],
)
def test_what_no_model_can_come_of_is_named(features: tuple[Feature, ...], says: str) -> None:
    (found,) = of_columns("id", "left", features)
    assert says in found


def test_limits_that_float32_rounds_are_no_hindrance() -> None:
    limits = ((0, 99.9), (-0.1, 0.7), (0, 99_999_999), (-(2**53), 2**53), (-3.4e38, 3.4e38), (0, 255))
    features = [NumberFeature(f"f{at}", "", *pair, integer=False) for at, pair in enumerate(limits)]
    wide = CategoryFeature("wide", "", tuple(range(255)))
    assert of_columns("id", "left", (*features, replace(features[2], name="whole", integer=True), wide)) == []


@pytest.mark.parametrize(
    ("name", "attribute", "says"),
    [
        (
            "sex",
            Attribute("sex", {"f": "women"}, "other"),
            "sex: 'sex' is no feature of ml/steps/contract.py",
        ),
        ("plan", Attribute("plan", {"c": "c"}, "other"), "plan: plan cannot be 'c'"),
        ("age", Attribute("age", dict.fromkeys(range(100, 130), "old"), "young"), "age cannot be 121"),
        ("age", Attribute("age", {"30": "30"}, "other"), "age: age cannot be '30'"),
        ("share", Attribute("share", {0: "none"}, "some"), "share: share may hold fractions"),
        ("the age", Attribute("age", {}, "all"), "the name 'the age' is not of small letters, digits and _"),
    ],
)
def test_groups_that_no_row_can_be_parted_into_are_named(name: str, attribute: Attribute, says: str) -> None:
    (found,) = of_attributes({name: attribute}, (AGE, SHARE, PLAN))
    assert says in found


def test_what_can_be_grouped_is() -> None:
    attributes = {
        "plan": Attribute("plan", {"a": "first"}, "other"),
        "age": Attribute("age", dict.fromkeys(range(60), "young"), "old"),
    }
    assert of_attributes(attributes, (AGE, SHARE, PLAN)) == []
    assert of_attributes({}, (AGE,)) == []


def test_words_belong_to_columns_and_not_to_their_limits() -> None:
    own = fingerprint("id", "left", (AGE, PLAN))
    assert own == fingerprint("id", "left", (replace(AGE, maximum=100, description="whole years"), PLAN))
    others = [
        fingerprint("key", "left", (AGE, PLAN)),
        fingerprint("id", "gone", (AGE, PLAN)),
        fingerprint("id", "left", (AGE,)),
        fingerprint("id", "left", (AGE, replace(PLAN, categories=("a", "c")))),
        fingerprint("id", "left", (replace(AGE, name="years"), PLAN)),
    ]
    assert len({own, *others}) == len(others) + 1
    (said,) = of_words(own, others[0])
    assert own in said and f"then set CONTRACT = {others[0]!r}" in said
    assert of_words(own, own) == []


@pytest.fixture
def other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract of other data, and the words and groups of these."""
    monkeypatch.setattr(contract, "FEATURES", (AGE, SHARE, PLAN))


@pytest.mark.usefixtures("other_columns")
def test_words_of_other_data_are_refused_before_anything_is_done() -> None:
    with pytest.raises(MlopsError, match="definition is not valid") as caught:
        preflight.check_data(None)
    said = "\n".join(caught.value.details)
    assert "ml/steps/about.py: ATTRIBUTES, sex: 'sex' is no feature of ml/steps/contract.py" in said
    assert f"CONTRACT is {about.CONTRACT!r}, but the columns" in said


@pytest.mark.usefixtures("other_columns")
@pytest.mark.parametrize("command", ["train", "sweep"])
def test_train_and_sweep_ask_nobody_before_that(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--env", "no-such-stack"])
    assert done.exit_code == 1
    assert "The data set's definition is not valid" in done.stderr


def test_settings_need_no_contract() -> None:
    """Who looks at the state of an estate, or deploys what is registered, trains nothing."""
    code = "import sys; from ml.settings import settings; settings(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.usefixtures("other_columns")
def test_each_step_refuses_them_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x = str(tmp_path / "x")
    origin = [f"--{name}={x}" for name in ("model-name", "data-asset", "data-sha256", "code-commit")]
    places = ["--model", x, "--validated", x]
    calls = (
        (prepare, ["--raw", x, "--test-fraction", "0.2", "--prepared", x]),
        (validate, ["--prepared", x, "--validated", x]),
        (train, ["--seed", "1", *places]),
        (card, [*places, "--bounds", "none", "--card", x, "--environment", x, *origin]),
    )
    for main, arguments in calls:
        assert main(arguments) == 1
        assert "ml/steps/about.py: CONTRACT is" in capsys.readouterr().err
