"""A data set's bytes, an S3 of moto's behind a proxy, a cache in a scratch folder."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from ml.jobs.data import kind_of
from ml.settings import DownloadSettings
from ml.sources.address import S3Object
from ml.sources.cache import Cache
from ml.sources.download import Download
from ml.sources.s3 import S3Source, client
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.data.servers import BlobStore, CuttingProxy

LIMITS = DownloadSettings(connection_seconds=5, read_seconds=5, attempts=3, pause_seconds=0.01)


def payload(size: int, seed: int = 1) -> bytes:
    """Bytes that begin as parquet does."""
    return b"PAR1" + random.Random(seed).randbytes(size - 4)


def no_own_settings(patch: pytest.MonkeyPatch, empty: Path) -> None:
    """Nothing of the machine's own AWS set-up, and no proxy before loopback."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_CONFIG_FILE", str(empty))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(empty))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    for name in ("NO_PROXY", "no_proxy"):
        patch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def moto() -> Iterator[int]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def proxy(moto: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CuttingProxy]:
    made = CuttingProxy(moto)
    no_own_settings(monkeypatch, tmp_path / "none")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    yield made
    made.close()


class Bucket:
    """A bucket of moto's, written to without the proxy."""

    def __init__(self, port: int) -> None:
        self.name = f"data-{uuid4().hex[:12]}"
        self.s3: Any = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}")
        self.s3.create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )

    def put(self, key: str, body: bytes) -> S3Object:
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)
        return S3Object(self.name, key)


@pytest.fixture
def bucket(moto: int, proxy: CuttingProxy) -> Bucket:
    return Bucket(moto)


@pytest.fixture
def blobs() -> Iterator[BlobStore]:
    store = BlobStore()
    server = store.start()
    yield store
    server.shutdown()
    server.server_close()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def report() -> RecordingReport:
    return RecordingReport()


@pytest.fixture
def download(cache: Cache, report: RecordingReport) -> Download:
    return Download(cache, report, LIMITS, lambda head: check(head, "the source", "x.parquet"))


def check(head: bytes, shown: str, name: str) -> None:
    kind_of(head, shown, name)


def s3(address: S3Object) -> S3Source:
    return S3Source(address, client(LIMITS, address.shown))
