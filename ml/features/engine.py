"""DuckDB on one machine: memory is bounded, what does not fit goes to disk, no other file is opened."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ml.errors import MlopsError
from ml.lake.arrow import ArrowBatch

if TYPE_CHECKING:
    import duckdb

Connection: TypeAlias = "duckdb.DuckDBPyConnection"
BATCH_ROWS: Final = 65_536


@contextmanager
def engine(memory_gb: float = 2.0, threads: int = 0) -> Generator[Connection]:
    """A connection to an empty database in memory. threads: 0: one a core.

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
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection


@contextmanager
def in_words(what: str) -> Generator[None]:
    """Turns what DuckDB says of a statement into an MlopsError."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise MlopsError(
            f"{what}: {str(error).splitlines()[0]}", "Correct the definition, or what its sources hold."
        ) from error


def batches(connection: Connection, sql: str) -> Iterator[ArrowBatch]:
    """The rows of a statement, a part at a time. The connection serves nothing else until they have ended."""
    yield from connection.sql(sql).to_arrow_reader(BATCH_ROWS)


def one(connection: Connection, sql: str) -> dict[str, Any]:
    """The only row of a statement, by column."""
    found = connection.sql(sql).to_arrow_table().to_pylist()
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} rows were answered, and one was expected")
    return found[0]


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: list[str], table: str = "") -> str:
    """Columns with commas between them; of a table, when one is given."""
    before = f"{table}." if table else ""
    return ", ".join(f"{before}{quoted(name)}" for name in names)
