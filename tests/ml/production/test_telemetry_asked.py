"""From what a revision sends to a block of the judge: Log Analytics on loopback, asked by the SDK."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.http import Request
from emulator.monitor.logs import endpoint
from ml.production.telemetry import UNKNOWN_LAG, Telemetry
from scoring.telemetry.classes import DURATION, OUTLIERS, PROBABILITY, REQUESTS
from tests.emulator.core.conftest import GROUP, LOCATION, Client
from tests.emulator.homes import started_once
from tests.emulator.storage.transport import Credential, transport
from tests.ml.production.azures import azure

LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/appi"
RUNNING, NEW = "r-0000000000000001", "r-0000000000000002"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(started_once(Path(tmp_path_factory.mktemp("telemetry"))))
    owner = Client(made)
    owner.group()
    owner.ok("PUT", LOGS, {"location": LOCATION, "properties": {"sku": {"name": "PerGB2018"}}})
    properties = {"Application_Type": "web", "WorkspaceResourceId": LOGS}
    owner.ok("PUT", INSIGHTS, {"location": LOCATION, "kind": "web", "properties": properties})
    yield made
    made.close()


def send(emulator: Emulator, at: float, name: str, value: float, **dimensions: str) -> None:
    key = Client(emulator).ok("GET", INSIGHTS)["properties"]["InstrumentationKey"]
    item = {
        "name": "Microsoft.ApplicationInsights.Metric",
        "time": datetime.fromtimestamp(at, UTC).isoformat(),
        "iKey": key,
        "tags": {"ai.cloud.role": "prod.scoring"},
        "data": {
            "baseType": "MetricData",
            "baseData": {"metrics": [{"name": name, "value": value, "count": 1}], "properties": dimensions},
        },
    }
    host, path = "westeurope-0.in.applicationinsights.azure.com", "/v2.1/track"
    answer = emulator.answer(Request("POST", host, path, path, {}, {}, json.dumps([item]).encode()))
    assert answer.status == 200, answer.body


def test_counts_and_lag(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LAG_S", 0.0)
    own: Any = azure(environment="prod", application_insights_id=INSIGHTS, log_analytics_id=LOGS)
    own.credential, own.limits = Credential(emulator), {"transport": transport(emulator)}
    telemetry = Telemetry.of(own, 15)
    assert telemetry.lag() == UNKNOWN_LAG
    block = (time.time() - 120) // 15 * 15
    score = {"http.route": "/score", "http.response.status_code": "200"}
    for release, requests in ((RUNNING, 90.0), (NEW, 10.0)):
        send(emulator, block + 3, REQUESTS, requests, release=release, **score)
        send(emulator, block + 3, DURATION, requests, release=release, over_ms="5")
        send(emulator, block + 3, PROBABILITY, requests, release=release, **{"from": "0.2"})
        send(emulator, block + 3, OUTLIERS, requests / 10, release=release)
    send(emulator, block + 4, REQUESTS, 2.0, release=NEW, **{**score, "http.response.status_code": "500"})
    (found,) = telemetry.blocks(RUNNING, NEW, block, time.time())
    assert found.start == block
    assert found.requests() == (90, 12)
    assert found.new["failures"].over.tolist() == [2.0]
    assert found.new["outliers"].over.tolist() == [1.0]
    assert found.new["predictions"].over.tolist() == [10.0, 10.0, *[0.0] * 7]
    late = Telemetry.of(own, 15).lag()
    assert 100 < late < 300  # they were sent so long after their time
    assert telemetry.failures("10.0.4.7", block) == 0
