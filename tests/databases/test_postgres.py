"""Predictions by key in a real PostgreSQL server."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import MlopsError
from ml.precomputed.postgres import LOAD_LOCK, ServerStore
from ml.precomputed.statement import named
from ml.precomputed.store import before
from scoring.precomputed.lookup import LOOK, Away, ServerReader
from scoring.precomputed.lookups import Lookups
from tests.databases.conftest import SCORING, TRAINING, Database
from tests.ml.precomputed.behaviour import KEYS, Behaviour, Look, name
from tests.ml.precomputed.made import answers, batch, quiet
from tests.scoring.conftest import Running as Service
from tests.scoring.conftest import artifact, model, serve
from tools.databases.server import ServerError, running

__all__ = ["artifact", "model", "serve"]  # fixtures


class TestPostgres(Behaviour):
    """As in both databases."""


def test_a_connection_that_stays_sees_each_run_and_old_ones_leave_no_table(
    store: ServerStore, database: Database
) -> None:
    reader = database.reader()
    for number in range(1, 7):
        store.load(batch(number, answers([f"only-{number}", "c-1"], 0.1 * number)), 3, quiet)
        assert name(reader.look("c-1")) == f"b-{number}"
        assert reader.look(f"only-{number}").prediction is not None
        assert reader.look(f"only-{number - 1}").prediction is None
    assert database.tables() == ["predictions_4", "predictions_5", "predictions_6"]


def test_killed_half_way_the_run_before_is_visible_and_the_same_load_ends_it(
    database: Database, look: Look
) -> None:
    program = """
        import os, signal, sys
        from pathlib import Path
        from ml.precomputed.postgres import ServerStore
        from scoring.precomputed.address import parse
        from tests.ml.precomputed.made import answers, batch
        store = ServerStore(parse(sys.argv[1]), lambda: sys.argv[2], Path(sys.argv[3]))
        keys = [f"c-{number}" for number in range(5_000)]
        store.load(batch(1, answers(keys, 0.1), 1_000), 3, lambda done, rows: None)
        store.load(batch(2, answers(keys, 0.2), 1_000), 3,
                   lambda done, rows: os.kill(os.getpid(), signal.SIGKILL) if done > 3_000 else None)
    """
    where = database.address(TRAINING)
    address = f"postgresql://{where.user}@{where.host}:{where.port}/{where.database}"
    line = [address, database.server.token, str(database.server.authorities)]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program), *line], check=False)
    assert done.returncode == -signal.SIGKILL
    assert name(look("c-4999")) == "b-1"
    store = eventually(database)
    assert [one.run for one in store.runs()] == ["b-1"]
    assert database.tables() == ["predictions_1"]
    store.load(batch(2, answers(["c-4999"], 0.2)), 3, quiet)
    assert name(look("c-4999")) == "b-2"


def eventually(database: Database) -> ServerStore:
    """A store, once the server has noticed that the loader before has died."""
    deadline = time.monotonic() + 60
    with database.server.superuser(database.name) as connection:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s::bigint & 4294967295"
        while connection.execute(held, (LOAD_LOCK,)).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    return database.store()


def test_killed_between_loading_and_showing_the_same_load_shows_it(
    database: Database, store: ServerStore, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)

    class Killed(BaseException):
        """The process ends here."""

    def killed(*_: Any) -> None:
        store.close()
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ServerStore, "_show", killed)
        with pytest.raises(Killed):
            store.load(batch(2, answers(KEYS, 0.2)), 3, quiet)
    assert name(look("c-1")) == "b-1"
    again = eventually(database)
    assert [(one.run, one.visible) for one in again.runs()] == [("b-2", False), ("b-1", True)]
    again.load(batch(2, {}), 3, quiet)  # its rows are not read again
    assert name(look("c-1")) == "b-2"


def test_a_removal_that_was_killed_is_ended_by_the_next_load(
    database: Database, store: ServerStore, look: Look
) -> None:
    """Detaching waits for whoever reads: one that is ended meanwhile leaves a partition half detached."""
    for number in (1, 2):
        store.load(batch(number, answers(KEYS, 0.1)), 2, quiet)
    detach = "ALTER TABLE precomputed.predictions DETACH PARTITION precomputed.predictions_1"
    with database.server.superuser(database.name) as reading, reading.transaction():
        reading.execute("SELECT count(*) FROM precomputed.predictions")
        with database.server.superuser(database.name) as removing:
            removing.execute("SET lock_timeout = '100ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                removing.execute(f"{detach} CONCURRENTLY")
    with database.server.superuser(database.name) as asking:
        assert asking.execute("SELECT count(*) FROM pg_inherits WHERE inhdetachpending").fetchone() == (1,)
        asking.execute("CREATE TABLE precomputed.predictions_99 (LIKE precomputed.predictions)")
        asking.execute("ALTER TABLE precomputed.predictions_99 OWNER TO precomputed_writer")
    store.load(batch(3, answers(KEYS, 0.3)), 2, quiet)
    assert database.tables() == ["predictions_2", "predictions_3"]
    assert name(look("c-1")) == "b-3"


def test_one_load_at_a_time(database: Database, store: ServerStore) -> None:
    said: list[str] = []

    def at_the_same_time(_done: int, _all: int | None) -> None:
        with pytest.raises(MlopsError, match=r"Another load into .* is under way") as refused:
            database.store().load(batch(9, answers(KEYS, 0.9)), 3, quiet)
        said.append(refused.value.remedy)

    store.load(batch(1, answers(KEYS, 0.1), block_rows=10), 3, at_the_same_time)
    assert len(said) == 1
    assert [one.run for one in store.runs()] == ["b-1"]


def test_nobody_is_erased_while_a_run_is_loaded_that_might_hold_the_key(
    database: Database, store: ServerStore, look: Look
) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    other, said = database.store(), list[str]()

    def at_the_same_time(_done: int, _all: int | None) -> None:
        with pytest.raises(MlopsError, match=r"Another load into .* is under way") as refused:
            other.erase("c-4")
        said.append(refused.value.remedy)

    store.load(batch(2, answers(KEYS, 0.2), block_rows=10), 3, at_the_same_time)
    assert len(said) == 1
    assert look("c-4").prediction is not None
    assert other.erase("c-4") == 2
    assert look("c-4").prediction is None
    other.close()


def test_while_runs_are_loaded_no_look_up_fails_or_misses_or_sees_two_halves(
    database: Database, store: ServerStore
) -> None:
    """A key that each run has is found in each answer, with the value of the run that the answer names."""
    keys = [f"c-{number}" for number in range(2_000)]
    store.load(batch(1, answers(keys, 1 / 64)), 2, quiet)
    stopped, wrong, seen = threading.Event(), list[str](), set[str]()

    def ask(place: int) -> None:
        reader = database.reader()
        while not stopped.is_set():
            found = reader.look(keys[place])
            run, answer = found.run, found.prediction
            if run is None or answer is None or answer.probability != int(run.name[2:]) / 64 + place / 1e6:
                wrong.append(f"{found}")
            else:
                seen.add(run.name)
        reader.close()

    asking = [threading.Thread(target=ask, args=(place,)) for place in (0, 1, 1_999)]
    for thread in asking:
        thread.start()
    for number in range(2, 14):
        store.load(batch(number, answers(keys, number / 64), 500), 2, quiet)
    for _ in range(5):
        store.show(before(store.runs(), None).number)
        store.show(before(store.runs(), "b-13").number)
    stopped.set()
    for thread in asking:
        thread.join()
    assert not wrong, wrong[:3]
    assert len(seen) > 2


MADE = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    st.tuples(st.floats(0, 1), st.integers(0, 1), st.floats(0, 1), st.booleans()),
    min_size=1,
    max_size=30,
)


def test_each_answer_comes_back_to_the_last_bit(database: Database, store: ServerStore) -> None:
    reader, numbers = database.reader(), itertools.count(1)

    @settings(max_examples=40)
    @given(made=MADE)
    def load(made: dict[str, Any]) -> None:
        store.load(batch(next(numbers), made), 2, quiet)
        for key, answer in made.items():
            found = reader.look(key).prediction
            assert found is not None
            assert (found.probability, found.label, found.outlier_score, found.outlier) == answer

    load()


def test_a_look_up_goes_into_one_partition(database: Database, store: ServerStore) -> None:
    for number in (1, 2, 3):
        store.load(batch(number, answers(KEYS, 0.1)), 3, quiet)
    reader = database.reader()
    reader.look("c-1")
    connection: Any = reader._connection
    explain = "EXPLAIN (ANALYZE, COSTS OFF) " + LOOK.format(key="%s")
    plan = [line for (line,) in connection.execute(explain, ("c-1",))]
    of = {number: [line for line in plan if f" on predictions_{number} " in line] for number in (1, 2, 3)}
    assert len(of[3]) == 1 and "actual time" in of[3][0], plan
    assert all("never executed" in line for line in of[1] + of[2]), plan


def test_making_ready_again_changes_nothing(database: Database, store: ServerStore, look: Look) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    assert database.prepare() == []
    assert name(look("c-1")) == "b-1"


def test_a_database_whose_making_was_interrupted_lets_in_its_roles_alone(database: Database) -> None:
    def everybody() -> list[Any]:
        with database.server.superuser("postgres") as connection:
            asked = "SELECT has_database_privilege('public', %s, right_) FROM unnest(%s::text[]) AS right_"
            return connection.execute(asked, (database.name, ["CONNECT", "TEMPORARY"])).fetchall()

    assert everybody() == [(False,), (False,)]
    with database.server.superuser("postgres") as connection:
        connection.execute(named("GRANT CONNECT, TEMPORARY ON DATABASE {name} TO PUBLIC", name=database.name))
    assert everybody() == [(True,), (True,)]  # as a new database is, before its rights are withdrawn
    database.prepare()
    assert everybody() == [(False,), (False,)]


def test_who_looks_up_may_read_three_tables_and_nothing_else(database: Database, store: ServerStore) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    reader = database.reader()
    reader.look("c-1")
    connection: Any = reader._connection
    connection.execute("SET default_transaction_read_only = off")
    for statement in (
        "DELETE FROM predictions",
        "UPDATE published_run SET number = 1",
        "SELECT * FROM predictions_1",
        "CREATE TABLE mine (a integer)",
        "CREATE TABLE public.mine (a integer)",
        "SET ROLE precomputed_writer",
        "DROP TABLE predictions",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    with pytest.raises(MlopsError, match="permission denied to set role"):
        database.store(SCORING)


def test_a_database_that_nobody_made_ready_says_what_to_do(database: Database) -> None:
    with database.server.superuser(database.name) as connection:
        connection.execute("DROP SCHEMA precomputed CASCADE")
    with pytest.raises(MlopsError, match="has no tables for predictions") as refused:
        database.store().runs()
    assert "mlops precomputed prepare" in refused.value.remedy


@pytest.mark.parametrize("wrong", ["authority", "name", "token"])
def test_a_server_that_does_not_prove_itself_is_not_asked_and_learns_no_token(
    database: Database, wrong: str
) -> None:
    from dataclasses import replace

    where, authorities, token = database.address(SCORING), database.server.authorities, database.token
    if wrong == "name":
        where = replace(where, host="127.0.0.1")
    reader = ServerReader(
        where,
        token if wrong != "token" else lambda: "another",
        5.0,
        None if wrong == "authority" else authorities,
    )
    words = {"authority": "certificate verify failed", "name": "does not match", "token": "authentication"}
    with pytest.raises(Away, match=words[wrong]) as refused:
        reader.look("c-1")
    assert database.server.token not in str(refused.value)


def test_without_tls_the_server_takes_nobody(database: Database) -> None:
    where = database.address(SCORING)
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(
            host=where.host,
            port=where.port,
            user=where.user,
            dbname=where.database,
            password=database.server.token,
            sslmode="disable",
        )


def test_a_connection_that_was_ended_is_made_again_without_a_word(
    database: Database, store: ServerStore
) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    reader = database.reader()
    reader.look("c-1")
    with database.server.superuser(database.name) as connection:
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s"
        assert connection.execute(ended, (SCORING,)).fetchall()
    assert name(reader.look("c-1")) == "b-1"


def test_a_statement_that_takes_too_long_is_ended(database: Database, store: ServerStore) -> None:
    store.load(batch(1, answers(KEYS, 0.1)), 3, quiet)
    reader = database.reader(0.1)
    with database.server.superuser(database.name) as holding, holding.transaction():
        holding.execute("LOCK TABLE precomputed.published_run IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Away, match="statement timeout"):
            reader.look("c-1")
    assert name(reader.look("c-1")) == "b-1"


def test_the_service_answers_while_the_server_is_away_and_when_it_is_back(
    database: Database, store: ServerStore, serve: Callable[..., Service]
) -> None:
    server = database.server
    store.load(batch(1, answers(KEYS, 0.25)), 3, quiet)
    client = serve(lookups=Lookups(database.reader, 2, 10.0)).client
    assert client.get("/predictions/c-0").json()["prediction"] == {"probability": 0.25, "label": 0}
    store.close()
    server.stop()
    try:
        answer = client.get("/predictions/c-0")
        assert (answer.status_code, answer.json()["status"]) == (503, 503)
        assert client.get("/readyz").status_code == 200
    finally:
        server.start()
    deadline = time.monotonic() + 30
    while client.get("/predictions/c-0").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(ServerError, match="max_connections"), running({"max_connections": "none"}):
        pass
