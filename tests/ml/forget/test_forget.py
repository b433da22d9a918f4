"""One erasure goes through all places; what is not reached is named, and taken up by the same command."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.exceptions import DeltaError
from pyarrow import ArrowInvalid

from ml.errors import MlopsError
from ml.features.place import RECORD, Features
from ml.forget.erasers import ERASERS
from ml.forget.landed import Sets, Trained
from ml.forget.outcome import Outcome
from ml.forget.places import PLACES
from ml.forget.run import failed, forget
from ml.forget.telemetry import Filter
from ml.forget.where import Where
from ml.kept import erasures
from ml.kept.collect import collect
from ml.kept.erasures import Erasure
from ml.lake import tables
from ml.precomputed.sqlite import FileStore
from scoring.precomputed.address import File
from tests.ml.features.tables import definition
from tests.ml.features.test_build import World as FeatureWorld
from tests.ml.forget.rows import MemoryRows, digest, parquet
from tests.ml.kept.world import NOW, World, days
from tests.ml.precomputed.made import answers, batch, quiet

KEY = "4711"
LATER = NOW + timedelta(hours=2)


@dataclass
class FakeLogs:
    """Finds an event of each request that is asked for, until purges have ended."""

    pending: bool = True
    asked: list[str] = field(default_factory=list[str])
    purged: list[Filter] = field(default_factory=list[Filter])
    broken: MlopsError | None = None

    def ask(self, query: str) -> list[dict[str, Any]]:
        if self.broken:
            raise self.broken
        self.asked.append(query)
        if query.endswith("| count"):
            return [{"Count": 1}]
        known = [name for name in ("a-1/0", "a-1/2") if json.dumps(name) in query]
        told = json.dumps([{"request_id": name} for name in known])
        over = self.purged and not self.pending
        return [] if over or not known else [{"event_id": "e-1", "requests": told, "request_id": ""}]

    def purge(self, table: str, filter_: Filter) -> str:
        self.purged.append(filter_)
        return f"https://management.azure.com/purge-{len(self.purged)}"

    def state(self, address: str) -> str:
        return "pending" if self.pending else "completed"


@dataclass
class Estate:
    """Answers in the table and in a part, a feature table, predictions by key."""

    kept: World
    features: FeatureWorld
    database: File
    sets: Sets
    logs: FakeLogs = field(default_factory=FakeLogs)

    @property
    def where(self) -> Where:
        return Where(
            self.kept.place,
            30,
            features=self.features.features.where,
            batches=str(self.kept.folder / "batch"),
            predictions=lambda: FileStore(self.database),
            logs=self.logs,
            sets=self.sets,
        )

    def forget(self, now: Any = NOW, where: Where | None = None) -> Erasure:
        return forget(where or self.where, KEY, "request 12", "somebody", 14, now)


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    kept = World(tmp_path / "kept")
    kept.write("a-1", 0, [KEY, "other"], at=NOW - days(1))
    kept.write("a-1", 1, ["other"])
    collect(kept.place, 30, NOW)
    kept.write("a-1", 2, [KEY])
    (tmp_path / "source").mkdir()
    features = FeatureWorld(tmp_path / "source")
    features.says([(4711, 0.0, 0.0, 10), (2, 1.0, 0.0, 20)])
    features.build(5, definition(personal="pseudonymous"))
    database = File(str(tmp_path / "predictions.db"))
    store = FileStore(database)
    store.load(batch(1, answers([KEY, "other"], 0.5)), 2, quiet)
    store.close()
    return Estate(kept, features, database, sets())


def sets() -> Sets:
    """A file that landed and an older one of the same rows in the training sets, each with its model."""
    landed = {"2026/rows.parquet": parquet([4711, 2])}
    datasets = {f"datasets/d/{'0' * 64}/d.parquet": parquet([4711])}
    models = [
        Trained("credit-default:9", digest(landed["2026/rows.parquet"])),
        Trained("credit-default:10", digest(*datasets.values())),
        Trained("credit-default:11", "1" * 64),
    ]
    return Sets(MemoryRows(landed), MemoryRows(datasets), lambda: models)


def test_which_models_were_trained_on_the_row_is_said_in_the_record(estate: Estate) -> None:
    told_ = estate.forget().places["training-data"]
    assert "credit-default:9, credit-default:10. Publish" in told_["said"]
    estate.logs.pending = False
    done = estate.forget(LATER)
    assert done.finished_at is not None
    assert done.places["training-data"] == told_, "also when the file is gone by which it was found"
    assert sorted(told_["kept"]["held"].values()) == [
        "2026/rows.parquet",
        f"datasets/d/{'0' * 64}/d.parquet",
    ]


def test_models_of_a_file_that_was_read_only_when_it_was_written_anew_are_named(estate: Estate) -> None:
    """Azure was away for the first of both looks: by the second one the file is another."""

    class Away(MemoryRows):
        times = 0

        def read(self, name: str) -> tuple[bytes, str] | None:
            self.times += 1
            if self.times == 1:
                raise OSError("503")
            return super().read(name)

    landing = Away(estate.sets.landing.files)  # pyright: ignore
    where = replace(estate.where, sets=replace(estate.sets, landing=landing))
    first = estate.forget(where=where)
    assert (states(first)["training-data"][0], states(first)["landing"]) == ("failed", ("erased", 1))
    estate.logs.pending = False
    done = estate.forget(LATER, where)
    assert done.finished_at is not None
    assert "credit-default:9, credit-default:10. Publish" in done.places["training-data"]["said"]


def states(record: Erasure) -> dict[str, tuple[str, int]]:
    return {name: (told["state"], told["rows"]) for name, told in record.places.items()}


def test_every_place_is_in_the_record_with_its_rows(estate: Estate) -> None:
    record = estate.forget()
    assert states(record) == {
        "telemetry": ("under way", 1),
        "labels": ("erased", 0),
        "answers-aside": ("erased", 0),
        "answers": ("erased", 1),
        "features": ("erased", 1),
        "batches": ("erased", 0),
        "predictions-by-key": ("erased", 1),
        "training-data": ("told", 2),
        "landing": ("erased", 1),
    }
    assert set(record.places) == {one.name for one in PLACES if one.by_key or one.names}
    assert estate.logs.purged == [Filter("Properties", ("e-1",), "event_id")]
    assert (record.finished_at, failed(record)) == (None, [])
    text = json.dumps([estate.kept.place.files.read(f"answers/erasures/{record.id}.json")], default=str)
    assert f'\\"{KEY}\\"' not in text
    assert estate.kept.holds(KEY.encode()) == []


def test_the_same_command_ends_it_when_the_purge_has(estate: Estate) -> None:
    first = estate.forget()
    again = estate.forget(LATER)
    assert (again.id, again.finished_at, len(estate.logs.purged)) == (first.id, None, 1)
    estate.kept.write("b-1", 0, [KEY], at=LATER)  # the person came back
    collect(estate.kept.place, 30, LATER)
    estate.logs.pending = False
    last = estate.forget(LATER)
    assert (last.id, last.requests) == (first.id, [])
    assert last.finished_at is not None
    assert states(last)["telemetry"] == ("erased", 1)
    assert [row["request_id"] for row in estate.kept.rows() if row["key"] == KEY] == ["b-1/0"]
    assert not [one for one in estate.logs.asked if "b-1/0" in one], "nor is anything of it purged"
    (only,) = erasures.all_of(estate.kept.place.files)
    assert only == last


def test_requests_of_parts_and_of_the_table_are_asked_for(estate: Estate) -> None:
    estate.forget()
    (asked,) = [one for one in estate.logs.asked if "dynamic([" in one]
    assert '["a-1/0", "a-1/2"]' in asked


def test_what_came_late_and_was_dropped_is_asked_for_too(estate: Estate) -> None:
    first = estate.forget()
    estate.kept.write("c-1", 0, [KEY], at=NOW - days(0.1))  # waited in a replica's memory
    assert collect(estate.kept.place, 30, NOW + timedelta(minutes=9)).erased == 1
    files = estate.kept.place.files
    (record,) = erasures.all_of(files)
    assert erasures.with_notes(files, record).requests == [*first.requests, ["c-1/0", 0]]
    estate.logs.pending = False
    assert estate.forget(LATER).finished_at is not None
    assert '["a-1/0", "a-1/2", "c-1/0"]' in estate.logs.asked[-2]
    assert files.names(f"{erasures.FOLDER}/") == [f"{erasures.FOLDER}/{first.id}.json"]


def test_what_is_collected_while_it_runs_is_asked_for_and_takes_nothing_back(estate: Estate) -> None:
    """A scheduled collecting drops rows and notes their requests between two steps of the erasure."""
    late: list[int] = []

    def told(name: str) -> None:
        estate.kept.write("c-1", len(late), [KEY], at=NOW - days(0.1))
        late.append(collect(estate.kept.place, 30, NOW + timedelta(minutes=9)).erased)

    record = forget(estate.where, KEY, "request 12", "somebody", 14, NOW, told=told)
    assert set(late) == {1} and len(late) == len(record.places) + 1, "telemetry is looked at again"
    (kept,) = erasures.all_of(estate.kept.place.files)
    assert set(kept.places) == set(record.places), "what was done is not forgotten"
    noted = erasures.with_notes(estate.kept.place.files, kept).requests
    assert {f"c-1/{number}" for number in range(len(late))} <= {request for request, _ in noted}


def test_labels_go_when_no_answer_is_left_that_a_label_could_be_joined_to(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two places `mlops labels` may run, which takes the key of the answers."""
    left: list[int] = []

    def labels(*_: Any) -> Outcome:
        left.append(sum(row["key"] == KEY for row in estate.kept.rows()))
        return Outcome("erased")

    monkeypatch.setitem(ERASERS, "labels", labels)
    estate.forget()
    assert left == [0]


