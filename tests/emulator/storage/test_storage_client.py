"""azure-storage-blob, unmodified, with bearer tokens."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobClient,
    BlobServiceClient,
    BlobType,
    ContainerClient,
    ContentSettings,
    StandardBlobTier,
)

from emulator.app import Emulator
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

AWKWARD = "ein ordner/50%+ä&?#'<ü>.txt"


def code(error: HttpResponseError) -> str:
    return str(getattr(error.error_code, "value", error.error_code))


def test_round_trip_with_properties_and_metadata(data: ContainerClient) -> None:
    settings = ContentSettings(content_type="text/plain", cache_control="no-store", content_language="de")
    blob = data.upload_blob(AWKWARD, b"hello", metadata={"rows": "5"}, content_settings=settings)
    found = blob.get_blob_properties()
    assert (found.size, found.metadata, found.blob_type) == (5, {"rows": "5"}, BlobType.BLOCKBLOB)
    kept = found.content_settings
    assert (kept.content_type, kept.cache_control, kept.content_language) == ("text/plain", "no-store", "de")
    assert data.download_blob(AWKWARD, validate_content=True).readall() == b"hello"
    listed = next(iter(data.list_blobs(include=["metadata"])))
    assert (listed.name, listed.size, listed.metadata, listed.etag) == (
        AWKWARD,
        5,
        {"rows": "5"},
        found.etag.strip('"'),
    )
    blob.delete_blob()
    assert not blob.exists()


def test_large_blobs_go_in_blocks_and_come_in_ranges(emulator: Emulator) -> None:
    sizes = {
        "max_single_put_size": 1000,
        "max_block_size": 1000,
        "max_single_get_size": 900,
        "max_chunk_get_size": 700,
    }
    url = "https://acct.blob.core.windows.net"
    blob = BlobClient(
        url, "data", "big", credential=Credential(emulator), transport=transport(emulator), **sizes
    )
    body = os.urandom(10_450)
    blob.upload_blob(body)
    assert blob.download_blob().readall() == body
    assert blob.download_blob(offset=1500, length=3000, validate_content=True).readall() == body[1500:4500]
    committed, uncommitted = blob.get_block_list("all")
    assert ([block.size for block in committed], uncommitted) == ([1000] * 10 + [450], [])


def test_an_empty_blob_can_be_downloaded(data: ContainerClient) -> None:
    assert data.upload_blob("empty", b"").download_blob().readall() == b""


def test_overwriting_needs_to_be_asked_for(data: ContainerClient) -> None:
    data.upload_blob("x", b"1")
    with pytest.raises(ResourceExistsError) as caught:
        data.upload_blob("x", b"2")
    assert code(caught.value) == "BlobAlreadyExists"
    data.upload_blob("x", b"3", overwrite=True)
    assert data.download_blob("x").readall() == b"3"


def test_conditions(data: ContainerClient) -> None:
    blob = data.upload_blob("x", b"1")
    first = blob.get_blob_properties()
    blob.set_blob_metadata({"a": "b"}, etag=first.etag, match_condition=MatchConditions.IfNotModified)
    second = blob.get_blob_properties()
    assert second.etag != first.etag
    with pytest.raises(ResourceModifiedError) as stale:
        blob.upload_blob(b"2", overwrite=True, etag=first.etag, match_condition=MatchConditions.IfNotModified)
    assert code(stale.value) == "ConditionNotMet"
    with pytest.raises(HttpResponseError) as unchanged:
        blob.download_blob(etag=second.etag, match_condition=MatchConditions.IfModified)
    assert (unchanged.value.status_code, code(unchanged.value)) == (304, "ConditionNotMet")
    with pytest.raises(HttpResponseError) as since:
        blob.get_blob_properties(if_modified_since=datetime.now(UTC) + timedelta(hours=1))
    assert since.value.status_code == 304
    assert blob.download_blob(if_unmodified_since=datetime.now(UTC) + timedelta(hours=1)).readall() == b"1"


def test_listing_pages_and_folders(data: ContainerClient) -> None:
    for name in ("a/1", "a/2", "b/c/3", "top"):
        data.upload_blob(name, b"")
    assert [one.name for one in data.walk_blobs()] == ["a/", "b/", "top"]
    assert [one.name for one in data.walk_blobs(name_starts_with="b/")] == ["b/c/"]
    pages = list(data.list_blobs(results_per_page=3).by_page())
    assert [[one.name for one in page] for page in pages] == [["a/1", "a/2", "b/c/3"], ["top"]]


def test_a_blob_has_its_accounts_tier_until_it_is_given_one(
    data: ContainerClient, emulator: Emulator
) -> None:
    blob = data.upload_blob("tiered", b"x" * 10)
    first = blob.get_blob_properties()
    assert (first.blob_tier, first.blob_tier_inferred) == ("Hot", True)
    blob.set_standard_blob_tier("Cool")
    now = blob.get_blob_properties()
    assert (now.blob_tier, now.blob_tier_inferred, now.etag) == ("Cool", None, first.etag)
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    assert blob.get_blob_properties().blob_tier == "Cool"
    assert [one.blob_tier for one in data.list_blobs("tiered")] == ["Cool"]
    assert (
        data.upload_blob("cold", b"y", standard_blob_tier=StandardBlobTier.COLD)
        .get_blob_properties()
        .blob_tier
        == "Cold"
    )
    log = data.get_blob_client("log")
    log.create_append_blob()
    assert log.get_blob_properties().blob_tier is None
    with pytest.raises(ResourceExistsError, match="InvalidBlobType"):
        log.set_standard_blob_tier("Cool")
    with pytest.raises(HttpResponseError, match="in which a blob cannot be read"):
        blob.set_standard_blob_tier("Archive")
    with pytest.raises(HttpResponseError, match="InvalidHeaderValue"):
        blob.set_standard_blob_tier("Warm")


def test_append_blobs(data: ContainerClient) -> None:
    blob = data.get_blob_client("log")
    blob.create_append_blob()
    assert blob.append_block(b"one ")["blob_append_offset"] == "0"
    assert blob.append_block(b"two", appendpos_condition=4)["blob_append_offset"] == "4"
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"!", appendpos_condition=4)
    assert code(caught.value) == "AppendPositionConditionNotMet"
    assert blob.download_blob().readall() == b"one two"


def test_copies(data: ContainerClient, service: BlobServiceClient, emulator: Emulator) -> None:
    source = data.upload_blob("from", b"bytes", metadata={"k": "v"})
    target = data.get_blob_client("to")
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    assert target.get_blob_properties().metadata == {"k": "v"}
    estate.account(emulator, "second", allowSharedKeyAccess=False)
    other = BlobServiceClient(
        "https://second.blob.core.windows.net", Credential(emulator), transport=transport(emulator)
    ).get_blob_client("data", "there")
    with pytest.raises(HttpResponseError) as caught:
        other.upload_blob_from_url(source.url)
    assert code(caught.value) == "CannotVerifyCopySource"
    token = Credential(emulator).get_token("https://storage.azure.com/.default").token
    other.upload_blob_from_url(source.url, source_authorization=f"Bearer {token}")
    assert other.download_blob().readall() == b"bytes"


def test_containers_are_the_same_in_arm_and_here(service: BlobServiceClient, emulator: Emulator) -> None:
    made = service.create_container("models", metadata={"team": "ml"})
    account = f"{estate.GROUP}/providers/Microsoft.Storage/storageAccounts/acct"
    path = f"{account}/blobServices/default/containers/models"
    assert emulator.arm.get(path)["properties"]["metadata"] == {"team": "ml"}
    assert made.get_container_properties().metadata == {"team": "ml"}
    assert [one.name for one in service.list_containers()] == ["data", "models"]
    with pytest.raises(ResourceExistsError):
        service.create_container("models")
    made.upload_blob("x", b"1")
    made.delete_container()
    assert emulator.arm.find(path) is None
    with pytest.raises(ResourceNotFoundError) as caught:
        made.get_blob_client("x").download_blob()
    assert code(caught.value) == "ContainerNotFound"
    service.create_container("models")
    assert list(made.list_blobs()) == []


def test_a_wrong_checksum_is_refused(data: ContainerClient) -> None:
    blob = data.get_blob_client("x")
    blob.upload_blob(b"good", validate_content=True)
    for headers, expected in (
        ({"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, "Md5Mismatch"),
        ({"Content-MD5": "short"}, "InvalidMd5"),
        ({"x-ms-content-crc64": "AAAAAAAAAAA="}, "Crc64Mismatch"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            blob.upload_blob(b"bad", overwrite=True, headers=headers)
        assert code(caught.value) == expected
    assert blob.download_blob().readall() == b"good"


def test_what_is_not_emulated_is_refused_by_name(data: ContainerClient, emulator: Emulator) -> None:
    blob = data.upload_blob("x", b"1")
    for call, named in (
        (blob.create_snapshot, "comp=snapshot"),
        (lambda: blob.set_blob_tags({"a": "b"}), "comp=tags"),
        (lambda: list(data.list_blobs(include=["versions"])), "versions"),
        (lambda: blob.set_standard_blob_tier("Archive"), "the tier Archive"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            call()
        assert (caught.value.status_code, code(caught.value)) == (501, "NotEmulated")
        assert named in str(caught.value)
    assert sum(call["count"] for call in emulator.refusals.calls()) == 4
