"""Who erases people's rows on a real server: by key, and nothing else; and `mlops forget` as that role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from ml.errors import MlopsError
from ml.forget.run import failed, forget
from ml.forget.where import Where
from ml.precomputed.postgres import ServerStore
from ml.precomputed.schema import ERASER
from tests.databases.conftest import ERASERS, SCORING, Database
from tests.ml.kept.world import NOW, World
from tests.ml.precomputed.behaviour import KEYS, Look
from tests.ml.precomputed.made import answers, batch, quiet


def test_a_person_is_forgotten_by_who_may_do_no_more(
    database: Database, store: ServerStore, look: Look, tmp_path: Path
) -> None:
    for number in (1, 2):
        store.load(batch(number, answers(KEYS, number / 10)), 3, quiet)
    where = Where(World(tmp_path).place, 30, predictions=lambda: database.store(ERASERS, ERASER))
    record = forget(where, "c-4", "request 12", "somebody", None, NOW)
    assert (failed(record), record.finished_at is None) == ([], False)
    told = record.places["predictions-by-key"]
    assert (told["state"], told["rows"]) == ("erased", 2)
    assert look("c-4").prediction is None
    assert look("c-1").prediction is not None


def test_who_erases_sees_no_row_and_removes_none_without_its_key(
    database: Database, store: ServerStore
) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    eraser = database.store(ERASERS, ERASER)
    connection: Any = eraser._connection
    for statement in (
        "SELECT key FROM predictions",
        "DELETE FROM predictions",
        "DELETE FROM predictions WHERE key = 'c-4'",
        "SELECT * FROM prediction_runs",
        "UPDATE published_run SET number = 1",
        "CREATE TABLE mine (a integer)",
        "SET ROLE precomputed_writer",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    with pytest.raises(MlopsError, match="refuses"):
        eraser.runs()
    assert eraser.erase("nobody") == 0
    eraser.close()


def test_neither_who_looks_up_nor_everybody_may_erase(database: Database) -> None:
    reader = database.reader()
    reader.look("c-1")
    connection: Any = reader._connection
    connection.execute("SET default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT erase_predictions('c-1')")
    with pytest.raises(MlopsError, match="permission denied to set role"):
        database.store(SCORING, ERASER)


def test_the_function_itself_waits_for_no_load_and_is_refused(database: Database, store: ServerStore) -> None:
    """Also for who calls it by hand: rows that are loaded are seen by nobody, and would stay."""
    eraser = database.store(ERASERS, ERASER)
    connection: Any = eraser._connection
    said: list[str] = []

    def at_the_same_time(_done: int, _all: int | None) -> None:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("SELECT erase_predictions('c-4')")
        with pytest.raises(MlopsError, match=r"Another load into .* is under way") as refused:
            eraser.erase("c-4")
        said.append(refused.value.remedy)

    store.load(batch(1, answers(KEYS, 0.1), block_rows=len(KEYS)), 3, at_the_same_time)
    assert len(said) == 1
    assert eraser.erase("c-4") == 1
    eraser.close()


def test_a_database_of_before_says_to_make_it_ready_again(database: Database) -> None:
    with database.server.superuser(database.name) as connection:
        connection.execute("DROP FUNCTION precomputed.erase_predictions(text)")
    eraser = database.store(ERASERS, ERASER)
    with pytest.raises(MlopsError, match="has no tables for predictions") as refused:
        eraser.erase("c-4")
    assert "mlops precomputed prepare" in refused.value.remedy
    eraser.close()
    assert database.prepare() == []
    assert database.store(ERASERS, ERASER).erase("c-4") == 0
