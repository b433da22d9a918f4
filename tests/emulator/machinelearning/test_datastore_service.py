"""The datastore service, as azureml-fsspec asks it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.http import Request, Response
from emulator.identity.directory import SIGNED_IN, Principal
from tests.emulator.machinelearning import estate
from tests.emulator.machinelearning.conftest import Lab

HOST = "westeurope.api.azureml.ms"


def ask(lab: Lab, name: str, who: Principal = SIGNED_IN, service: str = "datastore") -> Response:
    token, _ = lab.emulator.identity.tokens.issue(who, "https://management.azure.com")
    path = f"/{service}/v1.0{estate.WORKSPACE}/datastores/{name}"
    return lab.emulator.answer(Request("GET", HOST, path, path, {}, {"authorization": f"Bearer {token}"}))


def store(lab: Lab, name: str, credentials: dict[str, Any]) -> None:
    body = {
        "datastoreType": "AzureBlob",
        "accountName": estate.ACCOUNT_NAME,
        "containerName": "data",
        "credentials": credentials,
    }
    lab.write(f"{estate.WORKSPACE}/datastores/{name}", {"properties": body})


@pytest.mark.parametrize(
    ("name", "credentials", "expected"),
    [
        ("byid", {"credentialsType": "None"}, ("None", None, None)),
        ("bykey", {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}},
         ("AccountKey", "a2V5", None)),
        ("bysas", {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": "sv=1"}},
         ("Sas", None, "sv=1")),
    ],
)  # fmt: skip
def test_where_a_datastore_leads(
    lab: Lab, name: str, credentials: dict[str, Any], expected: tuple[str, str | None, str | None]
) -> None:
    store(lab, name, credentials)
    answer = ask(lab, name)
    assert answer.status == 200, answer.body
    found = json.loads(answer.body)
    section = found["azureStorageSection"]
    assert (found["name"], found["dataStoreType"]) == (name, "AzureBlob")
    assert (section["accountName"], section["containerName"]) == (estate.ACCOUNT_NAME, "data")
    assert (section["credentialType"], section["accountKey"], section["sasToken"]) == expected


def test_what_is_not_there_and_what_is_not_answered_is_not_asked_for_again(lab: Lab) -> None:
    assert ask(lab, "absent").status == 404
    answer = ask(lab, "workspaceblobstore", service="dataset")
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (400, "NotEmulated")


def test_a_reader_gets_no_credential(lab: Lab) -> None:
    identity = f"{estate.GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader"
    made = lab.write(identity, {"location": "westeurope"})
    reader = lab.emulator.identity.directory.find(made["properties"]["principalId"])
    assert reader is not None
    store(
        lab,
        "bykey",
        {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "a2V5"}},
    )
    store(lab, "byid", {"credentialsType": "None"})
    assert ask(lab, "byid", reader).status == 403
    role = "acdd72a7-3385-48ef-bd42-f606fba81ae7"  # Reader
    lab.write(
        f"{estate.GROUP}/providers/Microsoft.Authorization/roleAssignments/{role}",
        {"properties": {"principalId": reader.object_id,
                        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}"}},
    )  # fmt: skip
    assert ask(lab, "byid", reader).status == 200
    refused = ask(lab, "bykey", reader)
    assert refused.status == 403 and b"a2V5" not in refused.body and b"listSecrets" in refused.body
