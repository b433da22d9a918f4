import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.steps.files import TEST, TRAIN, content_sha256
from ml.steps.prepare.main import main
from ml.steps.prepare.split import held_out, position
from tests.scoring.trained import data_set

ids = st.lists(st.integers(0, 10**9), unique=True, min_size=1, max_size=50)


@given(ids, ids, st.floats(0.05, 0.5))
def test_a_row_stays_where_it_is_whatever_comes_along(
    old: list[int], new: list[int], fraction: float
) -> None:
    alone = dict(zip(old, held_out(old, fraction, "test"), strict=True))
    together = dict(zip(new + old, held_out(new + old, fraction, "test"), strict=True))
    assert all(together[identifier] == part for identifier, part in alone.items())


@given(ids, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_greater_fraction_only_adds(identifiers: list[int], one: float, other: float) -> None:
    less, more = (held_out(identifiers, fraction, "test") for fraction in sorted((one, other)))
    assert (more | ~less).all()


def test_the_split_is_written_in_stone() -> None:
    """These test rows were seen by every earlier evaluation; another hash would leak them into training."""
    assert [i for i in range(1, 40) if position(i, "test") < 0.2] == FIRST_TEST_IDS
    assert 0.19 < held_out(range(1, 30_001), 0.2, "test").mean() < 0.21
    independent = held_out(range(30_000), 0.2, "test") & held_out(range(30_000), 0.2, "validation")
    assert 0.03 < independent.mean() < 0.05


FIRST_TEST_IDS = [6, 9, 26, 29, 31, 33, 36]


def run(raw: Path, directory: Path, fraction: str = "0.2") -> int:
    return main(["--raw", str(raw), "--test-fraction", fraction, "--prepared", str(directory)])


def test_every_row_goes_to_one_table(tmp_path: Path) -> None:
    frame = data_set().sample(2_000, random_state=1)
    frame.to_parquet(tmp_path / "raw.parquet")
    assert run(tmp_path / "raw.parquet", tmp_path / "out") == 0
    train, test = (pd.read_parquet(tmp_path / "out" / name) for name in (TRAIN, TEST))
    assert sorted([*train["id"], *test["id"]]) == sorted(frame["id"])
    assert np.all(np.diff(test["id"]) > 0)
    assert list(train.columns) == list(frame.columns)
    assert (train.dtypes == frame.dtypes).all()


def test_what_was_read_is_written_down_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "raw.parquet"
    data_set().head(500).to_parquet(raw)
    digest = hashlib.sha256(raw.read_bytes()).hexdigest()
    command = ["--raw", str(raw), "--test-fraction", "0.2", "--prepared", str(tmp_path / "out"), "--sha256"]
    assert main([*command, digest]) == main([*command, "unknown"]) == 0
    origin = json.loads((tmp_path / "out" / "origin.json").read_text())
    assert origin == {"sha256": digest, "bytes": raw.stat().st_size}
    assert main([*command, "0" * 64]) == 1
    assert f"has the SHA-256 {digest}, and {'0' * 64} was to be read" in capsys.readouterr().err


def test_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    frame = data_set().head(500)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.sample(frac=1, random_state=2).to_parquet(tmp_path / "b.parquet")
    for name in "ab":
        assert run(tmp_path / f"{name}.parquet", tmp_path / name) == 0
    same = [content_sha256(pd.read_parquet(tmp_path / name / TEST)) for name in "ab"]
    assert same[0] == same[1]


@pytest.mark.parametrize(
    ("change", "fraction", "says"),
    [
        (lambda frame: frame.drop(columns="id"), "0.2", "has no column id"),
        (lambda frame: frame.assign(id=[None, *frame["id"][1:]]), "0.2", "column id is empty in 1 rows"),
        (lambda frame: frame.head(1), "0.2", "falls into"),
        (lambda frame: frame, "1.5", "test_fraction is 1.5"),
        (lambda frame: frame, "0.005", "test_fraction is 0.005: expected a share from 0.01 to 0.5"),
    ],
)
def test_what_cannot_be_split(tmp_path: Path, capsys, change, fraction: str, says: str) -> None:
    change(data_set().head(100)).to_parquet(tmp_path / "raw.parquet")
    assert run(tmp_path / "raw.parquet", tmp_path / "out", fraction) == 1
    assert says in capsys.readouterr().err


def test_what_is_no_parquet(tmp_path: Path, capsys) -> None:
    (tmp_path / "raw.parquet").write_text("id,default\n1,0\n")
    assert run(tmp_path / "raw.parquet", tmp_path / "out") == 1
    assert "cannot be read as parquet" in capsys.readouterr().err
