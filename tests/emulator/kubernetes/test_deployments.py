"""One step of a Deployment at a time: what is made, scaled, removed and said."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.kubernetes.controllers.deployments import DESIRED, HASH, MOST, REVISION, Plan, plan
from emulator.kubernetes.controllers.hashes import fnv32a, template_hash

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
Json = dict[str, Any]


def deployment(replicas: int = 3, image: str = "a", **spec: Any) -> Json:
    labels = {"app": "d"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "d",
            "namespace": "n",
            "uid": "u",
            "generation": 1,
            "annotations": {"team": "ml"},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": template,
            "strategy": rolling,
            **spec,
        },
    }


class Cluster:
    """Carries plans out, without a cluster: each pod is available when it is said so."""

    def __init__(self, deployment: Json) -> None:
        self.deployment = deployment
        self.sets: dict[str, Json] = {}
        self.now = NOW

    def step(self, pods: list[Json] | None = None) -> Plan:
        made = plan(deepcopy(self.deployment), deepcopy(list(self.sets.values())), pods or [], self.now)
        if made.create:
            meta = made.create["metadata"]
            meta |= {"uid": meta["name"], "generation": 1, "creationTimestamp": f"t{len(self.sets)}"}
            self.sets[meta["name"]] = made.create
        for name, notes in made.annotate.items():
            self.sets[name]["metadata"]["annotations"] = notes
        for name, replicas in made.scale.items():
            self.sets[name]["spec"]["replicas"] = replicas
        for name in made.remove:
            del self.sets[name]
        self.deployment["status"] = made.status
        return made

    def become(self, available: int | None = None) -> None:
        """Every set has its pods; so many (all) of the newest's are available."""
        newest = list(self.sets)[-1]
        for name, one in self.sets.items():
            n = one["spec"]["replicas"]
            ready = n if available is None or name != newest else min(n, available)
            one["status"] = {
                "replicas": n,
                "readyReplicas": ready,
                "availableReplicas": ready,
                "observedGeneration": 1,
            }

    def settle(self) -> None:
        for _ in range(30):
            made = self.step()
            self.become()
            if (
                not (made.create or made.scale or made.remove or made.annotate)
                and self.reason() == "NewReplicaSetAvailable"
            ):
                return
        raise AssertionError(self.sets)

    def release(self, image: str) -> None:
        self.deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image
        self.deployment["metadata"]["generation"] += 1

    def condition(self, kind: str) -> Json:
        return next(one for one in self.deployment["status"]["conditions"] if one["type"] == kind)

    def reason(self) -> str:
        return self.condition("Progressing")["reason"]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(deployment())


def test_the_hash_is_fnv_1a_in_letters_that_make_no_words() -> None:
    assert fnv32a(b"") == 2166136261 and fnv32a(b"a") == 0xE40C292C and fnv32a(b"foobar") == 0xBF9CF968
    assert template_hash({"a": 1}) == template_hash({"a": 1}) != template_hash({"a": 1}, 1)
    assert not set(template_hash({"a": 1})) & set("aeiou013")


def test_the_first_replica_set_has_all_pods_and_says_whose_it_is(cluster: Cluster) -> None:
    made = cluster.step()
    assert made.create is not None and made.revision == "1"
    meta, spec = made.create["metadata"], made.create["spec"]
    assert meta["name"] == f"d-{meta['labels'][HASH]}" and spec["replicas"] == 3
    assert spec["selector"]["matchLabels"] == {"app": "d", HASH: meta["labels"][HASH]}
    assert meta["annotations"] == {"team": "ml", REVISION: "1", DESIRED: "3", MOST: "4"}
    assert made.notes == [
        ("Normal", "ScalingReplicaSet", f"Scaled up replica set {meta['name']} from 0 to 3")
    ]
    assert cluster.reason() == "NewReplicaSetCreated"
    assert cluster.condition("Available")["reason"] == "MinimumReplicasUnavailable"


