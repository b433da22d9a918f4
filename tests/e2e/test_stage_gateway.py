"""The gateway of stage, as `pulumi up` has made it: who comes in, and what is said before a release."""

from __future__ import annotations

import json
import sys

import pytest

from tests.e2e.conftest import World, estate_world

pytestmark = pytest.mark.e2e
world = estate_world

CALLER = """
import json, sys
import httpx
from azure.identity import DefaultAzureCredential

service, url = sys.argv[1:]
token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
arm = httpx.Client(base_url="https://management.azure.com", headers={"authorization": f"Bearer {token}"},
                   params={"api-version": "2024-05-01"}, timeout=30)
subscription = f"{service}/subscriptions/caller"
body = {"properties": {"displayName": "Caller", "scope": "/products/scoring", "state": "active"}}
arm.put(subscription, json=body).raise_for_status()
key = arm.post(f"{subscription}/listSecrets").raise_for_status().json()["primaryKey"]
with httpx.Client(timeout=30) as client:
    answers = [client.post(f"{url}/scoring/v1/score", json={"rows": []}, headers=headers)
               for headers in ({}, {"Ocp-Apim-Subscription-Key": key})]
    answers.append(client.get(f"{url}/scoring/v1/absent"))
print("ANSWERS" + json.dumps([[one.status_code, one.json()] for one in answers]))
"""


def test_stage_answers_by_its_gateway(world: World) -> None:
    outputs = json.loads(world.pulumi("stack output", "stage", "--json").stdout)
    group = f"/subscriptions/{outputs['subscription_id']}/resourceGroups/{outputs['resource_group']}"
    service = f"{group}/providers/Microsoft.ApiManagement/service/{outputs['gateway']}"
    url = f"https://{outputs['gateway']}.azure-api.net"
    said = world.run(sys.executable, "-c", CALLER, service, url).stdout
    answers = json.loads(said[said.index("ANSWERS") + len("ANSWERS") :])
    assert [status for status, _ in answers] == [401, 503, 404]
    assert [body["detail"] for _, body in answers] == [
        "SubscriptionKeyNotFound",
        "BackendConnectionFailure",
        "OperationNotFound",
    ]
