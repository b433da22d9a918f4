"""`mlops features`: what its commands answer, over tables in a local folder."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from deltalake import DeltaTable, write_deltalake
from rich.console import Console

from ml.commands.features import build, check, common, show
from ml.errors import MlopsError
from ml.features import check as checks
from ml.features import training
from ml.features.build import build as build_table
from ml.features.check import Verdict
from ml.features.made_of import MADE_OF
from ml.features.place import Features
from ml.features.settings import FeaturesSettings
from ml.features.sources import Sources
from ml.jobs import data
from ml.settings import settings
from tests.ml.features.tables import at, definition, events

ROOT = Path(__file__).parents[3]


class Silent:
    def line(self, text: str) -> None: ...

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        yield


AZURE: Any = SimpleNamespace(
    estate=SimpleNamespace(environment="stage", data_lake=None),
    credential=None,
    report=Silent(),
    settings=SimpleNamespace(features=FeaturesSettings(memory_gb=0.5), batch=settings().batch),
)


def words(shown: Any) -> str:
    written = io.StringIO()
    Console(file=written, width=300, highlight=False).print(shown)
    return written.getvalue()


def test_the_commands_build_show_and_check_the_example_s_tables(tmp_path: Path) -> None:
    where, name = str(tmp_path), ["client_profile"]
    unbuilt = check.check(AZURE, name, where)
    assert (unbuilt["sound"], unbuilt["checked"][0]["rows"]) == (False, None)
    assert "not sound" in words(check.render(unbuilt))
    built = build.build(AZURE, ROOT, name, where, {})
    assert built["built"][0]["counts"]["rows"] == built["built"][0]["keys"] == 30_000
    assert "30,000" in words(build.render(built))
    assert check.check(AZURE, name, where)["sound"]
    listed = show.show(AZURE, None, None, where)
    assert [one["name"] for one in listed["tables"]] == ["client_profile", "payment_history"]
    assert "not yet" in words(show.render(listed))
    one = show.show(AZURE, "client_profile", "17", where)
    age = one["profile"]["age"]
    assert (age["nulls"], age["least"], age["greatest"], sum(age["bars"])) == (0.0, 21, 79, 30_000)
    said = words(show.render(one))
    assert one["row"]["age"] == 24
    assert all(text in said for text in ("CC BY 4.0", "SELECT id", "female or male", "█"))
    for answer in (built, listed, one):
        json.dumps(answer, default=str)


def test_check_ends_with_exit_code_1_when_a_table_is_not_sound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(_env: str, as_json: bool, _quiet: bool, work: Any, _render: Any) -> None:
        work(AZURE, ROOT)

    monkeypatch.setattr(check, "run", run)
    with pytest.raises(typer.Exit) as caught:
        check.command("stage", ["client_profile"], str(tmp_path))
    assert caught.value.exit_code == 1


def test_without_a_data_lake_a_place_has_to_be_named() -> None:
    with pytest.raises(MlopsError, match="has no data lake"):
        common.place(AZURE, None)
    with pytest.raises(MlopsError, match="names no place"):
        common.given_sources(["credit-default"])


@pytest.fixture
def world(tmp_path: Path) -> Features:
    pq.write_table(events([(1, 0.0, 0.0, 10), (2, 1.0, 0.0, 20)]), tmp_path / "events.parquet")
    features = Features(str(tmp_path / "features"))
    build_table(definition(), features, Sources(tmp_path), at(5))
    return features


def problems(made: Features, hour: float = 6, **more: Any) -> str:
    found: Verdict = checks.check(definition(**more), made, at(hour), 0.5)
    return "; ".join(found.problems)


def test_a_sound_table_has_no_problems(world: Features) -> None:
    assert problems(world) == ""


@pytest.mark.parametrize(
    ("more", "hour", "said"),
    [
        ({}, 30, "last build is older than 1 day"),
        ({"freshness": {"built": "1 week", "newest": "4 hours"}}, 9, "newest event is older than 4 hours"),
        ({"features": {"value": {"type": "integer", "description": "d", "maximum": 15}}}, 6, "above 15 in 1"),
        ({"features": {"value": {"type": "number", "description": "d"}}}, 6, "declared number"),
        ({"features": {"other": {"type": "number", "description": "d"}}}, 6, "lacks the column other"),
        ({"known_after": "3 hours"}, 6, "write version = 2"),
        ({"version": 2}, 6, "it was not built"),
        ({}, 0.5, "rows are of events in the future"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(
    world: Features, more: dict[str, Any], hour: float, said: str
) -> None:
    assert said in problems(world, hour, **more)


def test_rows_that_somebody_put_in_by_hand_are_found(world: Features) -> None:
    history = DeltaTable(f"{world.folder(definition())}/history")
    rows: Any = history.to_pyarrow_table()
    late = rows.slice(0, 1).set_column(
        rows.schema.get_field_index("known_at"), "known_at", pa.array([at(9)], pa.timestamp("us", "UTC"))
    )
    write_deltalake(history, late, mode="append")
    said = problems(world)
    assert "1 rows were known after the last build" in said
    assert "the latest rows of 1 keys are not those of all rows" in said


def test_rows_that_only_one_of_both_tables_has_lost_are_found(world: Features) -> None:
    for lost in ("history", "latest"):
        table = DeltaTable(f"{world.folder(definition())}/{lost}")
        version = table.version()
        table.delete("id = 2")
        assert problems(world) == "the latest rows of 1 keys are not those of all rows"
        table.restore(version)
        assert problems(world) == ""
    # A row that both tables have in two ways is one key that differs, as is one that is there twice.
    latest = DeltaTable(f"{world.folder(definition())}/latest")
    rows: Any = latest.to_pyarrow_table()
    latest.update({"value": "11"}, predicate="id = 1")
    assert problems(world) == "the latest rows of 1 keys are not those of all rows"
    write_deltalake(latest, rows, mode="overwrite")
    assert problems(world) == ""
    write_deltalake(latest, rows, mode="append")
    assert problems(world) == "the latest rows of 2 keys are not those of all rows"


def test_a_key_is_read_as_the_table_s_keys_are(world: Features, tmp_path: Path) -> None:
    table = definition()
    assert show._row(table, world, "2", 0.5) == {"id": 2, "value": 20}
    assert show._row(table, world, "-2", 0.5) == {"id": -2, "value": None}
    for wrong in ("x1", "--5", "²", "9" * 30):
        with pytest.raises(MlopsError, match="keys of spending are whole numbers"):
            show._row(table, world, wrong, 0.5)
    texts = pa.array(["00123", "x1"])
    rows = events([(1, 0.0, 0.0, 1), (2, 0.0, 0.0, 2)]).set_column(0, "id", texts)
    pq.write_table(rows, tmp_path / "events.parquet")
    named = Features(str(tmp_path / "named"))
    build_table(table, named, Sources(tmp_path), at(5))
    for key, value in (("00123", 1), ("x1", 2), ("²", None)):
        assert show._row(table, named, key, 0.5) == {"id": key, "value": value}


def test_the_row_of_a_key_is_looked_for_within_the_settings_memory(
    world: Features, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def serving(*given: Any) -> list[dict[str, Any]]:
        asked.append(given[4])
        return [{}]

    monkeypatch.setattr(training, "serving", serving)
    show._row(definition(), world, "1", 0.25)
    assert asked == [0.25]


def test_a_training_set_s_data_asset_has_its_lineage_as_tags(tmp_path: Path) -> None:
    made = {"spine": "sha256:0", "time": "asked", "tables": {"spending": {"version": 1, "delta_version": 3}}}
    rows = events([(1, 0.0, 0.0, 10)]).replace_schema_metadata({MADE_OF: json.dumps(made).encode()})
    pq.write_table(rows, tmp_path / "training.parquet")
    tags = data._made_of(data.inspect(tmp_path / "training.parquet"))
    assert (tags["features"], tags["spine"]) == ("spending:v1@3", "sha256:0")
    pq.write_table(events([(1, 0.0, 0.0, 10)]), tmp_path / "plain.parquet")
    assert data._made_of(data.inspect(tmp_path / "plain.parquet")) == {}


def test_a_picture_of_counts() -> None:
    assert show.bars([0, 1, 2, 8]) == "▁▁▂█"
    assert show.bars([]) == ""
