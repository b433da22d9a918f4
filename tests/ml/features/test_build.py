"""Builds of feature tables in a local folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from ml.errors import MlopsError
from ml.features import build as builds
from ml.features import place
from ml.features.build import build
from ml.features.definition import FeatureTable, chosen
from ml.features.place import Features
from ml.features.sources import Sources
from ml.features.transform import Counts
from ml.lake import tables
from tests.ml.features.tables import at, definition, events

ROOT = Path(__file__).parents[3]


class World:
    """A folder with a source and the tables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.features = Features(str(folder / "features"))

    def says(self, rows: list[tuple[int, float, float, int | None]]) -> None:
        pq.write_table(events(rows), self.folder / "events.parquet")

    def build(self, hour: float, table: FeatureTable | None = None) -> Any:
        return build(table or definition(), self.features, Sources(self.folder), at(hour))

    def rows(self, name: str) -> list[Any]:
        read: Any = DeltaTable(f"{self.features.folder(definition())}/{name}").to_pyarrow_table()
        return [
            (
                row["id"],
                (row["happened"] - at(0)).seconds / 3600,
                (row["known_at"] - at(0)).seconds / 3600,
                row["value"],
            )
            for row in read.sort_by(
                [("id", "ascending"), ("known_at", "ascending"), ("happened", "ascending")]
            ).to_pylist()
        ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_builds_append_what_came_since_and_keep_what_was(world: World) -> None:
    world.says([(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 20), (1, 7.0, 0.0, 17)])
    first = world.build(4)
    assert (first.rows, first.keys, first.counts.early) == (2, 2, 1)
    again = world.build(5)
    assert (again.counts.rows, again.rows) == (0, 2)
    world.says([(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 21), (1, 7.0, 0.0, 17)])
    third = world.build(10)
    assert (third.counts.rows, third.counts.corrected, third.rows, third.keys) == (2, 1, 4, 2)
    assert world.rows("history") == [(1, 0, 2, 10), (1, 7, 9, 17), (2, 1, 3, 20), (2, 1, 10, 21)]
    assert world.rows("latest") == [(1, 7, 9, 17), (2, 1, 10, 21)]


def test_a_build_that_was_killed_between_its_commits_is_mended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.says([(1, 0.0, 0.0, 10)])
    world.build(4)
    world.says([(1, 0.0, 0.0, 10), (1, 3.0, 0.0, 13), (2, 3.0, 0.0, 23)])
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(builds.tables, "replace", _killed)
        world.build(6)
    assert world.rows("latest") == [(1, 0, 2, 10)]
    assert world.build(7).counts.rows == 0
    assert world.rows("latest") == [(1, 3, 5, 13), (2, 3, 5, 23)]


def test_a_torn_build_of_new_rows_alone_is_mended_from_all_rows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = {"events": {"data_set": "credit-default", "where": "events.parquet", "time": "happened"}}
    sql = "SELECT id, happened, value FROM events"
    some = definition(sources=timed, transformation={"sql": sql, "late": "1 hours"})
    world.says([(1, 0.0, 0.0, 10)])
    world.build(4, some)
    world.says([(1, 0.0, 0.0, 10), (1, 3.0, 0.0, 13), (2, 3.0, 0.0, 23)])
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(builds.tables, "replace", _killed)
        world.build(6, some)
    # An event is so much older than the newest that no build of new rows alone would look at it.
    world.says([(1, 0.0, 0.0, 10), (1, 3.0, 0.0, 13), (2, 3.0, 0.0, 23), (3, -9.0, 0.0, 30)])
    mended = world.build(7, some)
    assert (mended.since, mended.counts.rows) == (None, 1)
    assert [row[0] for row in world.rows("latest")] == [1, 2, 3]
    assert world.rows("latest")[0] == (1, 3, 5, 13)
    assert world.build(8, some).since == at(2)


def test_a_first_build_that_was_killed_before_it_wrote_rows_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.says([(1, 0.0, 0.0, 10)])
    real = place.tables.make_table

    def killed(where: str, *given: Any, **more: Any) -> Any:
        return _killed() if where.endswith("/latest") else real(where, *given, **more)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(place.tables, "make_table", killed)
        world.build(4)
    assert world.features.open(definition()) is None
    assert world.build(5).keys == 1


@pytest.mark.parametrize("gone", ["history", "latest", "definition.json"])
def test_what_was_built_and_lacks_a_part_is_not_built_over(world: World, gone: str) -> None:
    world.says([(1, 0.0, 0.0, 10)])
    world.build(4)
    part = Path(world.features.folder(definition())) / gone
    part.rename(world.folder / "elsewhere")
    with pytest.raises(MlopsError, match=f"v1 lacks {gone}, and was built before") as refused:
        world.build(5)
    assert refused.value.remedy == "Restore it, or write the next version."
    assert not part.exists()
    (world.folder / "elsewhere").rename(part)
    assert world.build(6).counts.rows == 0


def test_sources_of_one_name_and_the_same_with_an_ending_are_two(world: World) -> None:
    names = {"ev": "one", "ev_all": "other"}
    timed = {
        name: {"data_set": file, "where": f"{file}.parquet", "time": "happened"}
        for name, file in names.items()
    }
    some = definition(
        sources=timed, transformation={"sql": "SELECT id, happened, value FROM ev", "late": "1 hours"}
    )
    rows: list[tuple[int, float, float, int | None]] = [(1, 0.0, 0.0, 10), (1, 3.0, 0.0, 13)]
    pq.write_table(events([(1, 0.0, 0.0, 99), (1, 3.0, 0.0, 99)]), world.folder / "other.parquet")
    for count, hour in ((1, 2.5), (2, 6)):
        pq.write_table(events(rows[:count]), world.folder / "one.parquet")
        found = world.build(hour, some)
    assert found.since == at(-1)
    assert world.rows("history") == [(1, 0, 2, 10), (1, 3, 5, 13)]


@pytest.mark.parametrize("name", ["v", "late", "corrected", "made", "new", "h", "rows"])
def test_a_feature_may_be_called_as_a_build_calls_something_of_its_own(world: World, name: str) -> None:
    some = definition(
        features={name: {"type": "integer", "description": "any"}},
        transformation={"sql": f"SELECT id, happened, value AS {name} FROM events"},  # noqa: S608
    )
    world.says([(1, 0.0, 0.0, 10), (2, 0.0, 0.0, 20)])
    assert world.build(4, some).keys == 2
    world.says([(1, 0.0, 0.0, 11), (2, 0.0, 0.0, 20), (1, 3.0, 0.0, 13), (2, -5.0, 0.0, 7)])
    assert world.build(6, some).counts == Counts(rows=3, late=2, corrected=1, overtaken=2, early=0)
    latest = DeltaTable(f"{world.features.folder(some)}/latest").to_pyarrow_table()
    assert sorted(latest.column(name).to_pylist()) == [13, 20]


def _killed(*_given: Any, **_more: Any) -> None:
    raise KeyboardInterrupt


def test_two_builds_at_once_write_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.says([(1, 0.0, 0.0, 10)])
    world.build(4)
    world.says([(1, 0.0, 0.0, 10), (1, 3.0, 0.0, 13)])
    real = builds.tables.append

    def beaten(table: DeltaTable, rows: Any, **more: Any) -> None:
        monkeypatch.setattr(builds.tables, "append", real)
        build(definition(), world.features, Sources(world.folder), at(6))
        real(table, rows, **more)

    monkeypatch.setattr(builds.tables, "append", beaten)
    with pytest.raises(MlopsError, match="Another build"):
        world.build(6.5)
    assert world.rows("history") == [(1, 0, 2, 10), (1, 3, 5, 13)]


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ([(1, 0.0, 0.0, -5)], {}, "value is below 0"),
        ([(1, 0.0, 0.0, 1), (1, 0.0, 0.0, 2)], {}, "two rows of one id"),
        (
            [(1, 0.0, 0.0, None)],
            {"features": {"value": {"type": "integer", "description": "d"}}},
            "more than 0.00%",
        ),
    ],
)
def test_rows_that_it_must_not_hold_are_refused_before_anything_is_made(
    world: World, rows: Any, more: dict[str, Any], said: str
) -> None:
    world.says(rows)
    with pytest.raises(MlopsError) as caught:
        world.build(4, definition(**more))
    assert said in " ".join(caught.value.details)
    assert not (world.folder / "features").exists()


