"""Policies ready to run, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Action = Callable[[Any], None]
"""What a policy does to a `run.Run`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One policy, ready to run. scope: `global`, `product`, `api` or `operation`; place: of its document."""

    name: str
    scope: str
    act: Action
    policy_id: str = ""
    path: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of each section, those of outer scopes in the places of their `<base />`."""

    inbound: tuple[Step, ...] = ()
    backend: tuple[Step, ...] = ()
    outbound: tuple[Step, ...] = ()
    on_error: tuple[Step, ...] = ()
