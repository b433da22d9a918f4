"""Feature tables by Spark are those of one machine: the same rows, counts, refusals and training sets."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, Phase, given, settings

from ml.features.build import build
from ml.features.definition import FOLDER, FeatureTable
from ml.features.place import Features
from ml.features.sources import Sources
from ml.features.training import Choice, make
from ml.lake.arrow import ArrowTable
from tests.ml.features.spark.conftest import Answering
from tests.ml.features.tables import at, definition, events, spine, written
from tests.ml.features.test_join import Row, oracle, worlds

pytestmark = pytest.mark.spark
ROOT = Path(__file__).resolve().parents[4]

BUILDS: list[tuple[float, list[Row]]] = [
    (4, [(1, 0.0, 0.0, 10), (2, 1.0, 1.0, 20), (1, 7.0, 7.0, 17)]),
    (10, [(1, 0.0, 0.0, 11), (2, 1.0, 1.0, 20), (1, 7.0, 7.0, 17), (3, 2.0, 2.0, None), (2, -5.0, 0.0, 7)]),
    (12, [(1, 0.0, 0.0, 11), (2, 1.0, 1.0, 20), (1, 7.0, 7.0, 18), (3, 2.0, 2.0, 5), (4, 30.0, 31.0, 1)]),
]


class Beside:
    """A source, and its feature tables by both engines."""

    def __init__(self, folder: Path, answering: Answering, **more: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.answering, self.told = folder, answering, written(**more)
        self.table = FeatureTable.model_validate(self.told)

    def where(self, engine: str) -> str:
        return str(self.folder / engine)

    def says(self, rows: list[Row]) -> None:
        pq.write_table(events(rows), self.folder / "events.parquet")

    def by_machine(self, hour: float, engine: str = "machine") -> dict[str, Any]:
        made = build(self.table, Features(self.where(engine)), Sources(self.folder), at(hour))
        return made.to_json()

    def by_spark(self, hour: float, engine: str = "spark") -> Any:
        asked = {"definition": self.told, "root": str(self.folder), "where": self.where(engine)}
        return self.answering.ask(kind="build", at=at(hour).isoformat(), **asked)

    def rows(self, engine: str, name: str) -> ArrowTable:
        folder = Features(self.where(engine)).folder(self.table)
        found: Any = DeltaTable(f"{folder}/{name}").to_pyarrow_table()
        keys = [*self.table.key, "known_at", self.table.event_time]
        return found.sort_by([(key, "ascending") for key in keys])

    def same(self) -> None:
        for name in ("history", "latest"):
            assert self.rows("spark", name).equals(self.rows("machine", name)), name


def facts(told: dict[str, Any]) -> dict[str, Any]:
    """What a build says, but where it wrote, with times as JSON has them."""
    said = {name: str(value) for name, value in told.items() if name not in ("where", "counts")}
    return said | told["counts"]


@pytest.mark.parametrize("more", [{}, {"known_at": "learned"}, {"personal": "pseudonymous"}])
def test_builds_write_the_same_rows_and_say_the_same(
    answering: Answering, tmp_path: Path, more: dict[str, Any]
) -> None:
    both = Beside(tmp_path / "t", answering, **more)
    for hour, rows in BUILDS:
        both.says(rows)
        told = both.by_spark(hour)
        assert isinstance(told, dict), told
        assert facts(told) == facts(both.by_machine(hour))
        both.same()


def test_what_one_engine_has_begun_the_other_goes_on_with(answering: Answering, tmp_path: Path) -> None:
    both = Beside(tmp_path / "t", answering)
    for number, (hour, rows) in enumerate(BUILDS):
        both.says(rows)
        both.by_machine(hour)
        told = both.by_spark(hour) if number % 2 else both.by_machine(hour, "spark")
        assert isinstance(told, dict), told
        both.same()


def test_new_rows_alone_are_read_where_the_definition_says_so(answering: Answering, tmp_path: Path) -> None:
    sql = """SELECT id, happened, SUM(value) OVER (
      PARTITION BY id ORDER BY happened NULLS LAST RANGE BETWEEN INTERVAL 3 HOURS PRECEDING AND CURRENT ROW
    ) AS value FROM events"""
    timed = {"events": {"data_set": "credit-default", "where": "events.parquet", "time": "happened"}}
    windows = {"sql": sql, "late": "2 hours", "reaches_back": "3 hours"}
    both = Beside(tmp_path / "t", answering, sources=timed, transformation=windows)
    rows: list[Row] = [(id_, float(hour), 0.0, hour) for id_ in (1, 2) for hour in range(12)]
    for last in (4, 8):
        both.says([row for row in rows if row[1] <= last])
        told = both.by_spark(last + 2.5)
        assert isinstance(told, dict), told
        assert facts(told) == facts(both.by_machine(last + 2.5))
        both.same()
    assert told["since"] is not None


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ([(1, 0.0, 0.0, -5)], {}, "value is below 0 in 1 of 1 rows"),
        ([(1, 0.0, 0.0, 1), (1, 0.0, 0.0, 2)], {}, "1 times there are two rows of one id"),
        (
            [(1, 0.0, 0.0, 1)],
            {"transformation": {"sql": "SELECT id, happened, value / 4 AS value FROM events"}},
            "value holds fractions",
        ),
        (
            [(1, 0.0, 0.0, 2**62), (1, 1.0, 0.0, 2**62)],
            {"transformation": {"sql": "SELECT id, happened, value * 4 AS value FROM events"}},
            "overflow",
        ),
        (
            [(1, 0.0, 0.0, 1)],
            {"transformation": {"sql": "SELECT id, happened, lower('A') AS value FROM events"}},
            "value: VARCHAR, declared is integer",
        ),
    ],
)
def test_what_a_table_must_not_hold_is_refused_and_nothing_written(
    answering: Answering, tmp_path: Path, rows: list[Row], more: dict[str, Any], said: str
) -> None:
    both = Beside(tmp_path / "t", answering, **more)
    both.says(rows)
    told = both.by_spark(4)
    assert said in told
    assert not Path(both.where("spark")).exists()


def test_a_type_that_engines_calculate_otherwise_is_refused(answering: Answering, tmp_path: Path) -> None:
    import pyarrow as pa

    both = Beside(tmp_path / "t", answering)
    rows = events([(1, 0.0, 0.0, 1)])
    rows = rows.set_column(3, "value", rows.column("value").cast(pa.float32()))
    pq.write_table(rows, both.folder / "events.parquet")
    assert "value is float: Spark calculates otherwise" in both.by_spark(4)


def test_a_damaged_source_is_named(answering: Answering, tmp_path: Path) -> None:
    both = Beside(tmp_path / "t", answering)
    both.says([(1, 0.0, 0.0, 1)])
    file = both.folder / "events.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    assert "events.parquet" in both.by_spark(4)


@pytest.mark.parametrize("name", ["client_profile", "payment_history"])
def test_the_example_s_tables_are_the_same(answering: Answering, tmp_path: Path, name: str) -> None:
    told = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    asked = {"definition": told, "root": str(ROOT), "where": str(tmp_path / "spark")}
    by_spark = answering.ask(kind="build", at=at(0).isoformat(), **asked)
    table = FeatureTable.model_validate(told)
    by_machine = build(table, Features(str(tmp_path / "machine")), Sources(ROOT), at(0)).to_json()
    assert facts(by_spark) == facts(by_machine)
    found = [
        DeltaTable(f"{Features(str(tmp_path / engine)).folder(table)}/history")
        .to_pyarrow_table()
        .sort_by([("id", "ascending"), (table.event_time, "ascending")])
        for engine in ("spark", "machine")
    ]
    assert found[0].equals(found[1])


def joined(both: Beside, engine: str, asked: ArrowTable) -> Any:
    """The training set by an engine, from the tables that the machine has built."""
    pq.write_table(asked, both.folder / "spine.parquet")
    where, to = str(both.folder / "spine.parquet"), both.folder / f"{engine}.parquet"
    if engine == "machine":
        choice = Choice(both.table, tuple(both.table.features))
        make(where, "asked", [choice], Features(both.where("machine")), to)
    else:
        told = both.answering.ask(
            kind="join", spine=where, time="asked", definition=both.told, where=both.where("machine"), to=to
        )
        assert isinstance(told, dict), told
    return pq.read_table(to)


HOURS = [hour / 2 for hour in range(52)]


@given(world=worlds())
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_row_of_a_training_set_sees_what_came_later(
    answering: Answering, tmp_path_factory: pytest.TempPathFactory, world: Any
) -> None:
    """Builds and join by Spark, against the oracle of one machine's test: ties, nulls, late rows."""
    table, builds = world
    more: dict[str, Any] = {"known_at": "learned"} if table.known_at else {}
    more |= {} if table.time_to_live is None else {"time_to_live": "4 hours"}
    both = Beside(tmp_path_factory.mktemp("world") / "t", answering, **more)
    for hour, rows in builds:
        both.says(rows)
        told = both.by_spark(hour, "machine")
        assert isinstance(told, dict), told
    asked = [(id_, hour) for id_ in range(1, 5) for hour in HOURS]
    by_spark = joined(both, "spark", spine(asked))
    expected = [oracle(table, builds, id_, hour) for id_, hour in asked]
    assert by_spark.sort_by("row").column("value").to_pylist() == expected
    assert by_spark.equals(joined(both, "machine", spine(asked)))


def test_a_training_set_is_the_same_file_s_rows_in_the_same_order(
    answering: Answering, tmp_path: Path
) -> None:
    import pyarrow as pa

    both = Beside(tmp_path / "t", answering)
    both.says([(id_, float(hour), 0.0, id_ * hour) for id_ in range(20) for hour in range(5)])
    both.by_machine(10)
    asked = spine([(id_ % 23, hour / 3) for id_ in range(40) for hour in range(30)])
    texts = pa.array([None if row % 7 == 0 else f"t{row % 5}" for row in range(len(asked))])
    nans = pa.array([float("nan") if row % 11 == 0 else -0.0 for row in range(len(asked))])
    asked = asked.append_column("label", texts).append_column("weight", nans)
    first, second = joined(both, "spark", asked), joined(both, "machine", asked)
    assert first.schema.equals(second.schema)
    assert first.drop_columns("weight").equals(second.drop_columns("weight"))
    weights = [repr(found.column("weight").to_pylist()) for found in (first, second)]
    assert weights[0] == weights[1]
    assert definition().name in (first.schema.metadata or {})[b"mlops.features"].decode()
