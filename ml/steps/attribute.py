"""How people are parted into the groups among whom a model is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attribute:
    """Groups by the values of a column; `rest` is the group of every value that is not named."""

    column: str
    groups: Mapping[object, str]
    rest: str

    @property
    def names(self) -> tuple[str, ...]:
        """All groups in the order in which people read them."""
        return (*dict.fromkeys(self.groups.values()), self.rest)
