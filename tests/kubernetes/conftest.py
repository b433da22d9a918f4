"""A real cluster: the one of KUBECONFIG, or the node that `make test-kubernetes` starts.

With a cluster given, KUBERNETES_TEST_IMAGE names the scoring image (`python -m tests.kubernetes.image` builds
it) by digest in a registry that the cluster reaches.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ml.production.api import Api, path_of
from ml.production.cluster import Cluster
from ml.production.values import Replicas, Size, Values
from tests.kubernetes.asking import Asking
from tests.kubernetes.changed import changed
from tests.kubernetes.image import reference
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.production.revisions import values

NAMESPACE = "scoring"
POLL_S = 0.2
_NUMBERS = itertools.count(1)

MakeValues = Callable[..., Values]
Change = Callable[[dict[str, Any]], None]
MakeCluster = Callable[[Change], Cluster]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.kubernetes)


@pytest.fixture(scope="session")
def api() -> Api:
    from kubernetes import config

    return Api(config.new_client_from_config(), "tests")


@pytest.fixture(scope="session")
def image() -> str:
    """The scoring image by digest, where the cluster can pull it."""
    try:
        return reference()
    except LookupError as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def report() -> RecordingReport:
    return RecordingReport()


@pytest.fixture(scope="session")
def cluster(api: Api, report: RecordingReport) -> Cluster:
    return Cluster(api, report, POLL_S)


@pytest.fixture(scope="session")
def make_values(image: str) -> MakeValues:
    """Values of a release of its own, of a service that is ready without Key Vault."""

    def make(**changes: Any) -> Values:
        variables = {
            "PORT": "8080",
            "MODEL_DIR": "model",
            "SCORING_WORKERS": "1",
            # The API server's proxy, by which tests ask a cluster of somebody's, passes no key on.
            "SCORING_ALLOW_ANONYMOUS": "true",
            **changes.pop("variables", {}),
        }
        fields: dict[str, Any] = {
            "release": f"r-{next(_NUMBERS):016x}",
            "image": image,
            # The whole of IPv4: where the tests ask from differs from cluster to cluster.
            "callers": ("0.0.0.0/0",),
            "variables": {name: value for name, value in variables.items() if value},
            "size": Size(cpu_request=0.1, cpu_limit=1.0, memory_mib=512),
            "replicas": Replicas(minimum=2, maximum=4, cpu_percent=60),
            "available_seconds": 5,
            "drain_seconds": 3,
        }
        return values(**{**fields, **changes})

    return make


@pytest.fixture
def made(make_values: MakeValues, cluster: Cluster, api: Api) -> Iterator[MakeValues]:
    """As `make_values`; the revisions go after the test, with their pods."""
    found: list[Values] = []

    def make(**changes: Any) -> Values:
        found.append(make_values(**changes))
        return found[-1]

    yield make
    for one in found:
        cluster.delete(one.revision)
        selector = f"app.kubernetes.io/instance={one.revision}"
        for pod in api.items(path_of("Pod", NAMESPACE), labelSelector=selector):
            api.delete(path_of("Pod", NAMESPACE, pod["metadata"]["name"]), gracePeriodSeconds="0")


@pytest.fixture
def with_container(api: Api, report: RecordingReport, tmp_path: Path) -> MakeCluster:
    """A cluster whose manifests are those of the repository but for a change of the pod's container."""

    def make(change: Change) -> Cluster:
        return Cluster(api, report, POLL_S, root=changed(tmp_path, change))

    return make


@pytest.fixture(scope="module")
def serving(make_values: MakeValues, cluster: Cluster) -> Iterator[Values]:
    """A revision that is ready."""
    chosen = make_values()
    cluster.apply(chosen)
    cluster.wait_ready(chosen.revision, 180)
    yield chosen
    cluster.delete(chosen.revision)


@pytest.fixture
def asking(api: Api) -> Callable[[Values], Asking]:
    return lambda chosen: Asking(api, NAMESPACE, chosen.revision)
