"""The clusters at work: controllers and pods of each, from its making to its end."""

from __future__ import annotations

import http.client
import itertools
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.containerinstance.gateway import HOP_BY_HOP, REWRITTEN, TIMEOUT_S
from emulator.errors import AzureError
from emulator.home import Home
from emulator.hosts import Hosts
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.images.store import Images
from emulator.kubernetes.clusters import CLUSTER, Cluster, Clusters
from emulator.kubernetes.controllers.endpoints import answers, selected, target_port
from emulator.kubernetes.controllers.manager import Manager
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.install import Kubernetes
from emulator.kubernetes.node.identity import webhook
from emulator.kubernetes.node.kubelet import Kubelet, Tools
from emulator.kubernetes.node.pulling import Puller
from emulator.kubernetes.node.refusals import refuse
from emulator.kubernetes.site import POOL, Site
from emulator.network.flows import stopped
from emulator.network.inside import Inside
from emulator.network.reach import Reach
from emulator.processes import Processes
from emulator.workplaces import Workplaces

LOG = logging.getLogger("emulator")
Json = dict[str, Any]
Routes = dict[tuple[str, int], list[tuple[str, int]]]
"""(address, port) -> (uid of a pod, its port), of the pods that take connections"""


class Running:
    """One cluster: its controllers, its pods, and where its addresses lead."""

    def __init__(self, cluster: Cluster, clusters: Clusters, tools: Tools, site: Site) -> None:
        self.cluster = cluster
        self._objects = cluster.objects
        recorder = Recorder(cluster.objects)
        self.kubelet = Kubelet(cluster, tools, recorder.tell)
        self.manager = Manager(
            cluster.id, lambda: clusters.of(cluster.id), cluster.objects, self.kubelet, recorder, site
        )
        self._lock = threading.Lock()
        self._routes: tuple[int, Routes, Routes] = (-1, {}, {})
        self._turn = itertools.count()

    def balanced(self, address: str, port: int) -> list[int] | None:
        """The local ports behind a load balancer's address; None for an address that is none of them."""
        return self._local(self._known()[0], address, port)

    def inner(self, address: str, port: int) -> list[int] | None:
        """The same of a Service's address in the cluster."""
        return self._local(self._known()[1], address, port)

    def addresses(self) -> Iterator[str]:
        """Those that its nodes and load balancers hold."""
        for node in self._objects.list("Node"):
            yield from (one["address"] for one in (node.get("status") or {}).get("addresses") or [])
        for service in self._objects.list("Service", "", _is_balanced):
            yield from _ingress(service)

    def _local(self, routes: Routes, address: str, port: int) -> list[int] | None:
        if not any(known == address for known, _ in routes):
            return None
        pods = routes.get((address, port), [])
        found = [(self.kubelet.find(uid), own) for uid, own in pods]
        ports = [pod.local_port(own) for pod, own in found if pod is not None]
        return [one for one in ports if one is not None]

    def _known(self) -> tuple[Routes, Routes]:
        """As the objects are now; computed again when they change."""
        with self._lock:
            revision = self._objects.revision
            if self._routes[0] != revision:
                outer: Routes = {}
                inner: Routes = {}
                with self._objects.together():
                    revision = self._objects.revision
                    for service in self._objects.list("Service"):
                        self._add(service, outer, inner)
                self._routes = revision, outer, inner
            return self._routes[1], self._routes[2]

    def _add(self, service: Json, outer: Routes, inner: Routes) -> None:
        pods = self._objects.list("Pod", service["metadata"]["namespace"])
        there = [pod for pod in selected(service, pods) if answers(service, pod)]
        for port in service["spec"].get("ports") or []:
            led = [
                (pod["metadata"]["uid"], own) for pod in there if (own := target_port(port, pod)) is not None
            ]
            for address in _ingress(service):
                outer[address, int(port["port"])] = led
            if (own := service["spec"].get("clusterIP")) not in (None, "", "None"):
                inner[own, int(port["port"])] = led


def _ingress(service: Json) -> list[str]:
    held = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    return [str(one["ip"]) for one in held]


def _is_balanced(service: Json) -> bool:
    return bool(_ingress(service))


