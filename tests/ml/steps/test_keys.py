"""One spelling for a key: whatever wrote the id, its row stays on its side of the split."""

import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ml.jobs import data
from ml.steps import keys
from ml.steps.files import TEST, TRAIN
from ml.steps.keys import spelled
from ml.steps.prepare.main import main
from ml.steps.prepare.split import position
from ml.steps.train.training import parts

# How programs write the whole number n: pandas after a join, databases, R, Spark, fixed-width exports.
SPELLINGS: tuple[Callable[[int], Any], ...] = (
    int,
    np.int64,
    float,
    np.float64,
    Decimal,
    lambda n: Decimal(f"{n}.000"),
    str,
    lambda n: f"{n:012}",
    lambda n: f"{n:+}",
    lambda n: f" {n} ",
    lambda n: f"{n}.0",
    lambda n: f"{n}.",
    lambda n: f"{n:.10e}",
    lambda n: f"{n:.10E}",
    lambda n: f"{float(n):.1f}",
)


@example(0)
@example(100_000)
@given(st.integers(-(10**11) + 1, 10**11 - 1))
def test_every_way_to_write_a_whole_number_is_one_key(number: int) -> None:
    assert {spelled(write(number)) for write in SPELLINGS} == {str(number)}
    assert {position(write(number), "test") for write in SPELLINGS} == {position(number, "test")}


@given(st.integers(-(10**30), 10**30))
def test_numbers_of_any_length_lose_no_digit(number: int) -> None:
    exact = (number, Decimal(number), str(number), f"{number}.00", f"{number:040}")
    assert {spelled(write) for write in exact} == {str(number)}


@given(st.text(max_size=12))
def test_a_spelling_is_its_own_spelling(text: str) -> None:
    try:
        once = spelled(text)
    except ValueError:
        return
    assert spelled(once) == once
    assert spelled(f" {text}\t") == once


@pytest.mark.parametrize(
    ("identifier", "key"),
    [
        ("1E+05", "100000"),
        ("1.0E7", "10000000"),
        ("12E5", "12E5"),
        ("1e-5", "1e-5"),
        ("0x10", "0x10"),
        ("TC-007", "TC-007"),
        ("true", "true"),
        ("2024-01-01", "2024-01-01"),
        ("nan", "nan"),
        (".", "."),
        ("-0", "0"),
        (-0.0, "0"),
        ("000", "0"),
        ("\u0661", "\u0661"),  # a digit, but not of those that programs write numbers with
        ("e\u0301", "\u00e9"),
        ("1" * 5_000, "1" * 5_000),
        ("1e+99999999", "1e+99999999"),
    ],
)
def test_what_a_text_stands_for(identifier: object, key: str) -> None:
    assert spelled(identifier) == key


