"""The same file by each kind of address, through the real command line against a whole estate."""

import hashlib
import json
import sys

import pytest

from tests.e2e.conftest import ROOT, World, world
from tests.ml.data.conftest import Bucket

__all__ = ["world"]  # the fixture
pytestmark = pytest.mark.e2e
DATA = ROOT / "data" / "credit_default.parquet"
PUT = """
import sys
from pathlib import Path
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobClient
blob = BlobClient(sys.argv[1], sys.argv[2], sys.argv[3], credential=DefaultAzureCredential())
blob.upload_blob(Path(sys.argv[4]).read_bytes(), overwrite=True)
"""


def test_a_data_set_is_taken_by_any_of_its_addresses(world: World, bucket: Bucket, moto: int) -> None:
    world.environment |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    world.environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{moto}"}
    world.pulumi("up", "stage", "--yes", "--skip-preview")
    outputs = json.loads(world.pulumi("stack output", "stage", "--json").stdout)
    account, container = outputs["storage_account"], outputs["data_container"]
    url = f"https://{account}.blob.core.windows.net"
    world.run(sys.executable, "-c", PUT, url, container, "raw/loans.parquet", str(DATA))
    sha256 = hashlib.sha256(DATA.read_bytes()).hexdigest()

    def train(address: str, check: bool = True) -> tuple[dict[str, object], str]:
        argv = ("mlops", "train", "--env", "stage", "--data", address, "--no-wait", "--json")
        done = world.run(*argv, check=check)
        return json.loads(done.stdout), done.stderr

    before = world.resources()
    refused, _ = train(f"{url}/{container}/raw/none.parquet", check=False)
    assert "has no such blob" in str(refused["error"])
    assert world.resources() == before

    first, said = train(f"{url}/{container}/raw/loans.parquet")
    assert f"downloading {url}/{container}/raw/loans.parquet" in said
    for address in (
        f"abfss://{container}@{account}.dfs.core.windows.net/raw/loans.parquet",
        f"azureml://datastores/{outputs['datastore']}/paths/raw/loans.parquet",
    ):
        again, said = train(address)
        assert again["job"] == first["job"] and again["reused"] is True
        assert "is unchanged: nothing is downloaded" in said
    again, said = train(bucket.put("loans.parquet", DATA.read_bytes()).shown)
    assert again["job"] == first["job"]
    assert f"downloading s3://{bucket.name}/loans.parquet" in said
    asset = f"azureml:credit-default:{sha256[:16]}"
    again, said = train(asset)
    assert again["job"] == first["job"]
    assert f"{asset} is {url}/{container}/datasets/credit-default/{sha256}/credit-default.parquet" in said
