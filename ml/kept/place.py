"""Where kept answers are: parts and records as files, and the table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.lake import answers, tables
from ml.lake.files import Files, LakeFiles, LocalFiles
from ml.lake.table_place import TablePlace

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


__all__ = ["KeptPlace", "TablePlace", "in_folder", "in_lake"]


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
