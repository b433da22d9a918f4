"""A part: rows that one process answered, as an Arrow IPC stream.

Columns: `request_id`, `row` (its place in the request), `key`, `scored_at`, one a feature, `probability`,
`label`, `outlier_score`, `outlier`. What is the same for all rows stands in the schema's metadata: `model`,
`release`, `replica` and `contract`, by which a reader makes the table's columns.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from scoring.kept.keys import Keys
from scoring.model.schema import CategoryFeature, Feature, Matrix, Schema
from scoring.scorer import Batch

FORMAT: Final = "1"
OWN: Final = ("request_id", "row", "key", "scored_at", "probability", "label", "outlier_score", "outlier")
"""The part's own columns, whose names no feature may have."""


@dataclass(slots=True)
class Answered:
    """Rows of one moment. `sizes`: rows of each request; `at_us`: microseconds since 1970, in UTC."""

    at_us: int
    requests: list[str]
    sizes: list[int]
    batch: Batch
    keys: Keys | None

    @property
    def rows(self) -> int:
        return len(self.batch.labels)


@dataclass(slots=True)
class Block:
    """Rows as arrays, which take half of the memory."""

    rows: int
    matrix: Matrix
    numbers: NDArray[np.float64]  # [2, rows]: probability, outlier score
    flags: NDArray[np.int8]  # [2, rows]: label, outlier
    requests: list[str]
    sizes: NDArray[np.int32]
    times: NDArray[np.int64]  # one for each request
    keys: Keys | None


