"""Labels that come late: each has one outcome, a file is recorded once, a wrong one not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import MlopsError
from ml.lake import answers, tables
from ml.quality.labels import file, table
from ml.quality.labels.file import Given
from ml.quality.labels.joining import Answer, Known, join, place
from ml.quality.labels.take import Taken, take
from ml.quality.rules import Rules
from scoring.model.schema import NumberFeature, Schema

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
CONTRACT = Schema((NumberFeature("age", "years", 0, 120, True),))


def answer(request: str = "a", row: int = 0, key: str | None = None, days: float = 10) -> Answer:
    return Answer(request, row, key, NOW - days * DAY, 0.25, 0, "credit-default:3")


def of(request: str = "a", label: int = 1, days: float = 1, row: int = 0) -> Given:
    return Given(label, NOW - days * DAY, request, row)


def outcomes(
    given: list[Given], answers: list[Answer], known: dict[Any, Known] | None = None
) -> tuple[dict[str, int], list[tuple[str, int]], int]:
    """The counts that are not 0, what is recorded, and how many of that are late."""
    joined = join(given, answers, known or {}, NOW, 90 * DAY)
    counts = {name: count for name, count in joined.counts.items() if count}
    return counts, [(one.request_id, label.label) for one, label in joined.new], joined.late


CASES = {
    "first": ([of()], [answer()], None, ({"taken": 1}, [("a", 1)], 0)),
    "no such request": ([of("b")], [answer()], None, ({"unknown": 1}, [], 0)),
    "no such row": ([of(row=4)], [answer()], None, ({"unknown": 1}, [], 0)),
    "before it was scored": ([of(days=11)], [answer()], None, ({"early": 1}, [], 0)),
    "late": ([of()], [answer(days=91)], None, ({"taken": 1}, [("a", 1)], 1)),
    "twice": ([of(), of()], [answer()], None, ({"taken": 1, "repeated": 1}, [("a", 1)], 0)),
    "again later": ([of(days=2), of(days=1)], [answer()], None, ({"taken": 1, "repeated": 1}, [("a", 1)], 0)),
    "another later": (
        [of(days=1, label=0), of(days=2)],
        [answer()],
        None,
        ({"taken": 1, "corrected": 1}, [("a", 1), ("a", 0)], 0),
    ),
    "two of one moment": ([of(), of(label=0)], [answer()], None, ({"contradicting": 2}, [], 0)),
    "known": ([of()], [answer()], Known(1, NOW - 3 * DAY), ({"repeated": 1}, [], 0)),
    "known otherwise": ([of()], [answer()], Known(0, NOW - 3 * DAY), ({"corrected": 1}, [("a", 1)], 0)),
    "known otherwise since": ([of(days=3)], [answer()], Known(0, NOW - DAY), ({"contradicting": 1}, [], 0)),
    "known otherwise of that moment": (
        [of()],
        [answer()],
        Known(0, NOW - DAY),
        ({"contradicting": 1}, [], 0),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_each_label_has_the_outcome_of_its_rule(case: str) -> None:
    given_, answers_, known, expected = CASES[case]
    assert outcomes(given_, answers_, {place(answer()): known} if known else None) == expected


def test_a_key_means_the_latest_answer_before_the_label() -> None:
    kept = [
        answer("a", 0, "k", 30),
        answer("b", 2, "k", 20),
        answer("c", 0, "k", 5),
        answer("d", 0, "other", 9),
    ]
    given_ = [Given(1, NOW - 10 * DAY, key="k"), Given(0, NOW, key="k"), Given(1, NOW - 40 * DAY, key="k")]
    counts, recorded, _ = outcomes(given_, kept)
    assert recorded == [("b", 1), ("c", 0)]
    assert counts == {"taken": 2, "early": 1}


label_rows = st.builds(
    of,
    request=st.sampled_from(["a", "b", "none"]),
    label=st.integers(0, 1),
    days=st.sampled_from([1, 2, 3, 11]),
    row=st.integers(0, 1),
)


@given(first=st.lists(label_rows, max_size=12), second=st.lists(label_rows, max_size=12))
def test_counts_add_up_and_a_file_given_again_adds_nothing(first: list[Given], second: list[Given]) -> None:
    kept = [answer("a"), answer("a", 1), answer("b")]
    known: dict[Any, Known] = {}
    for labels in (first, second):
        joined = join(labels, kept, known, NOW, 90 * DAY)
        assert sum(joined.counts.values()) == len(labels)
        assert len(joined.new) == joined.counts["taken"] + joined.counts["corrected"]
        for one, label in joined.new:
            known[place(one)] = Known(label.label, label.observed_at)
        assert join(labels, kept, known, NOW, 90 * DAY).new == ()


def test_the_order_of_a_file_does_not_matter() -> None:
    kept = [answer("a"), answer("b")]
    given_ = [of(days=1, label=0), of(days=3), of(days=2, label=0), of("b"), of("b", label=0)]
    expected = outcomes(given_, kept)
    for turn in range(len(given_)):
        assert outcomes(given_[turn:] + given_[:turn], kept) == expected


Give = Callable[..., Taken]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table of two kept answers."""
    made = tables.make_table(tmp_path / "answers", answers.schema(CONTRACT), partition=[answers.PARTITION])
    keep(made, "a", key="k-1")
    keep(made, "b")
    return tmp_path


