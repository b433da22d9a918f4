"""Which group of an attribute a row belongs to."""

from __future__ import annotations

from ml.steps.attribute import Attribute
from ml.steps.files import Table

LEAST_OF_EACH_LABEL = 30  # rates of a group with fewer rows of a label are mostly chance


def groups(rows: Table, attribute: Attribute) -> list[str]:
    """The group of each row."""
    return [attribute.groups.get(value, attribute.rest) for value in rows[attribute.column].tolist()]
