"""The estate's own API behind a gateway that serves: its policies and description, called by the proxy."""

from __future__ import annotations

import json
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from emulator import server
from emulator.app import Emulator
from emulator.home import Home
from emulator.identity.directory import SIGNED_IN, TENANT_ID
from infra import gateway
from infra.components.scoring_api import API, NOBODY, NOWHERE, PATH, POOL, PRODUCT
from tests.emulator.apimanagement.world import HOST, KEY, SERVICE, Echo, World
from tests.emulator.homes import started_once

CALLS_A_MINUTE = 100_000
URL = f"https://{HOST}/{PATH}/score"
CLIENTS, CALLS = 64, 8
ARROW = "application/vnd.apache.arrow.stream"

Json = dict[str, Any]


class Served:
    """A world whose emulator answers at a proxy, with clients that trust it."""

    def __init__(self, world: World, home: Home) -> None:
        self.world, self.home = world, home
        self.trusting = ssl.create_default_context(cafile=home.ca)
        self.proxy = f"http://127.0.0.1:{world.emulator.ports['proxy']}"

    def client(self) -> httpx.Client:
        return httpx.Client(proxy=self.proxy, verify=self.trusting, timeout=30, trust_env=False)

    def score(self, headers: dict[str, str], **given: Any) -> httpx.Response:
        with self.client() as client:
            return client.post(URL, headers=headers, **(given or {"json": {"rows": []}}))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = started_once(tmp_path_factory.mktemp("served"))
    emulator = Emulator(home)
    ready, stopped = threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve, args=(home, ready.set, stopped, lambda home: emulator))
    with Echo().running() as echo:
        thread.start()
        assert ready.wait(30)
        world = World(emulator, echo)
        world.network()
        world.service()
        scoring(world)
        yield Served(world, home)
        stopped.set()
        thread.join(30)


def scoring(world: World) -> None:
    """What `infra/components/scoring_api.py` and `gateway.py` make, with tokens and the backend's key."""
    put = world.arm.ok
    named = {
        "calls-per-minute": str(CALLS_A_MINUTE),
        "audience": "api://scoring",
        "tenant-id": TENANT_ID,
        "backend-key": "key-of-the-service",
    }
    for name, value in named.items():
        secret = name == "backend-key"
        body = {"displayName": name, "value": value, "secret": secret}
        put("PUT", f"{SERVICE}/namedValues/{name}", {"properties": body})
    found = gateway.fragments(["203.0.113.0/24"], private=False, tokens=True)
    for name, value in found.items():
        world.put_policy(f"{SERVICE}/policyFragments/{name}", value)
    world.put_policy(f"{SERVICE}/policies/policy", gateway.text("service.xml"))
    nobody = world.backend(NOBODY, url=NOWHERE)
    members(world, (nobody, 100))
    described = {"format": "openapi+json", "value": gateway.text("openapi.json")}
    world.api(API, path=PATH, subscriptionRequired=False, **described)
    world.put_policy(f"{SERVICE}/apis/{API}/policies/policy", gateway.text("api.xml"))
    product = {"displayName": "Scoring", "state": "published", "approvalRequired": True}
    put("PUT", f"{SERVICE}/products/{PRODUCT}", {"properties": product})
    put("PUT", f"{SERVICE}/products/{PRODUCT}/apis/{API}", {"properties": {}})
    approve(world, "active")


def approve(world: World, state: str) -> None:
    given = {"displayName": "Caller", "scope": f"/products/{PRODUCT}", "state": state, "primaryKey": KEY}
    world.arm.ok("PUT", f"{SERVICE}/subscriptions/caller", {"properties": given})


def members(world: World, *given: tuple[str, int]) -> None:
    services = [{"id": backend, "weight": weight, "priority": 1} for backend, weight in given]
    world.arm.ok(
        "PUT", f"{SERVICE}/backends/{POOL}", {"properties": {"type": "Pool", "pool": {"services": services}}}
    )