def test_another_transformation_is_another_version(world: World) -> None:
    world.says([(1, 0.0, 0.0, 10)])
    world.build(4)
    other = {"transformation": {"sql": "SELECT id, happened, value + 1 AS value FROM events"}}
    with pytest.raises(MlopsError, match="has changed what its rows are") as caught:
        world.build(5, definition(**other))
    assert "version = 2" in caught.value.remedy
    assert world.build(5, definition(**other, version=2)).keys == 1
    assert world.rows("latest") == [(1, 0, 2, 10)]


def test_what_a_source_says_in_another_type_is_refused(world: World) -> None:
    world.says([(1, 0.0, 0.0, 10)])
    for sql, said in (
        ("SELECT id, happened, lower('A') AS value FROM events", "value: VARCHAR, declared is integer"),
        ("SELECT id, value AS happened, value FROM events", "happened: BIGINT, a time is"),
    ):
        with pytest.raises(MlopsError) as caught:
            world.build(4, definition(transformation={"sql": sql}))
        assert said in " ".join(caught.value.details)
    with pytest.raises(MlopsError, match="value holds fractions"):
        world.build(
            4, definition(transformation={"sql": "SELECT id, happened, value / 4 AS value FROM events"})
        )


def test_an_incremental_build_reads_new_rows_and_answers_the_same(world: World, tmp_path: Path) -> None:
    sql = """SELECT id, happened, SUM(value) OVER (
      PARTITION BY id ORDER BY happened NULLS LAST RANGE BETWEEN INTERVAL 3 HOURS PRECEDING AND CURRENT ROW
    ) AS value FROM events"""
    timed = {"events": {"data_set": "credit-default", "where": "events.parquet", "time": "happened"}}
    windows = {"sql": sql, "late": "2 hours", "reaches_back": "3 hours"}
    some = definition(sources=timed, transformation=windows)
    every = definition(transformation={"sql": sql}, sources=timed)
    rows = [(id_, float(hour), 0.0, hour) for id_ in (1, 2) for hour in range(12)]
    beside = World(tmp_path / "beside")
    beside.folder.mkdir()
    for last in (4, 8, 11):
        for one, table in ((world, some), (beside, every)):
            one.says([row for row in rows if row[1] <= last])
            found = one.build(last + 2.5, table)
    assert found.since is None
    assert world.rows("history") == beside.rows("history")
    assert world.build(14, some).since == at(9)


