"""Reads and writes the files of steps: tables as parquet, results as JSON. A written file is whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ml.steps.errors import StepError

TRAIN, TEST = "train.parquet", "test.parquet"
Table = Any  # a pandas.DataFrame; pandas has no types that a strict checker can follow


def read_table(path: Path) -> Table:
    """Raises StepError when there is no readable parquet file, or a column of it is a pandas index."""
    import pandas as pd  # half a second, which steps that read no table need not spend

    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise StepError(f"{path} cannot be read as parquet: {error}") from error
    named = [str(name) for name in frame.index.names if name is not None]
    if named:
        raise StepError(
            f"{path} has {', '.join(named)} as a pandas index, not as a column: write it after reset_index()"
        )
    return frame


def read_json(path: Path) -> dict[str, Any]:
    """Raises StepError when there is no JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(value, dict):
        raise StepError(f"{path} holds no JSON object")
    return value


def write_table(frame: Table, path: Path) -> None:
    _write(path, lambda aside: frame.to_parquet(aside, compression="zstd", index=False))


def write_json(value: object, path: Path) -> None:
    write_text(json.dumps(value, indent=1) + "\n", path)


def write_text(text: str, path: Path) -> None:
    _write(path, lambda aside: aside.write_text(text, encoding="utf-8"))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    write(aside)
    aside.replace(path)


def content_sha256(frame: Table) -> str:
    """SHA-256 of a table's rows as CSV: the same for the same values, whatever wrote the file."""
    return hashlib.sha256(frame.to_csv(index=False, lineterminator="\n").encode()).hexdigest()
