"""The same file by each kind of address, through the real command line against a whole estate."""

import hashlib
import json
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.conftest import ROOT, World, model_world
from tests.ml.data.conftest import Bucket

__all__ = ["model_world"]  # the fixture
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


def test_a_data_set_is_taken_by_any_of_its_addresses(
    model_world: World, bucket: Bucket, moto: int, tmp_path: Path
) -> None:
    """A model was trained on the file: whatever address names the same content leads to that job.

    Another content, at last, is another data set and another job, which ends with its emulator.
    """
    world = model_world
    world.environment |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    world.environment |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{moto}"}
    outputs = json.loads(world.pulumi("stack output", "stage", "--json").stdout)
    account, container = outputs["storage_account"], outputs["data_container"]
    url = f"https://{account}.blob.core.windows.net"
    other = tmp_path / "other.parquet"
    pd.read_parquet(DATA).iloc[:-1].to_parquet(other)
    for name, file in (("loans", DATA), ("other", other)):
        world.run(sys.executable, "-c", PUT, url, container, f"raw/{name}.parquet", str(file))
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
    assert (first["reused"], first["registered"]) == (True, True)
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

    address = f"{url}/{container}/raw/other.parquet"
    another, said = train(address)
    assert f"downloading {address}" in said
    assert another["job"] != first["job"] and another["reused"] is False
