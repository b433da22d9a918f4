"""DuckDB on one machine: memory is bounded, what does not fit goes to disk, no other file is opened."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ml.features.database import SqlError, Stored, quoted
from ml.lake import tables
from ml.lake.arrow import ArrowBatch

if TYPE_CHECKING:
    import duckdb
    from deltalake import DeltaTable

BATCH_ROWS: Final = 65_536
TAUGHT: Final = (
    "CREATE TYPE timestamp_ltz AS TIMESTAMPTZ",
    "CREATE TEMP MACRO timestamp_micros(n) AS make_timestamptz(n)",
    "CREATE TEMP MACRO unix_micros(t) AS epoch_us(t)",
    "CREATE TEMP MACRO raise_error(words) AS error(words)",
    # Of the space alone, as in Spark; DuckDB's own takes spaces of other scripts, too.
    "CREATE TEMP MACRO trim(words) AS ltrim(rtrim(words, ' '), ' ')",
    "CREATE TEMP MACRO sha2(words, bits) AS sha256(words)",  # of 256 bits, which are all that is asked for
)
"""What the statements of this package call by Spark's name, which the subset refuses to transformations, and
what both call `trim`."""


@contextmanager
def engine(memory_gb: float = 2.0, threads: int = 0) -> Generator[Machine]:
    """An empty database in memory. threads: 0: one a core.

    The statements that run in it read relations that were registered, and nothing else: access to files,
    extensions and settings is closed.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="mlops-features-") as spilled:
        settings: dict[str, Any] = {
            "memory_limit": f"{round(memory_gb * 1000)}MB",
            "temp_directory": spilled,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # DuckDB 2.0 takes an Arrow dataset for one row, and would compare each row with each.
            "asof_loop_join_threshold": 0,
            "nested_loop_join_threshold": 0,
        }
        if threads:
            settings["threads"] = threads
        with duckdb.connect(config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for statement in TAUGHT:
                connection.execute(statement)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield Machine(connection)


@contextmanager
def _its_words() -> Generator[None]:
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise SqlError(str(error).splitlines()[0]) from error


def _next(reader: Any) -> ArrowBatch | None:
    """None: there are no more. What DuckDB says in the middle of rows is an error of Arrow."""
    import duckdb
    import pyarrow as pa

    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise SqlError(str(error).splitlines()[0]) from error


@contextmanager
def _while_written(batches: Iterator[ArrowBatch]) -> Generator[Iterator[ArrowBatch]]:
    """Rows for deltalake, which reads them from another language: an SqlError among them ends the block as
    what it is, and not as deltalake's error with a traceback in its text."""
    from deltalake.exceptions import DeltaError

    said: list[SqlError] = []

    def heard() -> Iterator[ArrowBatch]:
        try:
            yield from batches
        except SqlError as error:
            said.append(error)
            raise

    try:
        yield heard()
    except DeltaError:
        if said:
            raise said[0] from None
        raise


@dataclass(frozen=True, slots=True)
class Machine:
    """DuckDB as ml.features.database.Database. connection: for what one machine alone does."""

    connection: duckdb.DuckDBPyConnection
    windows: bool = False

    def register(self, name: str, rows: Any) -> None:
        """Let statements read Arrow's rows by a name. Only columns that are used are read."""
        with _its_words():
            self.connection.register(name, rows)

    def read(self, name: str, rows: Stored, columns: Sequence[str] | None = None) -> None:
        self.register(name, rows.rows)

    def view(self, name: str, sql: str) -> None:
        with _its_words():
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {sql}")

    def keep(self, name: str, sql: str) -> None:
        with _its_words():
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {sql}")

    def sql(self, sql: str) -> Any:
        """DuckDB's relation of a statement."""
        with _its_words():
            return self.connection.sql(sql)

    def batches(self, sql: str) -> Iterator[ArrowBatch]:
        """The rows, a part at a time. The database serves nothing else until they have ended."""
        with _its_words():
            reader = self.connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        while (batch := _next(reader)) is not None:
            yield batch

    def one(self, sql: str) -> dict[str, Any]:
        with _its_words():
            found = self.connection.sql(sql).to_arrow_table().to_pylist()
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} rows were answered, and one was expected")
        return found[0]

    def kinds(self, sql: str) -> dict[str, str]:
        with _its_words():
            found: Any = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        return {row[0]: row[1] for row in found}

    def append(
        self, table: DeltaTable, sql: str, *, taken: Mapping[str, int], told: Mapping[str, Any]
    ) -> None:
        with _while_written(self.batches(sql)) as rows:
            tables.append(table, rows, taken=taken, told=told)

    def replace(
        self, table: DeltaTable, sql: str, *, taken: Mapping[str, int], told: Mapping[str, Any]
    ) -> None:
        with _while_written(self.batches(sql)) as rows:
            tables.replace(table, rows, None, taken=taken, told=told)
