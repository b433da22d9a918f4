"""The function app of this repository, as `mlops trigger deploy` packs it, run by the host."""

from __future__ import annotations

import json
from pathlib import Path

from emulator.functions.running import Running
from ml.trigger.publish import package
from tests.emulator.core.conftest import GROUP
from tests.emulator.functions.conftest import SITE, World

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {
    "RETRAIN_WORKSPACE_ID": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw",
    "RETRAIN_LOCATION": "westeurope",
    "RETRAIN_LANDING": "lake_landing",
    "RETRAIN_DAILY_LIMIT": "4",
    "RETRAIN_DEBOUNCE_MINUTES": "10",
    "RETRAIN_DATA": "",
    "RETRAIN_ALERTS": "",
    "RETRAIN_SCHEDULE": "0 0 4 * * Mon",
    "AzureWebJobs.schedule.Disabled": "true",
}


def test_the_package_runs_and_has_a_function_for_each_trigger(world: World) -> None:
    world.declare(**SETTINGS)
    assert world.publish(package(ROOT)).status == 202
    assert world.state()["status"] == 4, world.state()
    running = world.emulator.function_apps.find(SITE)
    assert isinstance(running, Running)
    found = {one.name: one.kind for one in running.functions.values()}
    assert found == {
        "events": "queueTrigger",
        "alerts": "httpTrigger",
        "schedule": "timerTrigger",
        "watch": "timerTrigger",
    }
    assert running.functions["schedule"].trigger["schedule"] == "0 0 4 * * Mon"
    assert (running.spec.host.batch, running.spec.host.most_deliveries) == (1, 5)
    answer = world.send("POST", "/api/alerts", json.dumps({"schemaId": "x"}).encode())
    assert answer.status == 404
    assert "retraining.application" in json.loads(answer.body)["told"]
