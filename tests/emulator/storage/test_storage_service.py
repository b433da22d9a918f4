"""What other services get: trees of files in and out; and the accounts in ARM."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.app import Emulator
from emulator.errors import AzureError
from emulator.home import Home
from tests.emulator.storage import estate


def test_trees_go_out_and_come_in(emulator: Emulator, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "a.txt").write_text("a")
    (source / "sub" / "b.txt").write_text("b")
    assert emulator.blobs.copy_tree_out(source, "acct", "data", "runs/1/") == [
        "runs/1/a.txt",
        "runs/1/sub/b.txt",
    ]
    emulator.blobs.write("acct", "data", "runs/10/c.txt", b"not of run 1")
    target = tmp_path / "target"
    emulator.blobs.copy_tree_in("acct", "data", "runs/1", target)
    assert {p.relative_to(target).as_posix() for p in target.rglob("*.txt")} == {"a.txt", "sub/b.txt"}
    (target / "a.txt").write_text("changed")
    assert emulator.blobs.read("acct", "data", "runs/1/a.txt") == b"a"
    emulator.blobs.copy_tree_in("acct", "data", "runs/1/sub/b.txt", tmp_path / "one")
    assert (tmp_path / "one" / "b.txt").read_text() == "b"
    with pytest.raises(AzureError, match="BlobNotFound"):
        emulator.blobs.copy_tree_in("acct", "data", "runs/2", tmp_path / "none")


@pytest.mark.parametrize(
    "names",
    [
        ["../../escaped"],
        ["a/../../b"],
        ["zero\0"],
        ["n" * 256],
        ["a/b", "a"],
        ["a", "a/b"],
        ["link/x"],
        ["up/x"],
    ],
    ids=lambda names: str(names)[:20],
)
def test_no_blob_name_leads_out_of_the_directory(
    emulator: Emulator, tmp_path: Path, names: list[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/link").symlink_to("link")
    (tmp_path / "in/up").symlink_to("..")
    for name in names:
        emulator.blobs.write("acct", "data", f"in/{name}", b"1")
    with pytest.raises(AzureError, match="InvalidResourceName"):
        emulator.blobs.copy_tree_in("acct", "data", "in", tmp_path / "in")
    assert not (tmp_path / "x").exists()


def test_a_blob_replaces_a_link_and_is_not_written_through_it(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x").symlink_to("../mine")
    emulator.blobs.write("acct", "data", "in/x", b"1")
    assert emulator.blobs.copy_tree_in("acct", "data", "in", tmp_path / "in") == [tmp_path / "in/x"]
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "in/x").is_symlink()


def test_no_file_outside_of_a_folder_goes_out_with_it(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a").write_text("a")
    (tmp_path / "out/b").symlink_to("a")
    assert emulator.blobs.copy_tree_out(tmp_path / "out", "acct", "data", "one") == ["one/a", "one/b"]
    (tmp_path / "out/c").symlink_to("../mine")
    with pytest.raises(AzureError, match="c is a symbolic link out of the folder out"):
        emulator.blobs.copy_tree_out(tmp_path / "out", "acct", "data", "two")
    assert emulator.blobs.list("acct", "data", "two") == []


METADATA = {
    "good": ({"team": "ml", "_a1": "x \t~"}, ""),
    "of any language": ({"team": "équipe"}, "InvalidMetadata"),
    "of a long one": ({"a": "x" * 8191}, ""),
    "of one that is too long": ({"a": "x" * 8192}, "MetadataTooLarge"),
    "a name of any language": ({"équipe": "x"}, "InvalidMetadata"),
    "a name that is none": ({"a-b": "x"}, "InvalidMetadata"),
    "a name of nothing": ({"": "x"}, "EmptyMetadataKey"),
    "a control character": ({"a": "x\x01"}, "InvalidMetadata"),
}


@pytest.mark.parametrize(("given", "code"), METADATA.values(), ids=METADATA)
def test_metadata_is_ascii_wherever_it_comes_from(
    emulator: Emulator, given: dict[str, str], code: str
) -> None:
    sent = {f"x-ms-meta-{name}": value for name, value in given.items()}
    new = {"x-ms-blob-type": "BlockBlob", **sent}
    blobs = [
        ("/data/new", "", new),
        ("/data/old", "comp=metadata", sent),
        ("/data/old", "comp=blocklist", sent),
    ]
    boxes = [("/made", "restype=container", sent), ("/data", "restype=container&comp=metadata", sent)]
    emulator.blobs.write("acct", "data", "old", b"1")
    for path, query, headers in (*blobs, *boxes):
        body = b"<BlockList/>" if "blocklist" in query else b""
        answer = estate.blob_request(emulator, "PUT", path, query, headers, body)
        assert answer.status == (400 if code else answer.status) and answer.status < 500, (path, query)
        assert answer.headers.get("x-ms-error-code", "") == code, (path, query)
    container = (
        f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/acct/blobServices/default/containers/arm"
    )
    try:
        made = emulator.arm.put(container, {"properties": {"metadata": given}})[0]
    except AzureError as error:
        assert (error.status, error.code) == (400, code)
    else:
        assert not code and made["properties"]["metadata"] == given


@pytest.mark.parametrize(
    "header",
    ["x-ms-blob-content-type", "x-ms-blob-content-disposition", "x-ms-blob-cache-control", "content-type"],
)
def test_content_properties_are_ascii(emulator: Emulator, header: str) -> None:
    headers = {"x-ms-blob-type": "BlockBlob", header: "texte/é"}
    answer = estate.blob_request(emulator, "PUT", "/data/x", "", headers)
    assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "InvalidHeaderValue")


@pytest.mark.parametrize(
    ("path", "query", "headers", "status"),
    [
        ("/data/x", "", {"range": f"bytes={'9' * 5000}-"}, 400),
        ("/data/x", "", {"if-modified-since": "Mon, 01 Jan 99999 00:00:00 GMT"}, 400),
        ("/data", f"restype=container&comp=list&maxresults={'9' * 5000}", {}, 400),
        ("/data", "restype=container&comp=list&maxresults=²", {}, 400),
        ("/data", "restype=container&comp=list&marker=é", {}, 400),
    ],
)
def test_numbers_and_times_of_any_length_are_answered(
    emulator: Emulator, path: str, query: str, headers: dict[str, str], status: int
) -> None:
    emulator.blobs.write("acct", "data", "x", b"1")
    assert estate.blob_request(emulator, "GET", path, query, headers).status == status


def test_blobs_survive_a_restart(emulator: Emulator, tmp_path: Path) -> None:
    emulator.blobs.write("acct", "data", "x", b"1")
    emulator.close()
    again = type(emulator)(Home(tmp_path / "home"))
    assert again.blobs.read("acct", "data", "x") == b"1"
    again.close()


def test_the_end_of_an_account_takes_its_data(emulator: Emulator) -> None:
    account = estate.account(emulator, "second")
    emulator.blobs.write("second", "data", "x", b"1")
    emulator.arm.delete(account)
    assert list(emulator.home.blobs.glob("content/*/*")) == []
    estate.account(emulator, "second")
    assert not emulator.blobs.exists("second", "data", "x")


def test_what_an_account_is_given(emulator: Emulator) -> None:
    made = estate.resource(
        emulator,
        "Microsoft.Storage/storageAccounts/plain",
        sku={"name": "Standard_ZRS"},
        kind="StorageV2",
    )
    properties = made["properties"]
    assert made["sku"] == {"name": "Standard_ZRS", "tier": "Standard"}
    assert properties["primaryEndpoints"]["blob"] == "https://plain.blob.core.windows.net/"
    assert properties["encryption"]["services"]["blob"]["enabled"] is True
    assert properties["allowBlobPublicAccess"] is False
    again = estate.resource(
        emulator,
        "Microsoft.Storage/storageAccounts/plain",
        sku={"name": "Standard_ZRS"},
        kind="StorageV2",
    )["properties"]
    assert again["creationTime"] == properties["creationTime"]
    assert again["encryption"] == properties["encryption"]


def test_what_accounts_and_containers_are_refused(emulator: Emulator) -> None:
    path = "Microsoft.Storage/storageAccounts/acct"
    containers = f"{path}/blobServices/default/containers"
    with pytest.raises(AzureError, match="PublicAccessNotPermitted"):
        estate.resource(emulator, f"{containers}/open", {"publicAccess": "Blob"})
    with pytest.raises(AzureError, match=r"sku\.name"):
        estate.resource(emulator, f"{path}2", kind="StorageV2")
    with pytest.raises(AzureError, match="days"):
        policy = {"enabled": True, "days": 0}
        estate.resource(emulator, f"{path}/blobServices/default", {"deleteRetentionPolicy": policy})
    with pytest.raises(AzureError, match="AccountKindInvalid"):
        estate.resource(emulator, f"{path}2", sku={"name": "Standard_LRS"})
    other = f"{estate.SUBSCRIPTION}/resourceGroups/other"
    emulator.arm.put(other, {"location": estate.LOCATION})
    body = {"location": estate.LOCATION, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    with pytest.raises(AzureError, match="StorageAccountAlreadyTaken"):
        emulator.arm.put(f"{other}/providers/{path}", body)


def test_a_new_account_or_container_holds_nothing_of_an_earlier_one(emulator: Emulator) -> None:
    account = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
    for gone in (f"{account}/blobServices/default/containers/data", account):
        emulator.blobs.write("acct", "data", "secret", b"x")
        emulator.store.delete(gone)  # as a kill in the middle of the deletion leaves it
        estate.account(emulator)
        assert emulator.blobs.list("acct", "data") == []


def test_an_account_of_a_service_is_nobody_elses(emulator: Emulator) -> None:
    emulator.blobs.service_account("acrtasksinternal")
    with pytest.raises(AzureError, match="acrtasksinternal is already taken"):
        estate.account(emulator, "acrtasksinternal")
