"""The SDK's functions on kept types: each is answered, or refused by name before Azure is asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from emulator.app import Emulator
from emulator.arm import catalog
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from emulator.places import Place
from emulator.provider import resource_ids
from emulator.provider.actions import ACTIONS
from emulator.provider.arm_client import Answer, ArmClient, ArmError, Credentials
from emulator.provider.functions import invoke
from emulator.provider.lifecycle import Lifecycle, Refused
from emulator.provider.refused_functions import REFUSED
from emulator.provider.values import plain
from tests.emulator.core import one_of_each
from tests.emulator.core.conftest import Client
from tests.emulator.core.one_of_each import GROUP, LOCATION, NAME
from tests.emulator.core.sdk_functions import Function, functions
from tests.emulator.provider.fake_azure import FakeAzure
from tests.emulator.provider.fake_azure import client as fake_client

ON_KEPT = [one for one in functions() if one.acts_on is not None]
BY_TOKEN = {one.token: one for one in functions()}
SIGNED: dict[str, Any] = {"permissions": "rl", "sharedAccessExpiryTime": "2099-01-01T00:00:00Z"}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "storage:listStorageAccountSAS": {**SIGNED, "services": "b", "resourceTypes": "sco"},
    "storage:listStorageAccountServiceSAS": {**SIGNED, "canonicalizedResource": f"/blob/{NAME}/{NAME}"},
    "containerregistry:listRunLogSasUrl": {"runId": "cb1"},
    "machinelearningservices:listDatastoreSecrets": {"name": "workspaceblobstore"},
    "eventhub:listNamespaceKeys": {"authorizationRuleName": "RootManageSharedAccessKey"},
    "servicebus:listNamespaceKeys": {"authorizationRuleName": "RootManageSharedAccessKey"},
}
# what Azure gives back only in cases that are not here
SOMETIMES: dict[str, set[str]] = {
    "eventhub:listNamespaceKeys": {"aliasPrimaryConnectionString", "aliasSecondaryConnectionString"},
    "servicebus:listNamespaceKeys": {"aliasPrimaryConnectionString", "aliasSecondaryConnectionString"},
    "machinelearningservices:listWorkspaceKeys": {"containerRegistryCredentials", "notebookAccessKeys"},
    "machinelearningservices:listComputeNodes": {"nextLink"},
}


class Inside:
    """A transport into an emulator in this process."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], data: bytes | None, timeout: float
    ) -> Answer:
        parts = urlsplit(url)
        if parts.hostname == "login.microsoftonline.com":
            token, _ = self._emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
            return Answer(200, {}, {"access_token": token, "expires_in": 3600})
        request = Request(
            method,
            parts.hostname or "",
            parts.path,
            parts.path,
            dict(parse_qsl(parts.query)),
            dict(headers),
            data or b"",
        )
        answer = self._emulator.answer(request)
        return Answer(answer.status, answer.headers, json.loads(answer.body) if answer.body else {})


def arguments(token: str) -> dict[str, Any]:
    row = catalog.find_token(ACTIONS[token].token)
    assert row is not None
    return {**resource_ids.parse(row, one_of_each.path_of(row)), **ARGUMENTS.get(token, {})}


def call(kept: Client, token: str, **given: Any) -> dict[str, Any]:
    signed_in = ArmClient(GROUP.split("/")[2], Credentials("t", "c", "s"), Inside(kept.emulator))
    values = {**arguments(token), **given}
    return plain(invoke(Lifecycle(signed_in), signed_in, f"azure-native:{token}", values))


@pytest.mark.parametrize("function", ON_KEPT, ids=lambda function: function.token)
def test_each_function_of_a_kept_type_is_answered_or_refused_by_name(function: Function) -> None:
    assert (function.token in ACTIONS) != (function.token in REFUSED), (
        "answer it (a row in emulator/provider/actions.py and the action of its service), or say in "
        "emulator/provider/refused_functions.py what to do instead"
    )


def test_the_tables_name_functions_of_the_sdk() -> None:
    assert (ACTIONS.keys() | REFUSED.keys()) - BY_TOKEN.keys() == set()
    for token, action in ACTIONS.items():
        known = BY_TOKEN[token].arguments
        assert set(action.wire) <= set(known), token


@pytest.mark.parametrize("token", sorted(REFUSED))
def test_a_refusal_comes_before_azure_is_asked_and_says_what_to_do(token: str) -> None:
    azure = FakeAzure()
    signed_in = fake_client(azure)
    with pytest.raises(Refused) as refused:
        invoke(Lifecycle(signed_in), signed_in, f"azure-native:{token}", {})
    assert str(refused.value) == f"azure-native:{token} is not emulated: {REFUSED[token]}"
    assert azure.calls == []