def test_the_example_s_own_tables_are_built(tmp_path: Path) -> None:
    features = Features(str(tmp_path))
    found = {table.name: build(table, features, Sources(ROOT), at(0)) for table in chosen([])}
    assert {name: (one.rows, one.keys) for name, one in found.items()} == {
        "client_profile": (30_000, 30_000),
        "payment_history": (180_000, 30_000),
    }
    raw = pq.read_table(ROOT / "data" / "credit_default.parquet").sort_by("id")
    latest: Any = DeltaTable(f"{tmp_path}/payment_history/v1/latest").to_pyarrow_table().sort_by("id")
    for name in ("pay_0", "pay_2", "pay_6", "bill_amt1", "bill_amt6", "pay_amt6"):
        assert latest.column(name).to_pylist() == raw.column(name).to_pylist()


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match=r"events\.parquet is neither"):
        build(definition(), Features(str(tmp_path)), Sources(tmp_path), at(0))
    lake = {"events": {"data_set": "landing", "where": "lake://landing/events"}}
    with pytest.raises(MlopsError, match="this environment has none"):
        build(definition(sources=lake), Features(str(tmp_path)), Sources(tmp_path), at(0))


def test_batches_of_no_rows_still_record_the_build(tmp_path: Path) -> None:
    made = tables.make_table(tmp_path / "t", pa.schema([("a", pa.int64())]))
    tables.append(made, iter(()), taken={"built": 5})
    opened = tables.open_table(tmp_path / "t")
    assert opened is not None
    assert tables.recorded(opened, "built") == 5
