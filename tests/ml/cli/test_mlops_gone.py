"""What is found by its content is checked to be there: images, blobs, registered models."""

from pathlib import Path
from types import SimpleNamespace as Named
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError

from infra.outputs import EstateOutputs
from ml.azure import images, models
from ml.azure import registry as registry_api
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.azure.registry import Held
from ml.commands import train
from ml.deploy import group, image
from ml.errors import MlopsError
from ml.jobs import data, environment
from tests.ml.azure.fakes import Workspace
from tests.ml.cli.mlops_fakes import RecordingReport, WorkspaceAssets

ROOT = Path(__file__).parents[3]


class FakeAzure(Azure):
    def __init__(self, outputs: dict[str, Any], **parts: Any) -> None:
        super().__init__(EstateOutputs(**outputs), RecordingReport())
        self.__dict__.update(parts)
        self.__dict__["assets"] = WorkspaceAssets()

    def blob(self, path: str) -> Any:
        return self.__dict__["blobs"]


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tags that were built."""
    tags: list[str] = []

    def build(azure: Any, repository: str, tag: str, context: Any) -> Image:
        tags.append(tag)
        return Image("crstage.azurecr.io", repository, f"sha256:{len(tags):064x}")

    monkeypatch.setattr(images, "build", build)
    return tags


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Named:
    """A registry that can be made anew: its date of creation becomes another one."""
    made = Named(date="2026-01-01T00:00:00Z")

    class Management:
        def __init__(self, azure: Any, base: str) -> None:
            pass

        def get(self, path: str, **query: str) -> Any:
            assert path.endswith("/registries/crstage") and query == {"api-version": images.REGISTRY_API}
            return {"properties": {"creationDate": made.date}}

    monkeypatch.setattr(images, "Rest", Management)
    return made


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace's registered models."""
    return Workspace().patched(monkeypatch)


@pytest.fixture(autouse=True)
def held(monkeypatch: pytest.MonkeyPatch) -> dict[str, Held]:
    """What the registry says of images by their digest; of all others, that they are there."""
    said: dict[str, Held] = {}

    class Api:
        def __init__(self, azure: Any, server: str) -> None:
            assert server == "crstage.azurecr.io"

        def holds(self, image: Image) -> Held:
            return said.get(image.digest, Held(True))

    monkeypatch.setattr(registry_api, "RegistryApi", Api)
    return said


def test_a_scoring_image_that_was_deleted_is_built_again_and_one_of_which_nothing_is_known_is_not(
    outputs: dict[str, Any], builds: list[str], registry: Named, held: dict[str, Held], there: Workspace
):
    azure, context = FakeAzure(outputs), Named(short="abc", files={})
    first, _ = image.ensure(azure, there.version("credit", "3"), context, False)
    model = models.get(azure, "credit", "3")
    held[first.digest] = Held(None, "client with IP '192.0.2.1' is not allowed access")
    assert image.ensure(azure, model, context, False) == (first, False)
    told = " ".join(azure.report.lines)
    assert "does not say whether it holds" in told and "192.0.2.1" in told and "--rebuild" in told
    held[first.digest] = Held(False)
    second, fresh = image.ensure(azure, model, context, False)
    assert fresh and second.digest != first.digest
    assert any("gone from its registry" in line for line in azure.report.lines)
    assert image.ensure(azure, models.get(azure, "credit", "3"), context, False) == (second, False)


def test_a_training_environment_whose_image_was_deleted_is_built_as_its_next_version(
    outputs: dict[str, Any], builds: list[str], registry: Named, held: dict[str, Held]
):
    azure = FakeAzure(outputs)
    first = environment.ensure(azure, ROOT, False)
    held[str(first.image).partition("@")[2]] = Held(False)
    second = environment.ensure(azure, ROOT, False)
    assert second.version == f"{first.version}-2"
    assert environment.ensure(azure, ROOT, False).version == second.version


