"""What `pulumi up` would do with a stack, as a preview tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Create:
    """A resource or component that the program has and the state does not.

    inputs: as far as they are known. provider: its URN without id, "" of components. kept: Pulumi's names of
    what keeps it from being deleted, as `protect`.
    """

    urn: str
    type: str
    parent: str
    provider: str
    custom: bool
    inputs: Mapping[str, Any]
    kept: Sequence[str] = ()

    @property
    def name(self) -> str:
        """What the program calls it."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `pulumi up` would create, parents first, and the configuration that it would do it with.

    replaced: URNs of what it would make anew.
    """

    creates: Sequence[Create]
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    replaced: Sequence[str] = ()
