"""What a pod gives to its containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.images.image import Image
from emulator.processes import Processes

Json = dict[str, Any]
Say = Callable[[str, str, str, str], None]
"""(type, reason, message, field path)"""


class PullError(Exception):
    """An image that cannot be had, in the kubelet's words."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a pod gives to its containers. pull: PullError. variables: Missing. mounts: path in the container
    -> folder. volumes are there by then."""

    name: str
    namespace: str
    uid: str
    address: str
    policy: str
    grace_s: float
    folder: Path
    processes: Processes
    pull: Callable[[str], Image]
    variables: Callable[[Json], Mapping[str, str]]
    mounts: Callable[[Json], Mapping[str, Path]]
    say: Say
    changed: Callable[[], None]

    @property
    def pod(self) -> str:
        """As messages name it."""
        return f"{self.name}_{self.namespace}({self.uid})"
