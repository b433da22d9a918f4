"""The cluster as `mlops` drives it: what it asks for, what it waits for, and what it says."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import MlopsError
from ml.production import api as api_module
from ml.production import manifests
from ml.production.api import APPLY, MERGE, RefusedError, path_of
from ml.production.cluster import PARTS, Cluster, Revision, covers, rollout
from ml.production.reasons import NUMBER, WAITING
from ml.production.refusals import MEANINGS, told
from tests.emulator.kubernetes.behaviours import recorded
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.production.revisions import RELEASE, values
from tests.ml.production.servers import Server

REVISION = "rev-0123456789abcdef"
DEPLOYMENT = path_of("Deployment", "scoring", REVISION)
PODS = path_of("Pod", "scoring")
SETS = path_of("ReplicaSet", "scoring")
EVENTS = path_of("Event", "scoring")
LABELS = {"app.kubernetes.io/instance": REVISION}


def deployment(replicas: int = 2, conditions: list[Any] | None = None, **status: int) -> dict[str, Any]:
    return {
        "metadata": {"name": REVISION, "generation": 1, "annotations": {NUMBER: "2"}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}},
        "status": {"observedGeneration": 1, "conditions": conditions or [], **status},
    }


def replica_set(template: str, number: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": {**LABELS, "pod-template-hash": template}, "annotations": {NUMBER: number}}
    }


READY = deployment(updatedReplicas=2, availableReplicas=2, readyReplicas=2)


def pod(container: dict[str, Any], conditions: list[Any] | None = None) -> dict[str, Any]:
    labels = {**LABELS, "pod-template-hash": "h"}
    status = {"conditions": conditions or [], "containerStatuses": [container]}
    return {
        "metadata": {"name": "p", "labels": labels, "creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": status,
    }


def cluster(answers: dict[tuple[str, str], list[Any]]) -> tuple[Cluster, Server]:
    server = Server({("GET", SETS): [{"items": [replica_set("g", "1"), replica_set("h", "2")]}], **answers})
    return Cluster(server, RecordingReport(), poll_seconds=0.0), server


def paths(parts: list[dict[str, Any]]) -> list[str]:
    return [path_of(one["kind"], "scoring", one["metadata"]["name"]) for one in parts]


def test_a_revision_is_applied_after_what_it_stands_on_and_gets_its_least_pods() -> None:
    chosen = values()
    shared, own = paths(manifests.shared(chosen)), paths(manifests.revision(chosen))
    answers: dict[tuple[str, str], list[Any]] = {("PATCH", path): [{}] for path in (*shared, *own)}
    answers |= {("GET", DEPLOYMENT): [deployment(1)], ("PATCH", f"{DEPLOYMENT}/scale"): [{}]}
    made, server = cluster(answers)
    made.apply(chosen)
    changes = [path for method, path in server.calls if method == "PATCH"]
    assert changes == [*shared, *own, f"{DEPLOYMENT}/scale"]
    assert server.bodies[-1] == {"spec": {"replicas": chosen.replicas.minimum}}
    for (method, path), query in zip(server.calls, server.queries, strict=True):
        if method == "PATCH" and not path.endswith("/scale"):
            assert query == {"fieldManager": "mlops", "force": "false", "fieldValidation": "Strict"}


def test_what_is_shared_and_as_it_should_be_is_not_written() -> None:
    """So whoever releases needs no right to change the namespace and its Pod Security."""
    chosen = values()
    answers: dict[tuple[str, str], list[Any]] = {}
    for manifest in manifests.shared(chosen):
        there = json.loads(json.dumps(manifest))
        there["metadata"]["uid"] = "u"
        answers["GET", path_of(manifest["kind"], "scoring", manifest["metadata"]["name"])] = [there]
    answers |= {("PATCH", path): [{}] for path in paths(manifests.revision(chosen))}
    answers["GET", DEPLOYMENT] = [deployment(5)]
    made, server = cluster(answers)
    made.apply(chosen)
    assert [path for method, path in server.calls if method == "PATCH"] == paths(manifests.revision(chosen))


def test_it_is_ready_when_all_pods_of_the_newest_template_are() -> None:
    on_the_way = deployment(replicas=2, updatedReplicas=1, availableReplicas=2)
    made, server = cluster({("GET", DEPLOYMENT): [on_the_way, READY], ("GET", PODS): [{"items": []}]})
    made.wait_ready(REVISION, 60)
    assert server.calls.count(("GET", DEPLOYMENT)) == 2


def test_one_that_rests_is_not_waited_for() -> None:
    made, _ = cluster({("GET", DEPLOYMENT): [deployment(0)]})
    with pytest.raises(MlopsError, match="rests: it is scaled to 0"):
        made.wait_ready(REVISION, 60)


@given(st.integers(1, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2))
def test_a_rollout_is_done_when_nothing_old_and_nothing_unready_is_left(
    wanted: int, total: int, updated: int, available: int, seen: int
) -> None:
    one = deployment(wanted, updatedReplicas=updated, availableReplicas=available)
    one["status"] |= {"replicas": total, "observedGeneration": seen}
    done = seen >= 1 and updated >= wanted and total <= updated and available >= updated
    assert rollout(one).done == done


@pytest.mark.parametrize("reason", WAITING)
def test_what_waiting_does_not_mend_is_told_at_once(reason: str) -> None:
    row = WAITING[reason]
    waiting = {
        "ready": False,
        "restartCount": row.restarts or 0,
        "state": {"waiting": {"reason": reason, "message": "m"}},
    }
    answers = {("GET", DEPLOYMENT): [deployment()], ("GET", PODS): [{"items": [pod(waiting)]}]}
    made, server = cluster({**answers, ("GET", path_of("Pod", "scoring", "p", "log")): ["last words"]})
    with pytest.raises(MlopsError) as caught:
        made.wait_ready(REVISION, 60 if row.restarts is not None else 0)
    assert f"Pod p: {reason}: m" in caught.value.details and caught.value.remedy == row.remedy
    if row.restarts is not None:
        assert server.calls.count(("GET", DEPLOYMENT)) == 1
    assert ("last words" in caught.value.details) == bool(row.restarts)


def test_a_crash_is_given_three_starts() -> None:
    def crashing(restarts: int) -> dict[str, Any]:
        ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
        waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
        return pod({"ready": False, "restartCount": restarts, "state": waiting, "lastState": ended})

    pods = [{"items": [crashing(number)]} for number in range(4)]
    made, server = cluster({("GET", DEPLOYMENT): [deployment()], ("GET", PODS): pods})
    with pytest.raises(MlopsError) as caught:
        made.wait_ready(REVISION, 60)
    assert "Pod p: ended with 1 (Error), 3 restarts" in caught.value.details
    assert server.calls.count(("GET", DEPLOYMENT)) == 4


def test_a_probe_that_fails_is_told_with_its_words_when_the_time_is_up() -> None:
    running = {"ready": False, "restartCount": 0, "state": {"running": {}}}
    warning = {
        "reason": "Unhealthy",
        "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
        "metadata": {},
        "lastTimestamp": "2026-01-01T00:00:00Z",
    }
    made, _ = cluster(
        {
            ("GET", DEPLOYMENT): [deployment()],
            ("GET", PODS): [{"items": [pod(running)]}],
            ("GET", EVENTS): [{"items": [warning]}],
            ("GET", path_of("Pod", "scoring", "p", "log")): ["asking the vault"],
        }
    )
    with pytest.raises(MlopsError, match="is not ready after 0 s: 0 of 2 pods are") as caught:
        made.wait_ready(REVISION, 0)
    assert (
        "Pod p: is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503"
        in caught.value.details
    )
    assert caught.value.details[-1] == "asking the vault"


def test_pods_that_nobody_takes_are_told_at_once() -> None:
    failure = {
        "type": "ReplicaFailure",
        "status": "True",
        "reason": "FailedCreate",
        "message": "violates PodSecurity",
    }
    made, _ = cluster({("GET", DEPLOYMENT): [deployment(2, [failure])], ("GET", PODS): [{"items": []}]})
    with pytest.raises(MlopsError) as caught:
        made.wait_ready(REVISION, 60)
    assert caught.value.details == [f"Deployment {REVISION}: FailedCreate: violates PodSecurity"]


def test_no_room_is_told_when_the_time_is_up() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    there = {"items": [pod({"ready": False, "state": {}}, [condition])]}
    made, _ = cluster({("GET", DEPLOYMENT): [deployment()], ("GET", PODS): [there]})
    with pytest.raises(MlopsError) as caught:
        made.wait_ready(REVISION, 0)
    assert "Pod p: Unschedulable: 0/3 nodes" in caught.value.details
    assert "userNodes.maxNodes" in caught.value.remedy


def test_pods_of_another_template_and_those_that_go_say_nothing() -> None:
    """While a revision goes back, the newest pods are those that are not wanted any more."""
    other = pod({"ready": False, "state": {"waiting": {"reason": "ImagePullBackOff"}}})
    other["metadata"]["labels"] = {**LABELS, "pod-template-hash": "g"}
    going = pod({"ready": False, "state": {"waiting": {"reason": "InvalidImageName"}}})
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    here = pod({"ready": False, "state": {"waiting": {"reason": "ErrImagePull"}}})
    there = {"items": [other, going, here]}
    made, _ = cluster({("GET", DEPLOYMENT): [deployment()], ("GET", PODS): [there]})
    with pytest.raises(MlopsError) as caught:
        made.wait_ready(REVISION, 0)
    assert caught.value.details == ["Pod p: ErrImagePull"]


def test_nothing_is_told_of_what_was_applied_before() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "old"}
    unseen = deployment(2, [failure])
    unseen["metadata"]["generation"] = 2
    made, _ = cluster({("GET", DEPLOYMENT): [unseen, READY], ("GET", PODS): [{"items": []}]})
    made.wait_ready(REVISION, 60)


def test_the_address_is_waited_for_and_its_absence_explained() -> None:
    path = path_of("Service", "scoring", REVISION)
    given_ = {"status": {"loadBalancer": {"ingress": [{"ip": "10.30.8.7"}]}}}
    made, _ = cluster({("GET", path): [{"status": {"loadBalancer": {}}}, given_]})
    assert made.address(REVISION) == "10.30.8.7"
    event = {"reason": "SyncLoadBalancerFailed", "message": "subnet full", "metadata": {}}
    made, _ = cluster({("GET", path): [{"status": {}}], ("GET", EVENTS): [{"items": [event]}]})
    with pytest.raises(MlopsError, match="has no address after 0 s") as caught:
        made.address(REVISION, 0)
    assert caught.value.details == ["SyncLoadBalancerFailed: subnet full"]


def test_revisions_are_told_by_name_with_their_pods() -> None:
    there = {"items": [READY, {**deployment(0), "metadata": {"name": "rev-" + "0" * 16}}]}
    made, server = cluster({("GET", path_of("Deployment", "scoring")): [there]})
    assert made.revisions() == [
        Revision("rev-" + "0" * 16, "r-" + "0" * 16, 0, 0),
        Revision(REVISION, RELEASE, 2, 2),
    ]
    assert server.queries[0] == {"labelSelector": "app.kubernetes.io/name=scoring"}


def test_a_revision_that_is_not_there_is_named_with_those_that_are() -> None:
    made, _ = cluster({("GET", path_of("Deployment", "scoring")): [{"items": [READY]}]})
    with pytest.raises(MlopsError, match="There is no revision rev-ffff") as caught:
        made.wait_ready("rev-ffff", 1)
    assert REVISION in caught.value.remedy


def test_all_parts_go_and_nothing_else_ever_does() -> None:
    answers = {("DELETE", path_of(kind, "scoring", REVISION)): [{}] for kind in PARTS[:2]}
    made, server = cluster({**answers})
    made.delete(REVISION)
    assert server.calls == [("DELETE", path_of(kind, "scoring", REVISION)) for kind in PARTS]
    assert {one["kind"] for one in manifests.revision(values())} == set(PARTS)
    for name in ("", "default", "../../kube-system", "rev-0123"):
        with pytest.raises(MlopsError, match="no revision of production"):
            made.delete(name)


def test_a_dry_run_changes_nothing() -> None:
    chosen = values()
    made, server = cluster({("PATCH", path): [{}] for path in paths(manifests.render(chosen))})
    made.dry_run(chosen)
    assert all(query["dryRun"] == "All" for query in server.queries)
    assert len(server.calls) == len(manifests.render(chosen))


def test_a_busy_server_is_asked_again_and_a_typo_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(api_module.time, "sleep", slept.append)
    server = Server(
        {("GET", "/a"): [(503, {}), (429, {}), {"kind": "A"}], ("GET", "/b"): [(500, {"message": "m"})]}
    )
    assert server.get("/a") == {"kind": "A"} and slept == [1.0, 2.0]
    with pytest.raises(RefusedError, match="m"):
        server.get("/b")
    assert server.calls.count(("GET", "/b")) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
def test_an_object_covers_itself_and_what_is_beside_it_does_not_matter(one: Any, other: Any) -> None:
    assert covers(one, one)
    assert covers({"a": one, "b": other}, {"a": one})
    assert not covers({"b": other}, {"a": one, "b": other})
    assert not covers({"a": [one]}, {"a": [one, other]})


def refusal(scenario: str, step: str) -> RefusedError:
    """A recorded answer of the real API server."""
    (table,) = [one for one in recorded() if one.name == scenario]
    (answer,) = [answer for found, answer in table.steps if found.name == step]
    return RefusedError(answer["status"], answer["body"])


@pytest.mark.parametrize(
    ("scenario", "step", "problem", "detail"),
    [
        ("applying", "conflict", "keeps fields that somebody else has set", ".spec.minReadySeconds"),
        ("applying", "unknown", "does not know a field", ".spec.replica: field not declared"),
        ("applying", "invalid", "finds it invalid", "spec.minReadySeconds"),
        ("objects", "selector", "does not change it in place", "field is immutable"),
        ("objects", "no-namespace", "does not know it", "recorded-nowhere"),
        ("objects", "delete-other", "is at work on it", "UID"),
        ("pod-security", "plain", "refuses pods that could become more", "allowPrivilegeEscalation"),
        ("requests", "no-json", "does not understand it", "unrecognized"),
    ],
)
def test_what_the_real_server_refuses_is_told_in_words_and_its_own(
    scenario: str, step: str, problem: str, detail: str
) -> None:
    error = told(refusal(scenario, step), "Deployment d", "aks-prod")
    assert (
        error.problem == f"Deployment d: the cluster aks-prod {problem}" + error.problem.partition(problem)[2]
    )
    assert detail in "\n".join(error.details) and error.remedy


def test_every_other_refusal_is_told_too() -> None:
    for row in MEANINGS:
        error = told(RefusedError(row.code, {"message": row.words}), "it", "aks")
        assert error.problem == f"it: the cluster aks {row.problem}."
    assert "answers 507" in told(RefusedError(507, {"message": "m"}), "it", "aks").problem
    assert (APPLY, MERGE) == ("application/apply-patch+yaml", "application/merge-patch+json")
