import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.steps.files import TEST, TRAIN
from ml.steps.prepare.main import main as prepare
from ml.steps.prepare.split import held_out
from ml.steps.validate import REPORT
from ml.steps.validate.checks import check
from ml.steps.validate.main import main
from tests.scoring.trained import Small, data_set

Change = Callable[[pd.DataFrame], pd.DataFrame]


def tables(change: Change = lambda frame: frame) -> dict[str, pd.DataFrame]:
    frame = data_set()
    return {TRAIN: frame.iloc[:1_000], TEST: change(frame.iloc[1_000:1_400].copy())}


def setting(column: str, value: object, rows: int = 1) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame[column].astype(object)
        values.iloc[:rows] = value
        return frame.assign(**{column: values.infer_objects()})

    return change


def test_the_data_set_keeps_its_contract() -> None:
    assert check(tables()) == []


@pytest.mark.parametrize(
    ("change", "column", "rule", "rows"),
    [
        (setting("age", 17, 3), "age", "from 18 to 120", 3),
        (setting("age", 30.5), "age", "whole numbers", 1),
        (setting("age", "thirty"), "age", "whole numbers", 1),
        (setting("age", None, 2), "age", "no empty values", 2),
        (setting("age", float("inf")), "age", "from 18 to 120", 1),
        (setting("limit_bal", 0), "limit_bal", "from 1 to 1e+07", 1),
        (setting("bill_amt3", -1e9), "bill_amt3", "from -1e+07 to 1e+07", 1),
        (setting("pay_0", 10), "pay_0", "from -2 to 9", 1),
        (setting("sex", "unknown", 5), "sex", "one of female, male", 5),
        (setting("sex", None), "sex", "no empty values", 1),
        (setting("education", 9), "education", "one of 0, 1, 2, 3, 4, 5, 6", 1),
        (setting("default", 2), "default", "one of 0, 1", 1),
        (setting("default", None), "default", "no empty values", 1),
        (setting("id", 1_050), "id", "unique", 2),
        (setting("id", 7), "id", "no id in two tables", 1),
        (lambda frame: frame.drop(columns="pay_amt2"), "pay_amt2", "the column is missing", 400),
        (lambda frame: frame.drop(columns="default"), "default", "the column is missing", 400),
        (lambda frame: frame.assign(colour="red"), "colour", "no column beyond the contract", 400),
        (lambda frame: frame.assign(age=frame["age"].astype(str)), "age", "whole numbers", 400),
    ],
)
def test_a_breach_names_column_rule_and_rows(change: Change, column: str, rule: str, rows: int) -> None:
    found = [finding for finding in check(tables(change)) if (finding.column, finding.rule) == (column, rule)]
    assert len(found) == 1, check(tables(change))
    assert found[0].rows == rows
    assert found[0].table in (TEST, "all")


BOOLEANS = "no booleans: allowed are numbers, and categories of text or whole numbers; write 0 and 1"


@pytest.mark.parametrize("column", ["age", "limit_bal", "marriage", "sex", "default", "id"])
def test_booleans_are_refused_in_words_and_only_once(column: str) -> None:
    """True is 1 to pandas and to a number's limits, and is none to the service."""
    whole = tables(lambda frame: frame.assign(**{column: np.arange(len(frame)) % 2 == 0}))
    found = [each for each in check(whole) if each.column == column and each.rule != "unique"]
    assert [(each.rule, each.rows) for each in found if each.table == TEST] == [(BOOLEANS, 400)]
    assert len(found) == (2 if column == "id" else 1)  # ids of 0 and 1: one is in the other table


def test_a_label_of_booleans_alone_is_no_lack_of_rows() -> None:
    frame = data_set().head(2_000).assign(default=lambda rows: rows["default"] == 1)
    found = check({TRAIN: frame.iloc[:1_500], TEST: frame.iloc[1_500:]})
    assert [(each.table, each.column, each.rule) for each in found] == [
        (TRAIN, "default", BOOLEANS),
        (TEST, "default", BOOLEANS),
    ]


def test_labels_of_text_are_one_finding_a_table() -> None:
    frame = data_set().head(2_000).assign(default=lambda rows: rows["default"].astype(str))
    found = check({TRAIN: frame.iloc[:1_500], TEST: frame.iloc[1_500:]})
    assert [(each.table, each.rule, each.rows) for each in found] == [
        (TRAIN, "one of 0, 1", 1_500),
        (TEST, "one of 0, 1", 500),
    ]


def test_a_few_booleans_among_numbers_are_counted() -> None:
    (found,) = [each for each in check(tables(setting("age", True, 3))) if each.column == "age"]
    assert (found.rule, found.rows, found.example) == (BOOLEANS, 3, "True")


