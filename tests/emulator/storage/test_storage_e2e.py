"""The data planes through the real proxy: SDK clients in their own process, and a daemon that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.identity.directory import ENGINEERS, TENANT_ID
from tests.emulator.storage import estate

ROOT = Path(__file__).resolve().parents[3]

COMMON = """
import json, os, sys, time, logging
import requests
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
credential = DefaultAzureCredential()
data = BlobServiceClient("https://acct.blob.core.windows.net", credential).get_container_client("data")
"""

ESTATE = """
token = credential.get_token("https://management.azure.com/.default").token
def put(path, body):
    url = f"https://management.azure.com{path}?api-version=2024-01-01"
    answer = requests.put(url, json=body, headers={"authorization": f"Bearer {token}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()
group, role, engineers, tenant = sys.argv[1:]
place = {"location": "westeurope"}
put(group, place)
base = f"{group}/providers"
storage = put(f"{base}/Microsoft.Storage/storageAccounts/acct", {
    **place, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2",
    "properties": {"allowSharedKeyAccess": False}})
put(f"{storage['id']}/blobServices/default/containers/data", {})
for number, name in enumerate(role.split(",")):
    definition = f"/providers/Microsoft.Authorization/roleDefinitions/{name}"
    put(f"{base}/Microsoft.Authorization/roleAssignments/{number:08}-0000-4000-8000-000000000000",
        {"properties": {"roleDefinitionId": definition, "principalId": engineers}})
put(f"{base}/Microsoft.KeyVault/vaults/kv-one", {**place, "properties": {
    "tenantId": tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}})
logs = put(f"{base}/Microsoft.OperationalInsights/workspaces/logs", place)
component = put(f"{base}/Microsoft.Insights/components/app", {**place, "kind": "web", "properties": {
    "WorkspaceResourceId": logs["id"], "DisableLocalAuth": True}})
print(json.dumps({"connection": component["properties"]["ConnectionString"]}))
"""

CLIENTS = """
from azure.keyvault.secrets import SecretClient
body = os.urandom(9 << 20)
data.upload_blob("großes/x y.bin", body, max_concurrency=2)
same = data.download_blob("großes/x y.bin", max_concurrency=2).readall() == body
missing = data.get_blob_client("none").exists()
vault = SecretClient("https://kv-one.vault.azure.net", credential)
vault.set_secret("key", "value")
began = time.perf_counter()
for _ in range(50):
    data.get_blob_client("großes/x y.bin").get_blob_properties()
print(json.dumps({
    "same": same, "missing": missing, "secret": vault.get_secret("key").value,
    "names": [blob.name for blob in data.list_blobs()], "head_ms": (time.perf_counter() - began) * 20,
}))
"""

TELEMETRY = """
from azure.monitor.opentelemetry import configure_azure_monitor
from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider
configure_azure_monitor(connection_string=sys.argv[1], credential=credential, logger_name="app",
    enable_live_metrics=False, enable_performance_counters=False)
log = logging.getLogger("app")
log.setLevel(logging.INFO)
with trace.get_tracer("t").start_as_current_span("POST /score", kind=trace.SpanKind.SERVER):
    log.warning("a warning")
    log.info("batch", extra={"microsoft.custom_event.name": "batch_scored", "rows": "3"})
metrics.get_meter("m").create_gauge("drift").set(0.5, {"feature": "age"})
for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), get_logger_provider()):
    provider.force_flush()
print(json.dumps({}))
"""

WRITER = """
for number in range(1, 100000):
    data.upload_blob("overwritten", bytes([number % 256]) * 200_000, overwrite=True)
    print(number, flush=True)
"""

READER = """
body = data.download_blob("overwritten").readall()
print(json.dumps({"size": len(body), "values": len(set(body)), "value": body[0]}))
"""


class World:
    """One daemon and its clients."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {**os.environ, "EMULATOR_HOME": str(home), "OMP_NUM_THREADS": "1"}

    def start(self, *argv: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *argv],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        )

    def emulator(self, *argv: str) -> str:
        process = self.start("-m", "emulator", *argv)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    def client(self, code: str, *argv: str) -> dict[str, Any]:
        said = self.emulator("run", "--", sys.executable, "-c", COMMON + code, *argv)
        return json.loads(said.splitlines()[-1])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("storage") / "home")
    world.emulator("up")
    yield world
    world.emulator("down")


@pytest.fixture(scope="module")
def connection(world: World) -> str:
    """The connection string of the component, once all resources stand."""
    roles = ",".join((estate.CONTRIBUTOR, estate.SECRETS_OFFICER, estate.METRICS_PUBLISHER))
    return world.client(ESTATE, estate.GROUP, roles, ENGINEERS, TENANT_ID)["connection"]


@pytest.mark.e2e
def test_clients_of_storage_and_key_vault(world: World, connection: str) -> None:
    found = world.client(CLIENTS)
    assert found["head_ms"] < 100  # about 2 on an idle machine
    del found["head_ms"]
    assert found == {"same": True, "missing": False, "secret": "value", "names": ["großes/x y.bin"]}


@pytest.mark.e2e
def test_the_distro_sends_and_the_report_shows(world: World, connection: str) -> None:
    world.client(TELEMETRY, connection)
    found = json.loads(world.emulator("telemetry", "--json"))
    assert [row["Name"] for row in found["requests"]] == ["POST /score"]
    assert [(row["Name"], row["Properties"]["rows"]) for row in found["events"]] == [("batch_scored", "3")]
    assert "a warning" in [row["Message"] for row in found["traces"]]
    drift = [value for value in found["metrics"] if value["name"] == "drift"]
    assert [(value["value"], value["properties"]) for value in drift] == [(0.5, {"feature": "age"})]
    assert "batch_scored" in world.emulator("telemetry")


@pytest.mark.e2e
def test_a_daemon_killed_while_it_writes_loses_nothing_that_it_confirmed(
    world: World, connection: str
) -> None:
    writer = world.start(
        "-m",
        "emulator",
        "run",
        "--",
        sys.executable,
        "-c",
        COMMON + WRITER,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert writer.stdout is not None
    confirmed = 0
    while confirmed < 20:
        confirmed = int(writer.stdout.readline())
    pid = json.loads(world.emulator("status", "--json"))["pid"]
    os.kill(pid, signal.SIGKILL)
    os.killpg(writer.pid, signal.SIGKILL)
    confirmed = int((writer.stdout.read().split() or [confirmed])[-1])
    writer.wait()
    world.emulator("up")
    found = world.client(READER)
    assert (found["size"], found["values"]) == (200_000, 1)
    assert found["value"] in (confirmed % 256, (confirmed + 1) % 256)
    assert json.loads(world.emulator("status", "--json"))["refused_hosts"] == []
