"""Which virtual machines an estate may grow to, as its settings say."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.config import Settings


@dataclass(frozen=True, slots=True)
class Machines:
    """setting: where the size stands. most: how many there may be. low_priority: of the cheap quota."""

    setting: str
    size: str
    most: int
    low_priority: bool = False


def training(settings: "Settings") -> tuple[Machines, ...]:
    """The nodes of Azure ML's clusters, which have a quota of their own."""
    compute = settings.compute
    return (
        Machines("compute.vmSize", compute.vm_size, compute.max_nodes, compute.priority == "LowPriority"),
    )
