"""An emulator in this process with a registry, an image of a tiny service, and a cluster that may pull it."""

from __future__ import annotations

import gc
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.home import Home
from emulator.images.base import machine_minor
from emulator.images.builder import BuildRequest
from emulator.images.references import parse
from emulator.kubernetes.clusters import Cluster
from emulator.kubernetes.objects import Objects
from tests.emulator.kubernetes.running.estate import (
    ACR_PULL,
    ASSIGNMENT,
    CLUSTER,
    FEDERATED,
    GROUP,
    KUBELET,
    NETWORK,
    REGISTRY,
    WORKLOAD,
    cluster_body,
    network_body,
)

SERVICE = """\
import http.server, json, os, signal, sys, threading, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            os._exit(3)
        if self.path == "/sick":
            open("sick", "w").close()
        if self.path.startswith("/wait/"):
            time.sleep(float(self.path.rsplit("/", 1)[1]))
        if self.path == "/token":
            with open(os.environ["AZURE_FEDERATED_TOKEN_FILE"]) as file:
                body = file.read().encode()
        else:
            body = json.dumps(dict(os.environ)).encode()
        sick = os.path.exists("sick") or "never" in sys.argv
        found = 404 if self.path == "/nothing" else 200
        self.send_response(500 if sick and self.path == "/healthz" else found)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

if "fail" in sys.argv:
    print("no model in the image", flush=True)
    sys.exit(3)
if "eat" in sys.argv:
    eaten = b"x" * (200 << 20)
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

server = Server((os.environ["HOST"], int(os.environ["PORT"])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("listening", flush=True)
server.serve_forever(0.02)
server.server_close()
print("drained", flush=True)
"""
DOCKERFILE = f"""\
FROM python:{machine_minor()}-slim
ENV FROM_IMAGE=yes
WORKDIR /app
COPY service.py ./
EXPOSE 8080
USER 10001
CMD ["python", "service.py"]
"""
IMAGE = "imagesreg.azurecr.io/service:v1"
Json = dict[str, Any]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The home of an emulator with a cluster, which no emulator runs in."""
    with pytest.MonkeyPatch.context() as patch:  # no longer: others' caches would look empty
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        made = Emulator(Home(tmp_path_factory.mktemp("kubernetes")))
    made.ports["proxy"] = 1  # nothing in these tests goes through it
    put = made.arm.put
    put(GROUP, {"location": "westeurope"})
    put(NETWORK, network_body())
    put(REGISTRY, {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}})
    kubelet, _ = put(KUBELET, {"location": "westeurope"})
    put(WORKLOAD, {"location": "westeurope"})
    properties = {
        "roleDefinitionId": ACR_PULL,
        "principalId": kubelet["properties"]["principalId"],
        "principalType": "ServicePrincipal",
    }
    put(ASSIGNMENT, {"properties": properties})
    cluster, _ = put(CLUSTER, cluster_body())
    credential = {
        "issuer": cluster["properties"]["oidcIssuerProfile"]["issuerURL"],
        "subject": "system:serviceaccount:scoring:scoring",
        "audiences": ["api://AzureADTokenExchange"],
    }
    put(FEDERATED, {"properties": credential})
    context = tmp_path_factory.mktemp("context")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "service.py").write_text(SERVICE)
    built = made.images.build(BuildRequest(context, context.parent / "build.log", dict(os.environ)))
    made.images.keep(built)
    made.images.name(parse(IMAGE), built.digest)
    made.close()
    yield made.home


def started(home: Home) -> Emulator:
    """An emulator that answers, in a home."""
    made = Emulator(home)
    made.ports["proxy"] = 1
    made.started()
    return made


def copied(home: Home, root: Path) -> Home:
    """Another home that is the same by now."""
    gc.collect()  # closes what databases are still open, so that their side files are gone before a copy
    shutil.copytree(home.root, root)
    return Home(root)


@pytest.fixture(scope="session")
def emulator(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = started(copied(home, tmp_path_factory.mktemp("running") / "home"))
    yield made
    made.close()


def swept(objects: Objects, namespace: str) -> None:
    """A namespace goes, and what runs in it ends at once."""
    with objects.together():
        objects.delete("Namespace", "", namespace)
        for pod in objects.list("Pod", namespace):
            objects.delete("Pod", namespace, pod["metadata"]["name"], grace_s=0)


class World:
    """A cluster, and what the tests do with it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        found = emulator.kubernetes.clusters.of(CLUSTER)
        assert found is not None
        self.cluster: Cluster = found
        self.objects: Objects = found.objects

    def create(self, body: Json) -> Json:
        return self.objects.create(body, manager="test")

    def pods(self, **labels: str) -> list[Json]:
        return [
            pod
            for pod in self.objects.list("Pod", "scoring")
            if labels.items() <= (pod["metadata"].get("labels") or {}).items()
        ]

    def until(self, done: Callable[[], Any], seconds: float = 20.0) -> Any:
        """What ``done`` says once it says something; woken by every change."""
        changed = threading.Event()
        watch = self.objects.watch()
        watch.wake = changed.set
        deadline = time.monotonic() + seconds
        try:
            while not (found := done()):
                if time.monotonic() > deadline:
                    raise TimeoutError(self.told())
                changed.wait(0.2)
                changed.clear()
            return found
        finally:
            watch.close()

    def address(self, service: str) -> str:
        """That of a Service's load balancer."""

        def found() -> str:
            one = self.objects.get("Service", "scoring", service)
            held = ((one.get("status") or {}).get("loadBalancer") or {}).get("ingress")
            return held[0]["ip"] if held else ""

        return self.until(found)

    def told(self) -> str:
        """The events, and the states of the pods."""
        events = [f"{e['reason']}: {e['message']}" for e in self.objects.list("Event", "scoring")]
        pods = [
            f"{p['metadata']['name']}: {p.get('status', {}).get('containerStatuses')}" for p in self.pods()
        ]
        return "\n".join([*events[-40:], *pods])

    def events(self, reason: str) -> list[str]:
        return [e["message"] for e in self.objects.list("Event", "scoring") if e["reason"] == reason]


def inhabited(emulator: Emulator) -> World:
    """The cluster with its namespace."""
    made = World(emulator)
    made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "scoring"}})
    return made


@pytest.fixture
def world(emulator: Emulator) -> Iterator[World]:
    made = inhabited(emulator)
    yield made
    swept(made.objects, "scoring")
    made.until(lambda: made.objects.find("Namespace", "", "scoring") is None)
