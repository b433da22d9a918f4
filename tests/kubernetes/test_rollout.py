"""Production's manifests on a real cluster: rollout, restart, rollback, limits, drains, no lost request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ml.errors import MlopsError
from ml.production import manifests
from ml.production.api import Api, RefusedError, path_of
from ml.production.cluster import Cluster, Revision, rollout
from ml.production.values import Size, Values
from scoring.model.artifact import Artifact
from tests.kubernetes.asking import Asking
from tests.kubernetes.changed import quick, running
from tests.kubernetes.conftest import NAMESPACE, MakeCluster, MakeValues
from tests.scoring.trained import as_stated, small

READY_S = 180.0
NO_VAULT = {"SCORING_ALLOW_ANONYMOUS": "", "KEY_VAULT_URI": "https://vault.invalid/", "API_KEY_SECRET": "key"}
# Answers, and from the given second on answers 500 at /healthz.
SICK = """
import http.server, time
began = time.monotonic()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path == "/healthz" and time.monotonic() - began > 4 else 200)
        self.end_headers()
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
READ = """
import pathlib, time
def read(*names):
    root = pathlib.Path("/sys/fs/cgroup")
    return next(path.read_text().split() for path in map(root.joinpath, names) if path.is_file())
quota = read("cpu.max", "cpu/cpu.cfs_quota_us")
period = quota[1] if len(quota) > 1 else read("cpu/cpu.cfs_period_us")[0]
print(read("memory.max", "memory/memory.limit_in_bytes")[0], int(quota[0]) / int(period), flush=True)
time.sleep(600)
"""
ALLOCATE = "held = [b'x' * (64 << 20) for _ in range(64)]"


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return small().trained.artifact


def deployment(api: Api, chosen: Values) -> dict[str, Any]:
    found = api.get(path_of("Deployment", NAMESPACE, chosen.revision))
    assert found is not None
    return found


def pods(api: Api, chosen: Values) -> list[dict[str, Any]]:
    selector = f"app.kubernetes.io/instance={chosen.revision}"
    return api.items(path_of("Pod", NAMESPACE), labelSelector=selector)


def until(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.2)
    return False


def test_a_revision_rolls_out_and_scores(
    serving: Values, cluster: Cluster, asking: Callable[[Values], Asking], artifact: Artifact
) -> None:
    assert Revision(serving.revision, serving.release, 2, 2) in cluster.revisions()
    answer = asking(serving).score(artifact.samples.request)
    assert as_stated(answer["predictions"], artifact.samples.predictions)


def test_the_same_values_change_nothing(serving: Values, cluster: Cluster, api: Api) -> None:
    kinds = ("Deployment", "Service", "PodDisruptionBudget")
    paths = [path_of(kind, NAMESPACE, serving.revision) for kind in kinds]
    before = [(api.get(path) or {})["metadata"] for path in paths]
    cluster.apply(serving)
    after = [(api.get(path) or {})["metadata"] for path in paths]
    for one, other in zip(before, after, strict=True):
        assert one.get("generation") == other.get("generation")
        assert one["managedFields"][0] == other["managedFields"][0]


def test_what_was_scaled_is_not_taken_back(serving: Values, cluster: Cluster, api: Api) -> None:
    cluster.scale(serving.revision, 3)
    cluster.apply(serving)
    assert deployment(api, serving)["spec"]["replicas"] == 3
    cluster.scale(serving.revision, 2)


def test_pods_have_no_token_of_the_cluster_and_one_for_entra_id(serving: Values, api: Api) -> None:
    for pod in pods(api, serving):
        (container,) = pod["spec"]["containers"]
        assert [one["mountPath"] for one in container["volumeMounts"]] == ["/var/run/secrets/azure/tokens"]


def test_the_server_takes_them_under_restricted(cluster: Cluster, made: MakeValues, api: Api) -> None:
    chosen = made()
    cluster.dry_run(chosen)
    (template,) = [
        one["spec"]["template"] for one in manifests.revision(chosen) if one["kind"] == "Deployment"
    ]
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    pod["metadata"] = {**template["metadata"], "name": "try", "namespace": NAMESPACE}
    api.apply(path_of("Pod", NAMESPACE, "try"), pod, dry_run=True)
    pod["spec"] = {**pod["spec"], "hostNetwork": True}
    with pytest.raises(RefusedError, match='violates PodSecurity "restricted:latest"'):
        api.apply(path_of("Pod", NAMESPACE, "try"), pod, dry_run=True)


