"""A small model, trained once for all tests that need one, on 3,000 rows of the real data set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isclose
from pathlib import Path
from typing import Any

import pandas as pd

from ml.steps.contract import ID
from ml.steps.matrix import matrix_of
from ml.steps.prepare.split import held_out
from ml.steps.train.candidates import Parameters
from ml.steps.train.training import Settings, Trained, train
from scoring.model.schema import Matrix

DATA = Path(__file__).parents[2] / "data" / "credit_default.parquet"
SETTINGS = Settings(Parameters(seed=7, trials=1, boosting={"learning_rate": 0.1}), outlier_share=0.02)


@dataclass(frozen=True)
class Small:
    rows: pd.DataFrame
    test: pd.DataFrame
    trained: Trained

    @property
    def test_matrix(self) -> Matrix:
        return matrix_of(self.test, self.trained.artifact.schema)


def as_stated(found: Iterable[Mapping[str, Any]], stated: Iterable[Mapping[str, Any]]) -> bool:
    """Whether answers are those of the artifact's samples: numbers within 1e-6, all else the same.

    ONNX Runtime wrote the samples, and machine code may answer.
    """
    return all(
        one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
        for one, other in zip(found, stated, strict=True)
    )


def _same(found: Any, stated: Any) -> bool:
    close = isinstance(stated, float) and isclose(found, stated, rel_tol=0.0, abs_tol=1e-6)
    return type(found) is type(stated) and (close or found == stated)


@lru_cache(maxsize=1)
def data_set() -> pd.DataFrame:
    return pd.read_parquet(DATA)


@lru_cache(maxsize=1)
def small() -> Small:
    sample = data_set().sample(3_000, random_state=0).sort_values(ID)
    test = held_out(sample[ID].tolist(), 0.2, salt="test")
    rows, held = sample.loc[~test, :], sample.loc[test, :]
    return Small(rows, held, train(rows, held, SETTINGS))