def test_what_comes_late_after_the_end_lets_the_same_command_go_on(estate: Estate) -> None:
    """A part of a replica that was away for hours: telemetry of its request was never asked for."""
    first = estate.forget()
    estate.logs.pending = False
    assert estate.forget(LATER).finished_at is not None
    estate.kept.write("c-1", 0, [KEY], at=NOW - days(0.1))
    assert collect(estate.kept.place, 30, LATER).reopened == [first.id]
    files = estate.kept.place.files
    (record,) = erasures.all_of(files)
    assert (record.finished_at, record.recoverable_until, failed(record)) == (None, None, [])
    last = estate.forget(LATER)
    assert (last.id, last.requests, last.finished_at is None) == (first.id, [], False)
    assert '"c-1/0"' in [one for one in estate.logs.asked if "dynamic([" in one][-1]
    assert files.names(f"{erasures.FOLDER}/{first.id}/") == []


def test_requests_that_are_noted_once_telemetry_was_erased_are_looked_for_before_the_end(
    estate: Estate,
) -> None:
    """While other places are erased, and while a place that failed waits for the next command."""
    estate.forget()
    estate.logs.pending = False

    def refused() -> Any:
        raise OSError("403")

    late: list[str] = []

    def told(name: str) -> None:
        if name == "predictions-by-key" and not late:
            estate.kept.write("c-1", 0, [KEY], at=NOW - days(0.1))
            assert collect(estate.kept.place, 30, LATER).erased == 1
            late.append(name)

    stuck = replace(estate.where, predictions=refused)
    (record,) = erasures.all_of(estate.kept.place.files)
    places = {**record.places, "predictions-by-key": {"state": "failed", "rows": 0, "said": "", "kept": {}}}
    erasures.write(estate.kept.place.files, replace(record, places=places))
    first = forget(stuck, KEY, "request 12", "somebody", 14, LATER, told=told)
    assert late and first.finished_at is None
    assert states(first)["telemetry"][0] == "erased"
    assert '"c-1/0"' in [one for one in estate.logs.asked if "dynamic([" in one][-1]
    estate.kept.write("d-1", 0, [KEY], at=NOW - days(0.1))
    assert collect(estate.kept.place, 30, LATER).erased == 1
    assert estate.forget(LATER).finished_at is not None
    assert '"d-1/0"' in [one for one in estate.logs.asked if "dynamic([" in one][-1]


