"""Compares a data set's columns with the contract, before anything is uploaded or submitted."""

from collections import Counter
from collections.abc import Sequence

from ml.errors import MlopsError
from ml.jobs.data import DataFile

MOST_NAMED = 20  # column names that an error lists of each kind


def check(file: DataFile) -> None:
    """Compare names only; the step validate looks at the values.

    Raises MlopsError naming the columns that are missing, not known, there more than once, or no columns
    but the index of a pandas frame.
    """
    from ml.steps.contract import COLUMNS
    from ml.steps.definition import CONTRACT_FILE

    if file.index:
        raise MlopsError(
            f"The data set {file.shown} was written with a pandas index, which no step reads as a column: "
            f"{_listed(file.index)}.",
            "Write the frame after reset_index() when the index is a column of the contract, else with "
            "to_parquet(..., index=False).",
        )
    wrong = {
        "missing": [name for name in COLUMNS if name not in file.columns],
        "unexpected": [name for name in dict.fromkeys(file.columns) if name not in COLUMNS],
        "more than once": [name for name, times in Counter(file.columns).items() if times > 1],
    }
    details = [f"{kind}: {_listed(names)}" for kind, names in wrong.items() if names]
    if details:
        raise MlopsError(
            f"The data set {file.shown} does not have the columns of the contract, {CONTRACT_FILE}.",
            "Give a data set with exactly its columns, or write the contract of this one there.",
            details,
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:MOST_NAMED]))
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"
