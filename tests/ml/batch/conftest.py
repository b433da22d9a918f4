"""A small model and rows to score in a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml.batch.evaluate import Composite, load
from tests.scoring.trained import small

ID = "id"


@pytest.fixture(scope="session")
def composite(tmp_path_factory: pytest.TempPathFactory) -> Composite:
    folder = tmp_path_factory.mktemp("model")
    small().trained.artifact.save(folder)
    return load(folder, "credit-default:1", "r-0123456789abcdef", 65_536)


@pytest.fixture(scope="session")
def rows(composite: Composite) -> pd.DataFrame:
    """Rows with the contract's columns and a key."""
    return small().test.loc[:, [ID, *composite.artifact.schema.names]].reset_index(drop=True)


def written(rows: pd.DataFrame, folder: Path, files: int = 2, group: int = 100) -> str:
    """The rows as Parquet files with small row groups."""
    folder.mkdir(parents=True, exist_ok=True)
    size = -(-len(rows) // files)
    for number in range(files):
        part: Any = rows.iloc[number * size : (number + 1) * size]
        part.to_parquet(folder / f"part-{number}.parquet", row_group_size=group, index=False)
    return str(folder)
