"""What controllers and pods come to here, held against what was recorded of a real cluster."""

from __future__ import annotations

from contextlib import suppress

import pytest

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from emulator.kubernetes.errors import ApiError
from tests.emulator.kubernetes.behaviours import Recorded, play, recorded
from tests.emulator.kubernetes.conftest import CLUSTER_ADMIN, Api, grant
from tests.emulator.kubernetes.running.conftest import IMAGE
from tests.emulator.kubernetes.running.estate import CLUSTER
from tests.emulator.kubernetes.test_recorded_answers import sender

UNTIL_S = 30.0
GIVEN = {"image": IMAGE, "missing": IMAGE.replace(":v1", ":none")}
TABLES = recorded("node")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_states_are_those_of_a_real_cluster(emulator: Emulator, table: Recorded) -> None:
    grant(emulator, SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    cluster = emulator.kubernetes.clusters.of(CLUSTER)
    assert cluster is not None
    try:
        found = play(table, sender(Api(emulator, cluster)), GIVEN, UNTIL_S)
        assert not list(map(str, found))
    finally:
        namespace = f"recorded-{table.name}"
        cluster.objects.delete("Namespace", "", namespace)
        for pod in cluster.objects.list("Pod", namespace):
            with suppress(ApiError):  # it went by itself meanwhile
                cluster.objects.delete("Pod", namespace, pod["metadata"]["name"], grace_s=0)
