"""The API servers of clusters: their objects, and the host names at which they answer."""

from __future__ import annotations

from emulator.arm.service import Arm
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.identity.service import Identity
from emulator.kubernetes import namespaces
from emulator.kubernetes.admission import Admission, Webhook
from emulator.kubernetes.clusters import Clusters
from emulator.kubernetes.logs import Attached
from emulator.kubernetes.server import Server
from emulator.lifetime import Lifetime
from emulator.network.reach import Reach
from emulator.refusals import Refusals
from emulator.tls import Certificates

HOSTS = "*.azmk8s.io"


class Kubernetes:
    """What runs in clusters is added by whoever runs it. webhooks: called with each new pod, and may change
    it. checks: called with each that is let in, and may refuse it. logs: what pods have said."""

    def __init__(self, home: Home, arm: Arm) -> None:
        def authority() -> str:
            return Certificates(home).authority.decode()

        self.webhooks: list[Webhook] = []
        self.checks: list[Webhook] = []
        self.logs = Attached()
        self.clusters = Clusters(
            arm, lambda cluster_id: Admission(arm, cluster_id, authority, self.webhooks, self.checks)
        )
        namespaces.install(arm, self.clusters)


def install(
    hosts: Hosts,
    lifetime: Lifetime,
    identity: Identity,
    kubernetes: Kubernetes,
    reach: Reach,
    refusals: Refusals,
) -> None:
    """Answer at the names of clusters; end their watches with the emulator."""
    server = Server(kubernetes.clusters, identity, reach, kubernetes.logs, refusals)
    hosts.route(HOSTS, server.handle)
    lifetime.on_stop(kubernetes.clusters.close)
