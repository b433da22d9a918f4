"""What a feature table asks of an engine of SQL: DuckDB on one machine, Spark beyond it.

The statements of builds and joins are written once, in what both know. Where they name a thing in two ways
the statement has Spark's name, and the engine of one machine is taught it (engine.py).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ml.errors import MlopsError
from ml.lake.arrow import ArrowBatch, ArrowDataset

if TYPE_CHECKING:
    from deltalake import DeltaTable


class SqlError(Exception):
    """What an engine says of a statement: one line."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows in files. where: the folder, here or in the lake, to which the dataset's paths are relative."""

    where: str
    rows: ArrowDataset


class Database(Protocol):
    """Relations by name, for one piece of work. Every method raises SqlError for what cannot be done.

    windows: whether it joins as of a time by windows, since it knows no ASOF JOIN.
    """

    @property
    def windows(self) -> bool: ...

    def read(self, name: str, rows: Stored, columns: Sequence[str] | None = None) -> None:
        """Let statements read files by a name. columns: those that any of them names; None: all."""
        ...

    def view(self, name: str, sql: str) -> None:
        """Give a statement a name; it is run each time that it is read."""
        ...

    def keep(self, name: str, sql: str) -> None:
        """Run a statement once, and give its rows a name; it may take the place of what it reads."""
        ...

    def one(self, sql: str) -> dict[str, Any]:
        """The only row of a statement, by column."""
        ...

    def kinds(self, sql: str) -> dict[str, str]:
        """The columns of a statement, with DuckDB's names of their types."""
        ...

    def append(
        self, table: DeltaTable, sql: str, *, taken: Mapping[str, int], told: Mapping[str, Any]
    ) -> None:
        """Write the rows to the version that was opened, by one commit, as `ml.lake.tables.append` does."""
        ...

    def replace(
        self, table: DeltaTable, sql: str, *, taken: Mapping[str, int], told: Mapping[str, Any]
    ) -> None:
        """The same, in the place of all rows that the table has."""
        ...

    def batches(self, sql: str) -> Iterator[ArrowBatch]:
        """The rows, a part at a time; the order of the statement is theirs."""
        ...


Opening: TypeAlias = Callable[[], AbstractContextManager[Database]]
"""Opens an empty database; what it has kept goes when it is closed."""


@contextmanager
def in_words(what: str) -> Generator[None]:
    """Turns what an engine says of a statement into an MlopsError."""
    try:
        yield
    except SqlError as error:
        raise MlopsError(f"{what}: {error}", "Correct the definition, or what its sources hold.") from error


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Sequence[str], table: str = "") -> str:
    """Columns with commas between them; of a table, when one is given."""
    before = f"{table}." if table else ""
    return ", ".join(f"{before}{quoted(name)}" for name in names)
