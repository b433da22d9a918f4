"""Spark as the database of a build or join (ml.features.database): the driver's part."""

from __future__ import annotations

import datetime as dt
import pickle
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ml.batch.places import is_lake
from ml.batch.spark.order import Token
from ml.features.database import SqlError, Stored
from ml.features.spark.columns import NAMES, arrow, ddl, taken
from ml.features.spark.files import BATCH_ROWS, ONE_COLUMN, WRITTEN, Reading, Writing, packed, read, write
from ml.lake import tables
from ml.lake.arrow import ArrowBatch
from ml.lake.tables import AUDIENCE, File

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from deltalake import DeltaTable

Session: TypeAlias = Any  # pyspark.sql.SparkSession, which no other engine needs

SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    # Sums that are too great and casts that lose are errors, as in DuckDB, and no nulls.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}
"""Of the session while it serves feature tables."""
ERROR: Final = re.compile(r"(?:Caused by: )?(?:[\w.]+\.)?\w*(?:Exception|Error): (.+)")
MOST_TASKS: Final = 10_000  # that read one relation
PARTITIONS: Final = "spark.sql.shuffle.partitions"
PARTITION_BYTES: Final = 128 << 20  # of a sort or join, which a task has in memory without spilling
PER_SLOT: Final = 2


@contextmanager
def database(session: Session, credential: TokenCredential | None = None) -> Generator[SparkDatabase]:
    """A session as a database. What it has kept goes at the end, and the session is as it was."""
    before = {name: session.conf.get(name, None) for name in (*SETTINGS, PARTITIONS)}
    for name, value in SETTINGS.items():
        session.conf.set(name, value)
    opened = SparkDatabase(session, credential)
    try:
        yield opened
    finally:
        opened.close()
        for name, value in before.items():
            session.conf.unset(name) if value is None else session.conf.set(name, value)


class SparkDatabase:
    """credential: the driver's; executors get its token for storage, which holds for an hour."""

    windows: bool = True

    def __init__(self, session: Session, credential: TokenCredential | None) -> None:
        self._session, self._credential = session, credential
        self._kept: list[Any] = []
        self._names: set[str] = set()
        self._bytes = 0
        self._partition()

    def read(self, name: str, rows: Stored, columns: Sequence[str] | None = None) -> None:
        """Spark reads the files that the dataset has now, whatever is written meanwhile."""
        import pyarrow as pa

        schema = rows.rows.schema
        asked = taken(pa.schema([schema.field(one) for one in columns or schema.names]), name.strip())
        try:
            groups = [
                (part, group)
                for whole in rows.rows.get_fragments()
                for part in whole.split_by_row_group()
                for group in part.row_groups
            ]
        except (pa.ArrowInvalid, OSError) as error:
            raise SqlError(str(error).splitlines()[0]) from error
        parts = tuple((part.path, (group.id,), part.partition_expression) for part, group in groups)
        self._bytes += sum(group.total_byte_size for _, group in groups)
        self._partition()
        order = Reading(rows.where, parts, schema, asked, self._token(rows.where))
        numbers = self._session.range(0, len(parts), 1, max(1, min(len(parts), MOST_TASKS)))
        with _its_words():
            self._named(name, numbers.mapInArrow(partial(read, pickle.dumps(order)), ddl(asked)))

    def view(self, name: str, sql: str) -> None:
        with _its_words():
            self._named(name, self._session.sql(sql))

    def keep(self, name: str, sql: str) -> None:
        with _its_words():
            found = self._session.sql(sql).persist()
            self._kept.append(found)
            found.count()  # what the statement has to say of its rows is said now
            self._named(name, found)

    def one(self, sql: str) -> dict[str, Any]:
        with _its_words():
            found = self._session.sql(sql).collect()
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} rows were answered, and one was expected")
        return {name: _utc(value) for name, value in found[0].asDict().items()}

    def kinds(self, sql: str) -> dict[str, str]:
        with _its_words():
            schema = self._session.sql(sql).schema
        found: dict[str, str] = {field.name: field.dataType.simpleString() for field in schema}
        return {name: NAMES.get(kind, kind.upper()) for name, kind in found.items()}

    def append(
        self, table: DeltaTable, sql: str, *, taken: Mapping[str, int], told: Mapping[str, Any]
    ) -> None:
        tables.publish(table, self._written(table, sql), taken=taken, told=told)

    def replace(
        self, table: DeltaTable, sql: str, *, taken: Mapping[str, int], told: Mapping[str, Any]
    ) -> None:
        removed = tables.all_files(table)
        tables.publish(table, self._written(table, sql), taken=taken, told=told, removed=removed)

    def batches(self, sql: str) -> Iterator[ArrowBatch]:
        """Through the driver, a task's rows at a time: one file is written by one process, in its order."""
        import pyarrow as pa

        with _its_words():
            found = self._session.sql(sql)
            kinds = arrow(found.schema)
            parts = found.mapInArrow(packed, ONE_COLUMN).toLocalIterator(prefetchPartitions=True)
            for part in parts:
                yield from pa.ipc.open_stream(part[0]).read_all().cast(kinds).to_batches(BATCH_ROWS)

    def close(self) -> None:
        for name in self._names:
            self._session.catalog.dropTempView(name)
        for found in self._kept:
            found.unpersist()

    def _partition(self) -> None:
        """As many parts of a sort or join as there are rows for, and two for each task slot at least.

        Spark's own 200 would be 200 tasks and files of a small table.
        """
        slots = int(self._session.sparkContext.defaultParallelism)
        parts = max(PER_SLOT * slots, self._bytes // PARTITION_BYTES)
        self._session.conf.set(PARTITIONS, str(parts))

    def _named(self, name: str, found: Any) -> None:
        found.createOrReplaceTempView(f"`{name}`")
        self._names.add(name)

    def _written(self, table: DeltaTable, sql: str) -> list[File]:
        from ml.features.place import folder_of

        where = folder_of(table)
        order = pickle.dumps(Writing(where, tables.columns(table), self._token(where)))
        with _its_words():
            rows = self._session.sql(sql).mapInArrow(partial(write, order), WRITTEN).collect()
        return [File(row["path"], row["size"], row["rows"], {}) for row in rows]

    def _token(self, where: str) -> Token | None:
        """For the executors, which are given no other way to sign in."""
        if not is_lake(where):
            return None
        if self._credential is None:
            raise SqlError(f"{where} needs a credential, and none was given")
        token = self._credential.get_token(AUDIENCE)
        return Token(token.token, token.expires_on)


@contextmanager
def _its_words() -> Generator[None]:
    """Turns what Spark says into SqlError: the line of it that says what is wrong."""
    from py4j.protocol import Py4JJavaError  # pyright: ignore[reportMissingImports]
    from pyspark.errors import PySparkException  # pyright: ignore[reportMissingImports]

    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise SqlError(said(str(error))) from error


def said(text: str) -> str:
    """Of a trace of Java, in which there may be one of Python, the innermost error's own words."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [found[1] for line in lines if (found := ERROR.match(line))]
    return named[-1] if named else lines[0] if lines else "Spark gave no reason"


def _utc(value: Any) -> Any:
    """Spark gives moments of the world in the clock of this machine, without saying so."""
    return value.astimezone(dt.UTC) if isinstance(value, dt.datetime) else value