def test_a_place_that_is_not_reached_keeps_none_from_being_erased(estate: Estate) -> None:
    estate.logs.broken = MlopsError(f"Log Analytics refuses {KEY}.", "Sign in as one who may.")
    first = estate.forget()
    assert failed(first) == ["telemetry: Log Analytics refuses KEY. Sign in as one who may."]
    assert (states(first)["answers"], first.finished_at) == (("erased", 1), None)
    estate.logs.broken, estate.logs.pending = None, False
    second = estate.forget(LATER)
    assert [one.values for one in estate.logs.purged] == [("e-1",)], "by requests that the record kept"
    assert (failed(second), second.finished_at) == ([], None)
    assert estate.forget(LATER).finished_at is not None


@pytest.mark.parametrize(
    "error",
    [OSError("Generic MicrosoftAzure error: 403"), DeltaError("403 Forbidden"), ArrowInvalid("not 403")],
)
def test_a_lake_that_refuses_is_a_place_that_is_not_reached(estate: Estate, error: Exception) -> None:
    def refused() -> Any:
        raise error

    record = estate.forget(where=replace(estate.where, predictions=refused))
    assert states(record)["predictions-by-key"] == ("failed", 0)
    assert "403" in failed(record)[0]


def test_a_file_that_cannot_be_read_keeps_no_other_place_from_being_erased(estate: Estate) -> None:
    """As a killed executor may leave it in a batch's output; the record names it."""
    name = "batch/out/predictions/run=r/part-000000.parquet"
    for path in (estate.kept.folder / name, estate.kept.folder / "batch/out/runs/r/unit-000000.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1 half")
    record = estate.forget()
    assert (states(record)["batches"], states(record)["predictions-by-key"]) == (("failed", 0), ("erased", 1))
    assert "part-000000.parquet cannot be read" in failed(record)[0]


