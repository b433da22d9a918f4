"""The groups of people among whom a model is compared, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml.steps.files import Table

LEAST_OF_EACH_LABEL = 30  # of a group, for its rates to count: below that they are mostly chance


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


ATTRIBUTES: dict[str, Attribute] = {
    "sex": Attribute("sex", {"female": "women", "male": "men"}, "other"),
    "education": Attribute(
        "education", {1: "graduate school", 2: "university", 3: "high school"}, "other or undocumented"
    ),
    "marriage": Attribute("marriage", {1: "married", 2: "single"}, "other or undocumented"),
    "age_group": Attribute(
        "age",
        {
            **dict.fromkeys(range(18, 30), "18 to 29"),
            **dict.fromkeys(range(30, 40), "30 to 39"),
            **dict.fromkeys(range(40, 50), "40 to 49"),
            **dict.fromkeys(range(50, 60), "50 to 59"),
        },
        "60 and older",
    ),
}


def groups(rows: Table, attribute: Attribute) -> list[str]:
    """The group of each row."""
    return [attribute.groups.get(value, attribute.rest) for value in rows[attribute.column].tolist()]
