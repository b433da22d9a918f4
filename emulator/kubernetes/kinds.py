"""The kinds of objects that are served, as data: one row a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    group: "" for the core group. schema: the name of its type in Kubernetes' own OpenAPI. subresources: those
    that are served. generation: whether metadata.generation counts the changes of its spec. status: whether
    its status is written by a subresource of its own alone.
    """

    kind: str
    group: str
    version: str
    plural: str
    schema: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    generation: bool = False
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def qualified(self) -> str:
        """The resource as messages name it, such as ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def status(self) -> bool:
        return "status" in self.subresources


CORE: Final = "io.k8s.api.core.v1"
STATUS: Final = ("status",)
ALL: Final = ("all",)

# fmt: off
KINDS: Final[tuple[Kind, ...]] = (
    Kind("Namespace", "", "v1", "namespaces", f"{CORE}.Namespace", ("ns",), False, STATUS),
    Kind("Node", "", "v1", "nodes", f"{CORE}.Node", ("no",), False, STATUS),
    Kind("Pod", "", "v1", "pods", f"{CORE}.Pod", ("po",), True, ("binding", "eviction", "log", "status"),
         True, ALL),
    Kind("Service", "", "v1", "services", f"{CORE}.Service", ("svc",), True, STATUS, False, ALL),
    Kind("Endpoints", "", "v1", "endpoints", f"{CORE}.Endpoints", ("ep",)),
    Kind("ServiceAccount", "", "v1", "serviceaccounts", f"{CORE}.ServiceAccount", ("sa",), True, ("token",)),
    Kind("ConfigMap", "", "v1", "configmaps", f"{CORE}.ConfigMap", ("cm",)),
    Kind("Secret", "", "v1", "secrets", f"{CORE}.Secret"),
    Kind("Event", "", "v1", "events", f"{CORE}.Event", ("ev",)),
    Kind("Deployment", "apps", "v1", "deployments", "io.k8s.api.apps.v1.Deployment", ("deploy",), True,
         ("scale", "status"), True, ALL),
    Kind("ReplicaSet", "apps", "v1", "replicasets", "io.k8s.api.apps.v1.ReplicaSet", ("rs",), True,
         ("scale", "status"), True, ALL),
    Kind("HorizontalPodAutoscaler", "autoscaling", "v2", "horizontalpodautoscalers",
         "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler", ("hpa",), True, STATUS, False, ALL),
    Kind("PodDisruptionBudget", "policy", "v1", "poddisruptionbudgets",
         "io.k8s.api.policy.v1.PodDisruptionBudget", ("pdb",), True, STATUS, True),
    Kind("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies",
         "io.k8s.api.networking.v1.NetworkPolicy", ("netpol",), True, (), True),
    Kind("EndpointSlice", "discovery.k8s.io", "v1", "endpointslices",
         "io.k8s.api.discovery.v1.EndpointSlice", (), True, (), True),
    Kind("Lease", "coordination.k8s.io", "v1", "leases", "io.k8s.api.coordination.v1.Lease"),
)
# fmt: on
BY_KIND: Final = {one.kind: one for one in KINDS}
BY_RESOURCE: Final = {(one.group, one.plural): one for one in KINDS}
