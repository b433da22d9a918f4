"""One file a day, whoever dies, races or comes again; and what is not sent at all."""

from __future__ import annotations

import datetime as dt
import io
import re
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from ml.errors import MlopsError
from ml.lake.files import LocalFiles
from ml.push import record
from ml.push.rows import Rows, Window
from ml.push.send import FEW, push
from ml.push.settings import PushSettings
from ml.steps.contract import LABEL, MINIMUM_ROWS
from ml.steps.prepare.main import run as prepared
from ml.steps.validate.main import run as validated
from ml.trigger.decide import FIT
from tests.ml.kept.world import KilledError
from tests.ml.push.world import DAY, NOW, Landing, Tables, example, mortal, sender

COUNT = 1_200


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    made = Tables(tmp_path_factory.mktemp("send"))
    frame = example(COUNT)
    made.keep(frame, DAY, "request-a")
    made.label([int(one) for one in frame[LABEL]], DAY, "request-a", NOW)
    return made


@pytest.fixture(scope="module")
def rows(tables: Tables) -> Rows:
    return tables.rows(b"s" * 32, Window.up_to(DAY, 90))


def test_what_lands_is_what_a_training_takes(tables: Tables, tmp_path: Path) -> None:
    """By the training's own steps; and its name is one that starts one."""
    landing = Landing()
    answer = push(sender(tables.rows, tmp_path, landing), DAY, NOW)
    ((name, content),) = landing.files.items()
    assert re.fullmatch(r"prod-2026-11-29-[0-9a-f]{16}\.parquet", name) and FIT.fullmatch(name)
    assert (answer["state"], answer["rows"], answer["name"]) == ("sent", COUNT, name)
    assert answer["positives"] == int(example(COUNT)[LABEL].sum())
    raw = tmp_path / "raw.parquet"
    raw.write_bytes(content)
    prepared(raw, 0.2, tmp_path / "prepared", answer["sha256"])
    validated(tmp_path / "prepared", tmp_path / "validated")


def test_a_second_run_of_a_day_finds_the_first(rows: Rows, tmp_path: Path) -> None:
    landing = Landing()
    one = sender(lambda *_: rows, tmp_path, landing)
    first = push(one, DAY, NOW)
    again = push(one, DAY, NOW + dt.timedelta(hours=1))
    assert (again["state"], again["name"], again["sha256"]) == ("sent before", first["name"], first["sha256"])
    assert again["sent_at"] == NOW.isoformat()
    assert list(landing.files) == [first["name"]]
    push(one, DAY - dt.timedelta(days=1), NOW)
    assert len(landing.files) == 2


def test_killed_at_any_step_there_is_one_file_of_the_day(rows: Rows, tmp_path: Path) -> None:
    steps = _pushed_with_a_death(rows, tmp_path / "0", 0)
    assert steps == 5  # secret, record, attempt, the file, done
    for at in range(1, steps + 1):
        _pushed_with_a_death(rows, tmp_path / str(at), at)


def _pushed_with_a_death(rows: Rows, folder: Path, at: int) -> int:
    """Push, die before that step (0: at none), push again, and check; how many steps there were."""
    landing = Landing()
    one = sender(lambda *_: rows, folder, landing)
    dying_one, dying = mortal(one, at)
    with pytest.raises(KilledError) if at else nullcontext():
        push(dying_one, DAY, NOW)
    answer = push(one, DAY, NOW + dt.timedelta(hours=1))
    ((name, content),) = landing.files.items()
    found = record.read(one.files, DAY)
    assert found is not None and (found.name, found.state) == (name, "sent")
    assert answer["sha256"] == found.arrived.sha256 and len(content) == found.arrived.bytes
    assert found.sent_before == (at == 5)
    assert push(one, DAY, NOW)["state"] == "sent before"
    return dying.steps


def test_after_a_death_the_record_says_what_arrived(rows: Rows, tmp_path: Path) -> None:
    """Not what the second run had, with labels that came in between."""
    landing = Landing()
    fewer = replace(rows, rows=rows.rows.slice(0, COUNT - 100))
    early, _ = mortal(sender(lambda *_: fewer, tmp_path, landing), 5)
    with pytest.raises(KilledError):
        push(early, DAY, NOW)
    answer = push(sender(lambda *_: rows, tmp_path, landing), DAY, NOW)
    assert (answer["rows"], answer["sent_before"]) == (COUNT - 100, True)
    (content,) = landing.files.values()
    assert pyarrow.parquet.read_table(io.BytesIO(content)).num_rows == COUNT - 100


def test_of_two_runs_at_once_one_decides(rows: Rows, tmp_path: Path) -> None:
    landing = Landing()
    raced: list[dict[str, Any]] = []

    def other_is_faster(*_: Any) -> Rows:
        if not raced:
            raced.append({})
            raced[0] = push(sender(lambda *_: rows, tmp_path, landing), DAY, NOW)
        return rows

    answer = push(sender(other_is_faster, tmp_path, landing), DAY, NOW)
    assert (answer["state"], answer["name"]) == ("sent before", raced[0]["name"])
    assert len(landing.files) == 1


