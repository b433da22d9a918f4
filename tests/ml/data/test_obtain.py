"""From what a person gives to an inspected file: assets and datastores led to their store, errors named."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.ai.ml.entities import AzureBlobDatastore, AzureFileDatastore, Data
from azure.core.exceptions import ResourceNotFoundError

from ml.errors import MlopsError
from ml.jobs.submission import read_data
from ml.settings import settings
from ml.sources.address import Blob, S3Object, parse
from ml.sources.workspace import to_store
from tests.ml.cli.mlops_fakes import RecordingReport
from tests.ml.data.conftest import Bucket
from tests.ml.data.servers import CuttingProxy

OWN = "azureml://subscriptions/s/resourcegroups/rg/workspaces/WS"


class Shelf:
    def __init__(self, **items: Any) -> None:
        self.items = items

    def get(self, name: str, version: str | None = None, label: str | None = None) -> Any:
        if name not in self.items:
            raise ResourceNotFoundError("not found")
        return self.items[name]


def asset(path: str, kind: str = "uri_file") -> Data:
    return Data(name="x", version="1", path=path, type=kind)


@pytest.fixture
def azure(report: RecordingReport) -> Any:
    stores = Shelf(
        estate=AzureBlobDatastore(name="estate", account_name="own", container_name="data"),
        files=AzureFileDatastore(name="files", account_name="own", file_share_name="f"),
    )
    assets = Shelf(
        credit=asset(f"{OWN}/datastores/estate/paths/datasets/credit.parquet"),
        outside=asset("https://other.blob.core.windows.net/raw/a.csv"),
        elsewhere=asset("azureml://subscriptions/s/resourcegroups/rg/workspaces/x/datastores/d/paths/a.csv"),
        folder=asset(f"{OWN}/datastores/estate/paths/datasets/", "uri_folder"),
    )
    estate = SimpleNamespace(
        subscription_id="s", resource_group="rg", workspace="ws", datastore="estate", storage_account="own"
    )
    return SimpleNamespace(
        estate=estate,
        report=report,
        settings=settings(),
        ml=SimpleNamespace(data=assets, datastores=stores),
        granted=lambda call, what: call(),
    )


@pytest.mark.parametrize(
    ("text", "store"),
    [
        ("azureml:credit:1", Blob("own", "data", "datasets/credit.parquet")),
        ("azureml:credit@latest", Blob("own", "data", "datasets/credit.parquet")),
        ("azureml:outside:1", Blob("other", "raw", "a.csv")),
        ("azureml://datastores/estate/paths/a/b.csv", Blob("own", "data", "a/b.csv")),
        (f"{OWN}/datastores/estate/paths/b.csv", Blob("own", "data", "b.csv")),
        ("s3://bucket/a.csv", S3Object("bucket", "a.csv")),
    ],
)
def test_assets_and_datastores_lead_to_their_blob(azure: Any, text: str, store: object):
    address: Any = parse(text)
    assert to_store(azure, address) == store


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("azureml:none:1", "the workspace ws has no such data asset"),
        ("azureml:folder:1", "is a uri_folder, no file"),
        ("azureml:elsewhere:1", "in the workspace x, and this estate's is ws"),
        ("azureml://datastores/none/paths/a.csv", "has no datastore none"),
        ("azureml://datastores/files/paths/a.csv", "holds no blobs"),
    ],
)
def test_what_leads_nowhere_is_named(azure: Any, text: str, words: str):
    address: Any = parse(text)
    with pytest.raises(MlopsError, match=words) as refused:
        to_store(azure, address)
    assert refused.value.remedy


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "mlops-estate" / "data"


def test_csv_from_elsewhere_is_a_data_set_under_its_own_name(
    azure: Any, bucket: Bucket, proxy: CuttingProxy, own_cache: Path
):
    address = bucket.put("raw/loans.csv", b"id,default\n1,0\n2,1\n")
    file = read_data(azure, address)
    assert (file.format, file.columns, file.name, file.shown) == (
        "csv",
        ("id", "default"),
        "loans.csv",
        address.shown,
    )
    assert file.path == own_cache / "content" / file.sha256
    assert read_data(azure, address) == file
    assert len(proxy.gets) == 1


@pytest.mark.parametrize(
    ("key", "content", "words"),
    [
        ("a.parquet", b"PAR1 and no more", "is not readable parquet"),
        ("a.txt", b"id,default\n1,2\n", "neither parquet nor a .csv file"),
        ("a.csv", b"", r"is empty \(0 bytes\)"),
    ],
)
def test_what_is_no_data_set_is_refused_by_its_address(
    azure: Any, bucket: Bucket, own_cache: Path, key: str, content: bytes, words: str
):
    with pytest.raises(MlopsError, match=words) as refused:
        read_data(azure, bucket.put(key, content))
    assert f"s3://{bucket.name}/{key}" in refused.value.problem
    assert str(own_cache) not in refused.value.problem


def test_a_cache_that_cannot_be_written_is_named(
    azure: Any, bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(MlopsError, match=r"cache directory .* cannot be made") as refused:
        read_data(azure, bucket.put("a.csv", b"id,default\n1,2\n"))
    assert "XDG_CACHE_HOME" in refused.value.remedy


def test_a_full_disk_is_told_before_the_download(
    azure: Any, bucket: Bucket, proxy: CuttingProxy, own_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    address = bucket.put("a.csv", b"id,default\n1,2\n")
    monkeypatch.setattr("ml.sources.cache.shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(MlopsError, match=r"needs 0\.0 MB more in .* are free") as refused:
        read_data(azure, address)
    assert address.shown in refused.value.problem
    assert proxy.gets == []
