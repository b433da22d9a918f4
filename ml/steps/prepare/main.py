"""prepare: the data set -> train.parquet and test.parquet, sorted by id, each id in its one spelling."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ml.steps import definition, keys
from ml.steps.contract import ID
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, Table, read_table, write_table
from ml.steps.prepare import FRACTIONS
from ml.steps.prepare.split import held_out


def run(raw: Path, test_fraction: float, prepared: Path) -> None:
    definition.check()
    frame: Table = read_table(raw)
    least, greatest = FRACTIONS
    if not least <= test_fraction <= greatest:
        raise StepError(f"test_fraction is {test_fraction}: expected a share from {least} to {greatest}")
    frame = with_keys(frame, str(raw)).sort_values(ID, kind="stable")
    test = held_out(frame[ID].tolist(), test_fraction, salt="test")
    for name, part in ((TRAIN, frame[~test]), (TEST, frame[test])):
        if part.empty:
            raise StepError(f"{raw}: none of its {len(frame)} rows falls into {name}")
        write_table(part, prepared / name)
        print(f"{name}: {len(part)} rows")


def with_keys(frame: Table, name: str) -> Table:
    """The table with each id in its one spelling. Raises StepError when a row has no id or two have one."""
    if ID not in frame.columns:
        raise StepError(f"{name} has no column {ID}; found {', '.join(map(str, frame.columns))}")
    ids = frame[ID]
    empty = int(ids.isna().sum())
    if empty:
        raise StepError(f"{name}: column {ID} is empty in {empty} rows, which cannot be split")
    try:
        found = keys.column(ids)
    except ValueError as error:
        raise StepError(f"{name}: column {ID} has {error}; ids are whole numbers or text") from error
    if both := keys.merged(ids, found):
        raise StepError(
            f"{name}: column {ID} has {both[0]} and {both[1]}, which are one id in two spellings: "
            "a text that spells a number is that number, whatever zeros it begins with"
        )
    return frame.assign(**{ID: found})


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="prepare", description=__doc__)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--test-fraction", type=float, required=True)
    parser.add_argument("--prepared", type=Path, required=True)
    given = parser.parse_args(arguments)
    return exit_code("prepare", lambda: run(given.raw, given.test_fraction, given.prepared))


if __name__ == "__main__":
    sys.exit(main())
