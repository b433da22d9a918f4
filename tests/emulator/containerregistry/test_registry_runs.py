"""Registries and quick builds: what is refused and why, and how runs go."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.app import Emulator
from emulator.containerregistry.records import Records
from emulator.containerregistry.registries import REGISTRY as REGISTRY_TYPE
from emulator.containerregistry.worker import Worker, with_crlf
from emulator.errors import AzureError, NotEmulated
from emulator.images.base import machine_minor
from emulator.images.context import ContextError

Json = dict[str, Any]
Act = Callable[..., Any]
GROUP = "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups/estate"
REGISTRY = f"{GROUP}/providers/{REGISTRY_TYPE}/estatereg"
PYTHON = f"python:{machine_minor()}-slim"


def finished(emulator: Emulator, run: Json, seconds: float = 20.0) -> Json:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        properties: Json = emulator.arm.get(run["id"])["properties"]
        if properties["status"] not in ("Queued", "Started", "Running"):
            return properties
        time.sleep(0.02)
    raise TimeoutError(f"{run['name']} did not end")


def log(emulator: Emulator, run: Json, expected: str) -> str:
    """The run's log, once it has the expected text: its last part arrives just after the run's end."""
    deadline = time.monotonic() + 5.0
    while True:
        text = emulator.blobs.read(
            "acrtasksinternal", "estatereg", f"logs/{run['name']}/rawtext.log"
        ).decode()
        if expected in text or time.monotonic() > deadline:
            return text
        time.sleep(0.02)


def completed(emulator: Emulator, run: Json) -> str:
    """What the log's metadata says of the run's end, once it does."""
    deadline = time.monotonic() + 5.0
    while True:
        place = ("acrtasksinternal", "estatereg", f"logs/{run['name']}/rawtext.log")
        said = emulator.blobs.properties(*place).metadata.get("complete", "")
        if said or time.monotonic() > deadline:
            return said
        time.sleep(0.02)


def put(emulator: Emulator, **properties: Any) -> Json:
    sku = properties.pop("sku", "Premium")
    body = {"location": "westeurope", "sku": {"name": sku}, "properties": properties}
    return emulator.arm.put(REGISTRY, body)[0]


def test_registry_is_completed(emulator: Emulator) -> None:
    registry = put(emulator, dataEndpointEnabled=True)
    assert registry["properties"]["loginServer"] == "estatereg.azurecr.io"
    assert registry["properties"]["dataEndpointHostNames"] == ["estatereg.westeurope.data.azurecr.io"]
    assert registry["sku"] == {"name": "Premium", "tier": "Premium"}
    again = put(emulator)
    assert again["properties"]["creationDate"] == registry["properties"]["creationDate"]


def test_names_are_unique_in_all_of_azure(emulator: Emulator) -> None:
    emulator.arm.put(f"{GROUP}2", {"location": "westeurope"})
    with pytest.raises(AzureError) as error:
        emulator.arm.put(
            f"{GROUP}2/providers/{REGISTRY_TYPE}/EstateReg",
            {"location": "westeurope", "sku": {"name": "Basic"}, "properties": {}},
        )
    assert (error.value.status, error.value.code) == (409, "AlreadyInUse")


@pytest.mark.parametrize(
    "properties",
    [
        {"publicNetworkAccess": "Disabled"},
        {"networkRuleSet": {"defaultAction": "Deny"}},
        {"zoneRedundancy": "Enabled"},
        {"dataEndpointEnabled": True},
        {"policies": {"retentionPolicy": {"status": "enabled", "days": 7}}},
    ],
)
def test_premium_settings_need_premium(emulator: Emulator, properties: Json) -> None:
    with pytest.raises(AzureError, match=next(iter(properties))) as error:
        put(emulator, sku="Standard", **properties)
    assert error.value.code == "SkuNotSupported"
    put(emulator, sku="Premium", **properties)


def test_exports_can_only_be_closed_with_the_public_network(emulator: Emulator) -> None:
    policies = {"exportPolicy": {"status": "disabled"}}
    with pytest.raises(AzureError, match="publicNetworkAccess"):
        put(emulator, policies=policies)
    put(emulator, policies=policies, publicNetworkAccess="Disabled")


def test_admin_credentials(emulator: Emulator, act: Act) -> None:
    with pytest.raises(AzureError) as error:
        act(REGISTRY, "listCredentials")
    assert error.value.code == "UnAuthorizedForCredentialOperations"
    put(emulator, adminUserEnabled=True)
    first = act(REGISTRY, "listCredentials")
    assert act(REGISTRY, "listCredentials") == first
    renewed = act(REGISTRY, "regenerateCredential", {"name": "password2"})
    assert renewed["passwords"][0] == first["passwords"][0]
    assert renewed["passwords"][1] != first["passwords"][1]
    assert first["passwords"][0]["value"].encode() not in emulator.home.database.read_bytes()


def test_a_build(emulator: Emulator, act: Act, request_body: Callable[..., Json]) -> None:
    dockerfile = 'ARG BASE\nFROM ${BASE}\nRUN echo from inside\nCMD ["python"]\n'
    body = request_body(dockerfile, arguments=[{"name": "BASE", "value": PYTHON}])
    run = act(REGISTRY, "scheduleRun", body)
    assert run["properties"]["status"] == "Queued"
    properties = finished(emulator, run)
    assert properties["status"] == "Succeeded", properties
    [image] = properties["outputImages"]
    assert (image["registry"], image["repository"], image["tag"]) == (
        "estatereg.azurecr.io",
        "app",
        run["name"],
    )
    assert emulator.images.resolve(f"estatereg.azurecr.io/app@{image['digest']}").cmd == ["python"]
    text = log(emulator, run, "was successful")
    assert "from inside" in text and image["digest"] in text
    assert completed(emulator, run) == "successful"
    assert text.count("\n") == text.count("\r\n") > 1
    assert [one["name"] for one in emulator.arm.list(f"{REGISTRY}/runs")] == [run["name"]]
    emulator.arm.put(run["id"], {"isArchiveEnabled": True}, merge=True)
    assert emulator.arm.get(run["id"])["properties"] == {**properties, "isArchiveEnabled": True}


def test_a_base_image_comes_by_a_cache_rule(
    emulator: Emulator, act: Act, request_body: Callable[..., Json]
) -> None:
    put(emulator)
    base = f"estatereg.azurecr.io/base/{PYTHON}@sha256:{'0' * 64}"
    body = request_body("ARG BASE\nFROM ${BASE}\n", arguments=[{"name": "BASE", "value": base}])
    properties = finished(emulator, act(REGISTRY, "scheduleRun", body))
    assert properties["status"] == "Failed"
    rule = {"sourceRepository": "public.ecr.aws/docker/library/python", "targetRepository": "base/python"}
    hub = {**rule, "sourceRepository": "docker.io/library/python"}
    with pytest.raises(AzureError, match=r"^400 EnforceDockerAuthentication: .* without credentials"):
        emulator.arm.put(f"{REGISTRY}/cacheRules/base-image", {"properties": hub})
    emulator.arm.put(f"{REGISTRY}/cacheRules/base-image", {"properties": rule})
    properties = finished(emulator, act(REGISTRY, "scheduleRun", body))
    assert properties["status"] == "Succeeded", properties
    with pytest.raises(AzureError, match="has targetRepository base/python too"):
        emulator.arm.put(f"{REGISTRY}/cacheRules/another", {"properties": rule})
    credentials = f"{REGISTRY}/credentialSets/hub"
    emulator.arm.put(credentials, {"properties": {"loginServer": "docker.io"}})
    hub |= {"credentialSetResourceId": credentials, "targetRepository": "hub/python"}
    emulator.arm.put(f"{REGISTRY}/cacheRules/hub", {"properties": hub})


def test_a_failing_build_says_where(emulator: Emulator, act: Act, request_body: Callable[..., Json]) -> None:
    run = act(REGISTRY, "scheduleRun", request_body(f"FROM {PYTHON}\nADD a b\n"))
    properties = finished(emulator, run)
    assert properties["status"] == "Failed"
    assert "line 2: ADD is not supported" in properties["runErrorMessage"]
    assert "line 2: ADD" in log(emulator, run, "ADD")
    assert completed(emulator, run) == "failed"
    assert "outputImages" not in properties


def test_a_source_that_was_not_uploaded(
    emulator: Emulator, act: Act, request_body: Callable[..., Json]
) -> None:
    run = act(REGISTRY, "scheduleRun", request_body(sourceLocation="tasks-source/absent.tar.gz"))
    assert "has not been uploaded" in finished(emulator, run)["runErrorMessage"]


def test_cancel(emulator: Emulator, act: Act, request_body: Callable[..., Json]) -> None:
    run = act(REGISTRY, "scheduleRun", request_body(f"FROM {PYTHON}\nRUN sleep 60\n"))
    threading.Event().wait(0.3)
    act(run["id"], "cancel")
    assert finished(emulator, run, 5.0)["status"] == "Canceled"
    assert completed(emulator, run) == "canceled"


def private_network(emulator: Emulator) -> tuple[str, str, str]:
    """A subnet from which a private endpoint leads to the registry, that endpoint, the link of its zone."""
    network = f"{GROUP}/providers/Microsoft.Network"
    subnets = [
        {"name": name, "properties": {"addressPrefix": prefix}}
        for name, prefix in (("builds", "10.0.1.0/24"), ("endpoints", "10.0.2.0/24"))
    ]
    vnet, zone = f"{network}/virtualNetworks/vnet", f"{network}/privateDnsZones/privatelink.azurecr.io"
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    emulator.arm.put(vnet, {"location": "westeurope", "properties": space})
    connection = {"privateLinkServiceId": REGISTRY, "groupIds": ["registry"]}
    properties = {
        "subnet": {"id": f"{vnet}/subnets/endpoints"},
        "privateLinkServiceConnections": [{"name": "registry", "properties": connection}],
    }
    endpoint = f"{network}/privateEndpoints/pep"
    emulator.arm.put(endpoint, {"location": "westeurope", "properties": properties})
    emulator.arm.put(zone, {"location": "global"})
    link = f"{zone}/virtualNetworkLinks/vnet"
    emulator.arm.put(link, {"location": "global", "properties": {"virtualNetwork": {"id": vnet}}})
    configs = {"privateDnsZoneConfigs": [{"name": "zone", "properties": {"privateDnsZoneId": zone}}]}
    emulator.arm.put(f"{endpoint}/privateDnsZoneGroups/default", {"properties": configs})
    return f"{vnet}/subnets/builds", endpoint, link


@pytest.mark.parametrize(
    "closed", [{"publicNetworkAccess": "Disabled"}, {"networkRuleSet": {"defaultAction": "Deny"}}]
)
def test_a_closed_registry_wants_an_agent_pool(
    emulator: Emulator, act: Act, request_body: Callable[..., Json], closed: Json
) -> None:
    put(emulator, **closed)
    body = request_body()
    with pytest.raises(AzureError, match=next(iter(closed))) as error:
        act(REGISTRY, "scheduleRun", body)
    assert error.value.status == 403
    with pytest.raises(AzureError, match="no agent pool 'builders'"):
        act(REGISTRY, "scheduleRun", {**body, "agentPoolName": "builders"})
    subnet, endpoint, link = private_network(emulator)
    pool = {"count": 1, "virtualNetworkSubnetResourceId": subnet}
    emulator.arm.put(f"{REGISTRY}/agentPools/builders", {"location": "westeurope", "properties": pool})
    run = act(REGISTRY, "scheduleRun", {**body, "agentPoolName": "builders"})
    assert finished(emulator, run)["status"] == "Succeeded"
    for missing, named in ((link, "no private DNS zone"), (endpoint, "no private endpoint of the group")):
        emulator.arm.delete(missing)
        run = act(REGISTRY, "scheduleRun", {**body, "agentPoolName": "builders"})
        ended = finished(emulator, run)
        assert ended["status"] == "Failed" and named in ended["runErrorMessage"]
        assert "is not allowed access. Refer https://aka.ms/acr/firewall" in ended["runErrorMessage"]
        assert named in log(emulator, run, named)
    assert act(f"{REGISTRY}/agentPools/builders", "listQueueStatus") == {"count": 0}
    put(emulator, **closed, networkRuleBypassAllowedForTasks=True)
    assert finished(emulator, act(REGISTRY, "scheduleRun", body))["status"] == "Succeeded"


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "EncodedTaskRunRequest"},
        {"type": "FileTaskRunRequest"},
        {"type": "TaskRunRequest"},
        {"sourceLocation": "https://github.com/x/y.git"},
        {"logTemplate": "x"},
        {"platform": {"os": "Linux", "architecture": "arm64"}},
        {"credentials": {"customRegistries": {"x": {}}}},
        {"imageNames": ["app:{{.Run.Branch}}"]},
    ],
)
def test_runs_that_are_not_emulated(act: Act, request_body: Callable[..., Json], fields: Json) -> None:
    with pytest.raises(NotEmulated, match="scheduleRun"):
        act(REGISTRY, "scheduleRun", request_body(**fields))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"platform": {"os": "Windows"}}, "platform.os"),
        ({"timeout": 10}, "300 to 28800"),
        ({"imageNames": []}, "imageNames is empty"),
        ({"imageNames": ["App:1"]}, "not of the form"),
        ({"sourceLocation": ""}, "sourceLocation is missing"),
        ({"sourceLocation": "../x"}, "not a path given by"),
    ],
)
def test_invalid_runs(act: Act, request_body: Callable[..., Json], fields: Json, said: str) -> None:
    with pytest.raises(AzureError, match=said) as error:
        act(REGISTRY, "scheduleRun", request_body(**fields))
    assert error.value.status == 400


def test_interrupted_runs_fail_at_the_next_start(
    emulator: Emulator, act: Act, request_body: Callable[..., Json]
) -> None:
    run = act(REGISTRY, "scheduleRun", request_body())
    assert completed(emulator, run) == "successful"
    emulator.blobs.mark("acrtasksinternal", "estatereg", f"logs/{run['name']}/rawtext.log", {})
    held = emulator.store.get(run["id"]) or {}
    held["properties"]["status"] = "Running"
    emulator.store.put(run["id"], held)
    Records(emulator.store).fail_interrupted()
    properties = emulator.arm.get(run["id"])["properties"]
    assert properties["status"] == "Failed" and "interrupted" in properties["runErrorMessage"]
    Worker(emulator.home, emulator.blobs, emulator.images, Records(emulator.store)).clear()
    assert completed(emulator, run) == "failed"


@given(st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"\n\n"]), max_size=12), st.integers(0, 20))
def test_each_line_of_a_log_ends_as_azures_do(pieces: list[bytes], cut: int) -> None:
    whole = b"".join(pieces)
    first, second = whole[:cut], whole[cut:]
    made = with_crlf(first, b"") + with_crlf(second, first)
    assert made == with_crlf(whole, b"")
    assert made.replace(b"\r\n", b"").count(b"\n") == 0
    assert made.count(b"\n") == whole.count(b"\n")


def test_a_deleted_registry_takes_its_images_along(
    emulator: Emulator, act: Act, request_body: Callable[..., Json]
) -> None:
    finished(emulator, act(REGISTRY, "scheduleRun", request_body()))
    assert list(emulator.home.images.iterdir())
    emulator.arm.delete(REGISTRY)
    assert not list(emulator.home.images.iterdir())
    assert not emulator.blobs.list("acrtasksinternal", "estatereg")
    assert not emulator.store.documents("image")


def test_import(emulator: Emulator, act: Act) -> None:
    source = {"registryUri": "docker.io", "sourceImage": f"library/{PYTHON}"}
    body = {"source": source, "targetTags": [f"base/{PYTHON}"]}
    act(REGISTRY, "importImage", body)
    base = emulator.images.resolve(f"estatereg.azurecr.io/base/{PYTHON}")
    with pytest.raises(AzureError, match="already exists") as error:
        act(REGISTRY, "importImage", body)
    assert error.value.status == 409
    act(REGISTRY, "importImage", {**body, "mode": "Force"})
    other = f"{GROUP}/providers/{REGISTRY_TYPE}/otherreg"
    emulator.arm.put(other, {"location": "westeurope", "sku": {"name": "Basic"}, "properties": {}})
    by_digest = {"source": {"resourceId": REGISTRY, "sourceImage": f"base/python@{base.digest}"}}
    act(other, "importImage", {**by_digest, "untaggedTargetRepositories": ["python"]})
    assert emulator.images.resolve(f"otherreg.azurecr.io/python@{base.digest}").digest == base.digest


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"sourceImage": "a:1"}, "exactly one of"),
        ({"registryUri": "docker.io"}, "sourceImage is missing"),
        ({"registryUri": "docker.io", "sourceImage": "library/debian:12"}, "only docker.io/library/python"),
        ({"registryUri": "estatereg.azurecr.io", "sourceImage": "absent:1"}, "manifest unknown"),
    ],
)
def test_imports_that_fail(act: Act, source: Json, said: str) -> None:
    with pytest.raises(AzureError, match=said):
        act(REGISTRY, "importImage", {"source": source, "targetTags": ["x:1"]})


def test_the_folders_of_a_build_are_its_owners_alone(
    emulator: Emulator, act: Act, request_body: Callable[..., Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, str] = {}

    def unpacking(archive: Path, target: Path) -> None:
        for path in (target, archive.parent, archive.parent.parent):
            seen[path.name] = oct(path.stat().st_mode & 0o777)
        raise ContextError("enough is known")

    monkeypatch.setattr("emulator.containerregistry.worker.unpack", unpacking)
    put(emulator)
    assert finished(emulator, act(REGISTRY, "scheduleRun", request_body()))["status"] == "Failed"
    assert len(seen) == 3 and set(seen.values()) == {"0o700"}