def test_pods_that_could_become_more_are_refused_and_said_so(
    made: MakeValues, with_container: MakeCluster
) -> None:
    def change(container: dict[str, Any]) -> None:
        container["securityContext"]["allowPrivilegeEscalation"] = True

    chosen, cluster = made(), with_container(change)
    cluster.apply(chosen)
    with pytest.raises(MlopsError) as caught:
        cluster.wait_ready(chosen.revision, READY_S)
    assert "violates PodSecurity" in "\n".join(caught.value.details)


def test_one_that_does_not_get_ready_leaves_the_old_and_goes_back(
    made: MakeValues, cluster: Cluster, api: Api, asking: Callable[[Values], Asking], artifact: Artifact
) -> None:
    good = made()
    cluster.apply(good)
    cluster.wait_ready(good.revision, READY_S)
    old = {pod["metadata"]["uid"] for pod in pods(api, good)}
    bad = made(release=good.release, variables=NO_VAULT)
    cluster.apply(bad)
    with pytest.raises(MlopsError, match="is not ready after 15 s") as caught:
        cluster.wait_ready(bad.revision, 15)
    assert "HTTP probe failed with statuscode: 503" in "\n".join(caught.value.details)
    assert rollout(deployment(api, bad)).available == 2
    assert old <= {pod["metadata"]["uid"] for pod in pods(api, bad)}
    assert asking(bad).score(artifact.samples.request)["predictions"]
    cluster.apply(good)
    cluster.wait_ready(good.revision, READY_S)
    assert old == {
        pod["metadata"]["uid"] for pod in pods(api, good) if "deletionTimestamp" not in pod["metadata"]
    }


def test_a_pod_whose_event_loop_stands_is_restarted(
    made: MakeValues, with_container: MakeCluster, api: Api
) -> None:
    def change(container: dict[str, Any]) -> None:
        quick(container)
        running(SICK)(container)

    chosen = made()
    with_container(change).apply(chosen)

    def restarted() -> bool:
        statuses = [one for pod in pods(api, chosen) for one in pod["status"].get("containerStatuses") or []]
        return any(one["restartCount"] > 0 for one in statuses)

    assert until(restarted, 90)


def test_limits_are_the_kernels(made: MakeValues, with_container: MakeCluster, api: Api) -> None:
    chosen = made(size=Size(cpu_request=0.1, cpu_limit=0.5, memory_mib=256))
    with_container(running(READ)).apply(chosen)
    found: list[str] = []

    def read() -> bool:
        for pod in pods(api, chosen):
            try:
                found.append(api.text(path_of("Pod", NAMESPACE, pod["metadata"]["name"], "log")).strip())
            except RefusedError:
                continue
        return any(found)

    assert until(read, 60)
    assert next(filter(None, found)) == f"{256 << 20} 0.5"


def test_one_that_takes_too_much_memory_is_said_to(made: MakeValues, with_container: MakeCluster) -> None:
    chosen = made(size=Size(cpu_request=0.1, cpu_limit=1.0, memory_mib=256))
    cluster = with_container(running(ALLOCATE))
    cluster.apply(chosen)
    with pytest.raises(MlopsError) as caught:
        cluster.wait_ready(chosen.revision, READY_S)
    assert "ended with 137 (OOMKilled)" in "\n".join(caught.value.details)


def test_one_that_ends_at_once_is_told_with_its_last_words(made: MakeValues, cluster: Cluster) -> None:
    chosen = made(variables={"PORT": "x"})
    cluster.apply(chosen)
    with pytest.raises(MlopsError) as caught:
        cluster.wait_ready(chosen.revision, READY_S)
    said = "\n".join(caught.value.details)
    assert "CrashLoopBackOff" in said and "PORT is 'x'" in said


def test_an_image_that_is_not_there_is_told(made: MakeValues, cluster: Cluster, image: str) -> None:
    chosen = made(image=f"{image.partition('@')[0]}@sha256:{'0' * 64}")
    cluster.apply(chosen)
    with pytest.raises(MlopsError) as caught:
        cluster.wait_ready(chosen.revision, READY_S)
    assert "ImagePullBackOff" in "\n".join(caught.value.details) and "AcrPull" in caught.value.remedy


