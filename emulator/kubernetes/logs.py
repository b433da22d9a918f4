"""What containers have said: asked of whatever runs the pods."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.errors import NotServed


class Logs(Protocol):
    """Of the containers of all clusters."""

    def log(
        self, cluster: Cluster, namespace: str, pod: str, container: str, *, previous: bool
    ) -> Path | None:
        """The file into which a container of a pod writes what it says (previous: the one before it was
        started again); None where it never ran."""
        ...


class Attached:
    """Those of what the composition root has put in, if anything."""

    def __init__(self) -> None:
        self.source: Logs | None = None

    def log(
        self, cluster: Cluster, namespace: str, pod: str, container: str, *, previous: bool
    ) -> Path | None:
        """As ``Logs`` has it."""
        if self.source is None:
            raise NotServed(f"logs of the pod {namespace}/{pod}: nothing runs it")
        return self.source.log(cluster, namespace, pod, container, previous=previous)