def test_a_rollout_goes_pod_by_pod_and_says_when_it_is_done(cluster: Cluster) -> None:
    cluster.settle()
    cluster.release("b")
    first = next(iter(cluster.sets))
    numbers: list[tuple[int, int]] = []
    for _ in range(12):
        cluster.step()
        second = list(cluster.sets)[-1]
        numbers.append((cluster.sets[first]["spec"]["replicas"], cluster.sets[second]["spec"]["replicas"]))
        cluster.become()
    assert list(dict.fromkeys(numbers)) == [(3, 1), (2, 1), (2, 2), (1, 2), (1, 3), (0, 3)]
    cluster.settle()
    status = cluster.deployment["status"]
    assert {status[k] for k in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")} == {3}
    assert "unavailableReplicas" not in status
    assert cluster.sets[second]["metadata"]["annotations"][REVISION] == "2"


def test_what_never_becomes_available_changes_nothing_and_is_told_in_time(cluster: Cluster) -> None:
    cluster.settle()
    cluster.release("broken")
    for _ in range(3):
        made = cluster.step()
        cluster.become(available=0)
    assert [one["spec"]["replicas"] for one in cluster.sets.values()] == [3, 1]
    assert cluster.condition("Available")["status"] == "True"
    assert [one["type"] for one in cluster.deployment["status"]["conditions"]] == ["Available", "Progressing"]
    assert made.again_s is not None and 599 < made.again_s < 601
    cluster.now += timedelta(seconds=601)
    cluster.step()
    held = cluster.condition("Progressing")
    assert (held["status"], held["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert held["message"] == f'ReplicaSet "{list(cluster.sets)[-1]}" has timed out progressing.'


def test_going_back_uses_the_set_that_is_there_as_a_new_revision(cluster: Cluster) -> None:
    cluster.settle()
    cluster.release("b")
    cluster.settle()
    cluster.release("a")
    cluster.deployment["spec"]["template"]["metadata"]["annotations"] = {}  # an empty map is none
    cluster.settle()
    first, second = cluster.sets.values()
    assert (first["spec"]["replicas"], second["spec"]["replicas"]) == (3, 0)
    assert first["metadata"]["annotations"][REVISION] == "3"


def test_only_so_many_old_sets_are_kept() -> None:
    cluster = Cluster(deployment(revisionHistoryLimit=2))
    for image in "abcde":
        cluster.release(image)
        cluster.settle()
    cluster.step()
    images = [one["spec"]["template"]["spec"]["containers"][0]["image"] for one in cluster.sets.values()]
    assert images == ["c", "d", "e"]


def test_scaling_while_it_rolls_keeps_the_shares(cluster: Cluster) -> None:
    cluster.deployment = deployment(10, strategy={"rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}})
    cluster.settle()
    cluster.release("b")
    cluster.step()
    cluster.become(available=0)
    assert [one["spec"]["replicas"] for one in cluster.sets.values()] == [10, 2]
    cluster.deployment["spec"]["replicas"] = 20
    cluster.step()
    assert [one["spec"]["replicas"] for one in cluster.sets.values()] == [18, 4]


def test_recreate_waits_for_the_old_pods_to_be_gone() -> None:
    cluster = Cluster(deployment(2, strategy={"type": "Recreate"}))
    cluster.settle()
    first = next(iter(cluster.sets))
    pod = {
        "metadata": {"ownerReferences": [{"uid": first, "controller": True}]},
        "status": {"phase": "Running"},
    }
    cluster.release("b")
    cluster.step([pod])
    second = list(cluster.sets)[-1]
    cluster.step([pod])
    cluster.become()
    cluster.step([pod])
    assert (cluster.sets[first]["spec"]["replicas"], cluster.sets[second]["spec"]["replicas"]) == (0, 0)
    cluster.step([])
    assert cluster.sets[second]["spec"]["replicas"] == 2


def test_a_paused_deployment_is_scaled_and_not_rolled(cluster: Cluster) -> None:
    cluster.settle()
    cluster.deployment["spec"]["paused"] = True
    cluster.release("b")
    cluster.deployment["spec"]["replicas"] = 5
    made = cluster.step()
    assert made.create is None and len(cluster.sets) == 1
    assert next(iter(cluster.sets.values()))["spec"]["replicas"] == 5
    assert cluster.reason() == "DeploymentPaused"
