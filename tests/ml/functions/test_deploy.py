"""A release's way into the function app that scores: what is refused untouched, and what is put there."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.outputs import ScoringFunction
from ml.batch import released
from ml.deploy.image import scoring_context
from ml.errors import MlopsError
from ml.functions import answering, deploy
from ml.production import assembly
from ml.production.assembly import Production
from ml.production.world import Approved
from ml.release.records import Configuration, Evidence, Record, Release
from scoring.hosted import RELEASE, variables
from scoring.model.artifact import FILES, Artifact
from scoring.settings import SettingsError
from tests.scoring.trained import small

ROOT = Path(__file__).parents[3]
FUNCTION = ScoringFunction(
    app="func-score", url="https://func-score.azurewebsites.net", models="models", key_secret="scoring-key"
)
ACCOUNT = "https://ststage.blob.core.windows.net"


class World:
    """An estate with the app; what is written and published is kept."""

    def __init__(self, record: Record, environment: str, function: ScoringFunction | None = FUNCTION) -> None:
        self.record, self.blobs, self.packages = record, dict[str, bytes](), list[bytes]()
        self.warned: list[str] = []
        report = SimpleNamespace(phase=lambda _: nullcontext(), warn=self.warned.append)
        self.azure: Any = SimpleNamespace(
            estate=SimpleNamespace(
                environment=environment, storage_account="ststage", scoring_function=function
            ),
            report=report,
            granted=lambda call, what: call(),
            container=self._container,
        )

    def _container(self, account: str, name: str) -> Any:
        def blob(path: str) -> Any:
            def upload(content: bytes, overwrite: bool) -> None:
                assert overwrite
                self.blobs[f"{account}/{name}/{path}"] = content

            return SimpleNamespace(upload_blob=upload)

        return SimpleNamespace(get_blob_client=blob)

    @property
    def untouched(self) -> bool:
        return not self.blobs and not self.packages


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return small().trained.artifact


@pytest.fixture(scope="module")
def folder(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("artifact")
    artifact.save(made)
    return made


@pytest.fixture(scope="module")
def record(artifact: Artifact, folder: Path) -> Record:
    configuration = Configuration(cpu=1, memory_gb=1, port=8080, variables={"SCORING_MAX_ROWS": "900"})
    release = Release(
        model_name="credit",
        model_version="3",
        image_repository="scoring",
        image_digest="sha256:" + "a" * 64,
        configuration=configuration,
    )
    evidence = Evidence.model_construct(
        artifact_digest=artifact.digest, context_sha256=scoring_context(ROOT, folder).sha256, members={}
    )
    return Record.model_construct(release=release, evidence=evidence)


@pytest.fixture
def made(record: Record, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a world of an environment."""

    def make(environment: str, of: Record = record, **more: Any) -> World:
        world = World(of, environment, **more)

        @contextmanager
        def downloaded(azure: Any, release: str) -> Generator[tuple[Record, Path]]:
            yield of, folder

        monkeypatch.setattr(released, "record_of", lambda azure, release: of)
        monkeypatch.setattr(released, "downloaded", downloaded)
        monkeypatch.setattr(Production, "record", lambda self, release: of)
        monkeypatch.setattr(Production, "approve", lambda self, release: Approved("anna (1)", "read", "d"))
        # As in a checkout that nobody works in.
        monkeypatch.setattr(deploy, "uncommitted", lambda root: False)
        monkeypatch.setattr(answering, "key_of", lambda azure, function: "key")
        monkeypatch.setattr(answering, "check", lambda *_: ["recorded predictions"])
        monkeypatch.setattr(assembly, "who", lambda azure: "ci")
        monkeypatch.setattr(
            deploy.console, "publish", lambda azure, app, content: world.packages.append(content)
        )
        return world

    return make


def put(world: World, model: Path | None = None) -> dict[str, Any]:
    return deploy.deploy(world.azure, ROOT, world.record.release.id, model, machine_code=False)


def test_stage_gets_the_models_files_and_a_package_that_names_them(
    made: Any, record: Record, artifact: Artifact, folder: Path
) -> None:
    world = made("stage")
    told = put(world)
    place = artifact.digest.removeprefix("sha256:")
    assert world.blobs == {f"ststage/models/{place}/{name}": (folder / name).read_bytes() for name in FILES}
    (content,) = world.packages
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        named = json.loads(archive.read(RELEASE))["variables"]
    assert named == {
        "MODEL_URL": f"{ACCOUNT}/models/{place}",
        "MODEL_DIGEST": artifact.digest,
        "MODEL_NAME": "credit",
        "MODEL_VERSION": "3",
        "RELEASE_ID": record.release.id,
        "SCORING_MAX_ROWS": "900",
        "OTEL_METRIC_EXPORT_INTERVAL": "60000",
        "PACKAGE_DIGEST": named["PACKAGE_DIGEST"],
    }
    assert (told["approved_by"], told["code_of_the_image"]) == (deploy.OPEN, True)