def test_each_output_and_each_feature_table_is_tried_and_all_failures_are_told(estate: Estate) -> None:
    """The first ones in order cannot be read; those after them hold the person no more."""
    batches, tables_ = estate.kept.folder / "batch", Path(estate.features.features.where)
    for name in ("a", "b"):
        for path, content in (
            ("predictions/run=r/part-000000.parquet", b"PAR1"),
            ("runs/r/unit-000000.json", b""),
        ):
            file = batches / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        record = tables_ / f"{name}_broken" / RECORD
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_bytes(b"{}")
    good = batches / "c/predictions/run=r/part-000000.parquet"
    for file in (good, batches / "c/runs/r/unit-000000.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
    (batches / "c/runs/r/unit-000000.json").write_bytes(b"")
    pq.write_table(pa.table({"key": [KEY, "other"]}), good)
    done = estate.forget()
    assert states(done)["batches"] == ("failed", 1)
    assert pq.read_table(good).column("key").to_pylist() == ["other"]
    of_batches, of_features = sorted(failed(done))
    assert all(f"{batches}/{name}: " in of_batches for name in ("a", "b")) and KEY not in of_batches
    assert "2 feature tables were not reached" in of_features
    assert all(f"{name}_broken" in of_features for name in ("a", "b"))
    for name in ("a", "b"):
        (batches / name / "predictions/run=r/part-000000.parquet").unlink()
    again = estate.forget(LATER)
    assert states(again)["batches"] == ("erased", 1), "what an earlier call erased is not forgotten"


def test_a_mistake_of_this_program_is_not_taken_for_a_place_that_is_away(estate: Estate) -> None:
    def wrong() -> Any:
        raise KeyError("mistake")

    with pytest.raises(KeyError):
        estate.forget(where=replace(estate.where, predictions=wrong))


def test_places_that_an_estate_does_not_have_end_no_exit_code(tmp_path: Path) -> None:
    record = forget(Where(World(tmp_path).place, 30), KEY, "request 12", "somebody", None, NOW)
    assert {state for state, _ in states(record).values()} == {"erased", "not there"}
    assert states(record)["landing"] == ("not there", 0)
    assert record.finished_at is not None


def test_a_record_of_before_is_read_and_taken_up(estate: Estate) -> None:
    old = erasures.begun(KEY, "request 1", "somebody", NOW)
    told = {name: getattr(old, name) for name in ("id", "salt", "digest", "before", "reason", "by")}
    estate.kept.place.files.write(f"{erasures.FOLDER}/{old.id}.json", json.dumps(told).encode())
    assert estate.forget(LATER).id == old.id


def test_feature_tables_that_were_erased_are_still_opened(estate: Estate) -> None:
    estate.forget()
    opened = Features(estate.features.features.where).open(definition(personal="pseudonymous"))
    assert opened is not None
    assert (opened.torn, opened.built is not None) == (False, True)
    assert tables.recorded(opened.history, "built") is not None
