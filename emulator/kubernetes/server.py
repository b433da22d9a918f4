"""The API server of every cluster: at the cluster's own name, by tokens of Microsoft Entra ID."""

from __future__ import annotations

import json
import secrets
from typing import Any

from emulator import refusals
from emulator.errors import AzureError, NotEmulated
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.kubernetes import discovery, requests
from emulator.kubernetes.access import Gate
from emulator.kubernetes.clusters import Cluster, Clusters
from emulator.kubernetes.errors import NotServed, not_allowed, status_body
from emulator.kubernetes.logs import Logs
from emulator.kubernetes.paging import Pages
from emulator.kubernetes.reading import Reading
from emulator.kubernetes.subresources import Subresources
from emulator.kubernetes.verbs import Verbs
from emulator.network.denied import unreachable
from emulator.network.reach import Reach
from emulator.principal import Principal

Json = dict[str, Any]


class Server:
    """Answers the requests to all clusters."""

    def __init__(
        self, clusters: Clusters, identity: Identity, reach: Reach, logs: Logs, refused: refusals.Refusals
    ) -> None:
        self._clusters = clusters
        self._gate = Gate(identity)
        self._sign = identity.tokens.sign
        self._reach = reach
        self._logs = logs
        self._refused = refused
        self._pages = Pages()

    def handle(self, request: Request) -> Response:
        """One request; refusals are Status objects."""
        cluster = self._clusters.at(request.host)
        if cluster is None:
            raise AzureError(
                404,
                "ClusterNotFound",
                f"No cluster answers at {request.host} here; in Azure its name would not resolve.",
            )
        if denied := self._reach.cluster(request.place, cluster.resource):
            raise unreachable(request.host, denied)
        audit = {"audit-id": secrets.token_hex(16), "cache-control": "no-cache, private"}
        try:
            answer = self._answer(request, cluster, self._gate.principal(request, cluster))
        except NotEmulated as error:
            self._refused.call(request.describe(), error.what)
            body = status_body(error.status, error.code, error.message, None)
            answer = Response.json(body, error.status)
        except AzureError as error:
            body = error.body()
            if "kind" not in body:  # of a part that all services share
                body = status_body(error.status, error.code, error.message, None)
            answer = Response.json(body, error.status, error.headers)
        answer.headers = {**audit, **answer.headers}
        return answer

    def _answer(self, request: Request, cluster: Cluster, who: Principal) -> Response:
        segments = tuple(segment for segment in request.path.split("/") if segment)
        if (found := self._of_itself(request, cluster, segments)) is not None:
            return found
        aim = requests.target(segments) if len(segments) >= 3 and segments[0] in ("api", "apis") else None
        if aim is None:
            return _no_such_path()
        reading = Reading(request, cluster, who, self._gate, aim, self._pages)
        verbs = Verbs(request, cluster, who, self._gate, aim)
        if aim.subresource and aim.subresource != "status":
            return Subresources(request, cluster, aim, verbs, self._logs, self._sign).answer()
        match request.method, bool(aim.name):
            case "GET", True:
                return reading.get()
            case "GET", False:
                return reading.watch() if requests.flag(request, "watch") else reading.list()
            case "POST", False:
                return verbs.create()
            case "PUT", True:
                return verbs.update()
            case "PATCH", True:
                return verbs.patch()
            case "DELETE", True:
                return verbs.delete()
            case "DELETE", False:
                return verbs.delete_all()
            case _:
                raise not_allowed()

    def _of_itself(self, request: Request, cluster: Cluster, segments: tuple[str, ...]) -> Response | None:
        """What everybody who is signed in may ask: what the cluster is, and what it serves."""
        accept = request.headers.get("accept", "")
        together = f"g={discovery.AGGREGATED}" in accept
        wanted = "v2" if "v=v2;" in f"{accept};" or "v=v2," in accept else "v2beta1"
        match segments:
            case ("version",):
                return Response.json(discovery.version(cluster.version))
            case ("healthz" | "livez" | "readyz",):
                return Response.text("ok")
            case ("api",):
                if together:
                    return _discovered(discovery.aggregated(True, wanted), wanted)
                return Response.json(discovery.api())
            case ("apis",):
                if together:
                    return _discovered(discovery.aggregated(False, wanted), wanted)
                return Response.json(discovery.apis())
            case ("api", version):
                return _found(discovery.resources("", version))
            case ("apis", group):
                served = any(name == group for name, _ in discovery.groups() if name)
                return Response.json(discovery.group(group)) if served else _no_such_path()
            case ("apis", group, version):
                return _found(discovery.resources(group, version))
            case ("openapi", "v3"):
                return Response.json(discovery.openapi_index())
            case ("openapi", "v3", "api", version):
                return _document(discovery.openapi("", version))
            case ("openapi", "v3", "apis", group, version):
                return _document(discovery.openapi(group, version))
            case ("openapi", *_):
                raise NotServed(f"Kubernetes: {request.path}; ask /openapi/v3")
            case _:
                return None


def _discovered(value: Json, version: str) -> Response:
    kind = f"application/json;g={discovery.AGGREGATED};v={version};as=APIGroupDiscoveryList"
    return Response(200, {"content-type": kind}, json.dumps(value, separators=(",", ":")).encode())


def _found(value: Json | None) -> Response:
    return _no_such_path() if value is None else Response.json(value)


def _document(value: bytes | None) -> Response:
    return _no_such_path() if value is None else Response(200, {"content-type": "application/json"}, value)


def _no_such_path() -> Response:
    return Response.text("404 page not found\n", 404)