def test_of_two_that_build_a_training_environment_at_once_the_second_takes_that_of_the_first(
    outputs: dict[str, Any], builds: list[str], registry: Named
):
    azure, other = FakeAzure(outputs), "crstage.azurecr.io/training@sha256:" + "f" * 64
    azure.__dict__["assets"].meanwhile = {"properties": {"image": other}}
    found = environment.ensure(azure, ROOT, False)
    assert (found.image, builds) == (other, [found.version])
    assert environment.ensure(azure, ROOT, False) == found


def test_a_scoring_image_is_built_again_for_another_registry_and_when_asked(
    outputs: dict[str, Any], builds: list[str], registry: Named, there: Workspace
):
    azure, context = FakeAzure(outputs), Named(short="abc", files={})
    there.version("credit", "3")

    def ensured(rebuild: bool = False) -> tuple[Image, bool]:
        return image.ensure(azure, models.get(azure, "credit", "3"), context, rebuild)

    first, fresh = ensured()
    assert fresh and ensured() == (first, False)
    registry.date = "2026-02-02T00:00:00Z"
    second, fresh = ensured()
    assert fresh and second != first
    third, fresh = ensured(rebuild=True)
    assert fresh and ensured() == (third, False)
    assert len(builds) == 3


def test_a_training_environment_is_built_again_for_another_registry_and_when_asked(
    outputs: dict[str, Any], builds: list[str], registry: Named
):
    azure = FakeAzure(outputs)

    def version(rebuild: bool = False) -> str:
        return str(environment.ensure(azure, ROOT, rebuild).version)

    first = version()
    assert (version(), version(rebuild=True), version()) == (first, f"{first}-2", f"{first}-2")
    registry.date = "2026-02-02T00:00:00Z"
    assert version() == version() not in (first, f"{first}-2")
    assert builds == [first, f"{first}-2", version()]


@pytest.mark.parametrize(("there", "sent"), [(4, 0), (3, 1), (None, 1)])
def test_a_data_set_whose_blob_is_gone_or_cut_is_sent_again(
    outputs: dict[str, Any], tmp_path: Path, there: int | None, sent: int
):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"rows")
    file = data.DataFile(path, "a.parquet", "a.parquet", "parquet", ("id",), 1, 4, "ab" * 32)
    uploaded: list[int] = []

    def properties() -> Any:
        if there is None:
            raise ResourceNotFoundError("no such blob")
        return Named(size=there)

    blob = Named(
        get_blob_properties=properties, upload_blob=lambda content, **more: uploaded.append(more["length"])
    )
    azure: Any = FakeAzure(outputs, blobs=blob)
    known = {"properties": {"tags": {"sha256": file.sha256}}}
    azure.assets.there[f"data/credit-default/versions/{file.version}"] = known
    assert data.register(azure, file) == data.DataAsset("credit-default", file.version)
    assert uploaded == [4] * sent


@pytest.mark.parametrize("known", [True, False])
def test_a_model_that_the_earlier_job_registered_is_looked_for(
    outputs: dict[str, Any], known: bool, there: Workspace, monkeypatch: pytest.MonkeyPatch
):
    results = {
        "evaluation": {},
        "decision": {},
        "registration": {"registered": True, "name": "credit", "version": "3"},
    }
    monkeypatch.setattr(train, "read_results", lambda azure, job: results)
    azure = FakeAzure(outputs)
    if known:
        there.version("credit", "3")
        assert train.results(azure, "train-1")["model"] == "credit:3"
        return
    with pytest.raises(MlopsError, match="train-1 registered credit:3, which is no longer in ws") as caught:
        train.results(azure, "train-1")
    assert "--force" in caught.value.remedy


def test_an_image_that_cannot_be_pulled_names_the_flag_that_mends_it():
    words = ['error: Code="InaccessibleImage" Message="The image is not accessible."']
    error = group._failure("stage", RuntimeError("x"), words)
    assert "mlops deploy --env stage --rebuild" in error.remedy and error.details == words
