"""A service of API Management with a backend inside its network: a server of this process on loopback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

from emulator.app import Emulator
from emulator.http import Request, Response
from emulator.places import OUTSIDE, Place
from tests.emulator.core import test_apimanagement as apim
from tests.emulator.core.conftest import LOCATION, Client

NETWORK, SERVICE, SUBNET = apim.NETWORK, apim.SERVICE, apim.SUBNET
INFERENCE = f"{NETWORK}/virtualNetworks/net/subnets/inference"
HOST = "apim-test.azure-api.net"
ADDRESS, PORT = "10.0.4.9", 8080
API = f"{SERVICE}/apis/echo"
KEY = "0123456789abcdef0123456789abcdef"

Json = dict[str, Any]


@dataclass
class Echo:
    """A server that answers with what it got. answer: (status, headers, body) in place of that."""

    answer: Callable[[Json], tuple[int, dict[str, str], bytes] | None] = lambda got: None
    got: list[Json] = field(default_factory=list[Json])
    connections: set[int] = field(default_factory=set[int])
    port: int = 0
    sockets: list[socket.socket] = field(default_factory=list[socket.socket])

    def drop(self) -> None:
        """Close the connections that are open, as a server does with idle ones."""
        for one in self.sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.sockets.clear()

    @contextmanager
    def running(self) -> Generator[Echo]:
        echo = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                echo.sockets.append(self.connection)

            def serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                got = {
                    "method": self.command,
                    "path": self.path,
                    "headers": {key.lower(): value for key, value in self.headers.items()},
                    "body": self.rfile.read(length).decode(errors="replace"),
                }
                echo.got.append(got)
                echo.connections.add(self.client_address[1])
                status, headers, body = echo.answer(got) or (
                    200,
                    {"content-type": "application/json"},
                    json.dumps(got).encode(),
                )
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                with suppress(ConnectionError):  # of a gateway that has not waited
                    self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = serve

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        server = Server(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


class World:
    """An emulator with the service, and calls of its gateway."""

    def __init__(self, emulator: Emulator, echo: Echo) -> None:
        self.emulator, self.echo = emulator, echo
        self.arm = Client(emulator)
        self.ports: dict[tuple[str, int], list[int]] = {(ADDRESS, PORT): [echo.port]}
        emulator.inside.register(lambda address, port: self.ports.get((address, port)))

    def network(self) -> None:
        """A network with a subnet for what goes out of the gateway and one for what answers."""
        put = self.arm.ok
        self.arm.group()
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        put("PUT", f"{NETWORK}/virtualNetworks/net", {"location": LOCATION, "properties": space})
        delegation = {"name": "delegation", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
        put("PUT", SUBNET, {"properties": {"addressPrefix": "10.0.0.0/27", "delegations": [delegation]}})
        put("PUT", apim.ENDPOINTS, {"properties": {"addressPrefix": "10.0.1.0/27"}})
        put("PUT", INFERENCE, {"properties": {"addressPrefix": "10.0.4.0/24"}})

    def service(self) -> None:
        """The service, an API `echo` with one operation for every method, and a key for it."""
        self.arm.ok("PUT", SERVICE, apim.body())
        url = f"http://{ADDRESS}:{PORT}/base"
        self.api("echo", serviceUrl=url, subscriptionRequired=False)
        for method in ("GET", "POST", "PUT"):
            self.operation("echo", f"{method.lower()}-any", method, "/*")

    def api(self, name: str, **properties: Any) -> None:
        given = {"displayName": name.capitalize(), "path": name, "protocols": ["https"], **properties}
        self.arm.ok("PUT", f"{SERVICE}/apis/{name}", {"properties": given})

    def operation(self, api: str, name: str, method: str, template: str, **properties: Any) -> None:
        given = {"displayName": name, "method": method, "urlTemplate": template, **properties}
        self.arm.ok("PUT", f"{SERVICE}/apis/{api}/operations/{name}", {"properties": given})

    def policy(
        self, inbound: str = "", outbound: str = "", on_error: str = "", backend: str = "<base />"
    ) -> None:
        """The policy of the API `echo`, each section with its base."""
        self.put_policy(
            f"{API}/policies/policy",
            f"<policies><inbound><base />{inbound}</inbound><backend>{backend}</backend>"
            f"<outbound><base />{outbound}</outbound><on-error><base />{on_error}</on-error></policies>",
        )

    def put_policy(self, path: str, value: str, form: str = "xml") -> None:
        self.arm.ok("PUT", path, {"properties": {"format": form, "value": value}})

    def backend(self, name: str, **properties: Any) -> str:
        """A backend at the echo; its id."""
        given = {"protocol": "http", "url": f"http://{ADDRESS}:{PORT}/{name}", **properties}
        self.arm.ok("PUT", f"{SERVICE}/backends/{name}", {"properties": given})
        return f"{SERVICE}/backends/{name}"

    def call(
        self,
        path: str = "/echo/x",
        method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        place: Place = OUTSIDE,
        host: str = HOST,
    ) -> Response:
        raw_path, _, raw_query = path.partition("?")
        return self.emulator.answer(
            Request(
                method,
                host,
                unquote(raw_path),
                raw_path,
                {key.lower(): value for key, value in parse_qsl(raw_query, keep_blank_values=True)},
                {"host": host, **(headers or {})},
                body,
                raw_query=raw_query,
                place=place,
            )
        )

    def got(self, *args: Any, **given: Any) -> dict[str, Any]:
        """What the backend saw of a call that it answered."""
        response = self.call(*args, **given)
        assert response.status == 200, response.body
        return self.echo.got[-1]

    def said(self, response: Response) -> tuple[int, str]:
        """Status and message of the gateway's own error."""
        body = json.loads(response.body)
        assert body["statusCode"] == response.status
        return response.status, body["message"]