class Engine:
    """All clusters."""

    def __init__(
        self,
        home: Home,
        arm: Arm,
        kubernetes: Kubernetes,
        hosts: Hosts,
        identity: Identity,
        images: Images,
        processes: Processes,
        workplaces: Workplaces,
        reach: Reach,
        inside: Inside,
    ) -> None:
        self._arm = arm
        self._clusters = clusters = kubernetes.clusters
        self._hosts = hosts
        self._identity = identity
        self._tools = Tools(
            processes, workplaces, identity, Puller(arm.store, identity, images, reach), home.containers
        )
        self._lock = threading.RLock()
        self._running: dict[str, Running] = {}
        self._started = self._closed = False
        self._turn = itertools.count()
        self._site = Site(arm.store, identity, self._addresses)
        self._site.opened = lambda address: hosts.route(address, self.handle)
        clusters.on_new(self._made)
        inside.register(self.where)
        kubernetes.webhooks.append(webhook)
        self._checks = kubernetes.checks
        kubernetes.logs.source = self
        self._hook()

    def _hook(self) -> None:
        arm = self._arm

        @arm.after_put(CLUSTER)
        def cluster_changed(put: Put) -> None:
            self._trust(put.resource)
            self._poke(put.id)

        @arm.after_put(POOL)
        def pool_changed(put: Put) -> None:
            self._poke(put.id.rsplit("/agentPools/", 1)[0])

        @arm.after_delete(POOL)
        def pool_gone(resource: Json) -> None:
            self._poke(resource["id"].rsplit("/agentPools/", 1)[0])

        @arm.after_delete(CLUSTER)
        def cluster_gone(resource: Json) -> None:
            with self._lock:
                running = self._running.pop(fold(resource["id"]), None)
            issuer = (resource["properties"].get("oidcIssuerProfile") or {}).get("issuerURL")
            self._identity.authority.issuers.pop(str(issuer), None)
            if running is not None:
                running.manager.stop()
                running.kubelet.forget()

    # from start to stop

    def start(self) -> None:
        """The emulator answers: the clusters that there are go on, and new ones begin."""
        self._started = True
        self._checks.append(refuse)
        for cluster in self._clusters.all():
            self.begin(cluster)

    def begin(self, cluster: Cluster) -> None:
        """Let a cluster work, unless it does."""
        with self._lock:
            if self._closed or fold(cluster.id) in self._running:
                return
            self._trust(cluster.resource)
            running = Running(cluster, self._clusters, self._tools, self._site)
            self._running[fold(cluster.id)] = running
            for address in running.addresses():
                self._hosts.route(address, self.handle)
        running.manager.start()

    def close(self) -> None:
        """The emulator goes down: pods end with it, and come back with it."""
        with self._lock:
            self._closed = True
            running = list(self._running.values())
        for one in running:
            one.manager.stop()
            one.kubelet.close()

    def _made(self, cluster: Cluster) -> None:
        if self._started:
            self.begin(cluster)

    # questions

    def running(self, cluster_id: str) -> Running:
        """A cluster at work; KeyError where none of this id works."""
        with self._lock:
            return self._running[fold(cluster_id)]

    def where(self, address: str, port: int) -> list[int] | None:
        """The local ports behind the address of an internal load balancer; None for any other address."""
        for one in self._list():
            if (found := one.balanced(address, port)) is not None:
                return found
        return None

    def log(
        self, cluster: Cluster, namespace: str, pod: str, container: str, *, previous: bool
    ) -> Path | None:
        """The file of what a container says (previous: before its last start); None where it never ran."""
        with self._lock:
            running = self._running.get(fold(cluster.id))
        found = cluster.objects.find("Pod", namespace, pod)
        return running.kubelet.log(found, container, previous=previous) if running and found else None

    def handle(self, request: Request) -> Response:
        """A plain request to a private address, of a caller inside: to one of the pods behind it."""
        if request.scheme != "http":
            raise _unreachable(request, "there is no TLS at this address")
        if why := stopped(self._arm.store, request.place.subnet, request.host, request.port):
            raise _unreachable(request, why)
        ports = self.where(request.host, request.port)
        if ports is None:
            raise _unreachable(request, "no Service has this address")
        if not ports:
            raise _unreachable(request, "no endpoint that is ready answers at this port")
        return _forward(request, ports[next(self._turn) % len(ports)])

    # parts

    def _list(self) -> list[Running]:
        with self._lock:
            return list(self._running.values())

    def _addresses(self) -> Iterator[str]:
        for one in self._list():
            yield from one.addresses()

    def _poke(self, cluster_id: str) -> None:
        with self._lock:
            running = self._running.get(fold(cluster_id))
        if running is not None:
            running.manager.poke()

    def _trust(self, resource: Json) -> None:
        """Tokens of the cluster's service accounts are signed here: Entra ID finds the keys at its issuer."""
        profile = resource["properties"].get("oidcIssuerProfile") or {}
        if profile.get("enabled") and profile.get("issuerURL"):
            self._identity.authority.issuers[str(profile["issuerURL"])] = self._identity.tokens.jwks


def _forward(request: Request, port: int) -> Response:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        target = request.raw_path + (f"?{request.raw_query}" if request.raw_query else "")
        headers = {k: v for k, v in request.headers.items() if k not in HOP_BY_HOP}
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            headers["content-length"] = str(len(request.body))
        connection.request(request.method, target, body=request.body or None, headers=headers)
        answer, dropped = connection.getresponse(), HOP_BY_HOP | REWRITTEN
        kept = {k.lower(): v for k, v in answer.getheaders() if k.lower() not in dropped}
        return Response(answer.status, kept, answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(request, f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _unreachable(request: Request, reason: str) -> AzureError:
    return AzureError(502, "ServiceUnreachable", f"{request.host}:{request.port}: {reason}.")
