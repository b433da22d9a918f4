"""What leaves production: the contract's columns of labelled answers, and nothing of whose they are."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pyarrow.parquet
import pytest

from ml.push.rows import Window, parquet
from ml.steps.contract import COLUMNS, ID, LABEL
from tests.ml.push.world import DAY, KEY, NOW, Tables, example

WINDOW = Window.up_to(DAY, 3)
SECRET = b"s" * 32


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Four rows of yesterday with labels (one of them corrected later), one without, others of other days."""
    made = Tables(tmp_path_factory.mktemp("rows"))
    made.keep(example(5), DAY, "request-a")
    made.label([0, 1, 0, 1], DAY, "request-a", NOW)
    made.label([1], DAY, "request-a", NOW + dt.timedelta(hours=1))
    made.keep(example(2, 5).assign(sex=None), DAY - dt.timedelta(days=1), "request-redacted")
    made.label([0, 0], DAY - dt.timedelta(days=1), "request-redacted", NOW)
    made.keep(example(3, 7), DAY - dt.timedelta(days=2), "request-b")
    made.label([1, 1, 1], DAY - dt.timedelta(days=2), "request-b", NOW)
    made.keep(example(1, 20), DAY - dt.timedelta(days=3), "request-old")
    made.label([1], DAY - dt.timedelta(days=3), "request-old", NOW)
    return made


def test_labelled_rows_of_the_window_are_there_each_once(tables: Tables) -> None:
    rows = tables.rows(SECRET, WINDOW)
    assert rows.rows.column_names == list(COLUMNS)
    assert (rows.rows.num_rows, rows.labelled, rows.empty, rows.beyond) == (7, 9, {"sex": 2}, 0)
    assert rows.positives == 1 + 1 + 1 + 3  # the first label of request-a was corrected
    frame = rows.rows.to_pandas()
    names = [name for name in COLUMNS if name not in (ID, LABEL)]
    sent = sorted(map(tuple, frame[names].to_numpy().tolist()))
    known = sorted(map(tuple, example(10).iloc[[0, 1, 2, 3, 7, 8, 9]][names].to_numpy().tolist()))
    assert sent == known


def test_nothing_that_is_sent_says_whose_it_is(tables: Tables) -> None:
    content = parquet(tables.rows(SECRET, WINDOW).rows)
    for word in (b"request-", KEY.encode(), b"pod-4711", b"r-0123456789abcdef", b"scored_at", b"probability"):
        assert word not in content
    read = pyarrow.parquet.read_table(io.BytesIO(content))
    assert read.column_names == list(COLUMNS)
    assert not read.schema.metadata


def test_an_id_is_the_same_in_each_file_and_another_with_another_secret(tables: Tables) -> None:
    """Ids decide which rows are test rows, so a row keeps its own."""
    wide = set(tables.rows(SECRET, WINDOW).rows.column(ID).to_pylist())
    narrow = set(tables.rows(SECRET, Window.up_to(DAY, 1)).rows.column(ID).to_pylist())
    assert narrow < wide and len(wide) == 7
    assert not wide & set(tables.rows(b"t" * 32, WINDOW).rows.column(ID).to_pylist())
    assert all(not one[0].isdigit() for one in wide)


def test_the_order_of_the_rows_is_that_of_their_ids(tables: Tables) -> None:
    ids = tables.rows(SECRET, WINDOW).rows.column(ID).to_pylist()
    assert ids == sorted(ids)


def test_beyond_the_most_the_oldest_days_stay_out(tables: Tables) -> None:
    rows = tables.rows(SECRET, WINDOW, most=5)
    assert (rows.rows.num_rows, rows.beyond) == (5, 2)
    newest = set(tables.rows(SECRET, Window.up_to(DAY, 1)).rows.column(ID).to_pylist())
    assert newest < set(rows.rows.column(ID).to_pylist())


def test_the_same_rows_are_the_same_bytes(tables: Tables) -> None:
    assert parquet(tables.rows(SECRET, WINDOW).rows) == parquet(tables.rows(SECRET, WINDOW).rows)


def test_without_a_table_there_are_no_rows(tmp_path: Path) -> None:
    from ml.push.rows import made

    assert made(None, None, WINDOW, SECRET, 10).rows.num_rows == 0
