"""What a node does with containers that fail, and how pods end."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import Any

import jwt
import pytest

from emulator.http import Request
from emulator.kubernetes.controllers.facts import condition, is_ready
from emulator.kubernetes.errors import NotServed
from emulator.places import OUTSIDE, Place
from tests.emulator.kubernetes.running.conftest import World
from tests.emulator.kubernetes.running.estate import SUBNET, WORKLOAD, container, deployment, service
from tests.emulator.kubernetes.running.exchange import exchange


def ask(port: int, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def pod(name: str = "one", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "scoring", "labels": labels or {}}
    held = {"containers": [container()], "terminationGracePeriodSeconds": 5, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": held}


def first(world: World, name: str = "one") -> dict[str, Any]:
    """The status of a pod's first container."""
    status = world.objects.get("Pod", "scoring", name).get("status") or {}
    return next(iter(status.get("containerStatuses") or [{}]))


def port_of(world: World, address: str) -> int:
    return world.until(lambda: world.emulator.inside.where(address, 80))[0]


def ready(world: World, name: str = "one") -> dict[str, Any]:
    world.create(pod(name)) if world.objects.find("Pod", "scoring", name) is None else None
    return world.until(lambda: is_ready(one := world.objects.get("Pod", "scoring", name)) and one)


def balanced(world: World, labels: dict[str, str]) -> str:
    made = service("one")
    made["spec"]["selector"] = labels
    world.create(made)
    return world.address("one")


def test_a_container_that_is_not_alive_is_started_anew(world: World) -> None:
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
    labels = {"app": "alive"}
    world.create(
        pod(labels=labels, containers=[container(livenessProbe={**probe, "initialDelaySeconds": 1})])
    )
    port = port_of(world, balanced(world, labels))
    ask(port, "/sick")
    world.until(lambda: first(world)["restartCount"] == 1 and first(world)["ready"])
    assert "Container scoring failed liveness probe, will be restarted" in world.events("Killing")
    assert first(world)["lastState"]["terminated"]["exitCode"] == 0
    assert first(world)["state"]["running"]


