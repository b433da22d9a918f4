"""How a run's files become rows that readers see: by one commit of a Delta table, or one rename of a folder.

Both are whole or not at all, are done once however often they are begun, and keep what was published before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from ml.batch.asked import Format
from ml.batch.places import Place
from ml.batch.unit import (
    PARTITION,
    PREDICTIONS,
    REJECTS,
    RUNS,
    Done,
    Written,
    predictions_schema,
    rejects_schema,
)
from ml.errors import MlopsError
from ml.lake import tables
from ml.lake.arrow import ArrowSchema, ArrowType

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

COMMIT_ATTEMPTS: Final = 10
LOG: Final = "_delta_log"
ASIDE: Final = "_unpublished"  # where runs of Parquet are written; readers pass over such folders


class Output(Protocol):
    """written: where units write their files, and the run keeps its own."""

    written: Place

    def published(self, run: str) -> bool:
        """Whether the run was published, whatever became of it since."""
        ...

    def replaced(self, run: str) -> bool:
        """Whether it was published, and another run has taken its place."""
        ...

    def check(self, instead_of: Collection[str]) -> None:
        """Raises MlopsError where no run can take the place of others."""
        ...

    def publish(self, run: str, done: Sequence[Done], instead_of: Callable[[], Collection[str]]) -> list[str]:
        """Show the rejects, then the predictions. The runs whose place it took, of those that are named.

        instead_of: is asked at each attempt, since another run may have begun meanwhile. A run that was
        published before shows nothing, and takes nobody's place. Raises MlopsError.
        """
        ...


def output(
    where: str, format_: Format, key_type: ArrowType | None, credential: TokenCredential | None
) -> Output:
    """Raises MlopsError where something of another kind stands."""
    place = Place(where, credential)
    is_table = any(place.names(f"{PREDICTIONS}/{LOG}"))
    if format_ == "delta":
        if not is_table and place.names(PREDICTIONS):
            raise _other(where, "Parquet files without a table", "--format parquet")
        return Tables(place, key_type, credential)
    if is_table:
        raise _other(where, "a Delta table", "--format delta")
    return folders(place, credential)


def folders(place: Place, credential: TokenCredential | None) -> Folders:
    """The output as Parquet files without a table."""
    return Folders(place, Place(f"{place.where}/{ASIDE}", credential))


def _other(where: str, there: str, format_: str) -> MlopsError:
    return MlopsError(f"{where}/{PREDICTIONS} holds {there}.", f"Give {format_}, or another --output.")


class Tables:
    """Two Delta tables, partitioned by run. Readers see a run by the commit that names its files."""

    def __init__(self, place: Place, key_type: ArrowType | None, credential: TokenCredential | None) -> None:
        self.written, self._credential = place, credential
        for name, schema in (
            (PREDICTIONS, predictions_schema(key_type)),
            (REJECTS, rejects_schema(key_type)),
        ):
            made = tables.make_table(self._where(name), schema, credential, partition=(PARTITION,))
            self._check(name, made, schema)

    def _where(self, table: str) -> str:
        return f"{self.written.where}/{table}"

    def _check(self, table: str, made: Any, schema: ArrowSchema) -> None:
        there = tables.columns(made)
        if there.field("key").type != schema.field("key").type:
            raise MlopsError(
                f"The table {self._where(table)} has keys of the type {there.field('key').type}, "
                f"and these are {schema.field('key').type}.",
                "Give another --output.",
            )

    def _opened(self, table: str) -> Any:
        opened = tables.open_table(self._where(table), self._credential)
        if opened is None:
            raise MlopsError(
                f"The table {self._where(table)} has gone while the run wrote to it.", "Run it again."
            )
        return opened

    def published(self, run: str) -> bool:
        return tables.recorded(self._opened(PREDICTIONS), run) is not None

    def replaced(self, run: str) -> bool:
        opened = self._opened(PREDICTIONS)
        return tables.recorded(opened, run) is not None and not tables.files_of(opened, PARTITION, {run})

    def check(self, instead_of: Collection[str]) -> None:
        """A commit exchanges any."""

    def publish(self, run: str, done: Sequence[Done], instead_of: Callable[[], Collection[str]]) -> list[str]:
        rejects, predictions = [one.rejects for one in done], [one.predictions for one in done]
        for _ in range(COMMIT_ATTEMPTS):
            # Opened before the rejects are written: whoever publishes in between changes this version, and
            # both commits are made anew. So the rejects beside the predictions are those of the same run.
            opened = self._opened(PREDICTIONS)
            if tables.recorded(opened, run) is not None:
                return []
            self._check_files(REJECTS, run, rejects)
            self._check_files(PREDICTIONS, run, predictions)
            try:
                self._commit(self._opened(REJECTS), run, rejects, instead_of())
                return self._commit(opened, run, predictions, instead_of())
            except tables.TableChangedError:
                continue
        raise MlopsError(
            f"The tables in {self.written.where} were changed by others at each of {COMMIT_ATTEMPTS} "
            "attempts to publish.",
            "Run it again: what was scored is kept.",
        )

    def _commit(
        self, opened: Any, run: str, files: Sequence[Written | None], instead_of: Collection[str]
    ) -> list[str]:
        """One commit, unless all is there and nothing else. Raises TableChangedError."""
        others = tables.files_of(opened, PARTITION, instead_of)
        # That the run is recorded does not say that its files are there: another may have taken them out.
        own = tables.files_of(opened, PARTITION, {run})
        there = {file.path for file in own}
        lacking = [
            tables.File(file.path, file.size, file.rows, {PARTITION: run})
            for file in files
            if file is not None and file.path not in there
        ]
        # Rejects that were shown by an attempt that was killed, and rewritten since without an erased person.
        stale = [one for one in own if one.path not in {file.path for file in files if file is not None}]
        if lacking or others or stale or tables.recorded(opened, run) is None:
            tables.publish(opened, lacking, taken={run: 1}, removed=[*others, *stale])
        return sorted({file.partition[PARTITION] for file in others})

    def _check_files(self, table: str, run: str, files: Sequence[Written | None]) -> None:
        """Raises MlopsError where one of them has gone: a table that names it could not be read any more.

        What no version names, as a killed run leaves it, may be deleted by whoever cleans the table.
        """
        kept = set(self.written.names(_folder(table, run)))
        if gone := [file.path for file in files if file and f"{table}/{file.path}" not in kept]:
            raise MlopsError(
                f"{self._where(table)}/{gone[0]} has gone since the run {run} wrote it.",
                f"Remove {self.written.where}/{RUNS}/{run} to begin the run anew.",
            )


class Folders:
    """Two folders of Parquet files, with a folder `run=…` for each run. A run is written aside and shown by
    one rename of its folder, which folders of a disk and of a data lake both do at once."""

    def __init__(self, place: Place, aside: Place) -> None:
        self._place, self.written = place, aside

    def published(self, run: str) -> bool:
        """A run without rows has no folder: it is done again, which shows nothing."""
        return bool(self._place.names(_folder(PREDICTIONS, run)))

    def replaced(self, run: str) -> bool:
        return False

    def check(self, instead_of: Collection[str]) -> None:
        if standing := [run for run in instead_of if self.published(run)]:
            raise MlopsError(
                f"An earlier run of the same day stands in {self._place.where}: {', '.join(standing)}.",
                "Parquet files cannot be exchanged at once: give --format delta and another --output.",
            )

    def publish(self, run: str, done: Sequence[Done], instead_of: Callable[[], Collection[str]]) -> list[str]:
        if self.published(run):
            return []
        others = instead_of()
        self.check(others)
        for other in others:  # one that was killed between its two renames has shown rejects alone
            folder = _folder(REJECTS, other)
            if self._place.names(folder):
                self._place.rename(folder, f"{ASIDE}/{folder}")
        for table in (REJECTS, PREDICTIONS):
            folder = _folder(table, run)
            if self.written.names(folder) and not self._place.names(folder):
                self._place.folder(table)
                self._place.rename(f"{ASIDE}/{folder}", folder)
        return []


def _folder(table: str, run: str) -> str:
    return f"{table}/{PARTITION}={run}"
