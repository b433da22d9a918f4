"""Key Vault through azure-keyvault-secrets, and its vaults through ARM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.errors import AzureError, NotEmulated
from emulator.home import Home
from emulator.http import Request
from emulator.identity.directory import ENGINEERS, SIGNED_IN, TENANT_ID, Principal
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

VAULT = f"{estate.GROUP}/providers/Microsoft.KeyVault/vaults/kv-one"
DELETED = f"{estate.SUBSCRIPTION}/providers/Microsoft.KeyVault"
PROPERTIES = {
    "tenantId": TENANT_ID,
    "sku": {"family": "A", "name": "standard"},
    "enableRbacAuthorization": True,
    "softDeleteRetentionInDays": 7,
}


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """With the vault ``kv-one``, the engineers as its secrets officers."""
    emulator = estate.start(tmp_path)
    estate.resource(emulator, "Microsoft.KeyVault/vaults/kv-one", dict(PROPERTIES))
    estate.grant(emulator, ENGINEERS, estate.SECRETS_OFFICER)
    yield emulator
    emulator.close()


@pytest.fixture
def vault(emulator: Emulator) -> SecretClient:
    return client(emulator)


def client(emulator: Emulator, principal: Principal = SIGNED_IN) -> SecretClient:
    return SecretClient(
        "https://kv-one.vault.azure.net",
        Credential(emulator, principal),
        transport=transport(emulator),
        retry_total=0,
    )


def refused(call: Callable[[], Any]) -> tuple[int | None, str, str]:
    """Status, code and inner code of the error."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    error = caught.value.error
    return caught.value.status_code, error.code, (error.innererror or {}).get("code", "")


def test_versions(vault: SecretClient) -> None:
    first = vault.set_secret("api-key", "one", tags={"for": "scoring"}, content_type="text/plain")
    second = vault.set_secret("api-key", "two")
    assert (vault.get_secret("api-key").value, vault.get_secret("API-KEY").value) == ("two", "two")
    assert vault.get_secret("api-key", first.properties.version).value == "one"
    versions = {one.version: one for one in vault.list_properties_of_secret_versions("api-key")}
    assert set(versions) == {first.properties.version, second.properties.version}
    assert versions[first.properties.version].tags == {"for": "scoring"}
    with pytest.raises(ResourceNotFoundError):
        vault.get_secret("api-key", "0" * 32)


def test_attributes(vault: SecretClient) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    vault.set_secret("x", "1", expires_on=later)
    assert vault.get_secret("x").properties.expires_on == later
    changed = vault.update_secret_properties("x", enabled=False, tags={"a": "b"})
    assert (changed.enabled, changed.tags, changed.expires_on) == (False, {"a": "b"}, later)
    assert refused(lambda: vault.get_secret("x")) == (403, "Forbidden", "SecretDisabled")
    vault.update_secret_properties("x", enabled=True)
    assert vault.get_secret("x").value == "1"
    assert (
        refused(lambda: vault.set_secret("x", "1", not_before=later, expires_on=later))[1] == "BadParameter"
    )


def test_lists_come_in_pages(vault: SecretClient) -> None:
    names = [f"s{number:02}" for number in range(30)]
    for name in names:
        vault.set_secret(name, "x")
    assert [one.name for one in vault.list_properties_of_secrets()] == names
    pages = vault.list_properties_of_secrets(max_page_size=20).by_page()
    assert [len(list(page)) for page in pages] == [20, 10]


def test_deleted_secrets_can_be_had_back(vault: SecretClient) -> None:
    vault.set_secret("x", "1")
    deleted = vault.begin_delete_secret("x", _polling_interval=0).result()
    assert deleted.scheduled_purge_date - deleted.deleted_date == timedelta(days=7)
    assert [one.name for one in vault.list_deleted_secrets()] == ["x"]
    with pytest.raises(ResourceNotFoundError):
        vault.get_secret("x")
    assert refused(lambda: vault.set_secret("x", "2")) == (409, "Conflict", "ObjectIsDeletedButRecoverable")
    vault.begin_recover_deleted_secret("x", _polling_interval=0).wait()
    assert vault.get_secret("x").value == "1"
    vault.begin_delete_secret("x", _polling_interval=0).wait()
    vault.purge_deleted_secret("x")
    with pytest.raises(ResourceNotFoundError):
        vault.get_deleted_secret("x")
    assert vault.set_secret("x", "3").value == "3"


def test_roles_decide(emulator: Emulator, vault: SecretClient) -> None:
    vault.set_secret("x", "1")
    someone = estate.identity(emulator, "someone")
    theirs = client(emulator, someone)
    assert refused(lambda: theirs.get_secret("x")) == (403, "Forbidden", "ForbiddenByRbac")
    estate.grant(emulator, someone.object_id, estate.SECRETS_USER, VAULT)
    assert theirs.get_secret("x").value == "1"
    assert refused(lambda: theirs.set_secret("x", "2")) == (403, "Forbidden", "ForbiddenByRbac")


def test_access_policies_decide_without_roles(emulator: Emulator) -> None:
    someone = estate.identity(emulator, "someone")
    policy = {
        "tenantId": TENANT_ID,
        "objectId": someone.object_id,
        "permissions": {"secrets": ["Get", "set"]},
    }
    properties = {**PROPERTIES, "enableRbacAuthorization": False, "accessPolicies": [policy]}
    estate.resource(emulator, "Microsoft.KeyVault/vaults/kv-one", properties)
    theirs = client(emulator, someone)
    theirs.set_secret("x", "1")
    assert theirs.get_secret("x").value == "1"
    assert refused(lambda: list(theirs.list_properties_of_secrets())) == (403, "Forbidden", "AccessDenied")
    assert refused(lambda: client(emulator).get_secret("x")) == (403, "Forbidden", "AccessDenied")


