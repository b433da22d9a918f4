"""prepare: the data set -> train.parquet and test.parquet, sorted by id, otherwise unchanged."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ml.steps import definition
from ml.steps.contract import ID
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, Table, read_table, write_table
from ml.steps.prepare import FRACTIONS
from ml.steps.prepare.split import held_out


def run(raw: Path, test_fraction: float, prepared: Path) -> None:
    definition.check()
    frame: Table = read_table(raw)
    if ID not in frame.columns:
        raise StepError(f"{raw} has no column {ID}; found {', '.join(map(str, frame.columns))}")
    empty = int(frame[ID].isna().sum())
    if empty:
        raise StepError(f"{raw}: column {ID} is empty in {empty} rows, which cannot be split")
    least, greatest = FRACTIONS
    if not least <= test_fraction <= greatest:
        raise StepError(f"test_fraction is {test_fraction}: expected a share from {least} to {greatest}")
    frame = frame.sort_values(ID, kind="stable")
    test = held_out(frame[ID].tolist(), test_fraction, salt="test")
    for name, part in ((TRAIN, frame[~test]), (TEST, frame[test])):
        if part.empty:
            raise StepError(f"{raw}: none of its {len(frame)} rows falls into {name}")
        write_table(part, prepared / name)
        print(f"{name}: {len(part)} rows")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--test-fraction", type=float, required=True)
    parser.add_argument("--prepared", type=Path, required=True)
    given = parser.parse_args(arguments)
    return exit_code("prepare", lambda: run(given.raw, given.test_fraction, given.prepared))


if __name__ == "__main__":
    sys.exit(main())
