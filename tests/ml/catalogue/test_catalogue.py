"""The catalogue names what there is, and is refused when its table does not hold together."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from ml.catalogue import page, sets
from ml.errors import MlopsError
from ml.features.definition import read_all
from ml.kept import erasures
from ml.lake import answers
from ml.steps import about, contract

MODELS = [{"model": "credit-default:3", "tags": {"estimator": "<boosting>"}, "lineage": {"data": "d:1"}}]
SETS = {
    *("credit-default", "landing", "answer-parts", "answers", "answers-aside", "labels", "erasures"),
    *("telemetry", "feature-tables", "batch-outputs", "predictions-by-key", "models", "quality", "pushed"),
}


def test_each_data_set_has_an_owner_a_licence_and_says_what_is_personal() -> None:
    found = {one.name: one for one in sets.read()}
    assert set(found) == SETS
    assert answers.TABLE in found["answers"].where
    assert answers.LABELS in found["labels"].where
    assert erasures.FOLDER in found["erasures"].where
    assert f"container {answers.PARTS_CONTAINER} " in found["answer-parts"].where


def test_the_page_and_its_data_say_the_same() -> None:
    tables = list(read_all().values())
    found = page.catalogue("stage", sets.read(), contract.FEATURES, about.ATTRIBUTES, MODELS, tables)
    assert [one["name"] for one in found["features"]] == [one.name for one in contract.FEATURES]
    watched = {one["name"] for one in found["features"] if "fairness" in one["personal"]}
    assert watched == {"sex", "education", "marriage", "age"}
    text = page.html(found)
    for one in (*found["data_sets"], *found["features"]):
        assert f"<td>{one['name']}</td>" in text
    for one in found["data_sets"]:
        assert f"<td>{escape(one['kept'])}</td><td>{escape(one['erased'])}</td>" in text
    (profile, history) = found["feature_tables"]
    assert (profile["name"], profile["from"]) == ("client_profile v1", ["credit-default"])
    assert "CC BY 4.0" in history["licence"]
    assert "<td>payment_history v1</td>" in text
    assert "credit-default:3" in text
    assert "&lt;boosting&gt;" in text
    assert "<boosting>" not in text
    assert "<td>data: d:1</td>" in text
    assert "http" not in text.replace("https://doi.org", "")  # it loads nothing from elsewhere


def test_models_that_may_not_be_read_are_not_said_to_be_none() -> None:
    found = page.catalogue("prod", sets.read(), contract.FEATURES, about.ATTRIBUTES, None)
    assert found["models"] is None
    assert "may not read models" in page.html(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('name = "landing"', 'name = "answers"'), "answers is there twice"),
        (('from = ["answer-parts"]', 'from = ["nothing"]'), "answers: from 'nothing', which is not there"),
        (('licence = "CC BY 4.0, https://doi.org/10.24432/C55S3H"\n', ""), "licence: Field required"),
        (("[[data_set]]", "[[data_set]"), "Expected"),
        (("about_people = true", "about_people = false"), "credit-default: kept: Field required"),
        (
            ("about_people = true", 'about_people = true\nkept = "for ever"'),
            "kept is said in ml/forget/places.py",
        ),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    file = tmp_path / "sets.toml"
    file.write_text(sets.FILE.read_text().replace(*change, 1))
    with pytest.raises(MlopsError) as caught:
        sets.read(file)
    assert said in " ".join(caught.value.details)
