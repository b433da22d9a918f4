"""A real client through the proxy: an account answers in the subnet that leads to it, and nowhere else."""

from __future__ import annotations

import sys

import pytest

from tests.emulator.clients.conftest import World

pytestmark = pytest.mark.e2e

MAKE = """
import os, requests
from azure.identity import EnvironmentCredential
token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
group = "/subscriptions/0a7c1e5d-0000-4000-8000-00000000000a/resourceGroups/rg-places"
def put(path, **body):
    url = f"https://management.azure.com{group}{path}?api-version=2024-05-01"
    headers = {"authorization": f"Bearer {token}"}
    answer = requests.put(url, json={"location": "westeurope", **body}, headers=headers)
    assert answer.ok, answer.text
net = "/providers/Microsoft.Network/virtualNetworks/net"
put("")
put(net, properties={"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})
endpoints = [{"service": "Microsoft.Storage"}]
put(f"{net}/subnets/runners", properties={"addressPrefix": "10.0.1.0/24", "serviceEndpoints": endpoints})
put(f"{net}/subnets/others", properties={"addressPrefix": "10.0.2.0/24"})
acls = {"defaultAction": "Deny", "virtualNetworkRules": [{"id": f"{group}{net}/subnets/runners"}]}
put("/providers/Microsoft.Storage/storageAccounts/stplaces", kind="StorageV2", sku={"name": "Standard_LRS"},
    properties={"networkAcls": acls})
"""
ASK = """
import requests
from azure.identity import EnvironmentCredential
token = EnvironmentCredential().get_token("https://storage.azure.com/.default").token
headers = {"authorization": f"Bearer {token}", "x-ms-version": "2025-01-05"}
answer = requests.get("https://stplaces.blob.core.windows.net/?comp=list", headers=headers)
print(answer.headers.get("x-ms-error-code", answer.status_code))
"""


def test_the_place_of_a_command_decides_what_it_reaches(world: World) -> None:
    world.python(MAKE)
    asked = {
        place: world.emulator("run", *place, "--", sys.executable, "-c", ASK).strip()
        for place in ((), ("--from", "net/runners"), ("--from", "net/others"))
    }
    refused = "AuthorizationFailure"  # the owner may list containers; the account's network rules come first
    assert asked == {
        (): refused,
        ("--from", "net/runners"): "200",
        ("--from", "net/others"): refused,
    }
