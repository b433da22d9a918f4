"""Deployments that run: pods as processes, rolled, restarted, ended, behind an internal load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.kubernetes.running.conftest import World
from tests.emulator.kubernetes.running.estate import container, deployment, service


def rolled_out(world: World, name: str = "rev-a") -> bool:
    one = world.objects.get("Deployment", "scoring", name)
    status, wanted = one.get("status") or {}, one["spec"]["replicas"]
    seen = status.get("observedGeneration") == one["metadata"]["generation"]
    keys = ("replicas", "updatedReplicas", "availableReplicas")
    return seen and all(status.get(key) == wanted for key in keys)


def condition(one: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(c for c in one["status"]["conditions"] if c["type"] == kind)


def test_a_deployment_rolls_out_and_its_service_leads_to_it(world: World) -> None:
    world.create(deployment())
    world.create(service())
    world.until(lambda: rolled_out(world))
    pods = world.pods()
    assert {pod["status"]["phase"] for pod in pods} == {"Running"}
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2
    address = world.address("rev-a")
    assert address.startswith("10.20.1.")
    assert len(world.emulator.inside.where(address, 80)) == 2
    assert world.emulator.inside.where(address, 81) == []
    one = world.objects.get("Deployment", "scoring", "rev-a")
    assert condition(one, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert condition(one, "Available")["status"] == "True"
    assert one["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    assert any("from 0 to 2" in words for words in world.events("ScalingReplicaSet"))


def test_a_release_that_is_never_ready_leaves_the_old_pods(world: World) -> None:
    world.create(deployment(progressDeadlineSeconds=1))
    world.until(lambda: rolled_out(world))
    before = {pod["metadata"]["name"] for pod in world.pods()}

    def worse(one: dict[str, Any]) -> None:
        one["spec"]["template"]["spec"]["containers"] = [container(args=["python", "service.py", "never"])]

    world.objects.change("Deployment", "scoring", "rev-a", worse)
    world.until(
        lambda: (
            condition(world.objects.get("Deployment", "scoring", "rev-a"), "Progressing")["reason"]
            == "ProgressDeadlineExceeded"
        )
    )
    pods = world.pods()
    ready = {pod["metadata"]["name"] for pod in pods if condition(pod, "Ready")["status"] == "True"}
    assert ready == before and len(pods) == 3
    words = "Readiness probe failed: HTTP probe failed with statuscode: 500"
    world.until(lambda: words in world.events("Unhealthy"))


INTERNAL = "service.beta.kubernetes.io/azure-load-balancer-internal"
# annotations -> what is told instead of an address
UNBALANCED = [
    ({INTERNAL: "false"}, "not emulated: a load balancer with a public address"),
    ({f"{INTERNAL}-subnet": "none"}, "failed to get subnet: net/none"),
    ({f"{INTERNAL[:-9]}-ipv4": "10.9.9.9"}, "PrivateIPAddressNotInSubnet"),
    ({f"{INTERNAL[:-9]}-ipv4": "10.20.1.4"}, "PrivateIPAddressIsAllocated"),  # a node has it
]


@pytest.mark.parametrize(("annotations", "words"), UNBALANCED, ids=[words[:20] for _, words in UNBALANCED])
def test_why_a_service_has_no_address_is_told(world: World, annotations: dict[str, str], words: str) -> None:
    world.create(service(**annotations))
    told = world.until(lambda: world.events("SyncLoadBalancerFailed"))
    assert told[0].startswith("Error syncing load balancer: failed to ensure load balancer: ")
    assert words in told[0]
    assert not (world.objects.get("Service", "scoring", "rev-a").get("status") or {}).get("loadBalancer")


def test_addresses_of_services_are_their_own_and_come_free_again(world: World) -> None:
    fixed = {f"{INTERNAL[:-9]}-ipv4": "10.20.2.9", f"{INTERNAL}-subnet": "gateway"}
    world.create(service("one", **fixed))
    world.create(service("two"))
    world.create(service("three"))
    assert world.address("one") == "10.20.2.9"
    two, three = world.address("two"), world.address("three")
    assert two != three and two.startswith("10.20.1.")
    world.objects.delete("Service", "scoring", "two")
    world.until(lambda: world.objects.find("Service", "scoring", "two") is None)
    world.create(service("four"))
    assert world.address("four") == two
