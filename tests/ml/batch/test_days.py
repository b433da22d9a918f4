"""Days: reruns take the place of what they had, wherever they are killed; late files are found."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable

from ml.batch import days, outputs
from ml.batch import run as batch
from ml.batch.days import checked
from ml.batch.evaluate import Composite
from ml.batch.run import Limits, run
from ml.errors import MlopsError
from tests.ml.batch.conftest import ID, written
from tests.ml.batch.test_run import Killed

DAY, NEXT = "2026-11-29", "2026-11-30"


def table(output: Path, name: str = "predictions") -> pd.DataFrame:
    return DeltaTable(str(output / name)).to_pyarrow_table().to_pandas()


def scored(composite: Composite, rows: pd.DataFrame, root: Path, date: str = DAY) -> dict[str, Any]:
    """The rows become the files of the day, which is scored."""
    where = written(rows, root / "in" / date, files=1)
    return run(composite, where, str(root / "out"), ID, Limits(workers=1), date=date)


def test_a_rerun_takes_the_place_of_its_day_and_of_no_other(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    broken = rows.head(200).copy()
    broken["age"] = broken["age"].astype(float)
    broken.loc[5, "age"] = float("nan")
    first = scored(composite, broken, tmp_path)
    other = scored(composite, rows.tail(50), tmp_path, NEXT)
    assert (first["replaced"], other["replaced"]) == ([], [])
    second = scored(composite, rows.head(150), tmp_path)
    assert second["replaced"] == [first["run"]]
    found = table(tmp_path / "out")
    assert sorted(set(found["run"])) == sorted({second["run"], other["run"]})
    assert len(found) == 150 + 50
    assert len(table(tmp_path / "out", "rejects")) == 0, "the rejects of the former run went with it"
    again = run(composite, str(tmp_path / "in" / DAY), str(tmp_path / "out"), ID, Limits(workers=1), date=DAY)
    assert (again["found"], again["run"]) == (True, second["run"])


def test_a_day_may_go_back_to_rows_that_it_had(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """By a run of another name: the files of the former may have been deleted since."""
    kept, folder = tmp_path / "kept.parquet", tmp_path / "in" / DAY
    first = scored(composite, rows.head(100), tmp_path)
    (folder / "part-0.parquet").rename(kept)
    scored(composite, rows.head(120), tmp_path)
    kept.replace(folder / "part-0.parquet")  # the same file, as its size and time say, too
    back = run(composite, str(folder), str(tmp_path / "out"), ID, Limits(workers=1), date=DAY)
    assert back["run"] == f"{first['run']}-2"
    assert len(table(tmp_path / "out")) == 100


@pytest.mark.parametrize("after", range(1, 10))
def test_a_rerun_that_is_killed_leaves_the_day_as_it_was_or_as_it_will_be(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    first = scored(composite, rows.head(90), tmp_path)
    writes = [0]

    def counted(real: Any) -> Any:
        def call(*given: Any, **more: Any) -> Any:
            answer = real(*given, **more)
            writes[0] += 1
            if writes[0] == after:
                raise Killed
            return answer

        return call

    with monkeypatch.context() as patch:
        patch.setattr(days.Place, "write", counted(days.Place.write))
        patch.setattr(outputs.tables, "publish", counted(outputs.tables.publish))
        with contextlib.suppress(Killed):
            scored(composite, rows.head(110), tmp_path)
    assert len(table(tmp_path / "out")) in (90, 110)
    where = str(tmp_path / "in" / DAY)
    done = run(composite, where, str(tmp_path / "out"), ID, Limits(), date=DAY)
    assert done["run"] != first["run"]
    found = table(tmp_path / "out")
    assert set(found["run"]) == {done["run"]} and len(found) == 110


def test_late_files_missing_days_and_killed_runs_are_told_apart(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path
) -> None:
    data, output = str(tmp_path / "in" / "{date}"), str(tmp_path / "out")
    done = scored(composite, rows.head(60), tmp_path)
    scored(composite, rows.head(70), tmp_path, NEXT)
    written(rows.tail(40), tmp_path / "in" / "2026-11-28", files=1)
    rows.tail(10).to_parquet(tmp_path / "in" / DAY / "late.parquet", index=False)
    asked = days.days("2026-11-27", NEXT)
    found = {day.date: (day.state, day.run) for day in checked(output, data, asked, None)}
    assert found["2026-11-27"] == ("no data", None)
    assert found["2026-11-28"] == ("missing", None)
    assert found[DAY] == ("late", done["run"])
    assert found[NEXT][0] == "scored"
    rerun = run(composite, str(tmp_path / "in" / DAY), output, ID, Limits(), date=DAY)
    assert rerun["replaced"] == [done["run"]]
    assert [day.state for day in checked(output, data, [DAY], None)] == ["scored"]


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-11-31", None, "--from '2026-11-31' is no day"),
        ("2026-11-30", "2026-11-29", "--to 2026-11-29 is before"),
        ("2016-01-01", "2026-11-30", "are 3987 days"),
        ("2026-11-30", "tomorrow", "--to 'tomorrow' is no day"),
    ],
)
def test_what_is_no_range_of_days_is_refused(first: str, last: str | None, words: str) -> None:
    with pytest.raises(MlopsError, match=words):
        days.days(first, last)


def test_a_range_has_both_of_its_ends() -> None:
    assert list(days.days("2026-02-27", "2026-03-01")) == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert list(days.days(DAY, None)) == [DAY]
    with pytest.raises(MlopsError, match="is the same on each day"):
        days.address("rows/", DAY)


def with_a_reject(rows: pd.DataFrame, count: int, place: int, root: Path) -> str:
    """The first rows, one of which breaks the contract, as the files of a folder."""
    broken = rows.head(count).astype({"sex": object})
    broken.loc[place, "sex"] = "unknown"
    return written(broken, root, files=1)


def runs_of(output: Path) -> tuple[list[str], list[str]]:
    """Which runs have predictions, and which have rejects."""
    predictions, rejects = (sorted(set(table(output, name)["run"])) for name in ("predictions", "rejects"))
    return predictions, rejects


@pytest.mark.parametrize(("commit", "after"), [(1, False), (1, True), (2, False)])
def test_two_runs_of_a_day_whose_lease_was_lost_leave_one_of_them(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    commit: int, after: bool,
) -> None:  # fmt: skip
    """The other one begins and ends just before the first commit, just after it, or before the second one."""
    monkeypatch.setattr(batch.lease, "held", lambda *_, **__: contextlib.nullcontext())
    output, other = tmp_path / "out", list[str]()
    one = with_a_reject(rows, 200, 5, tmp_path / "one")
    two = with_a_reject(rows, 210, 7, tmp_path / "two")
    real, calls = outputs.tables.publish, [0]

    def another() -> None:
        other.append(run(composite, two, str(output), ID, Limits(workers=1), date=DAY)["run"])

    def publish(*given: Any, **more: Any) -> None:
        calls[0] += 1
        chosen = calls[0] == commit
        if chosen and not after:
            another()
        real(*given, **more)
        if chosen and after:
            another()

    monkeypatch.setattr(outputs.tables, "publish", publish)
    answer = run(composite, one, str(output), ID, Limits(workers=1), date=DAY)
    assert other and answer["replaced"] == other
    assert runs_of(output) == ([answer["run"]], [answer["run"]])


def test_what_another_process_has_published_and_a_third_has_replaced_is_not_shown_again(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch.lease, "held", lambda *_, **__: contextlib.nullcontext())
    output, later = tmp_path / "out", list[str]()
    one = with_a_reject(rows, 200, 5, tmp_path / "one")
    two = with_a_reject(rows, 210, 7, tmp_path / "two")
    real = outputs.Tables.publish

    def publish(*given: Any) -> list[str]:
        if not later:
            later.append("begun")
            run(composite, one, str(output), ID, Limits(workers=1), date=DAY)
            later.append(run(composite, two, str(output), ID, Limits(workers=1), date=DAY)["run"])
        return real(*given)

    monkeypatch.setattr(outputs.Tables, "publish", publish)
    assert run(composite, one, str(output), ID, Limits(workers=1), date=DAY)["replaced"] == []
    assert runs_of(output) == (later[1:], later[1:])


def test_who_goes_on_after_another_run_of_the_day_shows_its_own_rejects(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is killed between its two commits, the second replaces it, and the first is begun again."""
    output = tmp_path / "out"
    one = with_a_reject(rows, 200, 5, tmp_path / "one")
    two = with_a_reject(rows, 210, 7, tmp_path / "two")
    real = outputs.tables.publish

    def killed(*given: Any, **more: Any) -> None:
        real(*given, **more)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outputs.tables, "publish", killed)
        with contextlib.suppress(Killed):
            run(composite, one, str(output), ID, Limits(workers=1), date=DAY)
    second = run(composite, two, str(output), ID, Limits(workers=1), date=DAY)
    assert runs_of(output) == ([second["run"]], [second["run"]])
    first = run(composite, one, str(output), ID, Limits(workers=1), date=DAY)
    assert first["replaced"] == [second["run"]]
    assert runs_of(output) == ([first["run"]], [first["run"]])
    assert table(output, "rejects")["row"].tolist() == [5]


