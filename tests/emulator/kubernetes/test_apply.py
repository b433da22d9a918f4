"""Server-side apply: who manages what, conflicts, what goes with the one who set it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.kubernetes import fieldsets
from emulator.kubernetes.kinds import BY_KIND
from emulator.kubernetes.schema import root
from tests.emulator.kubernetes.conftest import DEPLOYMENTS, Api, deployment

THERE = f"{DEPLOYMENTS}/d"
Json = dict[str, Any]


def container(value: Json) -> Json:
    return value["spec"]["template"]["spec"]["containers"][0]


def managers(value: Json) -> dict[tuple[str, str, str], Json]:
    return {
        (one["manager"], one["operation"], one.get("subresource", "")): one["fieldsV1"]
        for one in value["metadata"]["managedFields"]
    }


def applied(api: Api, body: Json, query: str = "fieldManager=mlops") -> Json:
    answer = api.apply(THERE, body, query)
    assert answer.status < 300, answer.body
    return json.loads(answer.body)


def test_an_apply_makes_what_is_missing_and_owns_what_it_says(api: Api) -> None:
    assert api.apply(THERE, deployment()).status == 201
    made = api.ok("GET", THERE)
    assert made["spec"]["replicas"] == 1  # a default, which nobody owns
    fields = managers(made)["mlops", "Apply", ""]
    assert "f:replicas" not in fields["f:spec"] and "f:selector" in fields["f:spec"]
    inner = fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"app"}']
    assert inner["."] == {} and inner["f:ports"] == {
        'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}
    }
    again = applied(api, deployment())
    assert again == made  # nothing new is said, so nothing is written


def test_what_another_changes_is_a_conflict_for_the_one_who_applied_it(api: Api) -> None:
    applied(api, deployment(replicas=2))
    api.ok("PUT", f"{THERE}/scale", {"spec": {"replicas": 5}}, user_agent="autoscaler/1")
    assert managers(api.ok("GET", THERE))["autoscaler", "Update", "scale"] == {"f:spec": {"f:replicas": {}}}
    refused = json.loads(api.apply(THERE, deployment(replicas=2)).body)
    assert refused == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using '
        "apps/v1: .spec.replicas",
        "reason": "Conflict",
        "details": {
            "causes": [
                {
                    "reason": "FieldManagerConflict",
                    "message": 'conflict with "autoscaler" with subresource "scale" using apps/v1',
                    "field": ".spec.replicas",
                }
            ]
        },
        "code": 409,
    }
    forced = applied(api, deployment(replicas=2), "fieldManager=mlops&force=true")
    assert forced["spec"]["replicas"] == 2 and ("autoscaler", "Update", "scale") not in managers(forced)


def test_a_number_that_nobody_applied_changes_silently(api: Api) -> None:
    applied(api, deployment())
    api.ok("PUT", f"{THERE}/scale", {"spec": {"replicas": 5}}, user_agent="autoscaler/1")
    assert applied(api, deployment())["spec"]["replicas"] == 5


def test_what_is_no_longer_applied_goes(api: Api) -> None:
    body = deployment()
    container(body)["env"] = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    body["metadata"]["labels"] = {"one": "1"}
    applied(api, body)
    other = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"labels": {"two": "2"}},
        "spec": {
            "selector": {"matchLabels": {"app": "d"}},
            "template": {
                "metadata": {"labels": {"app": "d"}},
                "spec": {"containers": [{"name": "app", "env": [{"name": "C", "value": "3"}]}]},
            },
        },
    }
    applied(api, other, "fieldManager=other")
    container(body)["env"] = [{"name": "B", "value": "2"}]
    del body["metadata"]["labels"]
    now = applied(api, body)
    assert now["metadata"]["labels"] == {"two": "2"}
    assert [one["name"] for one in container(now)["env"]] == ["B", "C"]
    assert container(now)["image"]


def test_several_conflicts_are_told_by_manager(api: Api) -> None:
    applied(api, deployment(replicas=1, minReadySeconds=1), "fieldManager=a")
    other = deployment(replicas=2, minReadySeconds=2)
    refused = json.loads(api.apply(THERE, other, "fieldManager=b").body)
    assert refused["message"] == (
        'Apply failed with 2 conflicts: conflicts with "a":\n- .spec.minReadySeconds\n- .spec.replicas'
    )


def test_words_of_applies_that_cannot_be(api: Api) -> None:
    body = deployment()
    refused = json.loads(api.apply(THERE, body, "").body)
    assert refused["message"] == (
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    )
    body["spec"]["replcas"] = 1
    refused = json.loads(api.apply(THERE, body).body)
    assert refused["code"] == 500 and refused["message"] == (
        "failed to create typed patch object (scoring/d; apps/v1, Kind=Deployment): .spec.replcas: field not "
        "declared in schema"
    )
    body = deployment()
    container(body)["env"] = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    refused = json.loads(api.apply(THERE, body).body)
    assert refused["code"] == 500 and 'duplicate entries for key [name="A"]' in refused["message"]
    body = deployment()
    body["metadata"]["managedFields"] = []
    assert json.loads(api.apply(THERE, body).body)["message"] == "metadata.managedFields must be nil"
    assert api.refused("GET", THERE)["code"] == 404


def test_a_dry_run_of_an_apply_changes_nothing(api: Api) -> None:
    dry = applied(api, deployment(), "fieldManager=mlops&dryRun=All")
    assert dry["metadata"]["uid"] and api.refused("GET", THERE)["code"] == 404


def test_yaml_is_taken(api: Api) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {day: '2026-11-29'}\n"
    there = "/api/v1/namespaces/scoring/configmaps/c?fieldManager=mlops"
    made = api.ok("PATCH", there, text, content_type="application/apply-patch+yaml")
    assert made["data"] == {"day": "2026-11-29"}


PODS = root(BY_KIND["Pod"].schema)
VALUES = st.dictionaries(st.sampled_from("abc"), st.sampled_from("12"), max_size=3)
VARIABLES = st.lists(st.sampled_from("ABCD"), unique=True, max_size=4).map(
    lambda names: [{"name": name, "value": "1"} for name in names]
)


@st.composite
def objects(draw: st.DrawFn) -> Json:
    containers = draw(st.lists(st.sampled_from("xyz"), unique=True, max_size=3))
    return {
        "metadata": {"labels": draw(VALUES)},
        "spec": {
            "containers": [{"name": name, "env": draw(VARIABLES)} for name in containers],
            "nodeSelector": draw(VALUES),
        },
    }


@settings(max_examples=60)
@given(objects(), objects())
def test_merging_and_comparing_agree(live: Json, config: Json) -> None:
    """What is applied is in the merged object, the rest is as it was, and a set is read as it is written."""
    merged = fieldsets.merge(PODS, live, config)
    wanted = fieldsets.of_object(PODS, config)
    there = fieldsets.compare(PODS, config, merged)
    assert not there.modified & wanted and not there.removed & wanted
    changed = fieldsets.compare(PODS, live, merged)
    named = fieldsets.with_named(PODS, wanted)
    assert changed.modified <= wanted and not changed.removed - named
    assert fieldsets.decode(fieldsets.encode(wanted)) == wanted
    assert fieldsets.merge(PODS, merged, config) == merged


@pytest.mark.parametrize(
    ("live", "applied_", "order"),
    [
        ("abc", "cb", "acb"),  # what is in both stands as it is applied
        ("ab", "xa", "xab"),
        ("abcd", "dx", "abcdx"),
        ("", "ba", "ba"),
    ],
)
def test_the_order_of_a_merged_list(live: str, applied_: str, order: str) -> None:
    def pod(names: str) -> Json:
        return {"spec": {"containers": [{"name": name} for name in names]}}

    merged = fieldsets.merge(PODS, pod(live), pod(applied_))
    assert "".join(one["name"] for one in merged["spec"]["containers"]) == order
