"""Declarations: what is read, and what is wrong is named, all of it at once."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.fleet.declaration import Declaration, DeclarationError, parse, read
from ml.fleet.plan import Planned, keys_of, plan, shards
from ml.steps.bounds import Bound
from ml.steps.errors import StepError

ROOT = Path(__file__).parents[3]
LEAST = 'name = "by-sex"\nowner = "me"\nsplit = ["sex"]\n'


def test_the_examples_are_declarations() -> None:
    found = [read(file) for file in sorted((ROOT / "fleets").glob("*.toml"))]
    assert found
    assert found[0].bounds == (Bound("minimum_roc_auc", 0.6),)


def test_what_is_left_out_has_defaults() -> None:
    assert parse(LEAST) == Declaration("by-sex", "me", ("sex",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 3", "no TOML"),
        ('owner = "me"\nsplit = ["sex"]', "name is missing"),
        (LEAST.replace("by-sex", "By Sex"), "name is 'By Sex': expected small letters"),
        (LEAST.replace('"sex"', '"region"'), "split names 'region', no column of the contract"),
        (LEAST.replace('["sex"]', "[]"), r"split is '\[\]'"),
        (LEAST.replace('"sex"', '"sex", "sex"'), "split names 'sex' twice"),
        (LEAST + "minimum_rows = 3", "minimum_rows is '3': expected a whole number from 100"),
        (LEAST + "minimum_rows = true", "minimum_rows is 'True'"),
        (LEAST + "most_failed = 1.5", "most_failed is '1.5': expected a share"),
        (LEAST + 'unknown = "guess"', "unknown is 'guess': expected one of pooled, refuse"),
        (LEAST + "shards = 9", "shards is '9': expected a whole number from 1 to 8"),
        (LEAST + 'members = ["a b"]', "members names 'a b'"),
        (LEAST + 'better = "yes"', "better is 'yes': expected true or false"),
        (LEAST + "[bounds]\nminimum_auc = 0.7", "bounds.minimum_auc is not known"),
        (LEAST + "[bounds]\nminimum_roc_auc = 7", "bounds.minimum_roc_auc is 7: expected a number"),
        (LEAST + "minimum_row = 300", "minimum_row is not known: expected one of name, owner"),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        parse(text)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(DeclarationError) as found:
        parse('name = 7\nsplit = ["region"]\nshards = 0\n')
    assert len(found.value.problems) == 4


def _frame(**columns: list[Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(columns)


def test_a_key_is_the_values_of_the_split_joined() -> None:
    rows = _frame(education=[2.0, 3.0], sex=["male", "female"])
    assert keys_of(rows, ("education", "sex")) == ["2/male", "3/female"]
    with pytest.raises(StepError, match="give the member"):
        keys_of(_frame(sex=["not a key"]), ("sex",))
    with pytest.raises(StepError, match="no column age"):
        keys_of(rows, ("age",))


def test_members_fall_back_by_rule_and_it_says_so() -> None:
    declared = Declaration("a", "b", ("sex",), minimum_rows=100, minimum_label_rows=10)
    keys = ["many"] * 200 + ["few"] * 99 + ["poor"] * 100
    labels = [0, 1] * 100 + [0, 1] * 49 + [0] + [1] * 9 + [0] * 91
    assert plan(keys, labels, declared) == [
        Planned("few", 99, "99 rows, 100 are needed"),
        Planned("many", 200),
        Planned("poor", 100, "9 rows of its rarer label, 10 are needed"),
    ]
    listed = Declaration("a", "b", ("sex",), ("gone", "many"), minimum_rows=100, minimum_label_rows=10)
    assert plan(keys, labels, listed) == [
        Planned("gone", 0, "0 rows, 100 are needed"),
        Planned("many", 200),
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 1_000), max_size=40), st.integers(1, 8))
def test_each_member_is_trained_by_one_step_and_none_has_much_more(rows: list[int], count: int) -> None:
    planned = [Planned(f"m{number}", size) for number, size in enumerate(rows)]
    found = shards([*planned, Planned("small", 5, "too few")], count)
    assert len(found) == count
    assert sorted(one.key for part in found for one in part) == sorted(one.key for one in planned)
    sums = [sum(one.rows for one in part) for part in found]
    assert max(sums) - min(sums) <= max(rows, default=0)