@pytest.mark.parametrize(
    "values",
    [
        lambda rows: pd.to_datetime(rows["age"], unit="s"),
        lambda rows: rows["age"].map(lambda value: Decimal(int(value))),
        lambda rows: rows["age"].astype(str),
    ],
    ids=["dates", "decimals", "text"],
)
def test_what_only_looks_like_a_number_is_none(values: Change) -> None:
    whole = tables(lambda frame: frame.assign(age=values(frame)))
    assert [(each.column, each.rule, each.rows) for each in check(whole)] == [("age", "whole numbers", 400)]


def test_ids_may_be_text() -> None:
    def named(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(id=[f"TC-{number}" for number in frame["id"]])

    whole = {name: named(frame) for name, frame in tables().items()}
    assert check(whole) == []
    twice = whole[TEST].assign(id=["TC-1", *whole[TEST]["id"].iloc[1:]])
    (found,) = check({TRAIN: whole[TRAIN], TEST: twice})
    assert (found.rule, found.example) == ("no id in two tables", "TC-1")
    fractions = whole[TEST].assign(id=whole[TEST].index + 0.5)
    (found,) = check({TRAIN: whole[TRAIN], TEST: fractions})
    assert (found.column, found.rule, found.rows) == ("id", "whole numbers or text", 400)


def test_an_example_leads_to_the_row() -> None:
    (finding,) = check(tables(setting("age", 150)))
    assert finding.example == "150"
    assert finding.row_id == str(data_set()["id"].iloc[1_000])
    assert "column age: from 18 to 120: 1 rows, for example 150" in str(finding)


def test_many_breaches_are_all_named() -> None:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        return setting("sex", "x")(setting("age", 1)(frame)).drop(columns="marriage")

    assert {finding.column for finding in check(tables(change))} == {"sex", "age", "marriage"}


def test_too_few_rows_and_too_few_of_a_class() -> None:
    frame = data_set().head(500)
    rules = {finding.rule for finding in check({TRAIN: frame.iloc[:400], TEST: frame.iloc[400:]})}
    assert rules == {"at least 1000 rows"}
    one_class = data_set().head(2_000).assign(default=np.int8(0))
    findings = check({TRAIN: one_class.iloc[:1_500], TEST: one_class.iloc[1_500:]})
    assert [(finding.rule, finding.rows) for finding in findings] == [
        ("at least 2% of the rows have label 1", 0)
    ]


@pytest.mark.parametrize("table", [TRAIN, TEST])
@pytest.mark.parametrize("label", [0, 1])
def test_each_table_needs_both_labels(table: str, label: int) -> None:
    """Else nothing could be learned, or judged: the metrics want both."""
    whole = tables()
    whole[table] = whole[table].assign(default=np.int8(1 - label))
    (finding,) = check(whole)
    assert (finding.table, finding.column, finding.rows) == (table, "default", 0)
    assert finding.rule == f"at least one row with label {label}"


def test_few_defaults_end_in_words_wherever_they_fall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """40 of 1,200 rows defaulted, and none of those that the split holds out."""
    frame = data_set()
    held = held_out(frame["id"].tolist(), 0.05, salt="test")
    paid, defaulted = frame[frame["default"] == 0], frame[(frame["default"] == 1) & ~held]
    pd.concat([paid.head(1_160), defaulted.head(40)]).to_parquet(tmp_path / "raw.parquet")
    raw, prepared = str(tmp_path / "raw.parquet"), str(tmp_path / "prepared")
    assert prepare(["--raw", raw, "--test-fraction", "0.05", "--prepared", prepared]) == 0
    assert main(["--prepared", prepared, "--validated", str(tmp_path / "validated")]) == 1
    assert "test.parquet: column default: at least one row with label 1: 0 rows" in capsys.readouterr().err


def run(directory: Path, frames: dict[str, pd.DataFrame]) -> int:
    (directory / "prepared").mkdir()
    for name, frame in frames.items():
        frame.to_parquet(directory / "prepared" / name)
    return main(["--prepared", str(directory / "prepared"), "--validated", str(directory / "validated")])


def test_good_rows_go_on_unchanged(tmp_path: Path, model: Small) -> None:
    assert run(tmp_path, {TRAIN: model.rows, TEST: model.test}) == 0
    report = json.loads((tmp_path / "validated" / REPORT).read_text())
    assert report["valid"] is True
    assert report["tables"][TEST]["rows"] == len(model.test)
    for name, frame in ((TRAIN, model.rows), (TEST, model.test)):
        again = pd.read_parquet(tmp_path / "validated" / name)
        pd.testing.assert_frame_equal(again, frame.reset_index(drop=True))


def test_bad_rows_end_the_step_with_a_report(tmp_path: Path, capsys) -> None:
    assert run(tmp_path, tables(setting("age", 5, 2))) == 1
    assert "column age: from 18 to 120: 2 rows" in capsys.readouterr().err
    report = json.loads((tmp_path / "validated" / REPORT).read_text())
    assert report["valid"] is False
    assert report["findings"][0]["column"] == "age"
    assert not (tmp_path / "validated" / TRAIN).exists()
