"""A file of labels, parquet or csv, read strictly: a wrong one is refused whole, before any is recorded."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml.errors import MlopsError
from ml.jobs import csv_table
from ml.jobs.data import kind_of

COLUMNS: Final = ("request_id", "row", "key", "label", "observed_at")
SHOWN: Final = 5  # wrong rows that an error names
FUTURE: Final = dt.timedelta(minutes=5)  # what clocks may differ by
HINT: Final = (
    "A file of labels has the columns label (0 or 1), observed_at (with its offset from UTC), and request_id "
    "with row (0 where it is left out), or key, of the answer that each label is about."
)


@dataclass(frozen=True, slots=True)
class Given:
    """A label as a file gives it: of the row of a request, or of the key that the caller sent with a row."""

    label: int
    observed_at: dt.datetime
    request_id: str | None = None
    row: int = 0
    key: str | None = None


def read(path: Path, shown: str, now: dt.datetime) -> list[Given]:
    """The labels in the order of the file. shown: what the file is called in an error. now: in UTC.

    Raises MlopsError naming the columns and rows that are wrong.
    """
    import pyarrow as pa
    import pyarrow.parquet

    with path.open("rb") as file:
        head = file.read(4096)
    if kind_of(head, shown, shown) == "csv":
        names = _names(path)
        table: Any = csv_table.read(path, shown, names, {"row": "whole", "label": "whole"})
    else:
        try:
            table = pyarrow.parquet.read_table(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise MlopsError(f"The labels {shown} are no readable parquet: {error}.", HINT) from error
    _check_columns(table.column_names, shown)
    rows = table.num_rows
    columns = {
        name: table.column(name).to_pylist() if name in table.column_names else [None] * rows
        for name in COLUMNS
    }
    wrong: list[str] = []
    found: list[Given] = []
    for number, values in enumerate(zip(*columns.values(), strict=True), start=1):
        given = _given(dict(zip(COLUMNS, values, strict=True)), now)
        if isinstance(given, Given):
            found.append(given)
        else:
            wrong.append(f"row {number}: {given}")
    if wrong:
        more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
        raise MlopsError(
            f"{len(wrong)} of {rows} labels in {shown} are wrong; none was recorded.",
            HINT,
            [*wrong[:SHOWN], *more],
        )
    return found


def _names(path: Path) -> tuple[str, ...]:
    """Those of COLUMNS and others that the first line of a csv file has."""
    with path.open(encoding="utf-8-sig") as file:
        return tuple(name.strip().strip('"') for name in file.readline().rstrip("\r\n").split(","))


def _check_columns(names: list[str], shown: str) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in ("label", "observed_at") if name not in names]
    if "request_id" not in names and "key" not in names:
        missing.append("request_id or key")
    problems = [f"it lacks {', '.join(missing)}"] if missing else []
    if unknown:
        problems.append(f"{', '.join(unknown)} is no column of labels")
    if problems:
        raise MlopsError(f"The labels {shown} have other columns: {'; '.join(problems)}.", HINT)


def _given(values: dict[str, Any], now: dt.datetime) -> Given | str:
    """The label, or what is wrong with it. No key is shown in an error: it stands for a person."""
    label, request_id, key = values["label"], values["request_id"], values["key"]
    row = values["row"]
    if isinstance(label, bool) or label not in (0, 1):
        return f"label is {label!r}, not 0 or 1"
    if (request_id is None) == (key is None):
        return "it needs request_id or key, and has " + ("neither" if key is None else "both")
    if not isinstance(request_id, str | None) or not isinstance(key, str | None):
        return "request_id and key are texts"
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or row < 0):
        return f"row is {row!r}, not a whole number from 0 on"
    if row is not None and request_id is None:
        return "row belongs to a request_id, and there is none"
    observed = _moment(values["observed_at"])
    if isinstance(observed, str):
        return observed
    if observed > now + FUTURE:
        return f"observed_at is {observed.isoformat()}, which is in the future"
    return Given(int(label), observed, request_id, row or 0, key)


def _moment(value: Any) -> dt.datetime | str:
    """A moment in UTC, or what is wrong with it."""
    found = value
    if isinstance(value, str):
        try:
            found = dt.datetime.fromisoformat(value)
        except ValueError:
            return f"observed_at is {value!r}, not as in 2026-11-30T08:00:00Z"
    if not isinstance(found, dt.datetime):
        return f"observed_at is {value!r}, no moment"
    if found.tzinfo is None:
        return f"observed_at is {value!s}, without its offset from UTC"
    return found.astimezone(dt.UTC)