def test_who_takes_up_an_unfinished_day_does_not_write_over_one_who_finished_it(
    rows: Rows, tmp_path: Path
) -> None:
    """Rows take minutes to make, in which somebody else may send the file of the day."""
    landing = Landing()
    early, _ = mortal(sender(lambda *_: rows, tmp_path, landing), 4)
    with pytest.raises(KilledError):
        push(early, DAY, NOW)
    raced: list[dict[str, Any]] = []
    fewer = replace(rows, rows=rows.rows.slice(0, COUNT - 100))

    def other_is_faster(*_: Any) -> Rows:
        raced.append(push(sender(lambda *_: fewer, tmp_path, landing), DAY, NOW))
        return rows

    answer = push(sender(other_is_faster, tmp_path, landing), DAY, NOW)
    assert (answer["state"], answer["rows"], answer["sha256"]) == (
        "sent before",
        COUNT - 100,
        raced[0]["sha256"],
    )
    found = record.read(LocalFiles(tmp_path), DAY)
    assert found is not None and found.arrived.sha256 == raced[0]["sha256"]


def test_of_two_that_send_at_once_the_one_whose_file_arrived_has_the_record(
    rows: Rows, tmp_path: Path
) -> None:
    landing = Landing()
    fewer = replace(rows, rows=rows.rows.slice(0, COUNT - 100))

    class Late:
        """Another run finishes between this one's record and its file."""

        def add(self, name: str, data: bytes) -> bool:
            push(sender(lambda *_: fewer, tmp_path, landing), DAY, NOW)
            return landing.add(name, data)

    answer = push(sender(lambda *_: rows, tmp_path, Late()), DAY, NOW)
    assert (answer["state"], answer["rows"]) == ("sent before", COUNT - 100)
    found = record.read(LocalFiles(tmp_path), DAY)
    assert found is not None and (found.arrived.rows, found.sent_before) == (COUNT - 100, False)


def test_a_look_tells_the_digest_that_will_be_sent_or_none(tables: Tables, tmp_path: Path) -> None:
    """Ids are made with a secret, which the first file of all makes."""
    one = sender(tables.rows, tmp_path, Landing())
    assert push(one, DAY, NOW, look=True)["sha256"] == ""
    record.secret(one.files)
    look = push(one, DAY, NOW, look=True)
    assert look["sha256"] == push(one, DAY, NOW)["sha256"] != ""


def test_a_look_sends_and_writes_nothing(rows: Rows, tmp_path: Path) -> None:
    landing = Landing()
    answer = push(sender(lambda *_: rows, tmp_path, landing), DAY, NOW, look=True)
    assert (answer["state"], answer["rows"], answer["name"]) == ("would be sent", COUNT, None)
    assert not landing.files and not list(tmp_path.iterdir())


def test_too_few_rows_are_not_sent_and_no_failure(rows: Rows, tmp_path: Path) -> None:
    landing = Landing()
    rules = PushSettings(minimum_rows=COUNT + 1)
    answer = push(sender(lambda *_: rows, tmp_path, landing, rules), DAY, NOW)
    assert (answer["state"], answer["minimum_rows"], answer["rows"]) == (FEW, COUNT + 1, COUNT)
    assert not landing.files
    assert record.read(LocalFiles(tmp_path), DAY) is None  # tomorrow there may be enough


def test_no_setting_lets_fewer_rows_go_than_a_training_takes() -> None:
    with pytest.raises(ValueError, match="minimum_rows"):
        PushSettings(minimum_rows=MINIMUM_ROWS - 1)
    assert PushSettings().minimum_rows == MINIMUM_ROWS


def test_a_feature_that_is_not_kept_is_named(rows: Rows, tmp_path: Path) -> None:
    none = Rows(rows.rows.slice(0, 0), COUNT, {"sex": COUNT}, 0)
    landing = Landing()
    with pytest.raises(MlopsError, match="has a value of sex") as refusal:
        push(sender(lambda *_: none, tmp_path, landing), DAY, NOW)
    assert "SCORING_REDACT_FEATURES" in refusal.value.remedy
    assert not landing.files


def test_rows_that_no_training_takes_are_not_sent(rows: Rows, tmp_path: Path) -> None:
    """And no value of one is shown."""
    import pyarrow as pa

    place = rows.rows.schema.get_field_index("age")
    ages = pa.array([777] + [30] * (COUNT - 1), pa.int64())
    wrong = replace(rows, rows=rows.rows.set_column(place, "age", ages))
    landing = Landing()
    with pytest.raises(MlopsError, match="break the training's contract") as refusal:
        push(sender(lambda *_: wrong, tmp_path, landing), DAY, NOW)
    assert any("age" in line for line in refusal.value.details)
    assert "777" not in str(refusal.value.details)
    assert not landing.files


def test_a_day_belongs_to_the_lake_that_it_was_decided_for(rows: Rows, tmp_path: Path) -> None:
    one = sender(lambda *_: rows, tmp_path, Landing())
    push(one, DAY, NOW)
    with pytest.raises(MlopsError, match="belongs to dlmlopsstage"):
        push(replace(one, account="dlother"), DAY, NOW)


def test_a_record_that_cannot_be_read_sends_nothing(rows: Rows, tmp_path: Path) -> None:
    landing = Landing()
    one = sender(lambda *_: rows, tmp_path, landing)
    one.files.write("pushed/2026-11-29.json", b"{}")
    with pytest.raises(MlopsError, match="cannot be read"):
        push(one, DAY, NOW)
    assert not landing.files


def test_a_file_is_made_once(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path)
    assert files.create("a/b", b"1")
    assert not files.create("a/b", b"2")
    assert files.read("a/b") == b"1" and files.names("a/") == ["a/b"]
