"""What becomes of pods when the emulator stops and starts, and when their cluster goes; scaling by use."""

from __future__ import annotations

import http.client
import os
import threading
import time
from pathlib import Path

import pytest

from emulator.home import Home
from emulator.kubernetes.controllers import autoscaling
from emulator.kubernetes.controllers.facts import is_ready
from tests.emulator.kubernetes.running.conftest import World, copied, inhabited, started
from tests.emulator.kubernetes.running.estate import CLUSTER, container, deployment, service


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids(world: World) -> list[int]:
    return [one.pid for one in world.emulator.processes.running() if one.name.startswith("pod ")]


def ready(world: World, count: int) -> bool:
    pods = world.pods()
    return len(pods) == count and all(map(is_ready, pods))


def steady(world: World) -> int:
    """The version of the objects once nothing has changed for a while."""
    while True:
        before = world.objects.revision
        time.sleep(0.5)
        if world.objects.revision == before:
            return before


def test_pods_come_back_with_the_emulator_and_go_with_their_cluster(home: Home, tmp_path: Path) -> None:
    own = copied(home, tmp_path / "home")
    first = started(own)
    world = inhabited(first)
    world.create(deployment())
    world.create(service())
    address = world.address("rev-a")
    world.until(lambda: len(first.inside.where(address, 80)) == 2)
    names = {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in world.pods()}
    ran = pids(world)
    first.close()
    assert len(ran) == 2 and not any(map(alive, ran))
    other = started(own)
    try:
        world = World(other)
        world.until(lambda: ready(world, 2) and len(other.inside.where(address, 80)) == 2)
        assert {pod["metadata"]["name"]: pod["status"]["podIP"] for pod in world.pods()} == names
        for pod in world.pods():
            (status,) = pod["status"]["containerStatuses"]
            assert status["restartCount"] == 1
            assert status["lastState"]["terminated"]["reason"] == "Unknown"
        ran = pids(world)
        other.arm.delete(CLUSTER)
        deadline = time.monotonic() + 10
        while any(map(alive, ran)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not any(map(alive, ran)) and other.inside.where(address, 80) == []
    finally:
        other.close()


def test_a_cluster_at_rest_writes_nothing(world: World) -> None:
    world.create(deployment())
    world.create(service())
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/instance": "rev-a"}}}
    meta = {"name": "rev-a", "namespace": "scoring"}
    world.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": budget})
    world.until(lambda: ready(world, 2))
    at = steady(world)
    steps: list[int] = []
    manager = world.emulator.kubernetes_engine.running(CLUSTER).manager
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manager, "step", lambda: steps.append(1))
        time.sleep(1.2)
    assert world.objects.revision == at and not steps
    held = world.objects.get("PodDisruptionBudget", "scoring", "rev-a")["status"]
    assert held["disruptionsAllowed"] == 1 and held["currentHealthy"] == 2


def test_more_pods_come_where_those_there_are_work_hard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autoscaling, "PERIOD_S", 0.5)
    requests = {"requests": {"cpu": "20m"}}
    world.create(deployment(replicas=1, pod={"containers": [container(resources=requests)]}))
    world.create(service())
    address = world.address("rev-a")
    (port,) = world.until(lambda: world.emulator.inside.where(address, 80))
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "rev-a"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    metrics = [{"type": "Resource", "resource": cpu}]
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3, "metrics": metrics}
    meta = {"name": "rev-a", "namespace": "scoring"}
    world.create(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec}
    )
    ended = threading.Event()

    def load() -> None:
        while not ended.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()

    thread = threading.Thread(target=load)
    thread.start()
    try:
        world.until(lambda: world.objects.get("Deployment", "scoring", "rev-a")["spec"]["replicas"] == 3)
    finally:
        ended.set()
        thread.join()
    status = world.until(
        lambda: (
            (one := world.objects.get("HorizontalPodAutoscaler", "scoring", "rev-a")["status"]).get(
                "lastScaleTime"
            )
            and one
        )
    )
    assert status["currentMetrics"][0]["resource"]["current"]["averageUtilization"] > 55
    conditions = {one["type"]: one for one in status["conditions"]}
    assert conditions["ScalingActive"]["reason"] == "ValidMetricFound"
    assert any(words.startswith("New size: ") for words in world.events("SuccessfulRescale"))
