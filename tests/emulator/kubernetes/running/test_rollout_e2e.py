"""A release's life through the official client and the real servers, with callers who ask all the while."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import jwt
import pytest
import requests
import yaml
from kubernetes import client, config  # pyright: ignore[reportMissingTypeStubs]

from emulator.app import Emulator
from emulator.home import Home
from emulator.identity.directory import SIGNED_IN
from emulator.kubernetes.access import SERVER_APPLICATION
from emulator.places import Place
from emulator.server import serve
from tests.emulator.kubernetes.conftest import CLUSTER_ADMIN, arm, grant
from tests.emulator.kubernetes.running.conftest import copied
from tests.emulator.kubernetes.running.estate import (
    CLUSTER,
    GATEWAY,
    WORKLOAD,
    container,
    deployment,
    service,
)

K8s = cast(Any, client)  # the client has no types
LIVE = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 2}
NAMESPACE, NAME = "scoring", "rev-a"


@pytest.fixture(scope="module")
def running(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that serves, with a cluster and an image that its nodes may pull."""
    made: list[Emulator] = []
    ready, stopped = threading.Event(), threading.Event()

    def build(at: Home) -> Emulator:
        made.append(Emulator(at))
        return made[0]

    own = copied(home, tmp_path_factory.mktemp("serving") / "home")
    thread = threading.Thread(target=serve, args=(own, ready.set, stopped, build))
    thread.start()
    assert ready.wait(30)
    grant(made[0], SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    yield made[0]
    stopped.set()
    thread.join(30)
    assert not thread.is_alive()


class Released:
    """One revision, as whoever releases sees it."""

    def __init__(self, emulator: Emulator) -> None:
        found = arm(emulator, "POST", f"{CLUSTER}/listClusterUserCredential")["kubeconfigs"][0]["value"]
        given = yaml.safe_load(base64.b64decode(found))
        token, _ = emulator.identity.tokens.issue(SIGNED_IN, SERVER_APPLICATION)
        given["users"][0]["user"] = {"token": token}  # what kubelogin hands over
        settings = K8s.Configuration()
        cast(Any, config).load_kube_config_from_dict(given, client_configuration=settings)
        settings.proxy = f"http://127.0.0.1:{emulator.ports['proxy']}"
        api = K8s.ApiClient(settings)
        self.core, self.apps, self.policy = K8s.CoreV1Api(api), K8s.AppsV1Api(api), K8s.PolicyV1Api(api)
        secret = emulator.workplaces.admit("gateway", [], Place(GATEWAY))["HTTP_PROXY"]
        self.proxies = {"http": secret}

    def make(self) -> str:
        """The address at which it answers."""
        self.core.create_namespace({"metadata": {"name": NAMESPACE}})
        hook = {"preStop": {"sleep": {"seconds": 1}}}
        one = container(livenessProbe=LIVE, lifecycle=hook)
        self.apps.create_namespaced_deployment(NAMESPACE, deployment(pod={"containers": [one]}))
        self.core.create_namespaced_service(NAMESPACE, service())
        try:
            until(self.complete, 12)
        except AssertionError:
            pytest.fail(self.told())
        held = until(lambda: self.core.read_namespaced_service(NAME, NAMESPACE).status.load_balancer.ingress)
        return held[0].ip

    def told(self) -> str:
        """What the cluster says of itself, for whoever wonders why a test fails."""
        found = self.core.list_namespaced_event(NAMESPACE).items
        return "\n".join(f"{one.count} {one.reason}: {one.message}" for one in found)

    def complete(self) -> bool:
        one = self.apps.read_namespaced_deployment(NAME, NAMESPACE)
        status, wanted = one.status, one.spec.replicas
        numbers = {status.replicas, status.updated_replicas, status.available_replicas}
        return status.observed_generation == one.metadata.generation and numbers == {wanted}

    def progressing(self) -> str:
        conditions = self.apps.read_namespaced_deployment(NAME, NAMESPACE).status.conditions or []
        return next((one.reason for one in conditions if one.type == "Progressing"), "")

    def change(self, *, deadline_s: int = 600, **of_container: Any) -> None:
        template = {"spec": {"containers": [{"name": "scoring", **of_container}]}}
        body = {"spec": {"progressDeadlineSeconds": deadline_s, "template": template}}
        self.apps.patch_namespaced_deployment(NAME, NAMESPACE, body)

    def pods(self) -> dict[str, Any]:
        """Those that are not to end, by name."""
        found = self.core.list_namespaced_pod(NAMESPACE).items
        return {one.metadata.name: one for one in found if one.metadata.deletion_timestamp is None}

    def ask(self, address: str, path: str = "/") -> int:
        with requests.Session() as session:
            session.trust_env = False
            return session.get(f"http://{address}{path}", proxies=self.proxies, timeout=30).status_code

    def budget(self, least: int) -> None:
        selector = {"matchLabels": {"app.kubernetes.io/instance": NAME}}
        body = {"metadata": {"name": NAME}, "spec": {"minAvailable": least, "selector": selector}}
        self.policy.create_namespaced_pod_disruption_budget(NAMESPACE, body)

    def evict(self, pod: str) -> None:
        body = {"metadata": {"name": pod, "namespace": NAMESPACE}}
        self.core.create_namespaced_pod_eviction(pod, NAMESPACE, body)


ASK = """
import sys
from azure.identity import ManagedIdentityCredential
print(ManagedIdentityCredential(client_id=sys.argv[1]).get_token(sys.argv[2]).token)
"""


def until(done: Callable[[], Any], seconds: float = 40.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.mark.e2e
def test_a_release_lives_and_no_request_is_lost(running: Emulator) -> None:
    world = Released(running)
    address = world.make()
    answers: list[int] = []
    ended = threading.Event()

    def load() -> None:
        while not ended.is_set():
            answers.append(world.ask(address, "/wait/0.02"))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        # It rolls.
        first = set(world.pods())
        world.change(env=[{"name": "VERSION", "value": "2"}])
        until(lambda: world.complete() and not first & set(world.pods()))
        # One that is never ready leaves the pods that are there, and going back is at once.
        second = set(world.pods())
        world.change(deadline_s=1, args=["python", "service.py", "never"])
        until(lambda: world.progressing() == "ProgressDeadlineExceeded")
        assert second < set(world.pods())
        world.change(args=None)
        until(lambda: world.complete() and set(world.pods()) == second)
        # An eviction waits for the budget, and what is evicted is replaced.
        world.budget(2)
        victim = sorted(second)[0]
        until(
            lambda: (
                world.policy.read_namespaced_pod_disruption_budget(NAME, NAMESPACE).status.current_healthy
                == 2
            )
        )
        with pytest.raises(K8s.ApiException) as refused:
            world.evict(victim)
        assert refused.value.status == 429 and "needs 2 healthy pods and has 2" in str(refused.value.body)
        world.policy.delete_namespaced_pod_disruption_budget(NAME, NAMESPACE)
        world.evict(victim)
        until(lambda: world.complete() and victim not in world.pods())
        until(lambda: len(answers) > 50)  # a fast machine has rolled before so many were asked
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert set(answers) == {200}
    # What is not alive any more is started anew, and says what it said.
    world.ask(address, "/sick")
    until(lambda: any(one.status.container_statuses[0].restart_count for one in world.pods().values()))
    until(world.complete)
    name = next(iter(world.pods()))
    assert "listening" in world.core.read_namespaced_pod_log(name, NAMESPACE)
    world.core.delete_namespace(NAMESPACE)
    until(lambda: not [one for one in running.processes.running() if one.name.startswith("pod ")])


@pytest.mark.e2e
def test_a_pod_signs_in_as_its_account(running: Emulator) -> None:
    """By azure-identity, in the variables that the pod has, as the scoring service does."""
    world = Released(running)
    identity = running.arm.get(WORKLOAD)["properties"]
    world.core.create_namespace({"metadata": {"name": NAMESPACE}})
    notes = {"azure.workload.identity/client-id": identity["clientId"]}
    world.core.create_namespaced_service_account(
        NAMESPACE, {"metadata": {"name": "scoring", "annotations": notes}}
    )
    one = deployment(replicas=1, pod={"serviceAccountName": "scoring"})
    one["spec"]["template"]["metadata"]["labels"]["azure.workload.identity/use"] = "true"
    world.apps.create_namespaced_deployment(NAMESPACE, one)
    world.core.create_namespaced_service(NAMESPACE, service())
    until(world.complete)
    address = until(lambda: world.core.read_namespaced_service(NAME, NAMESPACE).status.load_balancer.ingress)[
        0
    ].ip
    variables = requests.get(f"http://{address}/", proxies=world.proxies, timeout=30).json()
    asked = [sys.executable, "-c", ASK, identity["clientId"], "https://vault.azure.net/.default"]
    done = subprocess.run(asked, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    claims = jwt.decode(done.stdout.strip(), options={"verify_signature": False})
    assert (claims["oid"], claims["aud"]) == (identity["principalId"], "https://vault.azure.net")
    world.core.delete_namespace(NAMESPACE)
