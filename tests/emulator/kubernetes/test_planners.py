"""The other decisions: which pod goes first, what may be evicted, who answers, where a pod runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.containers.probes import Probe
from emulator.kubernetes.controllers import budgets, endpoints, replicasets
from emulator.kubernetes.controllers.facts import matches, spell
from emulator.kubernetes.node import nodes, refusals, variables
from emulator.kubernetes.node.backoff import Backoff
from emulator.kubernetes.node.backoff import spell as spell_wait
from emulator.kubernetes.node.identity import admitted
from emulator.kubernetes.node.probing import Check, Course
from emulator.kubernetes.node.scheduling import choose
from emulator.kubernetes.node.status import State, phase

NOW = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
Json = dict[str, Any]


def pod(name: str, *, ready: bool = True, since_s: float = 60, node: str = "n1", **more: Any) -> Json:
    condition = {
        "type": "Ready",
        "status": str(ready),
        "lastTransitionTime": spell(NOW - timedelta(seconds=since_s)),
    }
    meta = {"name": name, "namespace": "n", "uid": name, "creationTimestamp": spell(NOW - timedelta(hours=1))}
    return {
        "metadata": {**meta, "labels": {"app": "d"}, **more.get("meta", {})},
        "spec": {
            "nodeName": node,
            "containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}],
        },
        "status": {
            "phase": "Running",
            "podIP": f"10.0.0.{len(name)}",
            "conditions": [condition],
            **more.get("status", {}),
        },
    }


def test_a_replica_set_ends_first_what_serves_least() -> None:
    restarted = {"containerStatuses": [{"restartCount": 3}]}
    pods = [
        pod("oldest", since_s=900),
        pod("restarted", since_s=900, status=restarted),
        pod("young", since_s=5),
        pod("unready", ready=False),
        pod("pending", status={"phase": "Pending"}, ready=False),
        pod("unplaced", node="", status={"phase": "Pending"}, ready=False),
        pod("cheap", meta={"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-1"}}),
    ]
    order = [one["metadata"]["name"] for one in replicasets.order(pods, NOW)]
    assert order == ["unplaced", "pending", "unready", "cheap", "young", "restarted", "oldest"]


def test_a_pod_counts_as_available_after_its_seconds() -> None:
    template = {"metadata": {"labels": {"app": "d"}}}
    one = {
        "metadata": {"generation": 4},
        "spec": {"replicas": 3, "minReadySeconds": 30, "template": template},
    }
    made = replicasets.plan(one, [pod("a", since_s=31), pod("bb", since_s=10), pod("c", ready=False)], NOW)
    assert made.status == {
        "replicas": 3,
        "fullyLabeledReplicas": 3,
        "readyReplicas": 2,
        "availableReplicas": 1,
        "observedGeneration": 4,
    }
    assert made.again_s == 20 and not made.create and not made.remove


# (spec, ready of all, wanted by the owner, allowed, healthy that are needed)
@pytest.mark.parametrize(
    ("spec", "ready", "every", "wanted", "allowed", "least"),
    [
        ({"minAvailable": 1}, 2, 2, 2, 1, 1),
        ({"minAvailable": "50%"}, 3, 3, 3, 1, 2),
        ({"maxUnavailable": 1}, 3, 3, 3, 1, 2),
        ({"maxUnavailable": "34%"}, 3, 3, 3, 2, 1),
        ({"maxUnavailable": 1}, 2, 3, 3, 0, 2),
        ({"maxUnavailable": 0}, 3, 3, 3, 0, 3),
        ({"minAvailable": 1}, 0, 0, 0, 0, 1),
    ],
)
def test_a_budget_allows_what_leaves_enough(
    spec: Json, ready: int, every: int, wanted: int, allowed: int, least: int
) -> None:
    pods = [pod(f"p{i}", ready=i < ready) for i in range(every)]
    found = budgets.status({"metadata": {"generation": 2}, "spec": spec}, pods, wanted, NOW)
    assert (found["disruptionsAllowed"], found["desiredHealthy"]) == (allowed, least)
    assert found["conditions"][0]["reason"] == ("SufficientPods" if allowed else "InsufficientPods")


def test_an_evicted_pod_counts_as_gone_for_two_minutes() -> None:
    pods = [pod("a"), pod("b"), pod("c")]
    budget: Json = {"metadata": {}, "spec": {"minAvailable": 2}}
    budget["status"] = {
        "disruptedPods": {"a": spell(NOW), "b": spell(NOW - timedelta(seconds=121)), "x": spell(NOW)}
    }
    found = budgets.status(budget, pods, 3, NOW)
    assert found["disruptedPods"] == {"a": spell(NOW)} and found["disruptionsAllowed"] == 0


def test_only_ready_pods_that_stay_answer() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "n", "uid": "s"},
        "spec": {"selector": {"app": "d"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    leaves = pod("leaves", meta={"deletionTimestamp": spell(NOW)})
    other = pod("other", meta={"labels": {"app": "x"}})
    pods = [pod("a"), pod("not-ready", ready=False), leaves, other]
    (subset,) = endpoints.endpoints(service, pods)["subsets"]
    assert [one["targetRef"]["name"] for one in subset["addresses"]] == ["a"]
    assert [one["targetRef"]["name"] for one in subset["notReadyAddresses"]] == ["not-ready"]
    assert subset["ports"] == [{"port": 8080, "protocol": "TCP"}]
    piece = endpoints.endpoint_slice(service, pods, {})
    conditions = {one["targetRef"]["name"]: one["conditions"] for one in piece["endpoints"]}
    assert conditions["leaves"] == {"ready": False, "serving": True, "terminating": True}
    assert conditions["a"] == {"ready": True, "serving": True, "terminating": False}


def node(name: str, zone: str = "z1", **more: Any) -> Json:
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone}
    allocatable = {"cpu": "2", "memory": "4Gi", "pods": "3"}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": more,
        "status": {"allocatable": allocatable},
    }


def wants(cpu: str = "500m", **spec: Any) -> Json:
    requests = {"resources": {"requests": {"cpu": cpu}}}
    meta = {"name": "new", "namespace": "n", "uid": "new", "labels": {"app": "d"}}
    return {"metadata": meta, "spec": {"containers": [{"name": "c", **requests}], **spec}}


TAINT = {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}


def test_a_pod_goes_where_fewest_of_its_kind_are_and_nothing_is_in_its_way() -> None:
    found = [node("n0", taints=[TAINT]), node("n1"), node("n2", "z2")]
    assert choose(wants(), found, [pod("a", node="n1")]).node == "n2"
    assert choose(wants(tolerations=[{"key": TAINT["key"], "operator": "Exists"}]), found, []).node == "n0"
    assert choose(wants(nodeSelector={"topology.kubernetes.io/zone": "z2"}), found, []).node == "n2"


def test_why_a_pod_has_no_place_is_told_in_the_schedulers_words() -> None:
    found = [node("n0", taints=[TAINT]), node("n1"), node("n2", "z2")]
    assert choose(wants("3"), found, []).message == (
        "0/3 nodes are available: 1 node(s) had untolerated taint {CriticalAddonsOnly: true}, "
        "2 Insufficient cpu."
    )
    full = [pod(f"p{i}", node=n) for n in ("n1", "n2") for i in range(3)]
    assert "2 Too many pods" in choose(wants(), found, full).message


def test_a_hard_spread_is_kept_over_a_rollout_of_its_own_revision() -> None:
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "d"}},
    }
    found = [node("n1"), node("n2", "z2")]
    one = wants(topologySpreadConstraints=[spread])
    assert choose(one, found, [pod("a", node="n1")]).node == "n2"
    crowded = [pod("a", node="n1"), pod("b", node="n2"), pod("c", node="n2"), pod("d", node="n2")]
    assert choose(one, found, crowded).node == "n1"
    assert choose(one, [found[1]], crowded).message.endswith("1 Too many pods.")


def state(**of: Any) -> State:
    return State("c", "i", of.get("state", {}), of.get("last", {}))


ENDED, FAILED = {"terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 1}}
RUNS, WAITS = {"running": {}}, {"waiting": {}}


@pytest.mark.parametrize(
    ("states", "policy", "wanted"),
    [
        ([state(state=WAITS)], "Always", "Pending"),
        ([state(state=RUNS), state(state=WAITS)], "Always", "Pending"),
        ([state(state=RUNS)], "Always", "Running"),
        ([state(state=WAITS, last=FAILED)], "Always", "Running"),
        ([state(state=ENDED)], "Always", "Running"),
        ([state(state=ENDED)], "Never", "Succeeded"),
        ([state(state=ENDED), state(state=FAILED)], "Never", "Failed"),
        ([state(state=FAILED)], "OnFailure", "Running"),
        ([state(state=ENDED), state(state=RUNS)], "Never", "Running"),
    ],
)
def test_the_phase_follows_from_the_containers(states: list[State], policy: str, wanted: str) -> None:
    assert phase(states, policy) == wanted


def test_restarts_wait_as_long_as_the_kubelets() -> None:
    held = Backoff()
    assert [held.failed(float(i)) for i in range(8)] == [0, 10, 20, 40, 80, 160, 300, 300]
    assert held.failed(7 + 601.0) == 0
    pulls = Backoff(at_once=False)
    assert [pulls.failed(0.0) for _ in range(7)] == [10, 20, 40, 80, 160, 300, 300]
    assert [spell_wait(one) for one in (10, 80, 300)] == ["10s", "1m20s", "5m0s"]


def test_a_probe_is_asked_early_and_fails_no_sooner_than_it_would_elsewhere() -> None:
    probe = Probe("/", initial_delay_s=2, period_s=5, failures=3)
    course = Course(Check("http", 80, probe), 100.0, good=True)
    assert course.due == 102
    assert [course.take("no", at)[1:] for at in (102.0, 107.0, 112.0)] == [
        (True, False),
        (True, False),
        (True, True),
    ]
    early = Course(Check("http", 80, Probe("/", period_s=5)), 100.0, good=False)
    assert early.take("no", 100.0)[1:] == (True, False) and early.due == pytest.approx(100.1)
    assert early.take("no", 100.1)[1:] == (False, False)
    assert early.take("", 100.2)[1:] == (True, True) and early.due == pytest.approx(105.2)
    twice = Course(Check("http", 80, Probe("/", period_s=5, successes=2)), 100.0, good=False)
    assert [twice.take("", at)[2] for at in (100.0, 100.1, 105.0)] == [False, False, True]


def test_variables_are_put_together_in_their_order() -> None:
    env = [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "$(A)-$$(A)-$(C)"},
        {"name": "C", "value": "x"},
    ]
    content = {"settings": {"K": "v"}}
    source = [
        {"prefix": "P_", "configMapRef": {"name": "settings"}},
        {"secretRef": {"name": "no", "optional": True}},
    ]
    found = variables.of_container(
        {"name": "c", "env": env, "envFrom": source}, pod("a"), lambda _, n: content.get(n)
    )
    assert found == {"P_K": "v", "A": "1", "B": "1-$(A)-$(C)", "C": "x"}
    with pytest.raises(variables.Missing, match='secret "no" not found'):
        variables.of_container({"envFrom": [{"secretRef": {"name": "no"}}]}, pod("a"), lambda *_: None)
    limits = {"resources": {"limits": {"cpu": "1500m", "memory": "64Mi"}}}
    asked = [{"name": "N", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}]
    asked += [
        {"name": "M", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}
    ]
    own = {"name": "c", "env": asked, **limits}
    one = pod("a")
    one["spec"]["containers"] = [own]
    assert variables.of_container(own, one, lambda *_: None) == {"N": "2", "M": "64"}


def test_only_a_pod_with_the_label_acts_as_its_account() -> None:
    notes = {"azure.workload.identity/client-id": "an-id"}
    account = {"metadata": {"annotations": notes}}
    plain = pod("a")
    assert admitted(plain, account) == plain
    plain["metadata"]["labels"]["azure.workload.identity/use"] = "true"
    plain["spec"]["containers"][0]["env"] = [{"name": "AZURE_CLIENT_ID", "value": "own"}]
    made = admitted(plain, account)
    env = {one["name"]: one["value"] for one in made["spec"]["containers"][0]["env"]}
    assert env["AZURE_CLIENT_ID"] == "own"
    assert env["AZURE_FEDERATED_TOKEN_FILE"] == "/var/run/secrets/azure/tokens/azure-identity-token"
    assert made["spec"]["volumes"][0]["name"] == "azure-identity-token"
    assert admitted(made, account) == made


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ("Standard_D4s_v5", (4, 16)),
        ("Standard_E8ds_v5", (8, 64)),
        ("Standard_F2s_v2", (2, 4)),
        ("Standard_D2ls_v5", (2, 4)),
    ],
)
def test_a_node_has_what_its_size_says(size: str, wanted: tuple[int, float]) -> None:
    assert nodes.size(size) == wanted


def test_a_node_is_named_and_labelled_as_its_pool() -> None:
    cluster = {
        "id": "/subscriptions/s/x",
        "location": "westeurope",
        "properties": {"nodeResourceGroup": "MC"},
    }
    pool = {
        "name": "user",
        "vmSize": "Standard_D4s_v5",
        "availabilityZones": ["1", "2"],
        "nodeTaints": ["a=b:NoSchedule"],
    }
    made = nodes.node(cluster, pool, 1, "10.0.0.5")
    assert made["metadata"]["name"].startswith("aks-user-") and made["metadata"]["name"].endswith(
        "vmss000001"
    )
    assert made["metadata"]["labels"]["topology.kubernetes.io/zone"] == "westeurope-2"
    assert made["spec"]["taints"] == [{"key": "a", "value": "b", "effect": "NoSchedule"}]
    assert made["status"]["allocatable"]["cpu"] == "3860m"
    assert nodes.count({"count": 1, "enableAutoScaling": True, "minCount": 2}) == 2


def test_what_is_refused_is_named_with_its_path() -> None:
    probe = {"exec": {"command": ["true"]}}
    containers = [
        {"name": "../up", "ports": [{"containerPort": 1}, {"containerPort": 2}], "livenessProbe": probe}
    ]
    volumes = [{"name": "data", "hostPath": {"path": "/"}}]
    assert refusals.refusals({"containers": containers, "volumes": volumes, "hostPID": True}) == [
        "spec.hostPID",
        "spec.volumes[0].hostPath",
        "spec.containers[0].name",
        "spec.containers[0].ports[1]: one port follows the variable PORT",
        "spec.containers[0].livenessProbe.exec",
    ]


def test_selectors() -> None:
    expressions = [
        {"key": "a", "operator": "In", "values": ["1", "2"]},
        {"key": "b", "operator": "DoesNotExist"},
        {"key": "c", "operator": "NotIn", "values": ["3"]},
    ]
    assert matches({"matchExpressions": expressions}, {"a": "1"})
    assert not matches({"matchExpressions": expressions}, {"a": "1", "b": ""})
    assert not matches({"matchExpressions": expressions}, {"a": "1", "c": "3"})
    assert matches({}, None) and not matches(None, {})