@pytest.mark.parametrize("token", sorted(ACTIONS))
def test_each_action_is_answered_with_all_that_the_sdk_reads(kept: Client, token: str) -> None:
    if token == "containerregistry:listRunLogSasUrl":  # runs are the subject of test_registry_runs.py
        with pytest.raises(ArmError, match="NotFound"):
            call(kept, token)
        return
    if token == "containerregistry:listRegistryCredentials":
        with pytest.raises(ArmError, match="admin user is disabled"):
            call(kept, token)
        registry = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/{NAME}"
        kept.ok("PATCH", registry, {"properties": {"adminUserEnabled": True}})
    found = call(kept, token)
    assert BY_TOKEN[token].always - SOMETIMES.get(token, set()) <= found.keys()


# -- signatures of storage


def listed(kept: Client, account: str, signature: str) -> tuple[int, str]:
    """List Blobs with a signature: status, and Azure's code of an error."""
    query = {"restype": "container", "comp": "list", **dict(parse_qsl(signature))}
    host = f"{account}.blob.core.windows.net"
    asked = Request("GET", host, f"/{NAME}", f"/{NAME}", query, {}, b"", "https", place=ADMITTED)
    answer = kept.emulator.answer(asked)
    return answer.status, answer.headers.get("x-ms-error-code", "")


ADMITTED = Place(address="8.8.8.8")  # what the account's firewall lets in (right_bodies.json)
SAS = [
    ("storage:listStorageAccountSAS", "accountSasToken"),
    ("storage:listStorageAccountServiceSAS", "serviceSasToken"),
]


