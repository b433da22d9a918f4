"""Downloads from S3 over real HTTP: moto's server behind a proxy that cuts."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ml.errors import MlopsError
from ml.sources.address import S3Object
from ml.sources.cache import Cache
from ml.sources.download import SAFE_BYTES, Download
from ml.sources.s3 import S3Source
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.data.conftest import LIMITS, Bucket, no_own_settings, payload, s3
from tests.ml.data.servers import BlobStore, CuttingProxy

SIZE = 3_000_000


def test_a_source_is_downloaded_once_by_content(bucket: Bucket, proxy: CuttingProxy, download: Download):
    body = payload(SIZE)
    first = download.fetch(s3(bucket.put("a.parquet", body)))
    assert first.path.read_bytes() == body
    assert first.sha256 == first.path.name == hashlib.sha256(body).hexdigest()
    assert proxy.gets == [None]
    sent = proxy.sent
    assert download.fetch(s3(S3Object(bucket.name, "a.parquet"))) == first
    assert proxy.gets == [None] and proxy.sent - sent < 2000
    other = download.fetch(s3(bucket.put("b.parquet", body)))
    assert other == first
    assert len(list((download.cache.root / "content").iterdir())) == 1
    assert not list((download.cache.root / "partial").iterdir())


def test_a_changed_source_is_downloaded_anew(bucket: Bucket, proxy: CuttingProxy, download: Download):
    address = bucket.put("a.parquet", payload(SIZE, 1))
    first = download.fetch(s3(address))
    bucket.put("a.parquet", payload(SIZE, 2))
    second = download.fetch(s3(address))
    assert second.path.read_bytes() == payload(SIZE, 2)
    assert second.sha256 != first.sha256 and first.path.exists()


def test_another_endpoint_is_another_source(bucket: Bucket, proxy: CuttingProxy, moto: int):
    address = bucket.put("a.parquet", payload(SIZE))
    here = s3(address).identity
    os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{moto}"  # put back with the fixture's patch
    assert s3(address).identity != here


def test_a_cut_connection_goes_on_from_there(
    bucket: Bucket, proxy: CuttingProxy, download: Download, report: RecordingReport
):
    body = payload(SIZE)
    proxy.cuts = [1_500_000, 1_000_000]
    fetched = download.fetch(s3(bucket.put("a.parquet", body)))
    assert fetched.path.read_bytes() == body
    whole, second, third = proxy.gets
    assert whole is None and second and third
    assert 0 < int(second[6:-1]) < int(third[6:-1]) < SIZE
    assert proxy.sent < SIZE + 5000  # the headers; no byte of the body came twice but what was cut
    assert sum("the connection broke off" in line for line in report.lines) == 2


def test_the_next_command_goes_on_where_the_last_one_gave_up(
    bucket: Bucket, proxy: CuttingProxy, download: Download, report: RecordingReport
):
    body = payload(SIZE)
    address = bucket.put("a.parquet", body)
    proxy.cuts = [2_000_000, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    with pytest.raises(MlopsError, match=r"broke off at [12]\.\d+ of 3\.00 MB") as refused:
        download.fetch(s3(address))
    assert address.shown in refused.value.problem and "goes on from there" in refused.value.remedy
    proxy.cuts.clear()
    proxy.requests.clear()
    assert download.fetch(s3(address)).path.read_bytes() == body
    assert len(proxy.gets) == 1 and proxy.gets[0] not in (None, "bytes=0-")
    assert any("are there from before" in line for line in report.lines)


def test_what_changed_since_the_interruption_starts_over(
    bucket: Bucket, proxy: CuttingProxy, download: Download, report: RecordingReport
):
    address = bucket.put("a.parquet", payload(SIZE, 1))
    proxy.cuts = [2_000_000, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    with pytest.raises(MlopsError, match="broke off"):
        download.fetch(s3(address))
    proxy.cuts.clear()
    bucket.put("a.parquet", payload(SIZE, 2))
    assert download.fetch(s3(address)).path.read_bytes() == payload(SIZE, 2)
    assert proxy.gets[-1] is None
    assert f"{address.shown} changed since its download was interrupted: starting over" in report.lines


def test_what_changes_under_the_download_starts_over(
    bucket: Bucket, proxy: CuttingProxy, download: Download, report: RecordingReport
):
    address = bucket.put("a.parquet", payload(SIZE, 1))
    proxy.cuts = [2_000_000]
    proxy.on_cut = lambda: bucket.put("a.parquet", payload(SIZE + 5, 2)) and None
    assert download.fetch(s3(address)).path.read_bytes() == payload(SIZE + 5, 2)
    assert f"{address.shown} changed while it was downloaded: starting over" in report.lines


def test_a_damaged_copy_is_noticed(bucket: Bucket, proxy: CuttingProxy, download: Download):
    body = payload(SIZE)
    fetched = download.fetch(s3(bucket.put("a.parquet", body)))
    fetched.path.write_bytes(body[:-1] + b"?")
    assert download.fetch(s3(S3Object(bucket.name, "a.parquet"))).path.read_bytes() == body
    assert len(proxy.gets) == 2


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"version": 1}'])
def test_a_damaged_index_costs_a_download_and_no_more(
    bucket: Bucket, proxy: CuttingProxy, download: Download, broken: bytes
):
    address = bucket.put("a.parquet", payload(SIZE))
    fetched = download.fetch(s3(address))
    next((download.cache.root / "index").iterdir()).write_bytes(broken)
    assert download.fetch(s3(address)) == fetched
    assert len(proxy.gets) == 2


def test_commands_at_the_same_time_share_one_download(
    bucket: Bucket, proxy: CuttingProxy, cache: Cache, report: RecordingReport
):
    body = payload(SIZE)
    address = bucket.put("a.parquet", body)
    proxy.stall_after = 500_000
    found: list[bytes] = []

    def train() -> None:
        mine = Download(Cache(cache.root), report, LIMITS, lambda head: None)
        found.append(mine.fetch(s3(address)).path.read_bytes())

    threads = [threading.Thread(target=train) for _ in range(3)]
    threads[0].start()
    assert proxy.stalled.wait(10)
    for thread in threads[1:]:
        thread.start()
    while sum("waiting for it" in line for line in report.lines) < 2:
        threads[1].join(0.02)
    proxy.stall_after = None
    proxy.released.set()
    for thread in threads:
        thread.join(20)
    assert found == [body] * 3
    assert proxy.gets == [None]


PROGRAM = """
import sys
from pathlib import Path
from ml.sources.address import S3Object
from ml.sources.cache import Cache
from ml.sources.download import Download
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.data.conftest import LIMITS, s3
source = s3(S3Object(*sys.argv[2:]))
Download(Cache(Path(sys.argv[1])), RecordingReport(), LIMITS, lambda head: None).fetch(source)
"""


def test_a_killed_command_loses_little(
    bucket: Bucket, proxy: CuttingProxy, download: Download, report: RecordingReport
):
    body = payload(2 * SAFE_BYTES)
    address = bucket.put("a.parquet", body)
    proxy.stall_after = SAFE_BYTES + 2_000_000
    root = Path(__file__).resolve().parents[3]
    argv = [sys.executable, "-c", PROGRAM, str(download.cache.root), address.bucket, address.key]
    with subprocess.Popen(argv, cwd=root, start_new_session=True) as killed:
        assert proxy.stalled.wait(30)
        partial = download.cache.partial(s3(address))
        while partial.done() < SAFE_BYTES and killed.poll() is None:
            proxy.released.wait(0.02)
        killed.send_signal(signal.SIGKILL)
    proxy.stall_after = None
    proxy.released.set()
    proxy.requests.clear()
    assert download.fetch(s3(address)).path.read_bytes() == body
    assert proxy.gets == [f"bytes={SAFE_BYTES}-"]


def test_what_is_no_data_set_is_refused_by_its_first_bytes(
    bucket: Bucket, proxy: CuttingProxy, download: Download
):
    address = bucket.put("a.bin", b"\x7fELF" + payload(8 * SIZE))
    for _ in range(2):
        with pytest.raises(MlopsError, match="neither parquet nor"):
            download.fetch(s3(address))
    assert not list((download.cache.root / "content").iterdir())
    assert proxy.sent < 4 * SIZE


def test_an_empty_object_is_refused(bucket: Bucket, proxy: CuttingProxy, download: Download):
    with pytest.raises(MlopsError, match=rf"s3://{bucket.name}/e\.parquet is empty"):
        download.fetch(s3(bucket.put("e.parquet", b"")))
    assert proxy.gets == []


def test_no_bucket_and_no_key_are_told_apart(bucket: Bucket, download: Download):
    with pytest.raises(MlopsError, match=r"s3://none-such/k\.csv.* no such bucket") as refused:
        download.fetch(s3(S3Object("none-such", "k.csv")))
    assert "AWS_ENDPOINT_URL" in refused.value.remedy
    with pytest.raises(MlopsError, match=rf"s3://{bucket.name}/k\.csv.* no such key"):
        download.fetch(s3(S3Object(bucket.name, "k.csv")))


def test_without_credentials_the_chain_is_named(
    bucket: Bucket, proxy: CuttingProxy, download: Download, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    address = bucket.put("a.parquet", payload(SIZE))
    no_own_settings(monkeypatch, tmp_path / "none")
    with pytest.raises(MlopsError, match="no AWS credentials") as refused:
        download.fetch(s3(address))
    assert address.shown in refused.value.problem and "AWS_PROFILE" in refused.value.remedy


def test_a_profile_that_is_not_there_and_a_silent_endpoint_are_named(
    proxy: CuttingProxy, download: Download, monkeypatch: pytest.MonkeyPatch
):
    proxy.close()
    with pytest.raises(MlopsError, match=f"{proxy.url} does not answer"):
        download.fetch(s3(S3Object("bucket", "k.csv")))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(MlopsError, match="nobody"):
        s3(S3Object("bucket", "k.csv"))


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AccessDenied", "access is denied"),
        (403, "InvalidAccessKeyId", "does not accept the credentials"),
        (400, "ExpiredToken", "does not accept the credentials"),
        (403, "RequestTimeTooSkewed", "clock is wrong"),
        (403, "InvalidObjectState", "archived"),
        (418, "Teapot", "S3 answered Teapot"),
    ],
)
def test_a_refusal_names_the_object_and_what_to_do(
    blobs: BlobStore,
    proxy: CuttingProxy,
    download: Download,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    words: str,
):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{blobs.port}")
    blobs.refuse = status, code
    with pytest.raises(MlopsError, match=words) as refused:
        download.fetch(s3(S3Object("bucket", "k.csv")))
    assert "s3://bucket/k.csv" in refused.value.problem
    assert refused.value.details == ["words of the service"]


def test_a_store_that_knows_no_ranges_and_no_conditions_is_not_trusted(
    bucket: Bucket, proxy: CuttingProxy, download: Download, monkeypatch: pytest.MonkeyPatch
):
    """Some stores that speak like S3 send all of an object, whatever was asked."""
    body = payload(SIZE)
    source = s3(bucket.put("a.parquet", body))
    plain = source.s3.get_object
    monkeypatch.setattr(source.s3, "get_object", lambda Bucket, Key, **asked: plain(Bucket=Bucket, Key=Key))
    proxy.cuts = [2_000_000]
    assert isinstance(source, S3Source)
    assert download.fetch(source).path.read_bytes() == body
    assert proxy.gets == [None, None]
