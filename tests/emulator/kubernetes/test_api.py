"""The API server: what it serves, reads and writes, and the words with which it refuses."""

from __future__ import annotations

from emulator.kubernetes.kinds import KINDS
from tests.emulator.kubernetes.conftest import DEPLOYMENTS, Api, deployment

CONFIG_MAPS = "/api/v1/namespaces/scoring/configmaps"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


def config_map(name: str, **labels: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels},
        "data": {"a": "1"},
    }


def test_it_says_what_it_serves(api: Api) -> None:
    assert api.ok("GET", "/version")["gitVersion"] == "v1.33.5"
    together = [api.ok("GET", path, accept=AGGREGATED) for path in ("/api", "/apis")]
    served = {
        (group["metadata"].get("name", ""), version["version"], one["resource"])
        for found in together
        for group in found["items"]
        for version in group["versions"]
        for one in version["resources"]
    }
    assert served == {(kind.group, kind.version, kind.plural) for kind in KINDS}
    one_by_one = {
        one["name"]
        for path in ("/api/v1", "/apis/apps/v1", "/apis/autoscaling/v2")
        for one in api.ok("GET", path)["resources"]
    }
    assert {"pods/eviction", "deployments/scale", "horizontalpodautoscalers/status"} <= one_by_one
    for path, found in api.ok("GET", "/openapi/v3")["paths"].items():
        document = api.ok("GET", f"/openapi/v3/{path}")
        assert found["serverRelativeURL"].startswith(f"/openapi/v3/{path}?hash=")
        assert document["components"]["schemas"]


def test_an_object_is_made_read_changed_and_deleted(api: Api) -> None:
    made = api.ok("POST", DEPLOYMENTS, deployment(replicas=2))
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert made["metadata"]["generation"] == 1 and made["status"] == {}
    there = f"{DEPLOYMENTS}/d"
    assert api.ok("GET", there) == made
    made["spec"]["replicas"] = 3
    changed = api.ok("PUT", there, made)
    assert changed["metadata"]["generation"] == 2
    assert api.refused("PUT", there, made)["reason"] == "Conflict"
    made["metadata"].pop("resourceVersion")
    made["status"] = {"replicas": 3}
    told = api.ok("PUT", f"{there}/status", made)
    assert told["status"] == {"replicas": 3} and told["metadata"]["generation"] == 2
    gone = api.ok("DELETE", there)
    assert (gone["kind"], gone["status"], gone["details"]["uid"]) == (
        "Status",
        "Success",
        made["metadata"]["uid"],
    )
    missing = api.refused("GET", there)
    assert missing["message"] == 'deployments.apps "d" not found'
    assert missing["details"] == {"name": "d", "group": "apps", "kind": "deployments"}


def test_a_name_is_taken_once(api: Api) -> None:
    api.ok("POST", CONFIG_MAPS, config_map("c"))
    again = api.refused("POST", CONFIG_MAPS, config_map("c"))
    assert (again["code"], again["reason"]) == (409, "AlreadyExists")
    assert again["message"] == 'configmaps "c" already exists'
    generated = config_map("")
    generated["metadata"] = {"generateName": "c-"}
    names = {api.ok("POST", CONFIG_MAPS, generated)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3 and all(name.startswith("c-") and len(name) == 7 for name in names)


def test_a_dry_run_changes_nothing(api: Api) -> None:
    made = api.ok("POST", f"{CONFIG_MAPS}?dryRun=All", config_map("c"))
    assert made["metadata"]["uid"] and "resourceVersion" not in made["metadata"]
    assert api.refused("GET", f"{CONFIG_MAPS}/c")["code"] == 404
    api.ok("POST", CONFIG_MAPS, config_map("c"))
    api.ok("DELETE", f"{CONFIG_MAPS}/c?dryRun=All")
    api.ok("GET", f"{CONFIG_MAPS}/c")


def test_lists_are_chosen_from_and_come_in_parts(api: Api) -> None:
    for number in range(5):
        api.ok("POST", CONFIG_MAPS, config_map(f"c{number}", parity=str(number % 2)))

    def names(query: str) -> list[str]:
        found = api.ok("GET", f"{CONFIG_MAPS}?{query}")
        assert found["kind"] == "ConfigMapList"
        return [one["metadata"]["name"] for one in found["items"]]

    assert names("labelSelector=parity%3D1") == ["c1", "c3"]
    assert names("labelSelector=parity%20notin%20(1),parity") == ["c0", "c2", "c4"]
    assert names("labelSelector=!parity") == ["kube-root-ca.crt"]
    assert names("fieldSelector=metadata.name%3Dc2") == ["c2"]
    first = api.ok("GET", f"{CONFIG_MAPS}?limit=2&labelSelector=parity")
    assert first["metadata"]["remainingItemCount"] == 3
    api.ok("DELETE", f"{CONFIG_MAPS}/c3")  # a list that was begun goes on as it was
    rest = api.ok("GET", f"{CONFIG_MAPS}?limit=9&continue={first['metadata']['continue']}")
    assert [one["metadata"]["name"] for one in rest["items"]] == ["c2", "c3", "c4"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "field selector" in api.refused("GET", f"{CONFIG_MAPS}?fieldSelector=data.a%3D1")["message"]
    api.ok("DELETE", f"{CONFIG_MAPS}?labelSelector=parity%3D0")
    assert names("") == ["c1", "kube-root-ca.crt"]


def test_tables_as_kubectl_asks_for_them(api: Api) -> None:
    api.ok("POST", DEPLOYMENTS, deployment(replicas=2))
    table = api.ok("GET", DEPLOYMENTS, accept=TABLE)
    names = [one["name"] for one in table["columnDefinitions"]]
    assert names[:5] == ["Name", "Ready", "Up-to-date", "Available", "Age"]
    assert table["rows"][0]["cells"][:4] == ["d", "0/2", 0, 0]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_unknown_fields_are_warned_of_or_refused(api: Api) -> None:
    body = deployment()
    body["spec"]["replcas"] = 2
    warned = api("POST", f"{DEPLOYMENTS}?dryRun=All", body)
    assert warned.status == 201 and warned.headers["warning"] == '299 - "unknown field \\"spec.replcas\\""'
    refused = api.refused("POST", f"{DEPLOYMENTS}?fieldValidation=Strict", body)
    assert refused["code"] == 400
    assert refused["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: '
        'unknown field "spec.replcas"'
    )
    body = deployment(replicas="two")
    assert api.refused("POST", DEPLOYMENTS, body)["message"] == (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go '
        "struct field DeploymentSpec.spec.replicas of type int32"
    )


def test_what_is_not_served_is_refused_by_name(api: Api) -> None:
    for path, name in (
        ("/apis/batch/v1/namespaces/scoring/jobs", "jobs.batch of batch/v1"),
        ("/api/v1/namespaces/scoring/pods/p/exec", "pods/exec"),
        ("/openapi/v2", "/openapi/v2"),
    ):
        refused = api.refused("GET", path)
        assert refused["code"] == 501 and name in refused["message"]
        assert any(one["what"].endswith(name) or name in one["what"] for one in api.emulator.refusals.calls())