def test_the_challenge(emulator: Emulator) -> None:
    answer = emulator.answer(Request("GET", "kv-one.vault.azure.net", "/secrets/x", "/secrets/x"))
    assert answer.status == 401
    assert f"https://login.microsoftonline.com/{TENANT_ID}" in answer.headers["www-authenticate"]
    assert 'resource="https://vault.azure.net"' in answer.headers["www-authenticate"]


def test_values_are_sealed_on_disk(emulator: Emulator, vault: SecretClient) -> None:
    vault.set_secret("x", "plainly-visible-value")
    path = f"{VAULT}/secrets/through-arm"
    made, _ = emulator.arm.put(path, {"properties": {"value": "plainly-visible-too"}})
    assert "value" not in made["properties"] and made["properties"]["secretUriWithVersion"]
    assert vault.get_secret("through-arm").value == "plainly-visible-too"
    on_disk = b"".join(file.read_bytes() for file in emulator.home.root.glob("emulator.db*"))
    assert b"plainly-visible" not in on_disk and b"through-arm" in on_disk


def test_secrets_written_through_arm_follow_changes_and_deletion(
    emulator: Emulator, vault: SecretClient
) -> None:
    path = f"{VAULT}/secrets/x"
    first = emulator.arm.put(path, {"properties": {"value": "1"}})[0]["properties"]
    second = emulator.arm.put(path, {"properties": {"value": "2"}})[0]["properties"]
    assert first["secretUri"] == second["secretUri"]
    assert first["secretUriWithVersion"] != second["secretUriWithVersion"]
    assert vault.get_secret("x").value == "2"
    emulator.arm.delete(path)
    assert [one.name for one in vault.list_deleted_secrets()] == ["x"]


def test_a_deleted_vault_keeps_its_name_and_its_secrets(emulator: Emulator, vault: SecretClient) -> None:
    vault.set_secret("x", "1")
    emulator.arm.delete(VAULT)
    with pytest.raises(HttpResponseError, match="would not resolve"):
        vault.get_secret("x")
    [kept] = emulator.arm.list(f"{DELETED}/deletedVaults")
    assert (kept["name"], kept["properties"]["vaultId"]) == ("kv-one", VAULT)
    body = {"location": estate.LOCATION, "properties": dict(PROPERTIES)}
    with pytest.raises(AzureError, match="ConflictError"):
        emulator.arm.put(VAULT, body)
    emulator.arm.put(VAULT, {**body, "properties": {**PROPERTIES, "createMode": "recover"}})
    assert vault.get_secret("x").value == "1"
    assert emulator.arm.list(f"{DELETED}/deletedVaults") == []
    with pytest.raises(AzureError, match="SoftDeletedVaultDoesNotExist"):
        estate.resource(emulator, "Microsoft.KeyVault/vaults/kv-two", {**PROPERTIES, "createMode": "recover"})


def test_purging_a_vault(emulator: Emulator, vault: SecretClient) -> None:
    vault.set_secret("x", "1")
    emulator.arm.delete(VAULT)
    purge = Action(f"{DELETED}/locations/westeurope/deletedVaults/kv-one", "purge", {}, {}, {}, SIGNED_IN)
    emulator.arm.act(purge)
    estate.resource(emulator, "Microsoft.KeyVault/vaults/kv-one", dict(PROPERTIES))
    with pytest.raises(ResourceNotFoundError):
        vault.get_secret("x")


def test_purge_protection(emulator: Emulator, vault: SecretClient) -> None:
    estate.resource(
        emulator, "Microsoft.KeyVault/vaults/kv-one", {**PROPERTIES, "enablePurgeProtection": True}
    )
    vault.set_secret("x", "1")
    vault.begin_delete_secret("x", _polling_interval=0).wait()
    assert refused(lambda: vault.purge_deleted_secret("x")) == (403, "Forbidden", "ForbiddenByPolicy")
    with pytest.raises(AzureError, match="never be switched off"):
        estate.resource(
            emulator, "Microsoft.KeyVault/vaults/kv-one", {**PROPERTIES, "enablePurgeProtection": False}
        )
    emulator.arm.delete(VAULT)
    purge = Action(f"{DELETED}/locations/westeurope/deletedVaults/kv-one", "purge", {}, {}, {}, SIGNED_IN)
    with pytest.raises(AzureError, match="protected"):
        emulator.arm.act(purge)


def test_what_is_not_emulated_is_refused_by_name(emulator: Emulator, vault: SecretClient) -> None:
    vault.set_secret("x", "1")
    assert refused(lambda: vault.backup_secret("x"))[:2] == (501, "NotEmulated")
    with pytest.raises(NotEmulated, match="privateEndpointConnections"):
        emulator.arm.put(f"{VAULT}/privateEndpointConnections/p", {"properties": {}})


def test_secrets_survive_a_restart(emulator: Emulator, vault: SecretClient, tmp_path: Path) -> None:
    vault.set_secret("x", "1")
    emulator.close()
    again = Emulator(Home(tmp_path / "home"))
    assert client(again).get_secret("x").value == "1"
    again.close()
