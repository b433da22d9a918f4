"""Managed identities, the authority, and the token endpoints of workloads."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.http import Request
from emulator.identity.authority import EXCHANGE
from emulator.identity.directory import SIGNED_IN, TENANT_ID
from emulator.identity.tokens import ISSUER
from emulator.identity.workflows import GITHUB

from .conftest import GROUP, LOCATION, Client

TOKEN = f"/{TENANT_ID}/oauth2/v2.0/token"


def login(emulator: Emulator, path: str = TOKEN, **form: str) -> tuple[int, dict[str, Any]]:
    request = Request("POST", "login.microsoftonline.com", path, path, body=urlencode(form).encode())
    answer = emulator.answer(request)
    return answer.status, json.loads(answer.body)


def secret_form(emulator: Emulator, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": SIGNED_IN.client_id,
        "client_secret": emulator.home.secret(emulator.home.client_secret),
        "scope": "https://management.azure.com/.default",
        **changes,
    }


def test_the_signed_in_principal_gets_a_token(emulator: Emulator) -> None:
    status, answer = login(emulator, **secret_form(emulator))
    assert (status, answer["token_type"]) == (200, "Bearer")
    claims = emulator.identity.tokens.claims(answer["access_token"])
    assert (claims["oid"], claims["tid"], claims["aud"]) == (
        SIGNED_IN.object_id,
        TENANT_ID,
        "https://management.azure.com",
    )


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"client_secret": "wrong"}, 7000215),
        ({"client_id": "nobody"}, 700016),
        ({"scope": "https://example.com/.default"}, 500011),
        ({"grant_type": "device_code"}, 70003),
    ],
)
def test_anything_else_is_refused(emulator: Emulator, change: dict[str, str], number: int) -> None:
    status, answer = login(emulator, **secret_form(emulator, **change))
    assert status in (400, 401)
    assert answer["error_codes"] == [number]
    assert answer["error_description"].startswith(f"AADSTS{number}: ")


def test_an_unknown_tenant_is_refused(emulator: Emulator) -> None:
    assert login(emulator, "/other/oauth2/v2.0/token")[1]["error_codes"] == [90002]


def test_user_assigned_identities_keep_their_ids(client: Client) -> None:
    someone = client.identity()
    assert client.identity() == someone
    client.ok("DELETE", someone.resource_id)
    assert client.emulator.identity.directory.find(someone.object_id) is None


def test_federated_credentials(client: Client, emulator: Emulator) -> None:
    someone = client.identity()
    path = f"{someone.resource_id}/federatedIdentityCredentials/workload"
    properties = {"issuer": ISSUER, "subject": "system:serviceaccount:a:b", "audiences": [EXCHANGE]}
    client.ok("PUT", path, {"properties": properties})
    assert client.refused("PUT", f"{path}2", {"properties": properties})[0] == 409
    claims = {"iss": ISSUER, "sub": properties["subject"], "aud": EXCHANGE, "exp": int(time.time()) + 60}

    def exchange(**changes: Any) -> tuple[int, dict[str, Any]]:
        form = secret_form(
            emulator,
            client_id=someone.client_id,
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion=emulator.identity.tokens.sign({**claims, **changes}),
        )
        del form["client_secret"]
        return login(emulator, **form)

    status, answer = exchange()
    assert status == 200
    assert emulator.identity.tokens.claims(answer["access_token"])["oid"] == someone.object_id
    for change in ({"sub": "other"}, {"aud": "other"}, {"exp": 1}, {"iss": "https://other"}):
        assert exchange(**change)[0] in (400, 401), change


def test_a_workflow_signs_in_as_the_identity_that_trusts_its_subject(
    client: Client, emulator: Emulator
) -> None:
    someone = client.identity()
    name = str(someone.resource_id).rpartition("/")[2]
    with pytest.raises(AzureError, match="has no federated credential for https"):
        emulator.identity.workflow(name)
    path = f"{someone.resource_id}/federatedIdentityCredentials/github"
    properties = {"issuer": GITHUB, "subject": "repo:o/r:environment:prod", "audiences": [EXCHANGE]}
    client.ok("PUT", path, {"properties": properties})
    run = emulator.identity.workflow(name.upper())
    assert (run.client_id, run.subject) == (someone.client_id, "repo:o/r:environment:prod")
    form = secret_form(
        emulator,
        client_id=run.client_id,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion=run.token,
    )
    del form["client_secret"]
    status, answer = login(emulator, **form)
    assert status == 200
    assert emulator.identity.tokens.claims(answer["access_token"])["oid"] == someone.object_id
    client.ok("DELETE", path)
    assert login(emulator, **form)[1]["error_codes"] == [70021]
    with pytest.raises(AzureError, match="No identity has the name 'nobody'"):
        emulator.identity.workflow("nobody")


def test_system_assigned_identities_come_and_go(client: Client) -> None:
    client.group()
    path = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry1"
    registry: dict[str, Any] = {"location": LOCATION, "sku": {"name": "Premium"}, "properties": {}}
    with_identity = {**registry, "identity": {"type": "SystemAssigned"}}
    first = client.ok("PUT", path, with_identity)["identity"]
    assert first["tenantId"] == TENANT_ID
    assert client.ok("PUT", path, with_identity)["identity"] == first
    directory = client.emulator.identity.directory
    assert directory.find(first["principalId"])
    client.ok("PUT", path, registry)
    assert directory.find(first["principalId"]) is None
    bad = {**registry, "identity": {"type": "UserAssigned"}}
    assert client.refused("PUT", path, bad)[1] == "InvalidIdentityType"


class Killed(BaseException):
    """Nothing after this runs, as after SIGKILL."""


def test_a_kill_leaves_the_identity_with_its_principal_or_without_a_trace(
    client: Client, emulator: Emulator
) -> None:
    def killed(_: object) -> None:
        raise Killed

    path = f"{client.group()}/providers/Microsoft.ContainerRegistry/registries/registry1"
    registry = {"location": LOCATION, "sku": {"name": "Premium"}, "identity": {"type": "SystemAssigned"}}
    emulator.arm.after_put("*")(killed)
    with pytest.raises(Killed):
        client("PUT", path, registry)
    directory, object_id = emulator.identity.directory, emulator.arm.get(path)["identity"]["principalId"]
    assert directory.find(object_id)
    emulator.arm.after_delete("*")(killed)
    with pytest.raises(Killed):
        client("DELETE", path)
    assert emulator.arm.find(path) is None
    assert directory.find(object_id) is None


def imds(emulator: Emulator, workload: str, **query: str) -> tuple[int, dict[str, Any]]:
    path = "/metadata/identity/oauth2/token"
    query = {"resource": "https://storage.azure.com/", **query}
    headers = {"metadata": "true"} | ({"x-emulator-workload": workload} if workload else {})
    answer = emulator.answer(Request("GET", "169.254.169.254", path, path, query, headers, scheme="http"))
    return answer.status, json.loads(answer.body)


def test_workloads_get_their_own_identities_only(client: Client, emulator: Emulator) -> None:
    mine, other = client.identity("mine"), client.identity("other")
    emulator.identity.workloads.admit("job", [mine.resource_id])
    status, answer = imds(emulator, "job")
    assert status == 200
    assert emulator.identity.tokens.claims(answer["access_token"])["oid"] == mine.object_id
    assert imds(emulator, "job", client_id=mine.client_id)[0] == 200
    assert imds(emulator, "job", client_id=other.client_id)[0] == 400
    assert imds(emulator, "")[0] == 400
    emulator.identity.workloads.admit("both", [mine.resource_id, other.resource_id])
    assert "Multiple" in imds(emulator, "both")[1]["error_description"]
    assert imds(emulator, "both", client_id=other.client_id)[0] == 200
    emulator.identity.workloads.dismiss("job")
    assert imds(emulator, "job")[0] == 400


def test_jobs_prove_themselves_by_their_secret(client: Client, emulator: Emulator) -> None:
    mine = client.identity("mine")
    emulator.identity.workloads.admit("job", [mine.resource_id])
    variables = emulator.identity.workloads.msi("job", 1234, mine.client_id)
    assert variables["DEFAULT_IDENTITY_CLIENT_ID"] == mine.client_id

    def ask(secret: str) -> int:
        query = {"resource": "https://ml.azure.com", "clientid": mine.client_id}
        request = Request(
            "GET", "127.0.0.1", "/msi/token", "/msi/token", query, {"secret": secret}, scheme="http"
        )
        return emulator.identity.workloads.job_endpoint(request).status

    assert ask(variables["MSI_SECRET"]) == 200
    assert ask(variables["MSI_SECRET"] + "x") == 401
    assert ask("") == 401


def test_two_federated_credentials_at_a_time_are_refused(client: Client) -> None:
    """In Azure's words, as pulumi-azure-native issue 4343 quotes them; one after the other they are taken."""
    identity = f"{client.group()}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/github"
    client.ok("PUT", identity, {"location": LOCATION})

    def write(name: str) -> tuple[int, bytes]:
        body = {"issuer": "https://example.com", "subject": name, "audiences": ["api://AzureADTokenExchange"]}
        answer = client("PUT", f"{identity}/federatedIdentityCredentials/{name}", {"properties": body})
        return answer.status, answer.body

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(write, ["one", "two", "three", "four"]))
    refused = [json.loads(body)["error"] for status, body in answers if status == 409]
    assert [status for status, _ in answers].count(201) == 4 - len(refused)
    assert refused
    assert {error["code"] for error in refused} == {
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
    }
    assert "Too many Federated Identity Credentials are written concurrently" in refused[0]["message"]
    assert all(write(name)[0] < 300 for name in ("one", "two", "three", "four"))
