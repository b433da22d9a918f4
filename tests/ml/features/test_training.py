"""Training sets and what is served, from the example's own feature tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.errors import MlopsError
from ml.features import build as builds
from ml.features.build import build
from ml.features.definition import chosen
from ml.features.engine import Machine, engine
from ml.features.made_of import made_of, tags
from ml.features.place import Features
from ml.features.sources import Sources
from ml.features.training import Choice, choices, make, serving, usable
from ml.steps.contract import COLUMNS, FEATURES, ID, LABEL
from tests.ml.features.tables import at, definition, events

ROOT = Path(__file__).parents[3]
DATA = ROOT / "data" / "credit_default.parquet"
ASKED = dt.datetime(2005, 10, 5, tzinfo=dt.UTC)  # five days after the last statement
ALL = ["client_profile", "payment_history"]


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Features:
    """The example's tables, as of 2026."""
    made = Features(str(tmp_path_factory.mktemp("features")))
    for table in chosen([]):
        build(table, made, Sources(ROOT), at(0))
    return made


def spine(folder: Path, asked: dt.datetime = ASKED, rows: int | None = None) -> str:
    read = pq.read_table(DATA, columns=[ID, LABEL])
    read = read if rows is None else read.slice(0, rows)
    stamps = pa.array([asked] * len(read), pa.timestamp("us", "UTC"))
    pq.write_table(read.append_column("asked", stamps), folder / "spine.parquet")
    return str(folder / "spine.parquet")


def test_the_data_set_of_the_example_comes_out_of_its_feature_tables(
    features: Features, tmp_path: Path
) -> None:
    to = tmp_path / "training.parquet"
    answer = make(spine(tmp_path), "asked", choices(ALL), features, to, drop=["asked"])
    found, given = pq.read_table(to).sort_by(ID), pq.read_table(DATA).sort_by(ID)
    assert answer["rows"] == len(given)
    assert set(found.column_names) == set(COLUMNS)
    for name in COLUMNS:
        assert found.column(name).to_pylist() == given.column(name).to_pylist(), name


def test_a_month_earlier_the_last_statement_was_not_known(features: Features, tmp_path: Path) -> None:
    to = tmp_path / "training.parquet"
    day_before = ASKED - dt.timedelta(microseconds=1)
    make(spine(tmp_path, day_before), "asked", choices(["payment_history:pay_0"]), features, to)
    august = pq.read_table(DATA).sort_by(ID).column("pay_2").to_pylist()
    assert pq.read_table(to).sort_by(ID).column("pay_0").to_pylist() == august
    long_after = dt.datetime(2005, 12, 2, tzinfo=dt.UTC)  # the time to live of the last statement is over
    make(spine(tmp_path, long_after), "asked", choices(["payment_history:pay_0"]), features, to)
    assert pq.read_table(to).column("pay_0").null_count == 30_000


def test_the_file_says_what_made_it_and_the_same_is_the_same_file(features: Features, tmp_path: Path) -> None:
    one, other = tmp_path / "one.parquet", tmp_path / "other.parquet"
    for to in (one, other):
        answer = make(spine(tmp_path, rows=5_000), "asked", choices(ALL), features, to)
    assert one.read_bytes() == other.read_bytes()
    said = made_of(one)
    assert said == answer["made_of"]
    assert said is not None
    table = said["tables"]["payment_history"]
    assert (table["version"], table["delta_version"]) == (1, 1)
    assert tags(said)["features"] == "client_profile:v1@1, payment_history:v1@1"
    assert all(len(value) <= 256 for value in tags(said).values())
    assert made_of(DATA) is None


def test_rows_of_one_key_and_time_have_one_order_too(features: Features, tmp_path: Path) -> None:
    count = 2_000
    asked = pa.array([at(1)] * count, pa.timestamp("us", "UTC"))
    rows = pa.table({ID: pa.array([1] * count, pa.int64()), "asked": asked, "order": list(range(count))})
    given, made = tmp_path / "spine.parquet", list[Any]()
    for order in ("ascending", "descending"):
        pq.write_table(rows.sort_by([("order", order)]), given)
        make(str(given), "asked", choices(["client_profile:age"]), features, tmp_path / f"{order}.parquet")
        made.append(pq.read_table(tmp_path / f"{order}.parquet"))
    assert made[0].equals(made[1])
    assert made[0].column("order").to_pylist() == list(range(count))


