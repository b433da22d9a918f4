"""What controllers and pods come to here, held against what was recorded of a real cluster."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from emulator.kubernetes.controllers.facts import is_active, is_ready
from emulator.kubernetes.objects import Objects
from tests.emulator.kubernetes.behaviours import Answer, Recorded, play, recorded
from tests.emulator.kubernetes.conftest import CLUSTER_ADMIN, Api, grant
from tests.emulator.kubernetes.running.conftest import IMAGE, swept
from tests.emulator.kubernetes.running.estate import CLUSTER
from tests.emulator.kubernetes.test_recorded_answers import sender

UNTIL_S = 30.0
GIVEN = {"image": IMAGE, "missing": IMAGE.replace(":v1", ":none")}
TABLES = recorded("node")


def counted(objects: Objects) -> None:
    """Wait until the budgets say what there is, as that of the real cluster did when it was asked."""
    deadline = time.monotonic() + UNTIL_S
    while time.monotonic() < deadline:
        with objects.together():
            healthy = sum(is_ready(pod) and is_active(pod) for pod in objects.list("Pod"))
            said = [one["status"].get("currentHealthy") for one in objects.list("PodDisruptionBudget")]
        if all(one == healthy for one in said):
            return
        time.sleep(0.005)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_states_are_those_of_a_real_cluster(emulator: Emulator, table: Recorded) -> None:
    grant(emulator, SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    cluster = emulator.kubernetes.clusters.of(CLUSTER)
    assert cluster is not None
    ask = sender(Api(emulator, cluster))

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if path.endswith("/eviction"):
            counted(cluster.objects)
        return ask(method, path, headers, body)

    try:
        found = play(table, send, GIVEN, UNTIL_S)
        assert not list(map(str, found))
    finally:
        swept(cluster.objects, f"recorded-{table.name}")
