"""Which members a table has, who of them is trained, and by which of the steps that train at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.fleet.declaration import MOST_MEMBERS, Declaration
from ml.steps.contract import LABEL
from ml.steps.errors import StepError
from ml.steps.files import Table
from scoring.fleet.stored import KEY, is_key


@dataclass(frozen=True, slots=True)
class Planned:
    """reason: why the pooled model is to answer for the member, by rule; "" of one that is trained."""

    key: str
    rows: int
    reason: str = ""


def keys_of(table: Table, split: Sequence[str]) -> list[str]:
    """The member of each row. Raises StepError naming the column and value that make no key."""
    missing = [name for name in split if name not in table.columns]
    if missing:
        raise StepError(f"the rows have no column {', '.join(missing)}, by which the fleet is split")
    columns = [[_text(value) for value in table[name].tolist()] for name in split]
    found = ["/".join(values) for values in zip(*columns, strict=True)]
    strange = next((key for key in set(found) if not is_key(key)), None)
    if strange is not None:
        raise StepError(f"{' and '.join(split)} give the member {strange[:80]!r}: expected text like {KEY}")
    return found


def _text(value: Any) -> str:
    """A whole number without the .0 that a column with gaps has."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plan(keys: Sequence[str], labels: Sequence[int], declared: Declaration) -> list[Planned]:
    """The members in the order of their keys. keys, labels: of all rows, training and test.

    Raises StepError where the data has more members than are possible.
    """
    names, places = np.unique(np.array(keys, dtype=str), return_inverse=True)
    if declared.members is None and len(names) > MOST_MEMBERS:
        raise StepError(f"the data has {len(names)} members, at most {MOST_MEMBERS} are possible")
    rows = np.bincount(places, minlength=len(names))
    positive = np.bincount(places, weights=np.asarray(labels) == 1, minlength=len(names)).astype(int)
    rarer = np.minimum(positive, rows - positive)
    counted = {str(name): (int(rows[at]), int(rarer[at])) for at, name in enumerate(names)}
    wanted = sorted(counted) if declared.members is None else sorted(declared.members)
    return [_planned(key, *counted.get(key, (0, 0)), declared) for key in wanted]


def of_tables(train: Table, test: Table, declared: Declaration) -> list[Planned]:
    """The plan of validated tables. Raises StepError."""
    keys = [key for table in (train, test) for key in keys_of(table, declared.split)]
    labels = [label for table in (train, test) for label in table[LABEL].tolist()]
    return plan(keys, labels, declared)


def _planned(key: str, rows: int, rarer: int, declared: Declaration) -> Planned:
    if rows < declared.minimum_rows:
        return Planned(key, rows, f"{rows} rows, {declared.minimum_rows} are needed")
    if rarer < declared.minimum_label_rows:
        return Planned(
            key, rows, f"{rarer} rows of its rarer label, {declared.minimum_label_rows} are needed"
        )
    return Planned(key, rows)


def shards(planned: Sequence[Planned], count: int) -> list[list[Planned]]:
    """Who is trained by which step: those with most rows first, each to the step with fewest rows so far."""
    found: list[list[Planned]] = [[] for _ in range(count)]
    rows = [0] * count
    for member in sorted(planned, key=lambda one: (-one.rows, one.key)):
        if member.reason:
            continue
        least = rows.index(min(rows))
        found[least].append(member)
        rows[least] += member.rows
    return found
