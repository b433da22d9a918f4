"""Tokens, keys and signatures: what they allow, and above all what they do not. The SDK signs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.http import Request
from emulator.identity.directory import SIGNED_IN
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

HOUR = timedelta(hours=1)
ACCOUNT = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/acct"


def soon() -> datetime:
    return datetime.now(UTC) + HOUR


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(HttpResponseError) as caught:
        call()
    return caught.value.status_code or 0, str(
        getattr(caught.value.error_code, "value", caught.value.error_code)
    )


def client(emulator: Emulator, credential: Any, account: str = "acct") -> BlobServiceClient:
    return BlobServiceClient(
        f"https://{account}.blob.core.windows.net", credential, transport=transport(emulator), retry_total=0
    )


@pytest.fixture
def keyed(emulator: Emulator) -> tuple[BlobServiceClient, str]:
    """An account that allows shared keys, with the blob data/x; a client with its key, and the key."""
    account = estate.account(emulator, "keyed")
    listed = emulator.arm.act(Action(account, "listKeys", {}, {}, {}, SIGNED_IN))
    key = listed["keys"][0]["value"]
    service = client(emulator, key, "keyed")
    service.get_blob_client("data", "x").upload_blob(b"1", metadata={"a_b": "1", "ab": "2"})
    return service, key


class TestTokens:
    def test_roles_decide(self, emulator: Emulator, data: ContainerClient) -> None:
        data.upload_blob("x", b"1")
        someone = estate.identity(emulator, "someone")
        theirs = client(emulator, Credential(emulator, someone)).get_container_client("data")
        assert refused(lambda: theirs.download_blob("x")) == (403, "AuthorizationPermissionMismatch")
        estate.grant(emulator, someone.object_id, estate.READER)
        assert theirs.download_blob("x").readall() == b"1"
        assert refused(lambda: theirs.upload_blob("y", b"")) == (403, "AuthorizationPermissionMismatch")
        assert refused(lambda: theirs.delete_blob("x")) == (403, "AuthorizationPermissionMismatch")

    def test_a_role_on_one_container_ends_there(self, emulator: Emulator, service: BlobServiceClient) -> None:
        service.create_container("other")
        someone = estate.identity(emulator, "someone")
        scope = f"{ACCOUNT}/blobServices/default/containers/data"
        estate.grant(emulator, someone.object_id, estate.CONTRIBUTOR, scope)
        theirs = client(emulator, Credential(emulator, someone))
        theirs.get_blob_client("data", "x").upload_blob(b"1")
        assert refused(lambda: theirs.get_blob_client("other", "x").upload_blob(b"1"))[0] == 403

    def test_no_and_wrong_tokens(self, emulator: Emulator) -> None:
        anonymous = client(emulator, None).get_blob_client("data", "x")
        with pytest.raises(HttpResponseError) as caught:
            anonymous.download_blob()
        assert caught.value.status_code == 401
        assert caught.value.response is not None
        assert "resource_id=https://storage.azure.com" in caught.value.response.headers["www-authenticate"]
        token, _ = emulator.identity.tokens.issue(SIGNED_IN, "https://management.azure.com")
        headers = {"authorization": f"Bearer {token}", "x-ms-version": "2025-01-05"}
        answer = emulator.answer(
            Request("GET", "acct.blob.core.windows.net", "/data/x", "/data/x", {}, headers)
        )
        assert (answer.status, answer.headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")


class TestSharedKeys:
    def test_the_key_opens_everything(self, keyed: tuple[BlobServiceClient, str]) -> None:
        service, _ = keyed
        assert service.get_blob_client("data", "x").download_blob().readall() == b"1"
        assert [
            one.name for one in service.get_container_client("data").list_blobs(name_starts_with="x")
        ] == ["x"]

    def test_another_key_does_not(self, emulator: Emulator, keyed: tuple[BlobServiceClient, str]) -> None:
        wrong = client(emulator, "a" * 88, "keyed").get_blob_client("data", "x")
        assert refused(wrong.download_blob) == (403, "AuthenticationFailed")

    def test_keys_and_their_signatures_are_refused_when_off(self, emulator: Emulator) -> None:
        key = emulator.arm.act(Action(ACCOUNT, "listKeys", {}, {}, {}, SIGNED_IN))["keys"][0]["value"]
        service_sas = generate_container_sas("acct", "data", key, permission="rl", expiry=soon())
        account_sas = generate_account_sas("acct", key, ResourceTypes(object=True), "r", soon())
        for credential in (key, service_sas, account_sas):
            blob = client(emulator, credential).get_blob_client("data", "x")
            assert refused(blob.download_blob) == (403, "KeyBasedAuthenticationNotPermitted")

    def test_a_regenerated_key_ends_what_it_signed(
        self, emulator: Emulator, keyed: tuple[BlobServiceClient, str]
    ) -> None:
        service, _ = keyed
        account = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/keyed"
        emulator.arm.act(Action(account, "regenerateKey", {"keyName": "key1"}, {}, {}, SIGNED_IN))
        assert refused(service.get_blob_client("data", "x").download_blob) == (403, "AuthenticationFailed")


class TestSignatures:
    def test_a_service_sas_gives_what_it_says(
        self, emulator: Emulator, keyed: tuple[BlobServiceClient, str]
    ) -> None:
        _, key = keyed
        sas = generate_blob_sas(
            "keyed", "data", "x", account_key=key, permission="r", expiry=soon(), content_type="t/x"
        )
        signed = client(emulator, sas, "keyed")
        assert (
            signed.get_blob_client("data", "x").get_blob_properties().content_settings.content_type == "t/x"
        )
        assert refused(signed.get_blob_client("data", "x").delete_blob) == (
            403,
            "AuthorizationPermissionMismatch",
        )
        assert refused(signed.get_blob_client("data", "y").download_blob) == (403, "AuthenticationFailed")

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"sp": "rwd"}, "AuthenticationFailed"),
            ({"se": "2199-01-01T00:00:00Z"}, "AuthenticationFailed"),
            ({"sr": "b"}, "AuthenticationFailed"),
            ({"sig": "AAAA"}, "AuthenticationFailed"),
            ({"spr": "http"}, "AuthenticationFailed"),
        ],
    )
    def test_a_changed_sas_is_worth_nothing(
        self, emulator: Emulator, keyed: tuple[BlobServiceClient, str], change: dict[str, str], expected: str
    ) -> None:
        _, key = keyed
        sas = generate_container_sas("keyed", "data", key, permission="r", expiry=soon())
        query = {name: values[0] for name, values in parse_qs(sas).items()} | change
        request = Request("GET", "keyed.blob.core.windows.net", "/data/x", "/data/x", query, {})
        answer = emulator.answer(request)
        assert (answer.status, answer.headers["x-ms-error-code"]) == (403, expected)

    def test_time_and_protocol(self, emulator: Emulator, keyed: tuple[BlobServiceClient, str]) -> None:
        _, key = keyed
        now = datetime.now(UTC)
        for times in ({"expiry": now - HOUR}, {"start": now + HOUR, "expiry": now + 2 * HOUR}):
            sas = generate_container_sas("keyed", "data", key, permission="r", **times)
            blob = client(emulator, sas, "keyed").get_blob_client("data", "x")
            assert refused(blob.download_blob) == (403, "AuthenticationFailed")
        sas = generate_container_sas("keyed", "data", key, permission="r", expiry=soon(), protocol="https")
        query = {name: values[0] for name, values in parse_qs(sas).items()}
        request = Request("GET", "keyed.blob.core.windows.net", "/data/x", "/data/x", query, {}, b"", "http")
        assert emulator.answer(request).headers["x-ms-error-code"] == "AuthorizationProtocolMismatch"

    def test_an_account_sas_is_limited_to_its_resource_types(
        self, emulator: Emulator, keyed: tuple[BlobServiceClient, str]
    ) -> None:
        _, key = keyed
        permission = AccountSasPermissions(read=True, list=True, write=True)
        sas = generate_account_sas("keyed", key, ResourceTypes(object=True), permission, soon())
        service = client(emulator, sas, "keyed")
        assert service.get_blob_client("data", "x").download_blob().readall() == b"1"
        service.get_blob_client("data", "y").upload_blob(b"2")
        listing = service.get_container_client("data").list_blobs()
        assert refused(lambda: list(listing)) == (403, "AuthorizationResourceTypeMismatch")
        queue = generate_account_sas(
            "keyed", key, ResourceTypes(object=True), permission, soon(), services="q"
        )
        blob = client(emulator, queue, "keyed").get_blob_client("data", "x")
        assert refused(blob.download_blob) == (403, "AuthorizationServiceMismatch")

    def test_create_is_less_than_write(
        self, emulator: Emulator, keyed: tuple[BlobServiceClient, str]
    ) -> None:
        _, key = keyed
        sas = generate_container_sas("keyed", "data", key, permission="c", expiry=soon())
        data = client(emulator, sas, "keyed").get_container_client("data")
        data.upload_blob("new", b"1")
        assert refused(lambda: data.upload_blob("new", b"2", overwrite=True))[0] == 403


class TestUserDelegation:
    def sas(self, emulator: Emulator, credential: Credential, permission: str, **more: Any) -> str:
        key = client(emulator, credential).get_user_delegation_key(datetime.now(UTC) - HOUR, soon())
        return generate_container_sas(
            "acct", "data", user_delegation_key=key, permission=permission, expiry=soon(), **more
        )

    def test_it_works_without_shared_keys(self, emulator: Emulator, data: ContainerClient) -> None:
        signed = client(emulator, self.sas(emulator, Credential(emulator), "rcwl")).get_container_client(
            "data"
        )
        signed.upload_blob("a/x", b"1")
        assert [one.name for one in signed.list_blobs()] == ["a/x"]
        assert signed.download_blob("a/x").readall() == b"1"
        assert refused(lambda: signed.delete_blob("a/x")) == (403, "AuthorizationPermissionMismatch")

    def test_it_gives_no_more_than_its_delegator_has(self, emulator: Emulator, data: ContainerClient) -> None:
        data.upload_blob("x", b"1")
        someone = estate.identity(emulator, "someone")
        reader = estate.grant(emulator, someone.object_id, estate.READER)
        signed = client(emulator, self.sas(emulator, Credential(emulator, someone), "rwd"))
        blob = signed.get_blob_client("data", "x")
        assert blob.download_blob().readall() == b"1"
        assert refused(blob.delete_blob) == (403, "AuthorizationPermissionMismatch")
        emulator.arm.delete(reader)
        assert refused(blob.download_blob) == (403, "AuthorizationPermissionMismatch")

    def test_keys_are_given_to_those_who_may_have_them(self, emulator: Emulator) -> None:
        someone = estate.identity(emulator, "someone")
        theirs = client(emulator, Credential(emulator, someone))
        now = datetime.now(UTC)
        assert refused(lambda: theirs.get_user_delegation_key(now, soon())) == (
            403,
            "AuthorizationPermissionMismatch",
        )
        mine = client(emulator, Credential(emulator))
        assert (
            refused(lambda: mine.get_user_delegation_key(now, now + timedelta(days=8)))[1]
            == "OutOfRangeInput"
        )

    def test_a_delegator_cannot_be_made_up(self, emulator: Emulator, data: ContainerClient) -> None:
        someone = estate.identity(emulator, "someone")
        estate.grant(emulator, someone.object_id, estate.READER)
        sas = self.sas(emulator, Credential(emulator, someone), "rwd")
        forged = sas.replace(someone.object_id, SIGNED_IN.object_id)
        assert refused(client(emulator, forged).get_blob_client("data", "x").download_blob) == (
            403,
            "AuthenticationFailed",
        )

    def test_revoking_ends_all_of_them(self, emulator: Emulator, data: ContainerClient) -> None:
        data.upload_blob("x", b"1")
        blob = client(emulator, self.sas(emulator, Credential(emulator), "r")).get_blob_client("data", "x")
        assert blob.download_blob().readall() == b"1"
        emulator.arm.act(Action(ACCOUNT, "revokeUserDelegationKeys", {}, {}, {}, SIGNED_IN))
        assert refused(blob.download_blob) == (403, "AuthenticationFailed")

    def test_addresses_made_by_services(self, emulator: Emulator) -> None:
        emulator.blobs.write("acct", "data", "logs/ü x.txt", b"line")
        url = emulator.blobs.sas_url("acct", "data", "logs/ü x.txt", "r")
        blob = BlobClient.from_blob_url(url, transport=transport(emulator), retry_total=0)
        assert blob.download_blob().readall() == b"line"
        assert refused(blob.delete_blob) == (403, "AuthorizationPermissionMismatch")
        name = emulator.blobs.service_account("uploads0")
        upload = emulator.blobs.sas_url(name, "tasks", "context.tgz", "cw")
        with pytest.raises(ClientAuthenticationError):
            BlobClient.from_blob_url(
                urlsplit(upload)._replace(query="").geturl(), transport=transport(emulator), retry_total=0
            ).upload_blob(b"x")
        BlobClient.from_blob_url(upload, transport=transport(emulator)).upload_blob(b"context")
        assert emulator.blobs.read(name, "tasks", "context.tgz") == b"context"
