"""Downloads from Azure storage: the service's own client against a small blob service on loopback."""

from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import BlobClient

from ml.errors import MlopsError
from ml.sources.address import Blob
from ml.sources.blob import BlobSource, open_blob
from ml.sources.download import Download
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.data.conftest import LIMITS, payload
from tests.ml.data.servers import BlobStore

SIZE, CHUNK = 1_000_000, 100_000
PATH = "/account/data/a.parquet"
SIGNATURE = "sv=2024-11-04&sr=b&sp=r&sig=c2VjcmV0"
ADDRESS = Blob("account", "data", "a.parquet")


def source(blobs: BlobStore, address: Blob = ADDRESS, credential: Any = None, **more: Any) -> BlobSource:
    client = BlobClient(
        f"http://127.0.0.1:{blobs.port}/account",
        address.container,
        address.path,
        credential=credential or address.signature or SIGNATURE,
        max_single_get_size=CHUNK,
        max_chunk_get_size=CHUNK,
        retry_total=0,
    )
    return BlobSource(address, client, **more)


def test_a_blob_is_downloaded_once(blobs: BlobStore, download: Download):
    body = payload(SIZE)
    blobs.put(PATH, body)
    first = download.fetch(source(blobs))
    assert first.path.read_bytes() == body
    asked = len(blobs.requests)
    assert download.fetch(source(blobs)) == first
    assert [method for method, _ in blobs.requests[asked:]] == ["HEAD"]


def test_a_cut_connection_goes_on_from_there(blobs: BlobStore, download: Download, report: RecordingReport):
    body = payload(SIZE)
    blobs.put(PATH, body)
    blobs.cuts = [CHUNK, CHUNK, 3, 3, 3, 3]  # the client itself asks three times for a part
    assert download.fetch(source(blobs)).path.read_bytes() == body
    assert any("the connection broke off at 0.20 MB" in line for line in report.lines)
    starts = [asked for method, asked in blobs.requests if method == "GET"]
    assert starts[0] == f"bytes=0-{CHUNK - 1}"
    assert starts.count(starts[0]) == 1


def test_what_changes_under_the_download_starts_over(
    blobs: BlobStore, download: Download, report: RecordingReport
):
    blobs.put(PATH, payload(SIZE, 1))
    blobs.cuts = [CHUNK, 3]
    blobs.on_cut = lambda: None if blobs.cuts else blobs.put(PATH, payload(SIZE, 2))
    assert download.fetch(source(blobs)).path.read_bytes() == payload(SIZE, 2)
    assert f"{ADDRESS.shown} changed while it was downloaded: starting over" in report.lines


@pytest.mark.parametrize(
    ("status", "code", "words", "remedy"),
    [
        (404, "ContainerNotFound", "no such container", "container's name"),
        (404, "BlobNotFound", "no such blob", "case-sensitive"),
        (403, "AuthorizationPermissionMismatch", "access is denied", "Storage Blob Data Reader"),
        (403, "AuthorizationFailure", "network rules", "allow-listed"),
        (409, "PublicAccessNotPermitted", "wants a sign-in", "Storage Blob Data Reader"),
        (401, "InvalidAuthenticationInfo", "another tenant", "az login --tenant"),
        (409, "BlobArchived", "archived", "hot tier"),
        (418, "Teapot", "refused", "Correct"),
    ],
)
def test_a_refusal_names_the_blob_and_what_to_do(
    blobs: BlobStore, download: Download, status: int, code: str, words: str, remedy: str
):
    blobs.refuse = status, code
    with pytest.raises(MlopsError, match=words) as refused:
        download.fetch(source(blobs))
    assert ADDRESS.shown in refused.value.problem and remedy in refused.value.remedy


def test_a_signature_is_in_no_message(blobs: BlobStore, download: Download):
    signed = Blob("account", "data", "a.parquet", None, SIGNATURE)
    blobs.refuse = 403, "AuthenticationFailed"
    refusals: list[MlopsError] = []
    with pytest.raises(MlopsError, match="its signature is not accepted") as refused:
        download.fetch(source(blobs, signed))
    refusals.append(refused.value)
    blobs.port = 1  # nobody listens there
    unreached = source(blobs, signed)
    with pytest.raises(MlopsError, match="does not answer") as refused:
        download.fetch(unreached)
    refusals.append(refused.value)
    for error in refusals:
        assert "c2VjcmV0" not in " ".join([error.problem, error.remedy, *error.details])


def test_a_signature_is_in_no_file(blobs: BlobStore, download: Download):
    blobs.put(PATH, payload(SIZE))
    download.fetch(source(blobs, Blob("account", "data", "a.parquet", None, SIGNATURE)))
    files = [file for file in download.cache.root.rglob("*") if file.is_file()]
    assert files and not any(b"c2VjcmV0" in file.read_bytes() for file in files)


def test_folders_and_empty_blobs_are_refused(blobs: BlobStore, download: Download):
    blobs.put(PATH, b"")
    with pytest.raises(MlopsError, match="is empty"):
        download.fetch(source(blobs))
    blobs.metadata["hdi_isfolder"] = "true"
    with pytest.raises(MlopsError, match="it is a folder"):
        download.fetch(source(blobs))


def test_no_credential_is_said_with_the_address(blobs: BlobStore, download: Download):
    def nobody() -> Any:
        raise ClientAuthenticationError("DefaultAzureCredential failed")

    with pytest.raises(MlopsError, match="no credential worked") as refused:
        download.fetch(source(blobs, granted=lambda call: nobody()))
    assert ADDRESS.shown in refused.value.problem and "az login" in refused.value.remedy


@pytest.mark.parametrize(
    ("address", "waits"),
    [
        (Blob("own", "data", "a.csv"), True),
        (Blob("other", "data", "a.csv"), False),
        (Blob("own", "data", "a.csv", None, SIGNATURE), False),
    ],
)
def test_only_the_estates_own_account_is_waited_for(address: Blob, waits: bool):
    azure: Any = SimpleNamespace(
        estate=SimpleNamespace(storage_account="own"), credential=SimpleNamespace(get_token=lambda: None)
    )
    opened = open_blob(azure, address, LIMITS)
    assert (opened.granted is not None) is waits
    assert opened.client.url.startswith(address.account_url)
