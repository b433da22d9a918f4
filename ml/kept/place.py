"""Where kept answers are: parts and records as files, and the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.lake import answers, tables
from ml.lake.files import Files, LakeFiles, LocalFiles

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from deltalake import DeltaTable


@dataclass(frozen=True, slots=True)
class TablePlace:
    """A table, and the files below `folder` that it consists of."""

    where: str | Path
    folder: str
    files: Files
    credential: TokenCredential | None = None

    def open(self) -> DeltaTable | None:
        return tables.open_table(self.where, self.credential)

    def delete_old_versions(self, hours: int) -> int:
        """Delete the files that no row has been in for so many hours; how many those were.

        Whoever reads a version that old at this moment fails.
        """
        table = self.open()
        gone = [] if table is None else tables.unreferenced(table, hours)
        for name in gone:
            self.files.delete(f"{self.folder}/{name}")
        return len(gone)


@dataclass(frozen=True, slots=True)
class KeptPlace:
    parts: Files  # of the container that replicas write to
    files: Files  # of the container of predictions
    answers: TablePlace
    labels: TablePlace | None = None  # whose rows are of the same people


def in_lake(account: str, credential: TokenCredential) -> KeptPlace:
    """The place in an estate's data lake."""
    files = LakeFiles(account, answers.CONTAINER, credential)
    where = tables.address(account, answers.CONTAINER, answers.TABLE)
    labels = tables.address(account, answers.LABELS_CONTAINER, answers.LABELS)
    others = LakeFiles(account, answers.LABELS_CONTAINER, credential)
    return KeptPlace(
        LakeFiles(account, answers.PARTS_CONTAINER, credential),
        files,
        TablePlace(where, answers.TABLE, files, credential),
        TablePlace(labels, answers.LABELS, others, credential),
    )


def in_folder(folder: Path) -> KeptPlace:
    """The same in a local folder."""
    files = LocalFiles(folder)
    return KeptPlace(
        files,
        files,
        TablePlace(folder / answers.TABLE, answers.TABLE, files),
        TablePlace(folder / answers.LABELS, answers.LABELS, files),
    )
