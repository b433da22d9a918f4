"""Microsoft.ContainerInstance/containerGroups: what PUT, GET, DELETE and the actions do."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

from emulator.arm.ids import fold
from emulator.arm.service import Action, Arm, Put
from emulator.arm.store import Store
from emulator.containerinstance import addresses, pulling, validation
from emulator.containerinstance.runtime import Runtime, group_events, state
from emulator.containerinstance.secrets import Secrets
from emulator.containerinstance.supervisor import Spec
from emulator.containers.probes import Probe
from emulator.errors import AzureError, NotEmulated
from emulator.home import Home
from emulator.http import Response
from emulator.identity.service import Identity
from emulator.images.image import Image
from emulator.images.store import Images
from emulator.places import Place
from emulator.processes import Processes
from emulator.workplaces import Workplaces

LOG = logging.getLogger("emulator")
Json = dict[str, Any]
GROUP = "Microsoft.ContainerInstance/containerGroups"
CONTAINER = f"{GROUP}/containers"
STOPPED = "container-group-stopped"  # documents: groups that a user stopped, so that `up` does not start them
MAX_LOG = 4 << 20  # bytes; what Azure gives out of a log


class Groups:
    def __init__(
        self,
        home: Home,
        arm: Arm,
        store: Store,
        identity: Identity,
        images: Images,
        processes: Processes,
        workplaces: Workplaces,
    ) -> None:
        self.arm = arm
        self.identity = identity
        self.images = images
        self.workplaces = workplaces
        self.store = store
        self.runtime = Runtime(home, processes)
        self.secrets = Secrets(store)
        # Images found while a PUT was checked: what starts is what was checked.
        self._pulled: dict[str, dict[str, Image]] = {}

    def before_put(self, put: Put) -> None:
        """Check, fill in what Azure computes, take the secure values out."""
        group, properties = put.resource, put.properties
        subnets = self._subnets(properties)
        properties.setdefault("sku", "Standard")
        properties.setdefault("restartPolicy", "Always")
        properties.pop("instanceView", None)
        for container in properties.get("containers") or []:
            (container.get("properties") or {}).pop("instanceView", None)
        validation.check(group["name"], properties, subnets)
        if put.old is not None:
            validation.check_update(group["name"], put.old["properties"], properties)
        taken = self.secrets.take(put.id, properties)
        self._pulled[fold(put.id)] = {
            c["name"]: pulling.pull(
                self.store, self.identity, self.images, group, c["properties"]["image"], taken["passwords"]
            )
            for c in properties["containers"]
        }
        self._address(put, subnets)
        self.secrets.keep(put.id, taken)

    def after_put(self, put: Put) -> None:
        """Run it, unless only tags and the like have changed."""
        self.store.delete_document(STOPPED, fold(put.id))
        self.start(put.resource, self._pulled.pop(fold(put.id), None))

    def start(self, group: Json, images: dict[str, Image] | None = None, *, anew: bool = False) -> None:
        """Start a group; ``images``: those already pulled."""
        secrets = self.secrets.read(group["id"])
        if images is None:
            images = {
                c["name"]: pulling.pull(
                    self.store,
                    self.identity,
                    self.images,
                    group,
                    c["properties"]["image"],
                    secrets["passwords"],
                )
                for c in group["properties"]["containers"]
            }
        parts = [group["properties"]["containers"], group["properties"]["restartPolicy"], secrets]
        parts += [sorted(_identities(group)), {name: image.digest for name, image in images.items()}]
        key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
        if anew:
            self.runtime.stop(group["id"])
        self.runtime.start(group["id"], key, lambda: self._specs(group, images, secrets))

    def start_all(self) -> None:
        """At the emulator's start: the groups that ran when it went down."""
        for group in self.store.by_type(GROUP):
            if self.store.document(STOPPED, fold(group["id"])) is not None:
                continue
            try:
                self._in_turn(group["id"])
            except AzureError as error:
                LOG.warning("container group %s does not start: %s", group["name"], error)

    def _in_turn(self, group_id: str, *, anew: bool = False) -> None:
        """Start a group as it is by then, unless it is gone: requests may change it meanwhile."""

        def start() -> None:
            group = self.store.get(group_id)
            if group is not None:
                self.start(group, anew=anew)

        self.arm.in_turn(group_id, start)

    def forget(self, group: Json) -> None:
        """What the database has of a group goes with it."""
        self.secrets.forget(group["id"])
        self.store.delete_document(STOPPED, fold(group["id"]))
        self.workplaces.dismiss(self._workload(group))

    def after_delete(self, group: Json) -> None:
        """End it."""
        self.runtime.remove(group["id"])
        self.workplaces.dismiss(self._workload(group))  # as a start meanwhile admits it

    def on_get(self, group: Json) -> Json:
        """Fill the views of what runs."""
        running = self.runtime.find(group["id"])
        properties = group["properties"]
        properties["instanceView"] = {"events": group_events(running), "state": state(running)}
        for container in properties["containers"]:
            supervisor = running.containers.get(container["name"]) if running else None
            if supervisor is not None:
                container["properties"]["instanceView"] = supervisor.history.view()
        return group

    def act(self, action: Action) -> Response:
        """start, stop and restart."""
        group = self.arm.get(action.id)
        name = action.name.lower()
        if name == "stop":
            self.store.put_document(STOPPED, fold(action.id), {})
            self.runtime.stop(group["id"])
        else:
            self.store.delete_document(STOPPED, fold(action.id))
            self._in_turn(group["id"], anew=name == "restart")
        return Response(204)

    def logs(self, action: Action) -> Json:
        """The log of one container; ``tail``: so many last lines."""
        group_id, _, name = action.id.rpartition("/containers/")
        group = self.arm.get(group_id)
        if name not in [container["name"] for container in group["properties"]["containers"]]:
            raise AzureError(
                404, "ContainerNotFound", f"Container group '{group['name']}' has no container '{name}'."
            )
        if action.query.get("timestamps", "").lower() == "true":
            raise NotEmulated("logs of a container with timestamps")
        tail = action.query.get("tail", "")
        if tail and not tail.isdigit():
            raise AzureError(400, "InvalidTail", f"tail is '{tail}'; it must be a number of lines.")
        path = self.runtime.folder(group_id) / name / "log"
        content = path.read_bytes()[-MAX_LOG:].decode("utf-8", "replace") if path.exists() else ""
        return {"content": "".join(content.splitlines(keepends=True)[-int(tail) :] if tail else content)}

    # parts
    def _subnets(self, properties: Json) -> list[Json]:
        subnets = [self.store.get(str(entry.get("id", ""))) for entry in properties.get("subnetIds") or []]
        return [subnet for subnet in subnets if subnet is not None]  # that they exist is checked by ARM

    def _address(self, put: Put, subnets: list[Json]) -> None:
        address: Json | None = put.properties.get("ipAddress")
        if address is None:
            return
        others = [g for g in self.store.by_type(GROUP) if fold(g["id"]) != fold(put.id)]
        names = {addresses.domain_name(other) for other in others} - {None}
        domain = addresses.domain_name(put.resource)
        if domain in names:
            raise AzureError(
                409,
                "DnsNameLabelNotAvailable",
                f"The DNS name label '{address['dnsNameLabel']}' in region '{put.resource['location']}' is"
                " not available. Please try using a different label.",
            )
        taken = [(other["properties"].get("ipAddress") or {}).get("ip", "") for other in others]
        held = ((put.old or {}).get("properties", {}).get("ipAddress") or {}).get("ip")
        address["ip"] = held or addresses.allot(subnets, taken)
        if domain:
            address["fqdn"] = domain
            address.setdefault("autoGeneratedDomainNameLabelScope", "Unsecure")

    def _specs(self, group: Json, images: dict[str, Image], secrets: Json) -> list[Spec]:
        workload = self.workplaces.admit(self._workload(group), _identities(group), _place(group))
        return [
            _spec(
                container,
                group,
                images[container["name"]],
                {**secrets["environment"].get(container["name"], {}), **workload},
                self.runtime.folder(group["id"]) / container["name"],
            )
            for container in group["properties"]["containers"]
        ]

    def _workload(self, group: Json) -> str:
        return f"container-{self.runtime.folder(group['id']).name}"


def _identities(group: Json) -> list[str]:
    """The resource ids under which the group's identities are known."""
    identity = group.get("identity") or {}
    own = [group["id"]] if "SystemAssigned" in str(identity.get("type", "")) else []
    return [*own, *(identity.get("userAssignedIdentities") or {})]


def _place(group: Json) -> Place:
    """In its subnet, or on machines of Azure's own: no request leaves a group by its public address."""
    subnets = group["properties"].get("subnetIds") or []
    return Place(str(subnets[0]["id"])) if subnets else Place()


def _spec(container: Json, group: Json, image: Image, env: dict[str, str], folder: Any) -> Spec:
    properties = container["properties"]
    plain = {
        variable["name"]: str(variable["value"])
        for variable in properties.get("environmentVariables") or []
        if variable.get("value") is not None
    }
    ports = properties.get("ports") or []
    return Spec(
        group=group["name"],
        name=container["name"],
        image=image,
        command=tuple(properties.get("command") or ()),
        env={**plain, **env},
        port=ports[0]["port"] if ports else None,
        restart=group["properties"]["restartPolicy"],
        readiness=Probe.of(properties.get("readinessProbe")),
        liveness=Probe.of(properties.get("livenessProbe")),
        folder=folder,
    )
