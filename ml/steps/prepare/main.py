"""prepare: the data set -> train.parquet and test.parquet, sorted by id, each id in its one spelling."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from ml.steps import definition, keys
from ml.steps.contract import ID
from ml.steps.errors import StepError, exit_code
from ml.steps.files import TEST, TRAIN, Table, read_table, write_json, write_table
from ml.steps.prepare import FRACTIONS, ORIGIN, UNKNOWN
from ml.steps.prepare.split import held_out


def run(raw: Path, test_fraction: float, prepared: Path, sha256: str = UNKNOWN) -> None:
    """sha256: what the file is to have, or UNKNOWN. Raises StepError when it has another one."""
    definition.check()
    found = origin(raw)
    if sha256 not in (UNKNOWN, found["sha256"]):
        raise StepError(f"{raw} has the SHA-256 {found['sha256']}, and {sha256} was to be read")
    write_json(found, prepared / ORIGIN)
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


def origin(raw: Path) -> dict[str, Any]:
    """SHA-256 and bytes of the data set's file. Raises StepError when it cannot be read."""
    try:
        with raw.open("rb") as file:
            return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": file.tell()}
    except OSError as error:
        raise StepError(f"{raw} cannot be read: {error.strerror}") from error


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
    parser.add_argument("--sha256", default=UNKNOWN)
    parser.add_argument("--anew", default="no", help="changes nothing here: see component.yml")
    parser.add_argument("--prepared", type=Path, required=True)
    given = parser.parse_args(arguments)
    return exit_code("prepare", lambda: run(given.raw, given.test_fraction, given.prepared, given.sha256))


if __name__ == "__main__":
    sys.exit(main())
