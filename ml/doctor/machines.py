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
    clusters = {"compute": settings.compute}
    clusters |= {f"moreClusters.{name}": cluster for name, cluster in settings.more_clusters.items()}
    return tuple(
        Machines(f"{where}.vmSize", one.vm_size, one.max_nodes, one.priority == "LowPriority")
        for where, one in clusters.items()
    )


def kubernetes(settings: "Settings") -> tuple[Machines, ...]:
    """The nodes of the Kubernetes cluster, of the subscription's own quota for machines."""
    cluster = settings.kubernetes
    if cluster is None:
        return ()
    pools = {"systemNodes": cluster.system_nodes, "userNodes": cluster.user_nodes}
    return tuple(
        Machines(f"kubernetes.{name}.vmSize", pool.vm_size, pool.max_nodes) for name, pool in pools.items()
    )


def runners(settings: "Settings") -> tuple[Machines, ...]:
    """The machines of CI, of the same quota."""
    chosen = settings.runners
    return (Machines("runners.vmSize", chosen.vm_size, chosen.count),) if chosen else ()
