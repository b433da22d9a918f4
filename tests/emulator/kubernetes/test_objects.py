"""The store of a cluster's objects: versions, owners, finalizers, namespaces, watches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.arm.store import Store
from emulator.home import Home
from emulator.kubernetes.clusters import AUTHORITY, furnish, namespace
from emulator.kubernetes.deletion import FOREGROUND
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.metadata import GRACE_S
from emulator.kubernetes.objects import Objects

Json = dict[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(Home(tmp_path))
    yield store
    store.close()


@pytest.fixture
def objects(store: Store) -> Objects:
    objects = Objects(store, "one")
    objects.create(namespace("scoring"))
    return objects


def thing(kind: str, name: str, *owners: Json, **rest: Any) -> Json:
    groups = {"Deployment": "apps/v1", "ReplicaSet": "apps/v1"}
    meta: Json = {"name": name, "namespace": "scoring"}
    if owners:
        meta["ownerReferences"] = [
            {
                "apiVersion": one["apiVersion"],
                "kind": one["kind"],
                "name": one["metadata"]["name"],
                "uid": one["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
            for one in owners
        ]
    return {"apiVersion": groups.get(kind, "v1"), "kind": kind, "metadata": meta, **rest}


def family(objects: Objects, node: str = "") -> None:
    """A Deployment, its ReplicaSet and its pod; a pod on a node is ended by the node alone."""
    top = objects.create(thing("Deployment", "d", spec={"replicas": 1}))
    middle = objects.create(thing("ReplicaSet", "r", top, spec={}))
    objects.create(thing("Pod", "p", middle, spec={"nodeName": node} if node else {}))


def names(objects: Objects) -> set[str]:
    return {
        one["metadata"]["name"]
        for kind in ("Deployment", "ReplicaSet", "Pod")
        for one in objects.list(kind, "scoring")
    }


def test_versions_and_generations(objects: Objects) -> None:
    made = objects.create(thing("Deployment", "d", spec={"replicas": 1}))
    assert made["metadata"]["generation"] == 1
    same = objects.update(made)
    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    made["spec"]["replicas"] = 2
    made["status"] = {"replicas": 9}  # not by this way
    changed = objects.update(made)
    assert changed["metadata"]["generation"] == 2 and "status" not in changed
    with pytest.raises(ApiError, match="the object has been modified; please apply your changes"):
        objects.update(made)
    changed["spec"]["replicas"] = 3  # nor this by the other
    changed["status"] = {"replicas": 1}
    told = objects.update(changed, "status")
    assert told["spec"] == {"replicas": 2} and told["status"] == {"replicas": 1}
    assert told["metadata"]["generation"] == 2
    assert int(told["metadata"]["resourceVersion"]) == objects.revision


def test_what_is_handed_out_is_not_the_stores(objects: Objects) -> None:
    made = objects.create(thing("ConfigMap", "c", data={"a": "1"}))
    made["data"]["a"] = "2"
    objects.list("ConfigMap")[0]["data"]["a"] = "3"
    assert objects.get("ConfigMap", "scoring", "c")["data"] == {"a": "1"}


def test_it_is_kept_and_secrets_are_sealed(store: Store, objects: Objects, tmp_path: Path) -> None:
    objects.create(thing("Secret", "s", data={"key": "d2VsbCBoaWRkZW4="}))
    family(objects)
    again = Objects(store, "one")
    assert again.revision == objects.revision
    assert again.get("Secret", "scoring", "s") == objects.get("Secret", "scoring", "s")
    again.delete("Deployment", "scoring", "d")
    assert names(again) == set()
    assert Objects(store, "other").list("Namespace") == []
    assert all(b"d2VsbCBoaWRkZW4=" not in one.read_bytes() for one in tmp_path.rglob("emulator.db*"))


def test_deletion_goes_down_the_owners(objects: Objects) -> None:
    family(objects)
    objects.delete("Deployment", "scoring", "d")
    assert names(objects) == set()


def test_a_pod_on_a_node_is_ended_by_its_node(objects: Objects) -> None:
    family(objects, "node-0")
    objects.delete("Deployment", "scoring", "d")
    pod = objects.get("Pod", "scoring", "p")
    assert pod["metadata"]["deletionGracePeriodSeconds"] == GRACE_S
    assert names(objects) == {"p"}
    objects.delete("Pod", "scoring", "p", grace_s=0)
    assert names(objects) == set()


def test_a_foreground_deletion_waits_for_what_blocks_it(objects: Objects) -> None:
    family(objects, "node-0")
    objects.delete("Deployment", "scoring", "d", propagation="Foreground")
    assert names(objects) == {"d", "r", "p"}
    assert objects.get("Deployment", "scoring", "d")["metadata"]["finalizers"] == [FOREGROUND]
    objects.delete("Pod", "scoring", "p", grace_s=0)
    assert names(objects) == set()


def test_orphans_stay(objects: Objects) -> None:
    family(objects)
    objects.delete("Deployment", "scoring", "d", propagation="Orphan")
    assert names(objects) == {"r", "p"}
    assert "ownerReferences" not in objects.get("ReplicaSet", "scoring", "r")["metadata"]


def test_what_has_another_owner_stays(objects: Objects) -> None:
    first, second = (objects.create(thing("ReplicaSet", name, spec={})) for name in ("a", "b"))
    objects.create(thing("Pod", "p", first, second, spec={}))
    objects.delete("ReplicaSet", "scoring", "a")
    left = objects.get("Pod", "scoring", "p")["metadata"]["ownerReferences"]
    assert [one["name"] for one in left] == ["b"]


def test_finalizers_hold(objects: Objects) -> None:
    made = thing("ConfigMap", "c")
    made["metadata"]["finalizers"] = ["example.com/held"]
    objects.create(made)
    going = objects.delete("ConfigMap", "scoring", "c")
    assert going["metadata"]["deletionTimestamp"]
    objects.change("ConfigMap", "scoring", "c", lambda one: one["metadata"].pop("finalizers"))
    assert objects.find("ConfigMap", "scoring", "c") is None


def test_a_namespace_goes_with_the_last_of_its_objects(objects: Objects) -> None:
    family(objects, "node-0")
    objects.delete("Namespace", "", "scoring")
    assert objects.get("Namespace", "", "scoring")["status"]["phase"] == "Terminating"
    with pytest.raises(ApiError, match="because it is being terminated") as refused:
        objects.create(thing("ConfigMap", "c"))
    assert refused.value.status == 403
    objects.delete("Pod", "scoring", "p", grace_s=0)
    assert objects.find("Namespace", "", "scoring") is None


@pytest.mark.parametrize("ends", ["before", "between"])
def test_a_namespace_that_ends_is_not_furnished(
    objects: Objects, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """Whoever furnishes it has read it before; its end may come before any of the writes."""
    family(objects, "node-0")
    create = objects.create

    def ending(given: Json, **rest: Any) -> Json:
        if ends == "before" or given["kind"] == "ConfigMap":
            objects.delete("Namespace", "", "scoring")
        return create(given, **rest)

    monkeypatch.setattr(objects, "create", ending)
    furnish(objects, "scoring", "PEM")
    assert objects.get("Namespace", "", "scoring")["status"]["phase"] == "Terminating"
    assert objects.find("ServiceAccount", "scoring", "default") is None
    assert objects.find("ConfigMap", "scoring", AUTHORITY) is None
    objects.delete("Pod", "scoring", "p", grace_s=0)
    furnish(objects, "scoring", "PEM")
    assert objects.find("Namespace", "", "scoring") is None


def test_what_a_namespace_refuses_for_another_reason_is_not_hidden(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Json) -> Json:
        raise ApiError(403, "exceeded quota")

    monkeypatch.setattr(objects, "create", refuse)
    with pytest.raises(ApiError, match="exceeded quota"):
        furnish(objects, "scoring")


def test_a_watch_goes_on_from_a_version(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    since = objects.revision
    family(objects)
    watch = objects.watch("ReplicaSet", "Pod", since=since)
    objects.delete("Deployment", "scoring", "d")
    seen = [watch.next(0) for _ in range(5)]
    assert [(one.type, one.kind.kind) for one in seen if one] == [
        ("ADDED", "ReplicaSet"),
        ("ADDED", "Pod"),
        ("DELETED", "ReplicaSet"),
        ("DELETED", "Pod"),
    ]
    revisions = [one.revision for one in seen if one]
    assert revisions == sorted(revisions)
    objects.close()
    assert watch.next() is None and not watch.open


def test_a_version_from_before_what_is_kept_is_gone(store: Store, objects: Objects) -> None:
    since = objects.revision
    family(objects)
    with pytest.raises(ApiError, match="too old resource version: ") as refused:
        Objects(store, "one").watch("Pod", since=since)
    assert (refused.value.status, refused.value.code) == (410, "Expired")


def test_what_fails_in_the_middle_changes_nothing(objects: Objects) -> None:
    family(objects)
    watch, revision = objects.watch(), objects.revision
    with pytest.raises(ZeroDivisionError), objects.together():
        objects.delete("Deployment", "scoring", "d")
        raise ZeroDivisionError
    assert names(objects) == {"d", "r", "p"} and objects.revision == revision
    assert watch.next(0) is None