def keep(there: Any, request: str, key: str | None = None) -> None:
    scored = NOW - 10 * DAY
    row = {"request_id": request, "row": 0, "key": key, "scored_at": scored, "date": scored.date(), "age": 30}
    row |= {"probability": 0.25, "label": 0, "outlier": False, "model": "credit-default:3"}
    tables.append(there, pa.Table.from_pylist([row], schema=answers.schema(CONTRACT)))


def opened(folder: Path) -> Any:
    return tables.make_table(
        folder / "labels", table.schema(), partition=[table.PARTITION], indexed=table.INDEXED
    )


def give(folder: Path, text: str, labels: Callable[[], Any] | None = None) -> Taken:
    path = folder / "labels.csv"
    path.write_text(text)
    there = tables.open_table(folder / "answers")
    return take(path, "labels.csv", there, labels or (lambda: opened(folder)), Rules(), NOW)


FILE = "request_id,label,observed_at\na,1,2026-11-29T08:00:00Z\nb,0,2026-11-29T08:00:00+02:00\n"


def test_a_file_is_recorded_with_what_was_answered(folder: Path) -> None:
    found = give(folder, FILE)
    assert (found.rows, found.outcomes["taken"], found.already) == (2, 2, False)
    rows = opened(folder).to_pyarrow_table().sort_by("request_id").to_pylist()
    assert [(row["request_id"], row["label"], row["key"]) for row in rows] == [
        ("a", 1, "k-1"),
        ("b", 0, None),
    ]
    assert rows[1]["observed_at"] == dt.datetime(2026, 11, 29, 6, tzinfo=dt.UTC)
    assert {row["source"] for row in rows} == {found.source}
    assert (rows[0]["probability"], rows[0]["predicted"]) == (0.25, 0)
    assert found.days == (str((NOW - 10 * DAY).date()),)


def test_a_file_given_again_is_known_by_its_content(folder: Path) -> None:
    give(folder, FILE)
    version = opened(folder).version()
    found = give(folder, FILE)
    assert (found.already, found.outcomes) == (True, {})
    assert opened(folder).version() == version


def test_unknown_labels_are_tried_again(folder: Path) -> None:
    text = f"{FILE}later,1,2026-11-29T08:00:00Z\n"
    assert give(folder, text).outcomes["unknown"] == 1
    assert give(folder, text).outcomes == {
        **dict.fromkeys(("taken", "corrected", "contradicting", "early"), 0),
        "repeated": 2,
        "unknown": 1,
    }
    there = tables.open_table(folder / "answers")
    keep(there, "later")
    assert give(folder, text).outcomes["taken"] == 1
    assert give(folder, text).already
    assert opened(folder).to_pyarrow_table().num_rows == 3


