"""Eight programs at once, each doing something else: nothing is lost, doubled or refused."""

from __future__ import annotations

import json

import pytest

from .conftest import World

BEFORE = """
import json, os, sys
import requests
from azure.identity import DefaultAzureCredential
from emulator.identity.directory import ENGINEERS, SUBSCRIPTIONS, TENANT_ID
credential = DefaultAzureCredential()
number = int(sys.argv[1])
group = f"/subscriptions/{next(iter(SUBSCRIPTIONS))}/resourceGroups/shared"
session = requests.Session()
token = credential.get_token("https://management.azure.com/.default").token
session.headers["authorization"] = f"Bearer {token}"
def arm(method, path, body=None):
    address = f"https://management.azure.com{path}?api-version=2024-01-01"
    answer = session.request(method, address, json=body, timeout=60)
    answer.raise_for_status()
    return answer.json() if answer.content else None
place = {"location": "westeurope"}
provider = f"{group}/providers/Microsoft."
"""

PREPARE = """
arm("PUT", group, place)
arm("PUT", f"{provider}Storage/storageAccounts/shared", {**place, "sku": {"name": "Standard_LRS"},
    "kind": "StorageV2", "properties": {}})
arm("PUT", f"{provider}Storage/storageAccounts/shared/blobServices/default/containers/data", {})
arm("PUT", f"{provider}KeyVault/vaults/sharedvault", {**place, "properties": {"tenantId": TENANT_ID,
    "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}})
arm("PUT", f"{provider}Network/routeTables/common", {**place, "tags": {}})
for role in ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"):
    arm("PUT", f"{provider}Authorization/roleAssignments/{role}", {"properties": {"principalId": ENGINEERS,
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}"}})
"""

# by the program's number: what it does over and over
PROGRAMS = (
    # resources of its own
    'for i in range(20): arm("PUT", f"{provider}Network/routeTables/own{number}-{i}", place)',
    # a group that comes and goes
    'for i in range(10):\n    arm("PUT", f"{group}{number}", place)\n    arm("DELETE", f"{group}{number}")',
    # routes of one table, by two programs
    'for i in range(20): arm("PUT", f"{provider}Network/routeTables/common/routes/r{number}-{i}", '
    '{"properties": {"addressPrefix": f"10.{number}.{i}.0/24", "nextHopType": "None"}})',
    'for i in range(20): arm("PUT", f"{provider}Network/routeTables/common/routes/r{number}-{i}", '
    '{"properties": {"addressPrefix": f"10.{number}.{i}.0/24", "nextHopType": "None"}})',
    # blobs, and one blob in blocks
    "from azure.storage.blob import BlobServiceClient\n"
    'service = BlobServiceClient("https://shared.blob.core.windows.net", credential)\n'
    'data = service.get_container_client("data")\n'
    'for i in range(20): data.upload_blob(f"b{number}-{i}", bytes([i]) * 1000)\n'
    'data.upload_blob(f"big{number}", os.urandom(9 << 20), max_concurrency=2)',
    # versions of one secret, by two programs
    "from azure.keyvault.secrets import SecretClient\n"
    'vault = SecretClient("https://sharedvault.vault.azure.net", credential)\n'
    'for i in range(15): vault.set_secret("common", f"{number}-{i}")',
    "from azure.keyvault.secrets import SecretClient\n"
    'vault = SecretClient("https://sharedvault.vault.azure.net", credential)\n'
    'for i in range(15): vault.set_secret("common", f"{number}-{i}")',
    # reads while all that goes on: a list never holds half a resource
    "for i in range(30):\n"
    '    for one in arm("GET", f"{group}/resources")["value"]: assert one["id"] and one["location"]',
)

COUNT = """
from azure.keyvault.secrets import SecretClient
from azure.storage.blob import BlobServiceClient
data = BlobServiceClient("https://shared.blob.core.windows.net", credential).get_container_client("data")
vault = SecretClient("https://sharedvault.vault.azure.net", credential)
versions = [one.version for one in vault.list_properties_of_secret_versions("common")]
groups = arm("GET", group.rsplit("/", 1)[0])["value"]
print(json.dumps({
    "tables": len(arm("GET", f"{provider}Network/routeTables")["value"]),
    "routes": len(arm("GET", f"{provider}Network/routeTables/common/routes")["value"]),
    "blobs": len(list(data.list_blobs())),
    "big": sum(one.size for one in data.list_blobs(name_starts_with="big")),
    "values": sorted(vault.get_secret("common", one).value for one in versions),
    "groups": [one["name"] for one in groups],
}))
"""


@pytest.mark.e2e
def test_eight_programs_at_once_lose_nothing(world: World) -> None:
    world.python(BEFORE + PREPARE, "0")
    began = [
        world.start("run", "--", "python", "-c", BEFORE + program, str(number))
        for number, program in enumerate(PROGRAMS)
    ]
    ended = [(one, *one.communicate(timeout=240)) for one in began]
    assert [(one.returncode, errors) for one, _, errors in ended] == [(0, "")] * len(PROGRAMS)
    found = json.loads(world.python(BEFORE + COUNT, "0"))
    assert found == {
        "tables": 21,
        "routes": 40,
        "blobs": 21,
        "big": 9 << 20,
        "values": sorted(f"{number}-{i}" for number in (5, 6) for i in range(15)),
        "groups": ["shared"],
    }
