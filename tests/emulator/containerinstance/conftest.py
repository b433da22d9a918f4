"""An emulator in this process with a registry, an identity that may pull, and an image of a tiny service."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.home import Home
from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS
from emulator.images.base import machine_minor
from emulator.images.builder import BuildRequest
from emulator.images.references import parse

SUBSCRIPTION = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/estate"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/imagesreg"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
ASSIGNMENT = (
    f"{REGISTRY}/providers/Microsoft.Authorization/roleAssignments/5e1f2c52-7a0e-4b7e-9d55-0c2a41f0a009"
)
ACR_PULL = (
    f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d"
)
CONTAINER_GROUP = f"{GROUP}/providers/Microsoft.ContainerInstance/containerGroups/service"
SERVICE = """\
import http.server, json, os, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(3)
        sick = os.path.exists("sick") and self.path == "/healthz"
        body = json.dumps(dict(os.environ) | {"path": self.path}).encode()
        self.send_response(500 if sick else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/sick":
            open("sick", "w").close()
        self.send_response(201)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        print("request", self.path, flush=True)

if "fail" in sys.argv:
    print("no model in the image", flush=True)
    sys.exit(3)
if "work" in sys.argv:
    sys.exit(0)
print("listening at", os.environ["PORT"], flush=True)
address = sys.argv[sys.argv.index("bind") + 1] if "bind" in sys.argv else os.environ["HOST"]
http.server.ThreadingHTTPServer((address, int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = f"""\
FROM python:{machine_minor()}-slim
ENV FROM_IMAGE=yes
WORKDIR /app
COPY service.py ./
EXPOSE 8080
CMD ["python", "service.py"]
"""
Json = dict[str, Any]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with pytest.MonkeyPatch.context() as patch:  # no longer: others' caches would look empty
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        made = Emulator(Home(tmp_path_factory.mktemp("containers")))
    made.ports["proxy"] = 1  # nothing in these tests goes through it
    made.arm.put(GROUP, {"location": "westeurope"})
    made.arm.put(REGISTRY, {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}})
    identity, _ = made.arm.put(IDENTITY, {"location": "westeurope"})
    properties = {
        "roleDefinitionId": ACR_PULL,
        "principalId": identity["properties"]["principalId"],
        "principalType": "ServicePrincipal",
    }
    made.arm.put(ASSIGNMENT, {"properties": properties})
    context = tmp_path_factory.mktemp("context")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "service.py").write_text(SERVICE)
    request = BuildRequest(context, context.parent / "build.log", dict(os.environ))
    built = made.images.build(request)
    made.images.keep(built)
    made.images.name(parse("imagesreg.azurecr.io/service:v1"), built.digest)
    yield made
    made.close()


@pytest.fixture
def emulator(world: Emulator) -> Iterator[Emulator]:
    yield world
    for group in world.store.by_type("Microsoft.ContainerInstance/containerGroups"):
        world.arm.delete(group["id"])


def container(name: str = "service", **properties: Any) -> Json:
    return {
        "name": name,
        "properties": {
            "image": "imagesreg.azurecr.io/service:v1",
            "resources": {"requests": {"cpu": 1, "memoryInGB": 1.5}},
            "ports": [{"port": 8080}],
            **properties,
        },
    }


def group_body(*containers: Json, **properties: Any) -> Json:
    return {
        "location": "westeurope",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
        "properties": {
            "osType": "Linux",
            "containers": list(containers) or [container()],
            "imageRegistryCredentials": [{"server": "imagesreg.azurecr.io", "identity": IDENTITY}],
            "ipAddress": {"type": "Public", "dnsNameLabel": "service", "ports": [{"port": 8080}]},
            **properties,
        },
    }


class Groups:
    """What the tests do with container groups."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.folder = Path(emulator.home.containers)

    def put(self, *containers: Json, group_id: str = CONTAINER_GROUP, **properties: Any) -> Json:
        return self.emulator.arm.put(group_id, group_body(*containers, **properties), principal=SIGNED_IN)[0]

    def act(self, name: str, resource_id: str = CONTAINER_GROUP, **query: str) -> Any:
        method = "GET" if name == "logs" else "POST"
        return self.emulator.arm.act(Action(resource_id, name, {}, query, {}, SIGNED_IN, method))

    def get(self) -> Json:
        return self.emulator.arm.get(CONTAINER_GROUP)

    def state(self) -> str:
        return str(self.get()["properties"]["instanceView"]["state"])

    def view(self) -> Json:
        """The instanceView of the first container."""
        view: Json = self.get()["properties"]["containers"][0]["properties"]["instanceView"]
        return view

    def until(self, done: Callable[[], bool], seconds: float = 15.0) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(f"state {self.state()}, {self.get()['properties']}")
            time.sleep(0.02)

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes = b"", host: str = "", port: int = 8080
    ) -> Response:
        address = host or "service.westeurope.azurecontainer.io"
        raw, _, query = path.partition("?")
        headers = {"host": f"{address}:{port}", "connection": "close"}
        return self.emulator.answer(
            Request(method, address, raw, raw, {}, headers, body, "http", port, query)
        )


@pytest.fixture
def groups(emulator: Emulator) -> Groups:
    return Groups(emulator)
