"""What became of one place in an erasure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

State = Literal["erased", "under way", "not there", "failed", "told"]
OVER: Final = ("erased", "not there", "told")


@dataclass(frozen=True, slots=True)
class Outcome:
    """state: erased, nothing of it is left that a role could read; under way, a service of Azure goes on by
    itself; not there, the estate has no such place; failed, to be done by the next command; told, what is
    there is not erased by key, and what is said of it names what is to be done.

    rows: that were erased there. said: for a person. kept: what the next command has to know.
    """

    state: State
    rows: int = 0
    said: str = ""
    kept: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def over(self) -> bool:
        return self.state in OVER