@pytest.fixture
def released(served: Served) -> Served:
    """One revision takes all."""
    served.world.echo.got.clear()
    served.world.echo.answer = lambda got: None
    members(served.world, (served.world.backend("rev-1"), 100))
    approve(served.world, "active")
    return served


BY_KEY = {"Ocp-Apim-Subscription-Key": KEY}


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and detail of the gateway's problem details."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    return response.status_code, body["detail"]


def test_the_operations_come_from_the_description(served: Served) -> None:
    listed = served.world.arm.ok("GET", f"{SERVICE}/apis/{API}/operations")["value"]
    found = {(one["properties"]["method"], one["properties"]["urlTemplate"]) for one in listed}
    paths = json.loads(gateway.text("openapi.json"))["paths"]
    assert found == {(method.upper(), path) for path, item in paths.items() for method in item}


def test_before_the_first_release_it_is_said_to_come_later(served: Served) -> None:
    members(served.world, (f"{SERVICE}/backends/{NOBODY}", 100))
    response = served.score(BY_KEY)
    assert problem(response) == (503, "BackendConnectionFailure")
    assert response.headers["retry-after"] == "10" and response.json()["title"] == "Service Unavailable"


def test_a_key_scores_and_goes_no_further(released: Served) -> None:
    response = released.score({**BY_KEY, "authorization": "Bearer mine", "x-request-id": "r1"})
    seen = response.json()
    assert (response.status_code, seen["path"]) == (200, "/rev-1/score")
    assert response.headers["x-request-id"] == "r1"
    assert seen["headers"]["authorization"] == "Bearer key-of-the-service"
    assert json.loads(seen["body"]) == {"rows": []}


def test_mlops_alone_asks_a_revision_by_its_name(released: Served) -> None:
    """Whatever the weights say; what is no backend is an error, and another caller's wish is not heard."""
    released.world.backend("rev-2")
    own = {"displayName": "x", "scope": f"/products/{PRODUCT}", "state": "active", "primaryKey": "m" * 32}
    released.world.arm.ok("PUT", f"{SERVICE}/subscriptions/mlops", {"properties": own})
    by_mlops = {"Ocp-Apim-Subscription-Key": "m" * 32}
    assert released.score({**by_mlops, "x-revision": "rev-2"}).json()["path"] == "/rev-2/score"
    assert released.score(by_mlops).json()["path"] == "/rev-1/score"
    assert problem(released.score({**by_mlops, "x-revision": "rev-9"}))[0] == 500
    assert released.score({**BY_KEY, "x-revision": "rev-2"}).json()["path"] == "/rev-1/score"


def test_a_token_of_the_audience_scores_too(released: Served) -> None:
    def bearer(audience: str) -> dict[str, str]:
        token, _ = released.world.emulator.identity.tokens.issue(SIGNED_IN, audience)
        return {"authorization": f"Bearer {token}"}

    assert released.score(bearer("api://scoring")).status_code == 200
    refused = released.score(bearer("api://other"))
    assert problem(refused) == (401, "TokenAudienceNotAllowed")
    assert problem(released.score({}))[0] == 401


def test_a_subscription_that_nobody_approved_opens_nothing(released: Served) -> None:
    approve(released.world, "submitted")
    assert problem(released.score(BY_KEY))[0] == 401


def test_the_services_own_problems_are_kept(released: Served) -> None:
    own = {"type": "urn:scoring:problem:rows", "status": 422, "detail": "row 3"}
    head = {"content-type": "application/problem+json", "x-request-id": "of-the-service"}
    released.world.echo.answer = lambda got: (422, head, json.dumps(own).encode())
    response = released.score(BY_KEY)
    assert (response.status_code, response.json()) == (422, own)
    assert response.headers["x-request-id"] == "of-the-service"


def test_a_prediction_is_asked_for_by_its_key(released: Served) -> None:
    with released.client() as client:
        response = client.get(f"https://{HOST}/{PATH}/predictions/c-1", headers=BY_KEY)
    assert (response.status_code, response.json()["path"]) == (200, "/rev-1/predictions/c-1")


