"""Whether a training would take the rows: the checks are those of its own steps."""

from __future__ import annotations

from typing import Any

from ml.errors import MlopsError
from ml.push.rows import NAMES, Rows
from ml.steps.contract import ID
from ml.steps.files import TEST, TRAIN
from ml.steps.prepare.split import held_out


def check(rows: Rows, test_fraction: float) -> None:
    """Raises MlopsError for rows that no training would take; it shows no value of a row."""
    gone = [name for name in NAMES if rows.labelled and rows.empty.get(name, 0) == rows.labelled]
    if gone:
        raise MlopsError(
            f"No row that was kept has a value of {', '.join(gone)}, which the training's contract has: "
            "redacted or hashed features are not kept, and a training takes no empty values.",
            "Take them out of the contract (ml/steps/contract.py), or out of SCORING_REDACT_FEATURES and "
            "SCORING_HASH_FEATURES of [scoring.variables].",
        )
    from ml.steps.validate.checks import check as validated  # pandera takes a second to import

    frame: Any = rows.rows.to_pandas()
    test = held_out(frame[ID].tolist(), test_fraction, salt="test")
    findings = validated({TRAIN: frame[~test], TEST: frame[test]})
    if findings:
        raise MlopsError(
            f"The rows break the training's contract in {len(findings)} ways: nothing was sent.",
            "See whether the service's contract is that of this checkout (ml/steps/contract.py).",
            [f"{one.table}: {one.column}: {one.rule}: {one.rows} rows" for one in findings],
        )
