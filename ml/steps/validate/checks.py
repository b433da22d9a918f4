"""The data contract as pandera checks, and their failures as findings that name column and rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ml.steps.contract import (
    COLUMNS,
    ID,
    LABEL,
    LABEL_VALUES,
    MINIMUM_CLASS_SHARE,
    MINIMUM_ROWS,
    SCHEMA,
)
from ml.steps.files import Table
from scoring.model.schema import CategoryFeature, Feature, NumberFeature, limit_text

Series = Any  # a pandas.Series
EXAMPLE_LENGTH = 40  # characters


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that `rows` rows of a table break; `example`: such a value, `row_id`: its row."""

    table: str
    column: str
    rule: str
    rows: int
    example: str | None = None
    row_id: str | None = None

    def __str__(self) -> str:
        where = f", for example {self.example} in the row with id {self.row_id}" if self.example else ""
        return f"{self.table}: column {self.column}: {self.rule}: {self.rows} rows{where}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check(tables: Mapping[str, Table]) -> list[Finding]:
    """All findings of the tables, alone and together; empty when the contract is kept."""
    findings = [finding for name, frame in tables.items() for finding in _check_table(name, frame)]
    findings.extend(_check_together([frame.reindex(columns=[ID, LABEL]) for frame in tables.values()]))
    findings.extend(
        finding for name, frame in tables.items() for finding in _check_labels(name, frame, tables)
    )
    return findings


def _check_labels(name: str, frame: Table, tables: Mapping[str, Table]) -> list[Finding]:
    """Find a table that lacks a label which others have: nothing can be fitted or measured on it.

    The check of all tables together finds a label that none has.
    """
    if LABEL not in frame.columns:
        return []
    return [
        Finding(name, LABEL, f"at least one row with label {label}", 0)
        for label in LABEL_VALUES
        if not (frame[LABEL] == label).any()
        and any((other[LABEL] == label).any() for other in tables.values() if LABEL in other.columns)
    ]


def _check_table(name: str, frame: Table) -> list[Finding]:
    try:
        _schema(frame).validate(frame, lazy=True)
    except SchemaErrors as error:
        return _findings(name, frame, error.failure_cases)
    return []


def _schema(frame: Table) -> pa.DataFrameSchema:
    rules = {feature.name: _rules(feature) for feature in SCHEMA.features}
    rules[ID] = [_type_rule("whole numbers or text", _identifies)]
    rules[LABEL] = [pa.Check.isin(LABEL_VALUES, error=f"one of {_listed(LABEL_VALUES)}")]
    columns = {
        name: pa.Column(checks=[NO_BOOLEANS] if _has_booleans(frame, name) else checks, nullable=False)
        for name, checks in rules.items()
    }
    columns[ID].unique = True
    return pa.DataFrameSchema({name: columns[name] for name in COLUMNS}, strict=True)


def _rules(feature: Feature) -> list[pa.Check]:
    if isinstance(feature, CategoryFeature):
        return [pa.Check.isin(feature.categories, error=f"one of {_listed(feature.categories)}")]
    rule = _type_rule("whole numbers", _whole) if feature.integer else _type_rule("numbers", _numbers)
    limits = f"from {limit_text(feature.minimum)} to {limit_text(feature.maximum)}"
    return [rule, pa.Check(_between(feature), error=limits)]


def _type_rule(what: str, holds: Callable[[Series], Series]) -> pa.Check:
    return pa.Check(holds, error=what)


def _each(values: Series, kinds: tuple[type, ...]) -> Series:
    """True for the values that are of one of the kinds."""
    if _is_plain(values):  # all are of one kind
        return pd.Series(issubclass(values.dtype.type, kinds), index=values.index)

    def holds(value: object) -> bool:
        return isinstance(value, kinds)

    return values.map(holds).astype(bool)


def _is_plain(values: Series) -> bool:
    """A numpy array of numbers or booleans (timedelta64 is an integer to issubclass)."""
    return isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf"


