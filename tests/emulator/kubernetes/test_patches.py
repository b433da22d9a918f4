"""The three patches that are no applies."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.kubernetes import patches
from emulator.kubernetes.errors import ApiError
from emulator.kubernetes.kinds import BY_KIND
from emulator.kubernetes.schema import root
from tests.emulator.kubernetes.conftest import DEPLOYMENTS, Api, deployment

Json = dict[str, Any]
DEPLOYMENT = root(BY_KIND["Deployment"].schema)
STRATEGIC = "application/strategic-merge-patch+json"


def pod(*containers: Json, **spec: Any) -> Json:
    return {"spec": {"template": {"spec": {"containers": list(containers), **spec}}}}


A, B = {"name": "a", "image": "1"}, {"name": "b", "image": "1"}


@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        (pod(A, B), pod({"name": "b", "image": "2"}), pod(A, {"name": "b", "image": "2"})),
        (pod(A), pod(B), pod(A, B)),
        (pod(A, B), pod({"name": "a", "$patch": "delete"}), pod(B)),
        (pod(A), pod({"$patch": "replace"}, B), pod(B)),
        (
            pod({**A, "args": ["1", "2"]}),
            pod({"name": "a", "args": ["3"]}),
            pod({**A, "args": ["3"]}),
        ),
        (
            pod(A, B),
            {
                "spec": {
                    "template": {
                        "spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]},
                    }
                }
            },
            pod(B, A),
        ),
        (
            {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}},
            {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}},
            {"spec": {"strategy": {"type": "Recreate"}}},
        ),
        (
            {"metadata": {"finalizers": ["a", "b"]}},
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["c"]}},
            {"metadata": {"finalizers": ["b", "c"]}},
        ),
        (
            {"metadata": {"labels": {"a": "1"}}},
            {"metadata": {"labels": {"a": None}}},
            {"metadata": {"labels": {}}},
        ),
    ],
)
def test_strategic_patches(before: Json, patch: Json, after: Json) -> None:
    assert patches.strategic_patch(DEPLOYMENT, before, patch) == after


def test_an_item_without_its_key() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        patches.strategic_patch(DEPLOYMENT, pod(A), pod({"image": "2"}))


def test_merge_patches() -> None:
    before = {"a": {"b": 1, "c": 2}, "d": [1, 2]}
    assert patches.merge_patch(before, {"a": {"b": None}, "d": [3]}) == {"a": {"c": 2}, "d": [3]}


@pytest.mark.parametrize(
    ("operations", "after"),
    [
        ([{"op": "replace", "path": "/a/b", "value": 2}], {"a": {"b": 2}, "l": [1]}),
        ([{"op": "add", "path": "/l/-", "value": 2}], {"a": {"b": 1}, "l": [1, 2]}),
        ([{"op": "add", "path": "/l/0", "value": 0}], {"a": {"b": 1}, "l": [0, 1]}),
        ([{"op": "test", "path": "/a/b", "value": 1}, {"op": "remove", "path": "/a"}], {"l": [1]}),
        ([{"op": "move", "from": "/a/b", "path": "/x~1y"}], {"a": {}, "l": [1], "x/y": 1}),
        ([{"op": "copy", "from": "/l", "path": "/m"}], {"a": {"b": 1}, "l": [1], "m": [1]}),
    ],
)
def test_json_patches(operations: list[Json], after: Json) -> None:
    assert patches.json_patch({"a": {"b": 1}, "l": [1]}, operations) == after


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "test", "path": "/a/b", "value": 2},
        {"op": "add", "path": "/l/9", "value": 1},
    ],
)
def test_json_patches_that_do_not_fit(operation: Json) -> None:
    with pytest.raises(ApiError) as refused:
        patches.json_patch({"a": {"b": 1}, "l": [1]}, [operation])
    assert (refused.value.status, refused.value.code) == (422, "Invalid")


def test_patches_of_an_object(api: Api) -> None:
    there = f"{DEPLOYMENTS}/d"
    api.ok("POST", DEPLOYMENTS, deployment())
    image = pod({"name": "app", "image": "other:2"})
    now = api.ok("PATCH", there, image, content_type=STRATEGIC)
    (container,) = now["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "other:2" and container["ports"]
    assert now["metadata"]["generation"] == 2
    now = api.ok("PATCH", there, {"spec": {"paused": True}}, content_type="application/merge-patch+json")
    assert now["spec"]["paused"] is True
    taken = [{"op": "remove", "path": "/spec/paused"}]
    now = api.ok("PATCH", there, taken, content_type="application/json-patch+json")
    assert "paused" not in now["spec"]
    refused = api.refused("PATCH", there, {}, content_type="application/json")
    assert (refused["code"], refused["reason"]) == (415, "UnsupportedMediaType")
    typo = {"spec": {"pausd": True}}
    refused = api.refused(
        "PATCH", f"{there}?fieldValidation=Strict", typo, content_type="application/merge-patch+json"
    )
    assert refused["code"] == 422 and 'unknown field "spec.pausd"' in refused["message"]
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {"paused": True}}
    refused = api.refused("PATCH", there, stale, content_type="application/merge-patch+json")
    assert "the object has been modified" in refused["message"]
