"""A model of the estate, in this process: prediction, outlier flag and explanation of rows.

    from PACKAGE import score
    score([{...}, {...}])["predictions"]

The answers are those of the scoring service of the same release, to the last bit where the same evaluator
answers: machine code where the package scoring-kernel is installed, else ONNX Runtime. Nothing is sent away.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from scoring.library import Model, Rows
from scoring.model.defects import ContractError, TooManyRowsError

__all__ = ["RELEASE", "ContractError", "TooManyRowsError", "explain", "model", "score"]
HERE: Final = Path(__file__).parent
RELEASE: Final[dict[str, Any]] = json.loads((HERE / "release.json").read_text(encoding="utf-8"))


@cache
def model() -> Model:
    """The model, loaded and tested on its samples at the first call."""
    return Model(HERE / "model")


def score(rows: Rows) -> dict[str, Any]:
    """`predictions` and `outliers` of records or of columns, and which `model` answered.

    Raises ContractError, whose `errors` say what is wrong with which value, and TooManyRowsError.
    """
    return {**model().score(rows), "model": RELEASE}


def explain(rows: Rows) -> dict[str, Any]:
    """The margin of each row and what each feature adds to the base: exact Shapley values."""
    return {**model().explain(rows), "model": RELEASE}
