"""A role of one's own with ``blobs/add/action`` alone: it makes new blobs, and nothing else. The SDK asks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import ContainerClient, generate_container_sas

from emulator.app import Emulator
from emulator.arm.service import Action
from emulator.errors import AzureError
from emulator.identity.directory import SIGNED_IN, SUBSCRIPTIONS, Principal
from emulator.storage.operations import BLOBS
from tests.emulator.storage import estate
from tests.emulator.storage.test_storage_access import soon
from tests.emulator.storage.transport import Credential, transport

NOT_ALLOWED = (403, "AuthorizationPermissionMismatch")
OVERWRITE = (403, "UnauthorizedBlobOverwrite")


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(HttpResponseError) as caught:
        call()
    assert caught.value.response is not None
    return caught.value.status_code or 0, caught.value.response.headers["x-ms-error-code"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Principal]]:
    """A hierarchical account, and who may add to its container ``data``."""
    emulator = estate.start(tmp_path_factory.mktemp("adding"))
    account = estate.account(emulator, "lake", isHnsEnabled=True)
    role = str(uuid.uuid4())
    definition = f"{estate.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {
        "roleName": "adds alone",
        "assignableScopes": [estate.SUBSCRIPTION],
        "permissions": [{"actions": [], "dataActions": [f"{BLOBS}/add/action"]}],
    }
    emulator.arm.put(definition, {"properties": properties})
    who = estate.identity(emulator, "adder")
    estate.grant(emulator, who.object_id, role, f"{account}/blobServices/default/containers/data")
    estate.grant(emulator, SIGNED_IN.object_id, estate.CONTRIBUTOR)
    yield emulator, who
    emulator.close()


@pytest.fixture(scope="module")
def adding(lake: tuple[Emulator, Principal]) -> ContainerClient:
    emulator, who = lake
    return _container(emulator, Credential(emulator, who))


@pytest.fixture(scope="module")
def owner(lake: tuple[Emulator, Principal]) -> ContainerClient:
    return _container(lake[0], Credential(lake[0]))


def _container(emulator: Emulator, credential: Any, account: str = "lake", **more: Any) -> ContainerClient:
    url = f"https://{account}.blob.core.windows.net"
    return ContainerClient(url, "data", credential, transport=transport(emulator), retry_total=0, **more)


def test_a_new_blob_is_added_whole(adding: ContainerClient, owner: ContainerClient) -> None:
    adding.upload_blob("new", b"rows")
    assert owner.download_blob("new").readall() == b"rows"


@pytest.mark.parametrize("overwrite", [True, False])
def test_one_that_exists_is_not_written_over(
    adding: ContainerClient, owner: ContainerClient, overwrite: bool
) -> None:
    """Azure asks for the right before it looks at If-None-Match (Azure/azure-rest-api-specs#32708)."""
    owner.upload_blob("there", b"before", overwrite=True)
    assert refused(lambda: adding.upload_blob("there", b"after", overwrite=overwrite)) == OVERWRITE
    assert owner.download_blob("there").readall() == b"before"


@pytest.mark.parametrize(
    "call",
    [
        lambda adding: adding.download_blob("there"),
        lambda adding: adding.get_blob_client("there").get_blob_properties(),
        lambda adding: list(adding.list_blobs()),
        lambda adding: adding.delete_blob("there"),
        lambda adding: adding.get_blob_client("there").set_blob_metadata({"a": "1"}),
        lambda adding: adding.get_blob_client("there").acquire_lease(15),
        lambda adding: adding.get_blob_client("blocks").stage_block("MDA=", b"1"),
        lambda adding: adding.get_container_properties(),
    ],
    ids=["read", "look", "list", "delete", "change", "lease", "block", "container"],
)
def test_nothing_else_is_allowed(
    adding: ContainerClient, owner: ContainerClient, call: Callable[[ContainerClient], Any]
) -> None:
    owner.upload_blob("there", b"before", overwrite=True)
    assert refused(lambda: call(adding)) == NOT_ALLOWED


def test_the_role_is_for_its_assignable_scopes_alone(lake: tuple[Emulator, Principal]) -> None:
    emulator, who = lake
    role = str(uuid.uuid4())
    definition = f"{estate.SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    elsewhere = f"/subscriptions/{list(SUBSCRIPTIONS)[1]}"
    properties = {"roleName": "elsewhere", "assignableScopes": [elsewhere], "permissions": []}
    emulator.arm.put(definition, {"properties": properties})
    with pytest.raises(AzureError, match="cannot be assigned at") as refusal:
        estate.grant(emulator, who.object_id, role)
    assert refusal.value.code == "RoleAssignmentScopeNotAssignableToRoleDefinition"


def test_a_large_upload_in_blocks_is_refused(
    lake: tuple[Emulator, Principal], owner: ContainerClient
) -> None:
    """The SDK cuts what is larger than max_single_put_size into blocks, which take `blobs/write`."""
    emulator, who = lake
    small = _container(emulator, Credential(emulator, who), max_single_put_size=4, max_block_size=4)
    assert refused(lambda: small.upload_blob("large", b"12345678")) == NOT_ALLOWED
    whole = _container(emulator, Credential(emulator, who), max_single_put_size=8)
    whole.upload_blob("large", b"12345678")
    assert owner.download_blob("large").readall() == b"12345678"


def test_a_signature_that_only_creates_is_told_the_same(lake: tuple[Emulator, Principal]) -> None:
    emulator, _ = lake
    account = estate.account(emulator, "keyed")
    key = emulator.arm.act(Action(account, "listKeys", {}, {}, {}, SIGNED_IN))["keys"][0]["value"]
    signature = generate_container_sas("keyed", "data", account_key=key, permission="c", expiry=soon())
    creating = _container(emulator, signature, "keyed")
    creating.upload_blob("x", b"1")
    assert refused(lambda: creating.upload_blob("x", b"2", overwrite=True)) == OVERWRITE