def test_what_breaks_half_way_leaves_nothing(
    features: Features, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Machine.batches

    def broken(*given: Any) -> Iterator[Any]:
        yield next(whole(*given))
        raise KeyboardInterrupt

    monkeypatch.setattr(Machine, "batches", broken)
    with pytest.raises(KeyboardInterrupt):
        make(spine(tmp_path, rows=10), "asked", choices(ALL), features, tmp_path / "training.parquet")
    assert [file.name for file in tmp_path.iterdir()] == ["spine.parquet"]


def test_the_engine_reads_no_file(tmp_path: Path) -> None:
    harmless = tmp_path / "harmless.csv"
    harmless.write_text("a\n1\n")
    with engine(0.5) as connection:
        for statement in (
            f"SELECT * FROM read_csv('{harmless}')",  # noqa: S608
            f"SELECT * FROM '{harmless}'",  # noqa: S608
            f"COPY (SELECT 1) TO '{tmp_path / 'written.csv'}'",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error, match=r"disabled|locked"):
                connection.connection.execute(statement)
    assert [file.name for file in tmp_path.iterdir()] == ["harmless.csv"]


def test_latest_rows_of_an_earlier_build_are_not_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_given: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    table, made, sources = definition(), Features(str(tmp_path / "features")), Sources(tmp_path)
    pq.write_table(events([(1, 0.0, 0.0, 10)]), tmp_path / "events.parquet")
    build(table, made, sources, at(4))
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(builds.tables, "replace", killed)
        build(table, made, sources, at(5))
    wanted = [Choice(table, ("value",))]
    with pytest.raises(MlopsError, match="last build of spending did not end"):
        serving([{"id": 1}], wanted, made, at(6))
    build(table, made, sources, at(7))
    assert serving([{"id": 1}], wanted, made, at(8)) == [{"id": 1, "value": 10}]


def test_what_is_served_is_what_training_gets_for_that_moment(features: Features, tmp_path: Path) -> None:
    wanted, now = choices([*ALL]), at(1)
    keys = [{ID: id_} for id_ in (17, 3, 29_999, 123_456)]
    served = serving(keys, wanted, features, now)
    assert [row[ID] for row in served] == [17, 3, 29_999, 123_456]
    to = tmp_path / "training.parquet"
    make(spine(tmp_path, now, 29_999), "asked", wanted, features, to)
    trained = {row[ID]: row for row in pq.read_table(to).to_pylist()}
    for row in served[:3]:
        assert row == {name: trained[row[ID]][name] for name in row}
    assert served[0]["limit_bal"] is not None
    assert served[0]["pay_0"] is None  # twenty years later
    assert set(served[3].values()) == {123_456, None}


def test_an_earlier_moment_is_not_served(features: Features) -> None:
    with pytest.raises(MlopsError, match="built after"):
        serving([{ID: 1}], choices(ALL), features, at(-1))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "No features are named"),
        (["payments"], "no feature table 'payments'"),
        (["client_profile:age,height"], "has no feature height"),
    ],
)
def test_choices_that_name_nothing_are_refused(given: list[str], said: str) -> None:
    with pytest.raises(MlopsError, match=said):
        choices(given)


def test_what_cannot_be_joined_leaves_no_file(features: Features, tmp_path: Path) -> None:
    to = tmp_path / "training.parquet"
    with pytest.raises(MlopsError, match="has no column when"):
        make(spine(tmp_path), "when", choices(ALL), features, to)
    with pytest.raises(MlopsError, match="was not built"):
        make(spine(tmp_path), "asked", choices(ALL), Features(str(tmp_path)), to)
    with pytest.raises(MlopsError, match="no column nothing to drop"):
        make(spine(tmp_path), "asked", choices(ALL), features, to, drop=["nothing"])
    with pytest.raises(MlopsError, match="spine has no rows"):
        make(spine(tmp_path, rows=0), "asked", choices(ALL), features, to)
    assert list(tmp_path.glob("training*")) == []


def test_the_contract_s_features_are_the_tables_own(features: Features) -> None:
    known: dict[str, Any] = {name: one for table in chosen([]) for name, one in table.features.items()}
    assert set(known) == {feature.name for feature in FEATURES}
    for feature in FEATURES:
        if (low := getattr(feature, "minimum", None)) is not None:
            assert (known[feature.name].minimum, known[feature.name].maximum) == (low, feature.maximum)
    for table in chosen([]):
        assert usable(features, table).built == at(0)
    assert np.isfinite([one.most_null for one in known.values()]).all()
