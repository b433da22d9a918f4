"""The official Python client, with the kubeconfig that Azure hands out, through the emulator's proxy."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

import pytest
from kubernetes import client, config, watch  # pyright: ignore[reportMissingTypeStubs]

from emulator.app import Emulator
from tests.emulator.kubernetes.conftest import deployment, kubeconfig

Any_ = cast(Any, client)  # the client has no types


@pytest.fixture(scope="module")
def api(running: Emulator) -> Any:
    """A client of the cluster as ``az aks get-credentials`` and a token make it."""
    given = kubeconfig(running)
    settings = cast(Any, client).Configuration()
    cast(Any, config).load_kube_config_from_dict(given, client_configuration=settings)
    settings.proxy = f"http://127.0.0.1:{running.ports['proxy']}"
    return cast(Any, client).ApiClient(settings)


def test_objects_and_their_watch(api: Any) -> None:
    core, apps = Any_.CoreV1Api(api), Any_.AppsV1Api(api)
    assert Any_.VersionApi(api).get_code().git_version == "v1.33.5"
    core.create_namespace({"metadata": {"name": "scoring"}})
    seen: list[tuple[str, str, int]] = []
    begun = apps.list_namespaced_deployment("scoring").metadata.resource_version

    def look() -> None:
        for event in (
            cast(Any, watch)
            .Watch()
            .stream(apps.list_namespaced_deployment, "scoring", resource_version=begun, timeout_seconds=20)
        ):
            seen.append((event["type"], event["object"].metadata.name, event["object"].spec.replicas))
            if event["type"] == "DELETED":
                return

    thread = threading.Thread(target=look)
    thread.start()
    apps.create_namespaced_deployment("scoring", deployment("d", replicas=1))
    apps.patch_namespaced_deployment_scale("d", "scoring", {"spec": {"replicas": 3}})
    assert apps.read_namespaced_deployment_scale("d", "scoring").spec.replicas == 3
    apps.delete_namespaced_deployment("d", "scoring")
    thread.join(30)
    # Between them come the controllers' own writes, which change no number.
    assert (seen[0], seen[-1]) == (("ADDED", "d", 1), ("DELETED", "d", 3))
    assert {one for one in seen if one[0] == "MODIFIED"} <= {("MODIFIED", "d", 1), ("MODIFIED", "d", 3)}


def test_a_refusal_is_an_exception_with_its_status(api: Any) -> None:
    with pytest.raises(Any_.ApiException) as refused:
        Any_.AppsV1Api(api).read_namespaced_deployment("missing", "scoring")
    assert refused.value.status == 404
    assert 'deployments.apps \\"missing\\" not found' in refused.value.body


def test_a_watch_ends_in_its_time_and_with_the_emulator(api: Any, running: Emulator) -> None:
    core = Any_.CoreV1Api(api)
    begun = time.monotonic()
    events = list(cast(Any, watch).Watch().stream(core.list_namespace, timeout_seconds=1))
    assert {event["type"] for event in events} == {"ADDED"} and time.monotonic() - begun < 15
    left: list[str] = []

    def look() -> None:
        for event in (
            cast(Any, watch).Watch().stream(core.list_config_map_for_all_namespaces, timeout_seconds=60)
        ):
            left.append(event["type"])
        left.append("end")

    thread = threading.Thread(target=look)
    thread.start()
    while not running.kubernetes.clusters.all()[0].objects.watched:
        time.sleep(0.01)
    running.kubernetes.clusters.close()
    thread.join(20)
    assert left[-1] == "end"