@pytest.mark.parametrize(
    ("identifier", "says"),
    [
        (1.5, "no whole number"),
        ("1.5", "no whole number"),
        ("1.25E+1", "no whole number"),
        (Decimal("1.5"), "no whole number"),
        (float("inf"), "no whole number"),
        (2.0**53, "may have lost digits"),
        (np.float32(2**24), "may have lost digits"),
        ("1.23457E+11", "written with an exponent may have lost digits"),
        ("1e+99999", "written with an exponent may have lost digits"),
        (True, "a boolean is no id"),
        (np.True_, "a boolean is no id"),
        (" ", "empty text"),
        (b"1", "of the type bytes"),
        (pd.Timestamp("2024-01-01"), "of the type Timestamp"),
        (Decimal("NaN"), "of the type Decimal"),
    ],
)
def test_what_is_no_key_is_refused_in_words(identifier: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        spelled(identifier)


def test_the_same_ids_make_the_same_column() -> None:
    whole = pd.Series([3, 12, 100_000])
    for other in (whole.astype(float), whole.astype("Int64"), whole.map("{:07}".format), whole.map(Decimal)):
        assert keys.column(other).equals(whole)
    assert keys.column(pd.Series(["03", "A1", "12"])).tolist() == ["3", "A1", "12"]
    with pytest.raises(ValueError, match=r"^1\.5: no whole number$"):
        keys.column(pd.Series([1.0, 1.5]))


# Files of the same ids, as Arrow columns or as fields of a csv file.
ARROW: tuple[Callable[[list[int]], pa.Array], ...] = (
    lambda ids: pa.array(ids, pa.int64()),
    lambda ids: pa.array(map(float, ids), pa.float64()),
    lambda ids: pa.array(map(Decimal, ids), pa.decimal128(30, 0)),
    lambda ids: pa.array([f"{each:010}" for each in ids]),
    lambda ids: pa.array(map(str, ids)).dictionary_encode(),
)
FIELDS: tuple[Callable[[int], str], ...] = (str, "{:09}".format, "{:.9E}".format, '"{}"'.format)
WORDS = ["TC-1", "12E5", "true", "0x1F", "2024-05-01"]


def sides(raw: Path, directory: Path) -> dict[str, tuple[str, str]]:
    """The table and the part of the training of each id."""
    prepared = directory / "prepared"
    assert main(["--raw", str(raw), "--test-fraction", "0.4", "--prepared", str(prepared)]) == 0
    found: dict[str, tuple[str, str]] = {}
    for name in (TRAIN, TEST):
        ids = pd.read_parquet(prepared / name)["id"].tolist()
        found |= {str(each): (name, part) for each, part in zip(ids, parts(ids), strict=True)}
    return found


@settings(max_examples=4, deadline=None)
@given(st.sets(st.integers(0, 10**9), min_size=60, max_size=60), st.randoms(use_true_random=False))
def test_rows_stay_on_their_side_whatever_file_they_come_in(ids: set[int], random: Any) -> None:
    order = sorted(ids)
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        found: list[dict[str, tuple[str, str]]] = []
        for number, write in enumerate(ARROW):
            raw = directory / f"{number}.parquet"
            pq.write_table(pa.table({"id": write(order), "x": order}), raw)
            found.append(sides(raw, directory))
        # one file with every spelling in it, and texts that no guess of types leaves alone
        fields = [random.choice(FIELDS)(each) for each in order] + WORDS
        csv = directory / "raw.csv"
        csv.write_text("id,x\n" + "".join(f"{field},1\n" for field in fields))
        found.append(sides(data.as_parquet(data.inspect(csv), directory).path, directory))
    assert all(each == found[0] for each in found[:-1])
    assert {key: side for key, side in found[-1].items() if key not in WORDS} == found[0]
    assert set(found[-1]) - set(found[0]) == set(WORDS)


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        (
            [0.5, *map(float, range(1, 60))],
            "column id has 0.5: no whole number; ids are whole numbers",
        ),
        (["01", "1", *map(str, range(2, 60))], "has 01 and 1, which are one id in two spellings"),
        ([i % 2 == 0 for i in range(60)], "a boolean is no id"),
    ],
    ids=["fractions", "two spellings of one", "booleans"],
)
def test_ids_that_cannot_be_told_apart_end_the_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ids: list[Any], says: str
) -> None:
    pd.DataFrame({"id": ids, "x": 1}).to_parquet(tmp_path / "raw.parquet")
    raw, prepared = str(tmp_path / "raw.parquet"), str(tmp_path / "out")
    assert main(["--raw", raw, "--test-fraction", "0.2", "--prepared", prepared]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("index", [[5, 3, 9], [1, 2, 3]], ids=["of a column", "of a range"])
def test_an_id_that_is_an_index_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], index: list[int]
) -> None:
    pd.DataFrame({"id": index, "x": 1}).set_index("id").to_parquet(tmp_path / "raw.parquet")
    raw, prepared = str(tmp_path / "raw.parquet"), str(tmp_path / "out")
    assert main(["--raw", raw, "--test-fraction", "0.2", "--prepared", prepared]) == 1
    assert "has id as a pandas index, not as a column" in capsys.readouterr().err


def test_ids_beyond_64_bits_with_a_sign_are_one_column_whatever_type_they_come_in() -> None:
    """The order of the rows, and so the digest of a part, follows from the column's type."""
    ids = [2**63, 9, 2**64 - 1]
    unsigned = keys.column(pd.Series(ids, dtype=np.uint64))
    assert unsigned.tolist() == keys.column(pd.Series(list(map(str, ids)))).tolist()
    small = keys.column(pd.Series([9, 10], dtype=np.uint64))
    assert small.tolist() == keys.column(pd.Series(["9", "10"])).tolist() == [9, 10]
