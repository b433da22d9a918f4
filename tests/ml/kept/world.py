"""Kept answers in a folder, written as replicas write them, and a process that dies at a chosen step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ml.kept.place import KeptPlace, TablePlace, in_folder
from ml.lake import tables
from ml.lake.files import Files
from scoring.kept import part
from scoring.kept.part import Answered, Layout
from scoring.model.schema import CategoryFeature, Feature, NumberFeature, Schema
from scoring.scorer import Batch

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FEATURES: tuple[Feature, ...] = (
    NumberFeature("age", "years", 0, 120, True),
    CategoryFeature("sex", "as registered", ("female", "male")),
)


def moment(request: str, keys: list[str | None], at: datetime, features: int = len(FEATURES)) -> Answered:
    """The answer to one request."""
    rows = len(keys)
    matrix = np.ones((rows, features), dtype=np.float32)
    batch = Batch(matrix, [0.25] * rows, [0] * rows, [0.5] * rows, [False] * rows)
    return Answered(int(at.timestamp() * 1e6), [request], [rows], batch, keys)


class KilledError(BaseException):
    """The process died here: nothing of it goes on."""


class Dying:
    """Counts the steps that change anything, and dies before one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.steps = at, 0

    def step(self, do: Callable[[], Any]) -> Any:
        self.steps += 1
        if self.steps == self.at:
            raise KilledError
        return do()


class DyingFiles:
    def __init__(self, files: Files, dying: Dying) -> None:
        self._files, self._dying = files, dying
        self.names, self.read = files.names, files.read

    def write(self, name: str, data: bytes) -> None:
        self._dying.step(lambda: self._files.write(name, data))

    def delete(self, name: str) -> None:
        self._dying.step(lambda: self._files.delete(name))


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = in_folder(folder)
        self.sent: list[tuple[str, int]] = []  # request and row of everything that was written

    def mortal(self, monkeypatch: Any, at: int) -> tuple[KeptPlace, Dying]:
        """The same place for a process that dies at its step number `at`."""
        dying = Dying(at)
        files = DyingFiles(self.place.files, dying)
        for name in ("append", "replace", "remove", "make_table", "widen"):
            monkeypatch.setattr(tables, name, _stepping(getattr(tables, name), dying))
        answers_ = replace(self.place.answers, files=files)
        labels = None if self.place.labels is None else replace(self.place.labels, files=files)
        return KeptPlace(files, files, answers_, labels), dying

    def write(
        self,
        author: str,
        number: int,
        keys: list[str | None],
        at: datetime = NOW,
        features: tuple[Feature, ...] = FEATURES,
        model: str = "credit:1",
    ) -> str:
        """One part of one request; its name."""
        request, rows = f"{author}/{number}", len(keys)
        rows_ = part.block([moment(request, keys, at, len(features))])
        stream = Layout(Schema(features), frozenset(), model, None, "pod").stream([rows_])
        name = f"parts/{at:%Y-%m-%d}/{author}-{number:08}.arrow"
        self.place.files.write(name, stream)
        self.sent += [(request, row) for row in range(rows)]
        return name

    def rows(self, place: TablePlace | None = None) -> list[dict[str, Any]]:
        table = (place or self.place.answers).open()
        return [] if table is None else table.to_pyarrow_table().to_pylist()

    def taken(self) -> list[tuple[str, int]]:
        return sorted((row["request_id"], row["row"]) for row in self.rows())

    def below(self, prefix: str) -> list[str]:
        return self.place.files.names(prefix)

    def holds(self, text: bytes) -> list[str]:
        """The files that hold these bytes; columns of a few values stand in them as they are."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [path.name for path in files if text in path.read_bytes()]


def _stepping(real: Callable[..., Any], dying: Dying) -> Callable[..., Any]:
    return lambda *args, **named: dying.step(lambda: real(*args, **named))


def days(count: float) -> timedelta:
    return timedelta(days=count)
