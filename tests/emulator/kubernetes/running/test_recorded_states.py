"""What controllers and pods come to here, held against what was recorded of a real cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from emulator.app import Emulator
from emulator.identity.directory import SIGNED_IN
from tests.emulator.kubernetes.behaviours import Answer, Recorded, play, recorded
from tests.emulator.kubernetes.conftest import CLUSTER_ADMIN, Api, grant
from tests.emulator.kubernetes.running.conftest import IMAGE, swept
from tests.emulator.kubernetes.running.estate import CLUSTER
from tests.emulator.kubernetes.test_recorded_answers import sender

# The recorded pods listen at their own port on all interfaces, as a process of this machine must not.
COMMANDS = {b'["python", "-m", "http.server", "8080"]': b'["python", "/app/service.py"]'}
# What these were told depends on how far the cluster had counted by then.
COUNTED = {"budgets": {"second", "dry-run"}}
TABLES = recorded("node")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_states_are_those_of_a_real_cluster(emulator: Emulator, table: Recorded) -> None:
    grant(emulator, SIGNED_IN, CLUSTER, CLUSTER_ADMIN)
    cluster = emulator.kubernetes.clusters.of(CLUSTER)
    assert cluster is not None
    ask = sender(Api(emulator, cluster))

    def send(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        for theirs, ours in COMMANDS.items():
            body = body.replace(theirs, ours) if body else body
        return ask(method, path, headers, body)

    given = {"image": IMAGE, "missing": IMAGE.replace(":v1", ":none")}
    try:
        # What was there already when the table was recorded is made here.
        apart = {step.name for step, answer in table.steps if answer["status"] == 409}
        apart |= COUNTED.get(table.name, set())
        assert not [str(one) for one in play(table, send, given) if one.step not in apart]
    finally:
        swept(cluster.objects, table.steps[0][0].body["metadata"]["name"])