def _booleans(values: Series) -> Series:
    return _each(values, (bool, np.bool_))


def _has_booleans(frame: Table, name: str) -> bool:
    return name in frame.columns and bool(_booleans(frame[name]).any())


def _as_numbers(values: Series) -> Series:
    """The values as floats, NaN where one is no number. Text, dates and decimals are no numbers here."""
    numbers = _numbers(values)
    known = values if numbers.all() else values.astype(object).where(numbers)
    return known.astype(np.float64)


def _numbers(values: Series) -> Series:
    return _each(values, (int, float, np.integer, np.floating))


def _whole(values: Series) -> Series:
    return _numbers(values) & (_as_numbers(values) % 1 == 0)


def _identifies(values: Series) -> Series:
    return _each(values, (str,)) | _whole(values)


def _between(feature: NumberFeature) -> Callable[[Series], Series]:
    """Whether values lie between the limits; True for what is no number, which another rule reports."""

    def holds(values: Series) -> Series:
        numbers = _as_numbers(values)
        return numbers.isna() | numbers.between(feature.minimum, feature.maximum)

    return holds


# It replaces a column's other rules, because True is 1 to some of them and not to others.
NO_BOOLEANS = _type_rule(
    "no booleans: allowed are numbers, and categories of text or whole numbers; write 0 and 1",
    lambda values: ~_booleans(values),
)


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(map(str, values))


NAMES = {
    "not_nullable": "no empty values",
    "field_uniqueness": "unique",
    "column_in_dataframe": "the column is missing",
    "column_in_schema": "no column beyond the contract",
}


def _findings(table: str, frame: Table, cases: Table) -> list[Finding]:
    """Pandera's failure cases, one row a value, as one finding a column and rule."""
    cases = cases.assign(
        column=cases["column"].where(cases["column"].notna(), cases["failure_case"]),
        rule=[NAMES.get(str(check), str(check)) for check in cases["check"]],
    )
    findings: list[Finding] = []
    for (column, rule), group in cases.groupby(["column", "rule"], sort=False):
        first = group.iloc[0]
        index = first["index"]
        if column not in frame.columns or rule == NAMES["column_in_schema"] or pd.isna(index):
            findings.append(Finding(table, str(column), str(rule), len(frame)))
            continue
        row_id = str(frame.loc[index, ID]) if ID in frame.columns else None
        example = _text(first["failure_case"])
        findings.append(Finding(table, str(column), str(rule), len(group), example, row_id))
    return findings


def _text(value: Any) -> str:
    """A value for a report: short, and numbers without the names of their numpy types."""
    return repr(value.item() if isinstance(value, np.generic) else value)[:EXAMPLE_LENGTH]


def _check_together(tables: list[Table]) -> list[Finding]:
    findings: list[Finding] = []
    rows: Table = pd.concat(tables)
    if len(rows) < MINIMUM_ROWS:
        findings.append(Finding("all", ID, f"at least {MINIMUM_ROWS} rows", len(rows)))
    ids: Series = pd.concat([table[ID].dropna().drop_duplicates() for table in tables])
    shared = ids[ids.duplicated()]
    if not shared.empty:
        example = str(shared.iloc[0])
        findings.append(Finding("all", ID, "no id in two tables", len(shared), example, example))
    counts = rows[LABEL].astype(object).value_counts()  # so that True counts as 1 beside its own finding
    rows_with = {label: int(counts.get(label, 0)) for label in LABEL_VALUES}
    if not any(rows_with.values()):
        return findings  # none is a label: the finding of the column itself says so
    for label, count in rows_with.items():
        if count < MINIMUM_CLASS_SHARE * len(rows):
            rule = f"at least {MINIMUM_CLASS_SHARE:.0%} of the rows have label {label}"
            findings.append(Finding("all", LABEL, rule, count))
    return findings