def test_what_is_not_there_is_a_problem_too(released: Served) -> None:
    with released.client() as client:
        response = client.get(f"https://{HOST}/{PATH}/absent", headers=BY_KEY)
    assert problem(response) == (404, "OperationNotFound")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b'{"rows": []}', 200),
        (ARROW, b"\xff\xff\xff\xff", 200),
        ("text/csv", b"1,2", 400),
        ("application/json", b" " * (4194304 + 1), 400),
    ],
)
def test_json_and_arrow_are_let_through_up_to_their_size(
    released: Served, kind: str, body: bytes, status: int
) -> None:
    released.world.echo.answer = lambda got: (200, {"content-type": kind}, b"ok")
    response = released.score({**BY_KEY, "content-type": kind}, content=body)
    assert response.status_code == status
    assert len(released.world.echo.got) == (status == 200)


def test_callers_beyond_the_limit_wait(released: Served) -> None:
    value = {"displayName": "calls-per-minute", "secret": False}
    path = f"{SERVICE}/namedValues/calls-per-minute"
    try:
        released.world.arm.ok("PUT", path, {"properties": {**value, "value": "1"}})
        response = released.score(BY_KEY)  # earlier calls count
        assert problem(response) == (429, "RateLimitExceeded")
        assert 1 <= int(response.headers["retry-after"]) <= 60
    finally:
        released.world.arm.ok("PUT", path, {"properties": {**value, "value": str(CALLS_A_MINUTE)}})


def test_callers_of_other_addresses_are_refused(released: Served) -> None:
    listed = gateway.fragments(["198.51.100.0/24"], private=False, tokens=True)["callers"]
    path = f"{SERVICE}/policyFragments/callers"
    open_ = gateway.fragments(["203.0.113.0/24"], private=False, tokens=True)["callers"]
    try:
        released.world.put_policy(path, listed)
        assert problem(released.score(BY_KEY)) == (403, "CallerIpNotAllowed")
    finally:
        released.world.put_policy(path, open_)


def test_64_clients_at_once_while_the_weights_change(released: Served) -> None:
    """No call fails, and both revisions answer once the weights say so."""
    first, second = f"{SERVICE}/backends/rev-1", released.world.backend("rev-2")
    half = threading.Event()

    def calls(number: int) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        with released.client() as client:
            for index in range(CALLS):
                response = client.post(URL, headers=BY_KEY, json={"client": number})
                assert response.json()["body"] == json.dumps({"client": number}, separators=(",", ":"))
                found.append((response.status_code, response.json()["path"]))
                if index == CALLS // 2:
                    half.set()
        return found

    with ThreadPoolExecutor(CLIENTS) as pool:
        results = [pool.submit(calls, number) for number in range(CLIENTS)]
        assert half.wait(60)
        members(released.world, (first, 0), (second, 100))
        counts = Counter(one for result in results for one in result.result())
    assert {status for status, _ in counts} == {200}
    assert sum(counts.values()) == CLIENTS * CALLS
    assert {path for _, path in counts} <= {"/rev-1/score", "/rev-2/score"}
    assert released.score(BY_KEY).json()["path"] == "/rev-2/score"


def test_a_client_gets_a_token_for_the_audience_that_the_policy_names(released: Served) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": SIGNED_IN.client_id,
        "client_secret": released.home.secret(released.home.client_secret),
    }
    with released.client() as client:
        url = f"https://login.microsoftonline.com/{TENANT_ID}/oauth2/v2.0/token"
        refused = client.post(url, data={**form, "scope": "api://nobody/.default"})
        assert refused.status_code == 400 and "AADSTS500011" in refused.text
        token = client.post(url, data={**form, "scope": "api://scoring/.default"}).json()["access_token"]
    assert released.score({"authorization": f"Bearer {token}"}).status_code == 200