def test_a_container_that_ends_again_and_again_backs_off(world: World) -> None:
    world.create(pod(containers=[container(args=["python", "service.py", "fail"])]))
    world.until(lambda: first(world).get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff")
    held = first(world)
    assert held["restartCount"] == 1 and held["lastState"]["terminated"]["exitCode"] == 3
    assert held["lastState"]["terminated"]["reason"] == "Error"
    uid = world.objects.get("Pod", "scoring", "one")["metadata"]["uid"]
    assert held["state"]["waiting"]["message"] == (
        f"back-off 10s restarting failed container=scoring pod=one_scoring({uid})"
    )
    assert world.objects.get("Pod", "scoring", "one")["status"]["phase"] == "Running"


def test_memory_over_its_limit_ends_a_container(world: World) -> None:
    resources = {"requests": {"memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    eats = container(args=["python", "service.py", "eat"], resources=resources)
    world.create(pod(containers=[eats], restartPolicy="Never"))
    world.until(lambda: first(world).get("state", {}).get("terminated"))
    ended = first(world)["state"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
    assert world.objects.get("Pod", "scoring", "one")["status"]["phase"] == "Failed"


def test_an_image_that_is_not_there_is_told_and_tried_again(world: World) -> None:
    world.create(pod(containers=[container("imagesreg.azurecr.io/service:none")]))
    world.until(lambda: first(world).get("state", {}).get("waiting", {}).get("reason") == "ImagePullBackOff")
    told = world.events("Failed")
    assert any("service:none: not found" in words for words in told)
    assert {"Error: ErrImagePull", "Error: ImagePullBackOff"} <= set(told)
    assert world.objects.get("Pod", "scoring", "one")["status"]["phase"] == "Pending"


def test_a_registry_that_the_kubelet_may_not_pull_from_is_told(world: World) -> None:
    other = world.cluster.id.replace("Microsoft.ContainerService/managedClusters/aks", "")
    registry = f"{other}Microsoft.ContainerRegistry/registries/closedreg"
    body = {"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}}
    world.emulator.arm.put(registry, body)
    try:
        world.create(pod(containers=[container("closedreg.azurecr.io/service:v1")]))
        world.until(lambda: first(world).get("state", {}).get("waiting", {}).get("message"))
        told = first(world)["state"]["waiting"]["message"]
        assert "401 Unauthorized" in told and "AcrPull" in told
    finally:
        world.emulator.arm.delete(registry)


def test_what_a_process_cannot_have_is_refused_by_name(world: World) -> None:
    spec = {"hostIPC": True, "initContainers": [{"name": "first", "image": "python:3.11-slim"}]}
    with pytest.raises(NotServed, match=r"pod one with spec\.initContainers, spec\.hostIPC"):
        world.create(pod(**spec))
    world.create(deployment(pod=spec))
    failed = world.until(
        lambda: condition(world.objects.get("Deployment", "scoring", "rev-a"), "ReplicaFailure")
    )
    assert failed["reason"] == "FailedCreate" and "spec.initContainers" in failed["message"]


def test_a_root_user_is_refused_where_none_may_be(world: World) -> None:
    security = {"runAsNonRoot": True}
    world.create(pod(containers=[container("python:3.11-slim", securityContext=security)]))
    world.until(lambda: first(world).get("state", {}).get("waiting", {}).get("message"))
    waiting = first(world)["state"]["waiting"]
    assert waiting["reason"] == "CreateContainerConfigError"
    assert waiting["message"].startswith("container has runAsNonRoot and image will run as root (pod: ")


def test_a_pod_ends_after_its_endpoints_are_gone_and_its_requests_are_answered(world: World) -> None:
    hook = {"preStop": {"sleep": {"seconds": 1}}}
    labels = {"app": "graceful"}
    world.create(pod(labels=labels, containers=[container(lifecycle=hook)]))
    address = balanced(world, labels)
    port = port_of(world, address)
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ask(port, "/wait/1.5")[0]))
    asking.start()
    time.sleep(0.1)
    world.objects.delete("Pod", "scoring", "one")
    world.until(lambda: world.emulator.inside.where(address, 80) == [])
    assert ask(port)[0] == 200  # in its hook it still answers whom it was named to
    world.until(lambda: world.objects.find("Pod", "scoring", "one") is None)
    asking.join()
    assert answers == [200]
    assert "Stopping container scoring" in world.events("Killing")


def test_a_rollout_under_load_loses_no_request(world: World) -> None:
    hook = {"preStop": {"sleep": {"seconds": 1}}}
    spec = {"containers": [container(lifecycle=hook)]}
    world.create(deployment(pod=spec))
    world.create(service())
    address = world.address("rev-a")
    world.until(lambda: len(world.emulator.inside.where(address, 80)) == 2)
    ended, failed, asked = threading.Event(), list[str](), list[int]()

    def load() -> None:
        turn = 0
        while not ended.is_set():
            ports = world.emulator.inside.where(address, 80)
            turn += 1
            try:
                status, _ = ask(ports[turn % len(ports)], "/wait/0.05")
                asked.append(status)
            except (OSError, http.client.HTTPException, ZeroDivisionError) as error:
                failed.append(repr(error))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()

    def newer(one: dict[str, Any]) -> None:
        one["spec"]["template"]["metadata"]["annotations"] = {"version": "2"}

    before = {one["metadata"]["name"] for one in world.pods()}
    world.objects.change("Deployment", "scoring", "rev-a", newer)
    world.until(lambda: not before & {one["metadata"]["name"] for one in world.pods()})
    ended.set()
    for thread in threads:
        thread.join()
    assert failed == [] and set(asked) == {200} and len(asked) > 20


def test_a_pod_with_workload_identity_has_a_token_that_entra_takes(world: World) -> None:
    labels = {"azure.workload.identity/use": "true", "app": "named"}
    client_id = world.emulator.arm.get(WORKLOAD)["properties"]["clientId"]
    notes = {"azure.workload.identity/client-id": client_id}
    meta = {"name": "scoring", "namespace": "scoring", "annotations": notes}
    world.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
    made = deployment("named", 1, {"serviceAccountName": "scoring"})
    made["spec"]["selector"] = {"matchLabels": labels}
    made["spec"]["template"]["metadata"]["labels"] = labels
    world.create(made)
    port = port_of(world, balanced(world, labels))
    variables = json.loads(ask(port)[1])
    assert variables["AZURE_CLIENT_ID"] == client_id and variables["FROM_IMAGE"] == "yes"
    token = ask(port, "/token")[1].decode()
    subject = jwt.decode(token, options={"verify_signature": False})["sub"]
    assert subject == "system:serviceaccount:scoring:scoring"
    assert exchange(world.emulator, client_id, token).status == 200
    assert exchange(world.emulator, client_id, token + "x").status == 401


def test_a_caller_outside_does_not_reach_a_private_address(world: World) -> None:
    labels = {"app": "private"}
    world.create(pod(labels=labels))
    address = balanced(world, labels)
    port_of(world, address)

    def status(place: Place) -> int:
        request = Request("GET", address, "/", "/", {}, {}, b"", "http", 80, "", place)
        return world.emulator.answer(request).status

    assert status(Place(SUBNET)) == 200
    assert status(OUTSIDE) == 502


def test_variables_come_from_where_they_are_named(world: World) -> None:
    meta = {"name": "settings", "namespace": "scoring"}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}
    env = [
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "BOTH", "value": "$(LEVEL)-$(POD)-$(NONE)"},
    ]
    labels = {"app": "variables"}
    world.create(pod(labels=labels, containers=[container(env=env)]))
    world.until(lambda: first(world).get("state", {}).get("waiting", {}).get("message"))
    assert first(world)["state"]["waiting"]["message"] == 'configmap "settings" not found'
    world.create({**config, "data": {"level": "warn"}})
    variables = json.loads(ask(port_of(world, balanced(world, labels)))[1])
    assert variables["BOTH"] == "warn-one-$(NONE)" and variables["HOSTNAME"] == "one"