def test_a_full_quota_is_told(made: MakeValues, cluster: Cluster, api: Api, serving: Values) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/resourcequotas/none"
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}}
    api.apply(path, {**quota, "spec": {"hard": {"pods": "0"}}})
    try:
        chosen = made()
        # The quota holds once its controller has counted.
        assert until(lambda: "hard" in ((api.get(path) or {}).get("status") or {}), 30)
        cluster.apply(chosen)
        with pytest.raises(MlopsError) as caught:
            cluster.wait_ready(chosen.revision, READY_S)
        assert "exceeded quota: none" in "\n".join(caught.value.details)
    finally:
        api.delete(path)


def test_what_somebody_changed_by_hand_is_not_written_over(
    made: MakeValues, cluster: Cluster, api: Api
) -> None:
    chosen = made()
    cluster.apply(chosen)
    path = path_of("Deployment", NAMESPACE, chosen.revision)
    change = {"spec": {"progressDeadlineSeconds": 999}}
    api.send("PATCH", path, {"fieldManager": "somebody"}, change, "application/merge-patch+json")
    with pytest.raises(MlopsError, match="keeps fields that somebody else has set") as caught:
        cluster.apply(chosen)
    assert 'conflict with "somebody"' in "\n".join(caught.value.details)


def test_the_address_is_what_the_cloud_gives(made: MakeValues, cluster: Cluster, api: Api) -> None:
    chosen = made()
    cluster.apply(chosen)
    with pytest.raises(MlopsError, match="has no address after 0 s"):
        cluster.address(chosen.revision, 0)
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "10.30.8.7"}]}}}
    api.patch(path_of("Service", NAMESPACE, chosen.revision, "status"), status)
    assert cluster.address(chosen.revision) == "10.30.8.7"


def test_a_drain_takes_one_pod_at_a_time(made: MakeValues, cluster: Cluster, api: Api) -> None:
    chosen = made()
    cluster.apply(chosen)
    cluster.wait_ready(chosen.revision, READY_S)
    budget = path_of("PodDisruptionBudget", NAMESPACE, chosen.revision)
    assert until(lambda: (api.get(budget) or {})["status"].get("disruptionsAllowed") == 1, 30)
    first, second = [pod["metadata"]["name"] for pod in pods(api, chosen)]

    once = Api(api.client, "tests", attempts=1)  # a drain asks again, which is not the subject here

    def evict(name: str) -> None:
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        once.send("POST", path_of("Pod", NAMESPACE, name, "eviction"), {}, body, "application/json")

    evict(first)
    with pytest.raises(
        RefusedError, match="Cannot evict pod as it would violate the pod's disruption budget"
    ):
        evict(second)
    cluster.wait_ready(chosen.revision, READY_S)


def test_no_request_is_lost_while_pods_are_replaced(
    made: MakeValues,
    cluster: Cluster,
    api: Api,
    asking: Callable[[Values], Asking],
    artifact: Artifact,
) -> None:
    chosen = made()
    cluster.apply(chosen)
    cluster.wait_ready(chosen.revision, READY_S)
    before = {pod["metadata"]["uid"] for pod in pods(api, chosen)}
    ask = asking(chosen)
    with ask.load(artifact.samples.request, clients=4) as tally:
        cluster.apply(made(release=chosen.release, variables={"MODEL_VERSION": "2"}))
        cluster.wait_ready(chosen.revision, READY_S)
        assert until(lambda: not before & {pod["metadata"]["uid"] for pod in pods(api, chosen)}, 90)
        victim = pods(api, chosen)[0]["metadata"]["name"]
        api.delete(path_of("Pod", NAMESPACE, victim))
        names = lambda: {pod["metadata"]["name"] for pod in pods(api, chosen)}  # noqa: E731
        assert until(lambda: victim not in names(), 90)
        cluster.wait_ready(chosen.revision, READY_S)
    assert tally.failed == {} and tally.answers["200"] > 200, tally
    assert ask.score(artifact.samples.request)["model"]["version"] == "2"


def test_what_is_deleted_is_gone(made: MakeValues, cluster: Cluster, api: Api) -> None:
    chosen = made()
    cluster.apply(chosen)
    cluster.delete(chosen.revision)
    cluster.delete(chosen.revision)
    assert chosen.revision not in [one.name for one in cluster.revisions()]
    for manifest in manifests.revision(chosen):
        assert api.get(path_of(manifest["kind"], NAMESPACE, chosen.revision)) is None