def block(moments: Sequence[Answered]) -> Block:
    """The rows of all moments, at least one, in their order."""
    batches = [moment.batch for moment in moments]
    numbers = [[value for batch in batches for value in batch.probabilities]]
    numbers.append([value for batch in batches for value in batch.outlier_scores])
    flags = [[value for batch in batches for value in batch.labels]]
    flags.append([value for batch in batches for value in batch.outlier_flags])
    rows = len(flags[0])
    keys: Keys | None = None
    if any(moment.keys for moment in moments):
        keys = [key for moment in moments for key in moment.keys or [None] * moment.rows]
    return Block(
        rows,
        np.concatenate([batch.matrix for batch in batches]),
        np.array(numbers, dtype=np.float64),
        np.array(flags, dtype=np.int8),
        [request for moment in moments for request in moment.requests],
        np.array([size for moment in moments for size in moment.sizes], dtype=np.int32),
        np.repeat(
            np.array([moment.at_us for moment in moments], dtype=np.int64),
            [len(moment.requests) for moment in moments],
        ),
        keys,
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of a model are written. `hidden`: features whose values are left out."""

    schema: Schema
    hidden: frozenset[str]
    model: str  # NAME:VERSION
    release: str | None
    replica: str

    def taken(self) -> list[str]:
        """The features that cannot be kept, because columns of the part have their names."""
        return [name for name in self.schema.names if name in OWN]

    def metadata(self) -> dict[str, str]:
        stated = {"format": FORMAT, "model": self.model, "replica": self.replica}
        if self.release is not None:
            stated["release"] = self.release
        return {**stated, "contract": orjson.dumps(self.schema.to_json()).decode()}

    def stream(self, blocks: Sequence[Block]) -> bytes:
        """The rows of all blocks, at least one, as one batch of an Arrow IPC stream."""
        import nanoarrow as na
        from nanoarrow.ipc import StreamWriter

        rows = sum(one.rows for one in blocks)
        sizes = np.concatenate([one.sizes for one in blocks])
        ids = [request.encode() for one in blocks for request in one.requests]
        matrix = np.concatenate([one.matrix for one in blocks])
        numbers = np.concatenate([one.numbers for one in blocks], axis=1)
        flags = np.concatenate([one.flags for one in blocks], axis=1)
        times = np.repeat(np.concatenate([one.times for one in blocks]), sizes)
        columns: list[tuple[str, Any, list[Any]]] = [
            ("request_id", na.string(), _texts(ids, sizes)),
            ("row", na.int32(), [None, _places(sizes)]),
            ("key", na.string(), _keys(blocks)),
            ("scored_at", na.timestamp("us", timezone="UTC"), [None, times]),
        ]
        for position, feature in enumerate(self.schema.features):
            hidden = feature.name in self.hidden
            kind, buffers = _feature(feature, matrix[:, position], hidden)
            columns.append((feature.name, getattr(na, kind)(), buffers))
        columns += [
            ("probability", na.float64(), [None, np.ascontiguousarray(numbers[0])]),
            ("label", na.int8(), [None, np.ascontiguousarray(flags[0])]),
            ("outlier_score", na.float64(), [None, np.ascontiguousarray(numbers[1])]),
            ("outlier", na.bool_(), [None, np.packbits(flags[1].astype(np.bool_), bitorder="little")]),
        ]
        schema = na.c_schema(na.struct({name: kind for name, kind, _ in columns}, nullable=False))
        schema = schema.modify(metadata=self.metadata())
        children = [na.c_array_from_buffers(kind, rows, buffers) for _, kind, buffers in columns]
        whole = na.c_array_from_buffers(schema, rows, buffers=[None], children=children)
        written = io.BytesIO()
        with StreamWriter.from_writable(written) as writer:
            writer.write_array(whole)
        return written.getvalue()


def _places(sizes: NDArray[np.int32]) -> NDArray[np.int32]:
    """0, 1, … of each request, one after another."""
    starts = np.cumsum(sizes) - sizes
    return (np.arange(sizes.sum()) - np.repeat(starts, sizes)).astype(np.int32)


def _texts(values: Sequence[bytes], times: NDArray[np.int32]) -> list[Any]:
    """The buffers of a column of texts, each as often as `times` says."""
    lengths = np.repeat(np.fromiter(map(len, values), dtype=np.int32, count=len(values)), times)
    return [
        None,
        *_joined((value * count for value, count in zip(values, times.tolist(), strict=True)), lengths),
    ]


def _joined(values: Iterable[bytes], lengths: NDArray[np.int32]) -> list[Any]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return [offsets, b"".join(values)]


def _keys(blocks: Sequence[Block]) -> list[Any]:
    rows = sum(one.rows for one in blocks)
    if not any(one.keys for one in blocks):
        return [_none(rows), *_joined((), np.zeros(rows, dtype=np.int32))]
    keys = [key for one in blocks for key in one.keys or [None] * one.rows]
    texts = [b"" if key is None else key.encode() for key in keys]
    there = np.packbits(np.array([key is not None for key in keys]), bitorder="little")
    return [there, *_joined(texts, np.fromiter(map(len, texts), dtype=np.int32, count=rows))]


def _none(rows: int) -> NDArray[np.uint8]:
    """The bits that say that each value is null."""
    return np.zeros(-(-rows // 8), dtype=np.uint8)


def _feature(feature: Feature, column: Matrix, hidden: bool) -> tuple[str, list[Any]]:
    """The name of nanoarrow's type, and the buffers."""
    rows = len(column)
    if isinstance(feature, CategoryFeature):
        if any(isinstance(category, str) for category in feature.categories):
            if hidden:
                return "string", [_none(rows), *_joined((), np.zeros(rows, dtype=np.int32))]
            known = [str(category).encode() for category in feature.categories]
            codes = column.astype(np.intp)
            lengths = np.array([len(text) for text in known], dtype=np.int32)[codes]
            return "string", [None, *_joined(map(known.__getitem__, codes.tolist()), lengths)]
        values = np.array(feature.categories, dtype=np.int64)
        return "int64", [_none(rows), np.zeros(rows, np.int64)] if hidden else [
            None,
            values[column.astype(np.intp)],
        ]
    if hidden:
        kind = np.int64 if feature.integer else np.float32
        return np.dtype(kind).name, [_none(rows), np.zeros(rows, kind)]
    if not feature.integer:
        return "float32", [None, np.ascontiguousarray(column)]
    whole = column.astype(np.float64)
    low, high = ceil(feature.minimum), floor(feature.maximum)  # float32 may have rounded a value beyond them
    return "int64", [None, np.clip(whole, low, high).astype(np.int64)]
