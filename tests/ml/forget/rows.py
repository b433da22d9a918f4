"""Files of rows in memory, as `landing` and training sets hold them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ml.steps.contract import ID


def parquet(ids: Sequence[int | str | None], column: str = ID) -> bytes:
    to = io.BytesIO()
    pq.write_table(pa.table({column: ids, "age": list(range(len(ids)))}), to)
    return to.getvalue()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class MemoryRows:
    """An ETag is the digest of the content."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def versions(self) -> dict[str, str]:
        return {name: digest(self.files[name]) for name in sorted(self.files)}

    def read(self, name: str) -> tuple[bytes, str] | None:
        data = self.files.get(name)
        return None if data is None else (data, digest(data))

    def replace(self, name: str, data: bytes, etag: str) -> bool:
        if digest(self.files[name]) != etag:
            return False
        self.files[name] = data
        return True
