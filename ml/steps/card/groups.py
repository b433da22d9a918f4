"""Puts each row into its group of an attribute."""

from __future__ import annotations

from ml.steps.attribute import Attribute
from ml.steps.files import Table

LEAST_OF_EACH_LABEL = 30  # with fewer rows of a label, a group's rates are mostly chance


def groups(rows: Table, attribute: Attribute) -> list[str]:
    """The name of each row's group [rows]."""
    return [attribute.groups.get(value, attribute.rest) for value in rows[attribute.column].tolist()]
