"""A role definition: which actions it allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

# What most roles of services may also read.
COMMON: Final = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Resources/deployments/*",
)


@dataclass(frozen=True, slots=True)
class Role:
    """A role definition; ``*`` in an action stands for anything, slashes included."""

    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, action: str, *, data: bool = False) -> bool:
        """Whether the role allows an action (``data``: one of the data plane)."""
        given = self.data_actions if data else self.actions
        withheld = self.not_data_actions if data else self.not_actions
        return _match(given, action) and not _match(withheld, action)


def _match(patterns: Iterable[str], action: str) -> bool:
    return any(_pattern(pattern).fullmatch(action) for pattern in patterns)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.IGNORECASE)
