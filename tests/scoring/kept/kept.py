"""A store in memory, and what stands in its parts."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.ipc  # pyright: ignore[reportUnusedImport] - pa.ipc is there by it

from scoring.kept.pace import Pace
from scoring.kept.part import Layout
from scoring.kept.writer import Keeper, Store
from scoring.model.artifact import Artifact

NOW = Pace(part_rows=1)


class Memory:
    """Takes parts; `fail` is asked before each, and may raise."""

    def __init__(self, fail: Callable[[str], None] = lambda _: None) -> None:
        self.fail = fail
        self.parts: dict[str, bytes] = {}
        self.asked = threading.Event()

    def put(self, name: str, data: bytes) -> None:
        self.asked.set()
        self.fail(name)
        assert name not in self.parts
        self.parts[name] = data

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for name in sorted(self.parts) for row in read(self.parts[name]).to_pylist()]


def read(data: bytes) -> Any:
    return pa.ipc.open_stream(io.BytesIO(data)).read_all()


def layout(artifact: Artifact, hidden: frozenset[str] = frozenset()) -> Layout:
    return Layout(artifact.schema, hidden, "credit:3", "r-0123456789abcdef", "pod-a")


class Counted(Counter[str]):
    """What a keeper counted, by name."""

    def add(self, name: str, number: int) -> None:
        self[name] += number


def keeper(artifact: Artifact, store: Store, counted: Counted, pace: Pace = NOW) -> Keeper:
    return Keeper(layout(artifact), pace, lambda: store, counted.add)