def account(kept: Client, name: str, **properties: Any) -> dict[str, Any]:
    """An account that all networks reach, with a container; what names it in the arguments of a function."""
    path = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/{name}"
    body = {"location": LOCATION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    kept.ok("PUT", path, {**body, "properties": properties})
    kept.ok("PUT", f"{path}/blobServices/default/containers/{NAME}", {"properties": {}})
    return {"accountName": name, "canonicalizedResource": f"/blob/{name}/{NAME}"}


@pytest.mark.parametrize(("token", "name"), SAS)
def test_the_blob_service_takes_what_arm_signs(kept: Client, token: str, name: str) -> None:
    place = account(kept, "signed")
    for key in ("key1", "key2"):
        signature = call(kept, token, **place, keyToSign=key)[name]
        assert listed(kept, "signed", signature) == (200, "")
    assert listed(kept, "signed", call(kept, token, **place, permissions="r")[name])[0] == 403
    early = call(kept, token, **place, sharedAccessExpiryTime="2020-01-01T01:00:00+01:00")[name]
    assert "se=2020-01-01T00%3A00%3A00Z" in early
    assert listed(kept, "signed", early) == (403, "AuthenticationFailed")


@pytest.mark.parametrize(("token", "name"), SAS)
def test_an_account_without_keys_refuses_what_was_signed_with_one(
    kept: Client, token: str, name: str
) -> None:
    signature = call(kept, token, **account(kept, "keyless", allowSharedKeyAccess=False))[name]
    assert listed(kept, "keyless", signature) == (403, "KeyBasedAuthenticationNotPermitted")


@pytest.mark.parametrize(
    ("token", "given", "said"),
    [
        (SAS[0][0], {"services": "x"}, "invalid: signedServices"),
        (SAS[0][0], {"resourceTypes": ""}, "invalid: signedResourceTypes"),
        (SAS[0][0], {"permissions": "?"}, "invalid: signedPermission"),
        (SAS[0][0], {"sharedAccessExpiryTime": "soon"}, "invalid: signedExpiry"),
        (SAS[0][0], {"keyToSign": "key3"}, "invalid: keyToSign"),
        (SAS[0][0], {"protocols": "http"}, "invalid: signedProtocol"),
        (SAS[1][0], {"canonicalizedResource": "/blob/other/c"}, "invalid: canonicalizedResource"),
        (SAS[1][0], {"resource": "b"}, "invalid: canonicalizedResource"),
        (SAS[1][0], {"resource": "s"}, "only blobs are emulated"),
        (SAS[1][0], {"iPAddressOrRange": "8.8.8.8"}, "limited to addresses"),
        (SAS[1][0], {"identifier": "p"}, "stored access policies"),
    ],
)
def test_a_wrong_signature_is_not_made(kept: Client, token: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArmError, match=said):
        call(kept, token, **given)


# -- clusters


def cluster(kept: Client, name: str, **properties: Any) -> str:
    path = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/{name}"
    pool = {"name": "main", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5"}
    body = {"dnsPrefix": "k", "agentPoolProfiles": [pool], **properties}
    kept.ok("PUT", path, {"location": LOCATION, "identity": {"type": "SystemAssigned"}, "properties": body})
    return name


ADMIN = "containerservice:listManagedClusterAdminCredentials"
USER = "containerservice:listManagedClusterUserCredentials"


def kubeconfig(found: dict[str, Any]) -> Any:
    return yaml.safe_load(base64.b64decode(found["kubeconfigs"][0]["value"]))


def test_local_accounts_have_certificates_and_the_same_ones_again(kept: Client) -> None:
    name = cluster(kept, "open")
    config = kubeconfig(call(kept, ADMIN, resourceName=name))
    assert config["clusters"][0]["cluster"]["server"].endswith(f".hcp.{LOCATION}.azmk8s.io:443")
    assert config["current-context"] == "open-admin"
    again = kubeconfig(call(kept, USER, resourceName=name))
    assert again["users"][0]["user"] == config["users"][0]["user"]
    certificate = base64.b64decode(config["users"][0]["user"]["client-certificate-data"])
    assert certificate.startswith(b"-----BEGIN CERTIFICATE-----")


def test_without_local_accounts_only_the_directory_lets_in(kept: Client) -> None:
    name = cluster(kept, "closed", disableLocalAccounts=True, aadProfile={"managed": True})
    with pytest.raises(ArmError, match="Getting static credential is not allowed because this cluster is"):
        call(kept, ADMIN, resourceName=name)
    user = kubeconfig(call(kept, USER, resourceName=name))["users"][0]["user"]
    assert user["exec"]["command"] == "kubelogin" and "client-key-data" not in user


# -- what only a list gives back


def test_secrets_are_listed_and_not_read(kept: Client) -> None:
    service = f"{GROUP}/providers/Microsoft.ApiManagement/service/{NAME}"
    given = {"displayName": "v", "secret": True, "value": "hidden-text"}
    found = kept.ok("PUT", f"{service}/namedValues/{NAME}", {"properties": given})
    assert "value" not in found["properties"]
    assert call(kept, "apimanagement:listNamedValue") == {"value": "hidden-text"}
    kept.ok("PATCH", f"{service}/namedValues/{NAME}", {"properties": {"displayName": "w"}})
    assert call(kept, "apimanagement:listNamedValue") == {"value": "hidden-text"}

    path = f"{service}/subscriptions/{NAME}"
    body = {"scope": "/apis", "displayName": "s", "primaryKey": "p" * 32}
    assert "primaryKey" not in kept.ok("PUT", path, {"properties": body})["properties"]
    first = call(kept, "apimanagement:listSubscriptionSecrets")
    assert first["primaryKey"] == "p" * 32 and len(first["secondaryKey"]) == 32
    assert call(kept, "apimanagement:listSubscriptionSecrets") == first

    app = f"{GROUP}/providers/Microsoft.App/containerApps/{NAME}"
    held = {"configuration": {"secrets": [{"name": "one", "value": "hidden-text"}]}}
    shown = kept.ok("PUT", app, {"location": LOCATION, "properties": held})
    assert shown["properties"]["configuration"]["secrets"] == [{"name": "one"}]
    assert call(kept, "app:listContainerAppSecrets") == {"value": [{"name": "one", "value": "hidden-text"}]}


def test_an_account_of_ai_services_without_keys_lists_none(kept: Client) -> None:
    account = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/{NAME}"
    assert call(kept, "cognitiveservices:listAccountKeys").keys() == {"key1", "key2"}
    kept.ok("PATCH", account, {"properties": {"disableLocalAuth": True}})
    with pytest.raises(ArmError, match=r"Failed to list key\. disableLocalAuth is set to be true"):
        call(kept, "cognitiveservices:listAccountKeys")


def test_a_namespace_has_a_rule_of_its_own(kept: Client) -> None:
    found = call(kept, "servicebus:listNamespaceKeys")
    assert found["primaryConnectionString"] == (
        "Endpoint=sb://namespace1.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;"
        f"SharedAccessKey={found['primaryKey']}"
    )


def test_settings_of_an_app(kept: Client) -> None:
    assert call(kept, "web:listWebAppApplicationSettings")["properties"] == {"a": "b"}
    found = call(kept, "web:listWebAppPublishingCredentials")
    assert found["publishingPassword"] in found["scmUri"]