def test_a_race_is_lost_without_a_label_twice(folder: Path) -> None:
    """Somebody else records the same file between the look at the table and the writing."""
    stale = opened(folder)
    give(folder, FILE)
    once = iter([stale])
    found = give(folder, FILE, lambda: next(once, None) or opened(folder))
    assert found.already
    assert opened(folder).to_pyarrow_table().num_rows == 2


def test_who_always_loses_is_told(folder: Path) -> None:
    stale = [opened(folder) for _ in range(5)]
    give(folder, FILE)
    with pytest.raises(MlopsError, match="others wrote to the table 5 times"):
        give(folder, FILE.replace("a,1", "a,0"), lambda: stale.pop())


def test_before_any_answer_is_kept_all_labels_are_unknown(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(FILE)
    found = take(path, "labels.csv", None, lambda: opened(folder), Rules(), NOW)
    assert found.outcomes["unknown"] == 2


WRONG = {
    "label 2": ("request_id,label,observed_at\na,2,2026-11-29T08:00:00Z\n", "row 1: label is 2, not 0 or 1"),
    "no label": ("request_id,label,observed_at\na,,2026-11-29T08:00:00Z\n", "label is None"),
    "no offset": ("request_id,label,observed_at\na,1,2026-11-29T08:00:00\n", "without its offset from UTC"),
    "no moment": ("request_id,label,observed_at\na,1,yesterday\n", "'yesterday', not as in"),
    "future": ("request_id,label,observed_at\na,1,2026-12-29T08:00:00Z\n", "in the future"),
    "both": ("request_id,key,label,observed_at\na,k,1,2026-11-29T08:00:00Z\n", "has both"),
    "neither": ("request_id,key,label,observed_at\n,,1,2026-11-29T08:00:00Z\n", "has neither"),
    "row without request": ("key,row,label,observed_at\nk,1,1,2026-11-29T08:00:00Z\n", "row belongs to"),
    "negative row": ("request_id,row,label,observed_at\na,-1,1,2026-11-29T08:00:00Z\n", "row is -1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_refused_whole(folder: Path, case: str) -> None:
    text, words = WRONG[case]
    with pytest.raises(MlopsError) as refused:
        give(folder, text)
    assert words in "\n".join([refused.value.problem, *refused.value.details])
    assert opened(folder).to_pyarrow_table().num_rows == 0


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("request_id,label", "it lacks observed_at"),
        ("label,observed_at", "it lacks request_id or key"),
        ("request_id,label,observed_at,name", "name is no column of labels"),
    ],
)
def test_columns_are_those_of_labels(folder: Path, header: str, words: str) -> None:
    with pytest.raises(MlopsError, match=words):
        give(folder, f"{header}\n" + ",".join(["1"] * len(header.split(","))) + "\n")


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 11, 29, 8, tzinfo=dt.UTC)
    columns = {"request_id": ["a", "b"], "row": [0, 3], "label": [1, 0], "observed_at": [moment, moment]}
    pq.write_table(pa.table(columns), tmp_path / "labels.parquet")
    text = "request_id,row,label,observed_at\na,,1,2026-11-29T08:00:00Z\nb,3,0,2026-11-29T08:00:00Z\n"
    (tmp_path / "labels.csv").write_text(text)
    found = [file.read(tmp_path / name, name, NOW) for name in ("labels.parquet", "labels.csv")]
    assert found[0] == found[1]
    assert found[0][1] == Given(0, moment, "b", 3)


def test_of_an_answer_with_several_labels_the_last_counts() -> None:
    rows = table.rows(
        [(answer(), of(days=3)), (answer(), of(days=1, label=0)), (answer("b"), of("b"))], NOW, "s"
    )
    (day, sums), *others = table.labelled(rows).items()
    assert (day, others) == ((NOW - 10 * DAY).date(), [])
    assert (sums.total, int(sums.positives.sum())) == (2, 1)