@pytest.mark.parametrize("name", ["predictions", "rejects"])
def test_a_file_that_has_gone_becomes_part_of_no_table(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A run is killed before its first commit, and somebody deletes what no version of the table names."""
    output, where = tmp_path / "out", with_a_reject(rows, 200, 5, tmp_path / "in")

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outputs.tables, "publish", killed)
        with contextlib.suppress(Killed):
            run(composite, where, str(output), ID, Limits(workers=1))
    (file,) = (output / name).glob("run=*/*.parquet")
    file.unlink()
    with pytest.raises(MlopsError, match=r"part-000000\.parquet has gone since the run b-") as refused:
        run(composite, where, str(output), ID, Limits(workers=1))
    assert len(table(output)) == len(table(output, "rejects")) == 0
    shutil.rmtree(str(refused.value.remedy).removeprefix("Remove ").removesuffix(" to begin the run anew."))
    assert run(composite, where, str(output), ID, Limits(workers=1))["scored"] == len(table(output)) == 199


def test_files_that_come_while_another_run_is_waited_for_are_scored(
    composite: Composite, rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = written(rows.head(60), tmp_path / "in" / DAY, files=1)

    @contextlib.contextmanager
    def held(*_: Any, **__: Any) -> Generator[None]:
        rows.tail(10).to_parquet(tmp_path / "in" / DAY / "late.parquet", index=False)
        yield

    monkeypatch.setattr(batch.lease, "held", held)
    answer = run(composite, where, str(tmp_path / "out"), ID, Limits(workers=1), date=DAY)
    assert answer["rows"] == 70
    (found,) = checked(str(tmp_path / "out"), str(tmp_path / "in" / "{date}"), [DAY], None)
    assert found.state == "scored"
