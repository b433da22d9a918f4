"""The way from a group's address to its process: HTTP requests passed on to the container's local port."""

from __future__ import annotations

import http.client
from typing import Any

from emulator.arm.store import Store
from emulator.containerinstance.groups import GROUP
from emulator.containerinstance.runtime import Runtime
from emulator.errors import AzureError
from emulator.http import Request, Response

TIMEOUT_S = 300.0
# Headers that belong to one connection, not to the message (RFC 9110, 7.6.1).
HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-emulator-workload",
}
REWRITTEN = {"date"}  # of an answer: by the daemon's own server


class Gateway:
    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    def handle(self, request: Request) -> Response:
        """Pass one request on; 502 when the group, its port or its process is not there."""
        if request.scheme != "http":
            raise _unreachable(request, "container groups speak plain HTTP; there is no TLS at this address")
        port = self._local_port(request)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        try:
            target = request.raw_path + (f"?{request.raw_query}" if request.raw_query else "")
            headers = {k: v for k, v in request.headers.items() if k not in HOP_BY_HOP}
            headers.setdefault("host", f"{request.host}:{request.port}")
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

    def _local_port(self, request: Request) -> int:
        group = self._group(request.host)
        if group is None:
            raise _unreachable(request, "no container group has this address")
        open_ports = [port["port"] for port in group["properties"]["ipAddress"]["ports"]]
        if request.port not in open_ports:
            raise _unreachable(request, f"the group '{group['name']}' has the ports {open_ports}")
        running = self._runtime.find(group["id"])
        if running is None:
            raise _unreachable(request, f"the group '{group['name']}' is stopped")
        for container in running.containers.values():
            if container.spec.port == request.port:
                if container.local_port is None or not container.ready:
                    raise _unreachable(request, f"container '{container.spec.name}' is not ready")
                return container.local_port
        raise _unreachable(request, "no container of the group has this port")

    def _group(self, host: str) -> dict[str, Any] | None:
        for group in self._store.by_type(GROUP):
            address = group["properties"].get("ipAddress") or {}
            if host in (str(address.get("fqdn", "")).lower(), address.get("ip")):
                return group
        return None


def _unreachable(request: Request, reason: str) -> AzureError:
    return AzureError(502, "ContainerGroupUnreachable", f"{request.host}:{request.port}: {reason}.")
