from pathlib import Path

import pytest
from typer.testing import CliRunner

from ml.errors import MlopsError
from ml.sources.address import Blob, DataAsset, DatastorePath, LocalFile, S3Object, parse
from ml.terminal.subjects import app

LONG = "subscriptions/s/resourcegroups/g/workspaces/w"
SIGNATURE = "sv=2024-11-04&sr=b&sig=c2VjcmV0%3D"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("data/a.parquet", LocalFile(Path("data/a.parquet"))),
        ("./odd:name.csv", LocalFile(Path("./odd:name.csv"))),
        ("file:///data/with%20space.csv", LocalFile(Path("/data/with space.csv"))),
        ("file://localhost/data/a.csv", LocalFile(Path("/data/a.csv"))),
        ("s3://bucket/a/b%20c?d#e.parquet", S3Object("bucket", "a/b%20c?d#e.parquet")),
        ("s3a://bucket/a.csv", S3Object("bucket", "a.csv")),
        ("s3://bucket/a.csv?versionId=v1", S3Object("bucket", "a.csv", "v1")),
        (
            "s3://arn:aws:s3:eu-central-1:123456789012:accesspoint/shared/a.csv",
            S3Object("arn:aws:s3:eu-central-1:123456789012:accesspoint/shared", "a.csv"),
        ),
        ("https://acct.blob.core.windows.net/data/a/b%20c.csv", Blob("acct", "data", "a/b c.csv")),
        ("https://acct.dfs.core.windows.net/data/a.csv", Blob("acct", "data", "a.csv")),
        (
            "https://acct.blob.core.windows.net/data/a.csv?versionid=2025&" + SIGNATURE,
            Blob("acct", "data", "a.csv", "2025", SIGNATURE),
        ),
        ("abfss://data@acct.dfs.core.windows.net/a/b.csv", Blob("acct", "data", "a/b.csv")),
        ("wasbs://data@acct.blob.core.windows.net/b.csv", Blob("acct", "data", "b.csv")),
        ("azureml://datastores/estate/paths/a/b.csv", DatastorePath("estate", "a/b.csv")),
        (f"azureml://{LONG}/datastores/d/paths/b.csv", DatastorePath("d", "b.csv", ("s", "g", "w"))),
        ("azureml:credit:7", DataAsset("credit", "7", None)),
        ("azureml:credit@latest", DataAsset("credit", None, "latest")),
    ],
)
def test_each_kind_of_address_is_read(text: str, address: object):
    assert parse(text) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("gs://bucket/a.csv", "the scheme gs:// is not supported"),
        ("http://acct.blob.core.windows.net/data/a.csv", "the scheme http:// is not supported"),
        ("https://example.org/a.csv", "'example.org' is no address of Azure storage"),
        ("https://acct.blob.core.windows.net/data", "names no file"),
        ("https://acct.blob.core.windows.net/data/folder/", "names no file"),
        ("https://acct.blob.core.windows.net/Data/a.csv", "'Data' is no container's name"),
        ("https://acct.blob.core.windows.net/data/a.csv?comp=list", "no shared access signature"),
        ("abfss://acct.dfs.core.windows.net/data/a.csv", "names no account"),
        ("s3://bucket", "names no file"),
        ("s3://bucket/folder/", "names no file"),
        ("s3:///a.csv", "'' is no bucket's name"),
        ("file://server/a.csv", "'server' stands where a host would"),
        ("azureml://datastores/estate", "names no datastore and path"),
        ("azureml:credit", "names no version"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, words: str):
    with pytest.raises(MlopsError, match=words) as refused:
        parse(text)
    assert text.partition("?")[0] in refused.value.problem
    assert refused.value.remedy


def test_a_signature_is_never_shown():
    address = parse(f"https://acct.blob.core.windows.net/data/a.csv?{SIGNATURE}")
    assert "c2Vj" not in address.shown + repr(address)
    for bad in ("ftp://acct/data/a.csv?", "https://elsewhere.net/data/a.csv?"):
        with pytest.raises(MlopsError) as refused:
            parse(bad + SIGNATURE)
        assert "c2Vj" not in refused.value.problem + refused.value.remedy


def test_the_command_refuses_an_address_before_it_asks_the_stack():
    done = CliRunner().invoke(app, ["train", "--env", "nowhere", "--data", "gs://b/k.csv", "--json"])
    assert done.exit_code == 1
    assert "gs://b/k.csv" in done.stdout and "not supported" in done.stdout