def test_production_gets_what_is_approved(made: Any, folder: Path) -> None:
    world = made("prod")
    assert put(world, folder)["approved_by"] == "anna (1)"
    assert len(world.blobs) == len(FILES) and len(world.packages) == 1


def test_what_is_not_approved_changes_nothing(
    made: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Production, release: str) -> Approved:
        raise MlopsError(f"The release {release} is not approved for prod.", "Have it approved.")

    world = made("prod")
    monkeypatch.setattr(Production, "approve", refuse)
    with pytest.raises(MlopsError, match="is not approved for prod"):
        put(world, folder)
    assert world.untouched


def test_production_takes_no_other_model_and_no_other_code(
    made: Any, record: Record, folder: Path, artifact: Artifact
) -> None:
    with pytest.raises(MlopsError, match="is registered in stage, where prod reads nothing") as error:
        put(made("prod"))
    assert f"mlops functions model {record.release.id} --env stage" in error.value.remedy
    other = record.model_copy(
        update={"evidence": record.evidence.model_copy(update={"artifact_digest": "x"})}
    )
    with pytest.raises(MlopsError, match=f"is {artifact.digest}, and the release .* was made of x"):
        put(made("prod", other), folder)
    old = record.model_copy(update={"evidence": record.evidence.model_copy(update={"context_sha256": "0"})})
    world = made("prod", old)
    with pytest.raises(MlopsError, match=r"code of this checkout is not that .* which was approved"):
        put(world, folder)
    assert world.untouched
    stage = made("stage", old)
    assert put(stage)["code_of_the_image"] is False and "is not that of the image" in stage.warned[0]


def test_a_folder_without_a_model_is_named(made: Any, tmp_path: Path) -> None:
    with pytest.raises(MlopsError, match=f"--model {tmp_path} is no model"):
        put(made("prod"), tmp_path)


def test_an_estate_without_the_app_and_a_fleet_are_refused(made: Any, record: Record) -> None:
    with pytest.raises(MlopsError, match="no function app that scores in stage") as error:
        put(made("stage", function=None))
    assert "scoringFunction in Pulumi.stage.yaml" in error.value.remedy
    fleet = record.evidence.model_copy(update={"members": {"north": "sha256:1"}})
    with pytest.raises(MlopsError, match="serves a single model"):
        put(made("stage", record.model_copy(update={"evidence": fleet})))


def test_what_the_package_says_goes_before_the_apps_settings(tmp_path: Path) -> None:
    given = {"MODEL_URL": "old", "API_KEY_SECRET": "key"}
    assert variables(tmp_path, given) == given
    (tmp_path / RELEASE).write_text('{"variables": {"MODEL_URL": "new"}}')
    assert variables(tmp_path, given) == {"MODEL_URL": "new", "API_KEY_SECRET": "key"}
    for wrong in ("", "[]", '{"variables": 3}', "{}"):
        (tmp_path / RELEASE).write_text(wrong)
        with pytest.raises(SettingsError, match=r"release\.json"):
            variables(tmp_path, given)


@pytest.mark.parametrize("here", [("Linux", "aarch64"), ("Darwin", "arm64")])
def test_machine_code_of_another_kind_of_machine_is_refused(
    made: Any, record: Record, here: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app would leave it lie and answer by ONNX Runtime."""
    monkeypatch.setattr(deploy.platform, "system", lambda: here[0])
    monkeypatch.setattr(deploy.platform, "machine", lambda: here[1])
    world = made("stage")
    said = f"is for {' on '.join(here)}; the app runs under Linux on x86_64"
    with pytest.raises(MlopsError, match=said):
        deploy.deploy(world.azure, ROOT, record.release.id, None, machine_code=True)
    assert world.untouched


def test_production_takes_no_files_beside_the_image_that_no_commit_has(
    made: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, stage = made("prod"), made("stage")
    monkeypatch.setattr(deploy, "uncommitted", lambda root: True)
    with pytest.raises(MlopsError, match=r"beside the code of the image .* is of no commit"):
        put(world, folder)
    assert world.untouched
    assert put(stage)["code_of_the_image"]
