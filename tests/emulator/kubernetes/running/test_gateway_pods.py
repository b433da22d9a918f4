"""Two revisions behind a gateway's pool: traffic goes from one to the other, and no caller notices."""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any

from emulator.http import Request
from tests.emulator.kubernetes.running.conftest import World
from tests.emulator.kubernetes.running.estate import GATEWAY, GROUP, container, deployment, service

GATE = f"{GROUP}/providers/Microsoft.ApiManagement/service/apim-pods"
API = f"{GATE}/apis/scoring"
HOST = "apim-pods.azure-api.net"
POLICY = """<policies><inbound><base /><set-backend-service backend-id="scoring" /></inbound>
<backend><base /></backend><outbound><base /></outbound><on-error><base /></on-error></policies>"""


def gateway(world: World) -> None:
    put = world.emulator.arm.put
    delegation = {"name": "out", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}
    put(GATEWAY, {"properties": {"addressPrefix": "10.20.2.0/24", "delegations": [delegation]}})
    out = {"subnetResourceId": GATEWAY}
    properties = {"publisherName": "m", "publisherEmail": "m@example.com", "virtualNetworkType": "External"}
    properties |= {"virtualNetworkConfiguration": out}
    put(
        GATE,
        {"location": "westeurope", "sku": {"name": "StandardV2", "capacity": 1}, "properties": properties},
    )
    api = {"displayName": "Scoring", "path": "s", "protocols": ["https"], "subscriptionRequired": False}
    put(API, {"properties": api})
    operation = {"displayName": "any", "method": "GET", "urlTemplate": "/*"}
    put(f"{API}/operations/any", {"properties": operation})


def release(world: World, name: str) -> None:
    """A revision that runs, as a backend."""
    hook = {"preStop": {"sleep": {"seconds": 1}}}
    told = [{"name": "RELEASE_ID", "value": name}]
    world.create(deployment(name, pod={"containers": [container(lifecycle=hook, env=told)]}))
    world.create(service(name))
    address = world.address(name)
    world.until(lambda: len(world.emulator.inside.where(address, 80)) == 2)
    single = {"type": "Single", "protocol": "http", "url": f"http://{address}"}
    world.emulator.arm.put(f"{GATE}/backends/{name}", {"properties": single})


def members(world: World, **weights: int) -> None:
    names = {name.replace("_", "-"): weight for name, weight in weights.items()}
    services = [{"id": f"{GATE}/backends/{name}", "weight": weight} for name, weight in names.items()]
    pool = {"type": "Pool", "pool": {"services": services}}
    world.emulator.arm.put(f"{GATE}/backends/scoring", {"properties": pool})


def call(world: World) -> str:
    """The release that answers, or what was said in its place."""
    path = "/s/wait/0.02"
    answer = world.emulator.answer(Request("GET", HOST, path, path, headers={"host": HOST}))
    if answer.status != 200:
        return f"{answer.status} {answer.body[:200]!r}"
    return str(json.loads(answer.body)["RELEASE_ID"])


def test_traffic_goes_from_one_revision_to_the_other_and_no_request_fails(world: World) -> None:
    gateway(world)
    release(world, "rev-a")
    members(world, rev_a=100)
    put: dict[str, Any] = {"properties": {"format": "xml", "value": POLICY}}
    world.emulator.arm.put(f"{API}/policies/policy", put)
    release(world, "rev-b")
    assert {call(world) for _ in range(5)} == {"rev-a"}
    ended, told = threading.Event(), list[str]()

    def load() -> None:
        while not ended.is_set():
            told.append(call(world))

    def more(count: int) -> None:
        """Wait for so many answers more."""
        wanted = len(told) + count
        world.until(lambda: len(told) >= wanted)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        members(world, rev_a=50, rev_b=50)
        more(60)
        members(world, rev_b=100)
        more(20)
        world.objects.delete("Deployment", "scoring", "rev-a")  # its last requests have their answers by then
        world.until(lambda: not world.pods(**{"app.kubernetes.io/instance": "rev-a"}))
        more(20)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    counts = Counter(told)
    assert set(counts) == {"rev-a", "rev-b"} and set(told[-10:]) == {"rev-b"}
    world.objects.delete("Service", "scoring", "rev-b")
    world.until(lambda: call(world).startswith("500 "))
