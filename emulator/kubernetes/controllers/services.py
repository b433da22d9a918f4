"""Services: their load balancers and their endpoints."""

from __future__ import annotations

from typing import Any, Final

from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.controllers import endpoints
from emulator.kubernetes.controllers.controller import Controller, as_status
from emulator.kubernetes.events import Recorder
from emulator.kubernetes.objects import Objects
from emulator.kubernetes.site import Site

Json = dict[str, Any]


BALANCER: Final = "service.kubernetes.io/load-balancer-cleanup"


class Services(Controller):
    """Of one cluster."""

    def __init__(self, objects: Objects, recorder: Recorder, site: Site) -> None:
        super().__init__(objects, recorder)
        self._site = site

    def balancers(self, cluster: Cluster) -> None:
        for service in self.all("Service"):
            spec, meta = service["spec"], service["metadata"]
            if spec.get("type") == "ExternalName":
                continue
            if spec.get("type") != "LoadBalancer" or meta.get("deletionTimestamp"):
                self._release(service)
                continue
            self._balance(cluster, service)

    def _release(self, service: Json) -> None:
        if BALANCER in (service["metadata"].get("finalizers") or []):

            def let_go(one: Json) -> None:
                one["metadata"]["finalizers"].remove(BALANCER)

            self.change("Service", service, let_go)
        if (service.get("status") or {}).get("loadBalancer", {}).get("ingress"):
            self.write("Service", service, as_status({"loadBalancer": {}}))

    def _balance(self, cluster: Cluster, service: Json) -> None:
        if ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
            return
        uid = service["metadata"]["uid"]
        try:
            address = self._site.balancer(cluster, service)
        except self._site.Refused as error:
            if self.told.get(uid) != str(error):
                self.told[uid] = str(error)
                self.tell(
                    service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", "service-controller"
                )
                self.tell(service, "Warning", "SyncLoadBalancerFailed", str(error), "service-controller")
            return
        self.tell(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer", "service-controller")

        def kept(one: Json) -> None:
            held = one["metadata"].setdefault("finalizers", [])
            if BALANCER not in held:
                held.append(BALANCER)

        self.change("Service", service, kept)
        ingress = {"ip": address, "ipMode": "VIP"}
        self.write("Service", service, as_status({"loadBalancer": {"ingress": [ingress]}}))
        self.tell(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer", "service-controller")

    def endpoints(self) -> None:
        nodes = {one["metadata"]["name"]: one for one in self.objects.list("Node")}
        services = self.all("Service")
        names = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in services}
        for held in self.all("Endpoints"):
            meta = held["metadata"]
            mine = (meta.get("labels") or {}).get("endpoints.kubernetes.io/managed-by")
            if mine and (meta["namespace"], meta["name"]) not in names:
                self.delete("Endpoints", held)
        for service in services:
            meta = service["metadata"]
            if not service["spec"].get("selector") or meta.get("deletionTimestamp"):
                continue
            pods = self.selected({"matchLabels": service["spec"]["selector"]}, meta["namespace"])
            wanted = endpoints.endpoints(service, pods)
            held = self.objects.find("Endpoints", meta["namespace"], meta["name"])
            if held is None:
                self.objects.create(wanted)
            elif held.get("subsets") != wanted.get("subsets"):
                self.objects.update(wanted)
            piece = endpoints.endpoint_slice(service, pods, nodes)
            mine = self.owned(service, "EndpointSlice")
            if not mine:
                self.objects.create(piece)
            elif any(mine[0].get(key) != piece[key] for key in ("endpoints", "ports")):

                def renewed(one: Json, piece: Json = piece) -> None:
                    one |= {"endpoints": piece["endpoints"], "ports": piece["ports"]}

                self.change("EndpointSlice", mine[0], renewed)
