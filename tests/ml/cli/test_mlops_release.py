import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.outputs import EstateOutputs
from ml import release
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.deploy.deploy import group_spec
from ml.errors import MlopsError
from ml.release import Configuration, Evidence, Record, Release
from tests.ml.cli.mlops_fakes import RecordingReport

DIGEST = "sha256:" + "a" * 64


def made(**changes: Any) -> Release:
    fields: dict[str, Any] = {
        "model_name": "credit",
        "model_version": "1",
        "image_repository": "scoring",
        "image_digest": DIGEST,
        "configuration": Configuration(cpu=1.0, memory_gb=1.5, port=8080),
    }
    return Release(**{**fields, **changes})


EVIDENCE = Evidence(
    recorded_at="2026-01-01T00:00:00+00:00",
    environment="stage",
    context_sha256="c",
    artifact_digest="a",
    features=("age",),
    lineage={},
    smoke_tests=(),
)


class Blob:
    """One blob of a container in memory."""

    def __init__(self, store: dict[str, bytes], path: str) -> None:
        self.store, self.path = store, path
        self.properties = SimpleNamespace(creation_time=datetime(2026, 1, 1, tzinfo=UTC))

    def upload_blob(self, content: bytes, overwrite: bool) -> None:
        from azure.core.exceptions import ResourceExistsError

        if self.path in self.store and not overwrite:
            raise ResourceExistsError("BlobAlreadyExists")
        self.store[self.path] = content

    def download_blob(self, raw_response_hook: Any) -> "Blob":
        from azure.core.exceptions import ResourceNotFoundError

        if self.path not in self.store:
            raise ResourceNotFoundError("BlobNotFound")
        return self

    def readall(self) -> bytes:
        return self.store[self.path]


class Storage(Azure):
    def __init__(self, estate: EstateOutputs) -> None:
        super().__init__(estate, RecordingReport())
        object.__setattr__(self, "store", {})

    def container(self, account: str, name: str) -> Any:
        assert (account, name) == ("ststage", "data")
        return SimpleNamespace(get_blob_client=lambda path: Blob(self.store, path))


@pytest.fixture
def azure(outputs: dict[str, Any]) -> Storage:
    return Storage(EstateOutputs(**outputs))


@given(st.text(min_size=1, max_size=5), st.integers(1, 9), st.floats(0.5, 4, allow_nan=False))
def test_a_release_is_named_by_all_that_it_is_and_nothing_else(version: str, digit: int, cpu: float):
    one = made(model_version=version, image_digest=f"sha256:{digit}")
    assert one.id == made(model_version=version, image_digest=f"sha256:{digit}").id
    assert one.id != made(model_version=version + "x", image_digest=f"sha256:{digit}").id
    assert one.id != made(model_version=version, image_digest=f"sha256:{digit}0").id
    bigger = Configuration(cpu=cpu + 1, memory_gb=1.5, port=8080)
    assert one.id != made(model_version=version, image_digest=f"sha256:{digit}", configuration=bigger).id


def test_variables_are_part_of_a_release_and_reach_its_group(outputs: dict[str, Any]):
    plain = Configuration(cpu=1.0, memory_gb=1.5, port=8080)
    given = {"SCORING_DRIFT_WINDOW_ROWS": "2000", "PORT": "1"}
    one = made(configuration=plain.model_copy(update={"variables": given}))
    assert one.id != made(configuration=plain).id
    image = Image("crstage.azurecr.io", "scoring", DIGEST)
    spec = group_spec(Storage(EstateOutputs(**outputs)), one, image)
    assert spec.env["SCORING_DRIFT_WINDOW_ROWS"] == "2000"
    assert spec.env["PORT"] == "8080"  # what the deployment says itself stands


def test_a_release_without_variables_keeps_the_name_that_it_had_before_there_were_any(azure: Storage):
    assert made().id == "r-60e1809941155e6e"
    release.record(azure, Record(release=made(), evidence=EVIDENCE))
    path = release.blob_path(made().id)
    record = json.loads(azure.store[path])
    del record["release"]["configuration"]["variables"]
    azure.store[path] = json.dumps(record).encode()
    assert release.read(azure, made().id).release == made()


def test_a_record_is_written_once_and_never_changed(azure: Storage):
    first = Record(release=made(), evidence=EVIDENCE)
    later = Record(release=made(), evidence=EVIDENCE.model_copy(update={"recorded_at": "later"}))
    assert release.record(azure, first) is True
    assert release.record(azure, later) is False
    assert release.read(azure, made().id) == first


def test_a_missing_and_a_changed_record_are_refused(azure: Storage):
    with pytest.raises(MlopsError, match="no record"):
        release.read(azure, "r-none")
    release.record(azure, Record(release=made(), evidence=EVIDENCE))
    path = release.blob_path(made().id)
    azure.store[path] = azure.store[path].replace(b'"model_version": "1"', b'"model_version": "2"')
    with pytest.raises(MlopsError, match="was changed"):
        release.read(azure, made().id)


def test_the_group_of_a_release_bears_its_name_and_reads_its_key_itself(outputs: dict[str, Any]):
    image = Image("crstage.azurecr.io", "scoring", DIGEST)
    spec = group_spec(Storage(EstateOutputs(**outputs)), made(), image)
    assert spec.revision == f"rev-{made().id.removeprefix('r-')}"
    assert spec.name == f"scoring-stage-{made().id.removeprefix('r-')}"
    assert spec.env["KEY_VAULT_URI"] == outputs["key_vault_uri"]
    assert spec.env["API_KEY_SECRET"] == "scoring-api-key"
    assert "API_KEY_SHA256" not in spec.env
    assert spec.subnet_id == outputs["inference_subnet_id"]
    assert spec.image == f"crstage.azurecr.io/scoring@{DIGEST}"
    assert spec.env["IMAGE_DIGEST"] == DIGEST
    assert "InstrumentationKey=k" not in spec.env.values()


def test_answers_are_kept_where_there_is_a_data_lake(outputs: dict[str, Any]):
    image = Image("crstage.azurecr.io", "scoring", DIGEST)

    def kept(**more: Any) -> str | None:
        estate = EstateOutputs(**{**outputs, **more})
        return group_spec(Storage(estate), made(), image).env.get("SCORING_KEEP_URL")

    assert kept(data_lake="dlstage") == "https://dlstage.blob.core.windows.net/answers"
    assert kept(data_lake=None) is None


@pytest.mark.parametrize(("cpu", "workers"), [(0.5, "1"), (1.0, "1"), (2.5, "2"), (4.0, "4")])
def test_a_group_runs_one_worker_a_core(outputs: dict[str, Any], cpu: float, workers: str):
    configuration = Configuration(cpu=cpu, memory_gb=2, port=8080, metric_seconds=15)
    release = made().model_copy(update={"configuration": configuration})
    image = Image("crstage.azurecr.io", "scoring", DIGEST)
    assert group_spec(Storage(EstateOutputs(**outputs)), release, image).env["SCORING_WORKERS"] == workers
