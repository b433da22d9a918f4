"""Predictions by key in a PostgreSQL server: a partition for each run.

A load writes a table that nobody sees, in one transaction: whatever kills it, the server undoes it. That
transaction also makes it a partition; the next one names the run as the visible one. Neither keeps a look-up
waiting, nor does the removal of old runs, which detaches their partitions before they are dropped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, LiteralString

from ml.errors import MlopsError
from ml.precomputed import store
from ml.precomputed.rows import as_csv
from ml.precomputed.schema import ERASER, LOAD_LOCK, WRITER
from ml.precomputed.statement import named
from ml.precomputed.store import Batch, Run, Told
from scoring.precomputed.address import SCHEMA, Server
from scoring.precomputed.server import Token, connect

if TYPE_CHECKING:
    from psycopg import Connection

ERASE: Final[dict[str, LiteralString]] = {
    WRITER: store.ERASE.format("%s"),
    ERASER: "SELECT erase_predictions(%s)",
}
SESSION: Final = {"lock_timeout": "30s", "idle_in_transaction_session_timeout": "10min"}
# All partitions, and tables that were ones or were to become ones: with the word that a detaching was begun.
PARTITIONS: Final = """
SELECT substring(c.relname FROM '[0-9]+$')::integer, i.inhrelid IS NOT NULL, i.inhdetachpending
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND c.relname ~ '^predictions_[0-9]+$'
"""


class ServerStore:
    """`token` is asked for when the connection is made; a load goes on for as long as it takes.

    role: WRITER, who may do all of it, or ERASER, who may `erase` alone.
    """

    def __init__(
        self, server: Server, token: Token, authorities: Path | None = None, role: str = WRITER
    ) -> None:
        self.words, self._role = server.words, role
        with self._honest():
            self._connection: Connection[Any] = connect(server, token, SESSION, authorities)
            # What is made belongs to the role that all who load are members of.
            self._connection.execute(named("SET ROLE {role}", role=role))

    def load(self, batch: Batch, keep: int, told: Told) -> None:
        with self._honest(), self._alone():
            found = store.already(self._runs(), batch)
            number = self._insert(batch, told) if found is None else found.number
            if found is None or not found.visible:
                self._show(number)
            self._remove(keep)

    def _insert(self, batch: Batch, told: Told) -> int:
        facts = (batch.run, batch.model, batch.model_digest, batch.release, batch.scored_at)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(store.LOADED.format("%s"), (*facts, batch.rows, _now()))
            (number,) = _one(cursor.fetchone())
            table = f"predictions_{number}"
            # The check tells what holds already, so that no row is looked at when it becomes a partition.
            checked = "CREATE TABLE {table} (LIKE predictions, CONSTRAINT one_run CHECK (run = {number}))"
            cursor.execute(named(checked, table=table, number=number))
            done = 0
            # Rows of a table that this transaction made are written as if they had been there for long: they
            # are never written again to say so.
            with cursor.copy(named("COPY {table} FROM STDIN (FORMAT csv, FREEZE)", table=table)) as copy:
                for block in batch.blocks():
                    copy.write(as_csv(block, number))
                    done += block.num_rows
                    told(done, batch.rows)
            store.whole(batch, done)
            cursor.execute(named("ALTER TABLE {table} ADD PRIMARY KEY (run, key)", table=table))
            cursor.execute(named("ANALYZE {table}", table=table))
            attach = "ALTER TABLE predictions ATTACH PARTITION {table} FOR VALUES IN ({number})"
            cursor.execute(named(attach, table=table, number=number))
        return number

    def show(self, number: int) -> None:
        with self._honest(), self._alone():
            self._show(number)

    def _show(self, number: int) -> None:
        with self._connection.transaction():
            self._connection.execute(store.SHOW.format("%s"), (number, _now()))
            self._connection.execute(store.SHOWN.format("%s"), (_now(), number))

    def _remove(self, keep: int) -> None:
        """Remove runs beyond those that are kept, and the tables of runs that are no more."""
        for one in store.to_remove(self._runs(), keep):
            self._connection.execute(store.FORGET_RUN.format("%s"), (one.number,))
        kept = {one.number for one in self._runs()}
        for number, attached, begun in self._connection.execute(PARTITIONS, (SCHEMA,)).fetchall():
            if number in kept:
                continue
            table = f"predictions_{number}"
            if attached:
                detach = "ALTER TABLE predictions DETACH PARTITION {table} "
                detach += "FINALIZE" if begun else "CONCURRENTLY"
                self._connection.execute(named(detach, table=table))
            self._connection.execute(named("DROP TABLE {table}", table=table))

    def runs(self) -> list[Run]:
        with self._honest():
            return self._runs()

    def _runs(self) -> list[Run]:
        return [store.run_of(row) for row in self._connection.execute(store.RUNS).fetchall()]

    def erase(self, key: str) -> int:
        # Rows that a load has not shown yet are seen by no other connection, and would stay.
        with self._honest(), self._alone():
            done = self._connection.execute(ERASE[self._role], (key,))
            return done.rowcount if self._role == WRITER else int(_one(done.fetchone())[0])

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Hold the lock of loads; the server gives it back when this process dies. Raises MlopsError."""
        (free,) = _one(self._connection.execute("SELECT pg_try_advisory_lock(%s)", (LOAD_LOCK,)).fetchone())
        if not free:
            raise MlopsError(
                f"Another load into {self.words} is under way.",
                "Wait for its end. One that has died is noticed within a minute.",
            )
        try:
            yield
        finally:
            if not self._connection.closed:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (LOAD_LOCK,))

    @contextmanager
    def _honest(self) -> Generator[None]:
        """Turn the server's errors into MlopsError. The server's details are left out: keys stand in them."""
        from psycopg import Error, errors

        try:
            yield
        except errors.UniqueViolation as error:
            raise store.twice(error) from None
        except (
            errors.UndefinedTable,
            errors.UndefinedObject,
            errors.UndefinedFunction,
            errors.InvalidParameterValue,
        ) as error:
            raise _unprepared(self.words, error) from None
        except errors.InsufficientPrivilege as error:
            raise MlopsError(
                f"{self.words} refuses: {_words(error)}.",
                "Sign in as the identity that writes predictions, or as a member of its administrators; to "
                "erase, as a member of the group that erasure.groupName of the stack file names.",
            ) from None
        except Error as error:
            raise MlopsError(
                f"{self.words} cannot be asked: {_words(error)}.",
                "Check that this machine is in the estate's network and that the role may sign in there "
                "(docs/precomputed.md); what was begun is undone, and the same command begins anew.",
            ) from None


def _unprepared(words: str, error: Exception) -> MlopsError:
    return MlopsError(
        f"{words} has no tables for predictions, or not this role: {_words(error)}.",
        "Run `mlops precomputed prepare` once, as an administrator of the server.",
    )


def _words(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _one(row: Any) -> Any:
    assert row is not None  # noqa: S101 - such a statement has one row
    return row


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
