"""A hierarchical namespace through azure-storage-file-datalake and azure-storage-blob, unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.filedatalake import DataLakeServiceClient, FileSystemClient

from emulator.app import Emulator
from emulator.identity.directory import APPROVERS, ENGINEERS, SIGNED_IN, USERS, Principal
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

OWNER_ROLE = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
APPROVER, SECOND, ENGINEER, BOTH = USERS
CONTAINER = "data"


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    """A lake in which approvers and engineers may write."""
    emulator = estate.start(tmp_path)
    account = estate.account(emulator, "lake", isHnsEnabled=True)
    for group in (APPROVERS, ENGINEERS):
        estate.grant(emulator, group, estate.CONTRIBUTOR, account)
    yield emulator
    emulator.close()


def lake(emulator: Emulator, principal: Principal = APPROVER) -> FileSystemClient:
    return DataLakeServiceClient(
        "https://lake.dfs.core.windows.net",
        Credential(emulator, principal),  # pyright: ignore[reportArgumentType]
        transport=transport(emulator),
        retry_total=0,
    ).get_file_system_client(CONTAINER)


def blobs(emulator: Emulator, principal: Principal = APPROVER) -> Any:
    return BlobServiceClient(
        "https://lake.blob.core.windows.net",
        Credential(emulator, principal),  # pyright: ignore[reportArgumentType]
        transport=transport(emulator),
        retry_total=0,
    ).get_container_client(CONTAINER)


def refused(call: Callable[[], Any]) -> tuple[int | None, str]:
    with pytest.raises(HttpResponseError) as caught:
        call()
    code: Any = getattr(caught.value, "error_code", "")
    return caught.value.status_code, str(getattr(code, "value", code))


def test_a_file_is_written_read_and_listed(emulator: Emulator) -> None:
    file = lake(emulator).get_file_client("a/b/one.json")
    file.upload_data(b"first", overwrite=True, metadata={"for": "r-1"})
    file.append_data(b" and more", 5)
    file.flush_data(14)
    assert file.download_file().readall() == b"first and more"
    assert blobs(emulator).download_blob("a/b/one.json").readall() == b"first and more"
    assert file.get_file_properties().metadata == {"for": "r-1"}
    lake(emulator).create_directory("a/empty")
    listed = {one.name: one.is_directory for one in lake(emulator).get_paths()}
    assert listed == {"a": True, "a/b": True, "a/b/one.json": False, "a/empty": True}
    assert [one.name for one in lake(emulator).get_paths("a", recursive=False)] == ["a/b", "a/empty"]
    assert [one.name for one in blobs(emulator).walk_blobs("a/")] == ["a/b/", "a/empty/"]
    pages = lake(emulator).get_paths(max_results=1).by_page()
    assert [one.name for page in pages for one in page] == ["a", "a/b", "a/b/one.json", "a/empty"]


def test_whoever_creates_a_path_owns_it_whatever_the_endpoint(emulator: Emulator) -> None:
    lake(emulator, APPROVER).get_file_client("by-dfs/x").create_file()
    blobs(emulator, SECOND).upload_blob("by-blob/x", b"1")
    for path, owner, permissions in (
        ("by-dfs/x", APPROVER, "rw-r-----"),
        ("by-dfs", APPROVER, "rwxr-x---"),
        ("by-blob/x", SECOND, "rw-r-----"),
        ("by-blob", SECOND, "rwxr-x---"),
    ):
        found = lake(emulator).get_file_client(path).get_access_control()
        assert (found["owner"], found["permissions"]) == (owner.object_id, permissions)
        headers: dict[str, str] = {}
        blobs(emulator).get_blob_client(path).get_blob_properties(
            raw_response_hook=lambda answer, kept=headers: kept.update(answer.http_response.headers)
        )
        assert headers["x-ms-owner"] == owner.object_id
        assert headers["x-ms-permissions"] == permissions


def test_a_write_over_a_file_makes_nobody_its_owner(emulator: Emulator) -> None:
    blobs(emulator, APPROVER).upload_blob("x", b"1")
    blobs(emulator, SECOND).upload_blob("x", b"2", overwrite=True)
    assert lake(emulator).get_file_client("x").get_access_control()["owner"] == APPROVER.object_id


def test_only_a_super_user_changes_an_owner(emulator: Emulator) -> None:
    lake(emulator, APPROVER).get_file_client("x").create_file()
    give = {"owner": SECOND.object_id}
    for who in (APPROVER, SECOND):
        file = lake(emulator, who).get_file_client("x")
        assert refused(lambda file=file: file.set_access_control(**give)) == (
            403,
            "AuthorizationPermissionMismatch",
        )
    assert (
        refused(lambda: lake(emulator, SECOND).get_file_client("x").set_access_control(permissions="0777"))[0]
        == 403
    )
    lake(emulator, APPROVER).get_file_client("x").set_access_control(permissions="0640")
    estate.grant(emulator, SIGNED_IN.object_id, OWNER_ROLE)
    lake(emulator, SIGNED_IN).get_file_client("x").set_access_control(**give)
    assert lake(emulator).get_file_client("x").get_access_control()["owner"] == SECOND.object_id


def test_lists_let_in_whom_no_role_does(emulator: Emulator) -> None:
    lake(emulator, APPROVER).get_file_client("shared/x").upload_data(b"1", overwrite=True)
    lake(emulator, APPROVER).get_file_client("shared/y").upload_data(b"1", overwrite=True)
    someone = estate.identity(emulator, "someone")
    theirs = lake(emulator, someone).get_file_client("shared/x")
    assert refused(lambda: theirs.download_file().readall())[0] == 403
    entry = f"user::rwx,user:{someone.object_id}:r-x,group::r-x,other::---"
    lake(emulator, APPROVER).get_directory_client("shared").set_access_control(acl=entry)
    lake(emulator, APPROVER).get_file_client("shared/x").set_access_control(acl=entry)
    assert refused(lambda: theirs.download_file().readall())[0] == 403  # the root is still closed
    estate.grant(emulator, SIGNED_IN.object_id, OWNER_ROLE)
    root = lake(emulator, SIGNED_IN)._get_root_directory_client()
    root.set_access_control(acl=f"user::rwx,user:{someone.object_id}:--x,group::r-x,other::---")
    assert theirs.download_file().readall() == b"1"
    assert refused(lambda: theirs.append_data(b"2", 1))[0] == 403
    assert refused(lambda: lake(emulator, someone).get_file_client("shared/y").download_file())[0] == 403
    assert [one.name for one in lake(emulator, someone).get_paths("shared")] == ["shared/x", "shared/y"]
    assert refused(lambda: lake(emulator, someone).get_file_client("shared/z").create_file())[0] == 403


def test_directories_are_renamed_and_deleted_whole(emulator: Emulator) -> None:
    system = lake(emulator)
    system.get_file_client("old/deep/x").upload_data(b"1", overwrite=True)
    lake(emulator, SECOND).get_directory_client("old").rename_directory(f"{CONTAINER}/new")
    assert [one.name for one in system.get_paths()] == ["new", "new/deep", "new/deep/x"]
    moved = system.get_file_client("new/deep/x")
    assert moved.get_access_control()["owner"] == APPROVER.object_id
    assert moved.download_file().readall() == b"1"
    assert refused(lambda: blobs(emulator).delete_blob("new")) == (409, "DirectoryIsNotEmpty")
    system.delete_directory("new")
    assert list(system.get_paths()) == []
    with pytest.raises(ResourceNotFoundError):
        moved.get_file_properties()


def test_gaps_and_wrong_lengths_are_no_content(emulator: Emulator) -> None:
    file = lake(emulator).get_file_client("x")
    file.create_file()
    file.append_data(b"12345", 0)
    assert refused(lambda: file.flush_data(4)) == (400, "InvalidFlushPosition")
    file.append_data(b"89", 7)
    assert refused(lambda: file.flush_data(9)) == (400, "InvalidFlushPosition")
    file.append_data(b"67", 5)
    file.flush_data(9)
    assert file.download_file().readall() == b"123456789"


def test_what_is_written_once_stays(emulator: Emulator) -> None:
    blobs(emulator).upload_blob("approvals/x", b"1")
    policy = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/lake/blobServices/default"
    policy += f"/containers/{CONTAINER}/immutabilityPolicies/default"
    emulator.arm.put(policy, {"properties": {"immutabilityPeriodSinceCreationInDays": 1}})
    assert blobs(emulator).get_container_properties().has_immutability_policy
    file = lake(emulator).get_file_client("approvals/x")
    for change in (
        lambda: blobs(emulator).upload_blob("approvals/x", b"2", overwrite=True),
        lambda: blobs(emulator).delete_blob("approvals/x"),
        lambda: blobs(emulator).get_blob_client("approvals/x").set_blob_metadata({"a": "b"}),
        lambda: file.append_data(b"2", 1),
        lambda: file.rename_file(f"{CONTAINER}/approvals/y"),
        lambda: lake(emulator).get_directory_client("approvals").rename_directory(f"{CONTAINER}/other"),
        lambda: lake(emulator).delete_directory("approvals"),
    ):
        assert refused(change) == (409, "BlobImmutableDueToPolicy")
    assert file.download_file().readall() == b"1"
    lake(emulator).get_file_client("approvals/new").upload_data(b"2", overwrite=True)
    assert blobs(emulator).download_blob("approvals/new").readall() == b"2"
    emulator.arm.delete(policy)
    blobs(emulator).delete_blob("approvals/x")


def test_a_flat_account_has_no_file_systems(emulator: Emulator) -> None:
    estate.account(emulator, "flat")
    client = DataLakeServiceClient(
        "https://flat.dfs.core.windows.net",
        Credential(emulator),  # pyright: ignore[reportArgumentType]
        transport=transport(emulator),
        retry_total=0,
    )
    file = client.get_file_client(CONTAINER, "x")
    with pytest.raises(HttpResponseError, match="no hierarchical namespace"):
        file.create_file()
