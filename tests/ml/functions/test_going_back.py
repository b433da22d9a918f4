"""What is written down of the function app's packages, and the way back: each step, cut off anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

from infra.outputs import ScoringFunction
from ml.errors import MlopsError, Overtaken
from ml.functions import answering, kept
from ml.functions import rollback as subject
from ml.functions.kept import Kept, Put, State
from ml.functions.package import archived, told_by
from ml.production import assembly
from scoring.hosted import DIGEST, PACKAGE, RELEASE, URL
from scoring.model.artifact import ArtifactError
from tests.ml.production.azures import granted


class Container:
    """Blobs by name, with a version each."""

    container_name = "production-prod"

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.version = 0

    def get_blob_client(self, name: str) -> Any:
        def upload(content: bytes, overwrite: bool = False, etag: str = "", **_: Any) -> dict[str, str]:
            if etag and etag != str(self.version):
                raise ResourceModifiedError("changed")
            self.blobs[name] = content
            self.version += name == kept.STATE
            return {"etag": str(self.version)}

        def download() -> Any:
            if name not in self.blobs:
                raise ResourceNotFoundError(name)
            properties = SimpleNamespace(etag=str(self.version))
            return SimpleNamespace(readall=lambda: self.blobs[name], properties=properties)

        return SimpleNamespace(
            upload_blob=upload, download_blob=download, container_name=self.container_name, blob_name=name
        )

    def list_blobs(self, name_starts_with: str) -> list[Any]:
        return [SimpleNamespace(name=name) for name in list(self.blobs) if name.startswith(name_starts_with)]

    def delete_blob(self, name: str) -> None:
        if name not in self.blobs:
            raise ResourceNotFoundError(name)
        del self.blobs[name]


def package_of(release: str) -> bytes:
    told = {URL: f"https://a/{release}", DIGEST: "sha256:1", "MODEL_NAME": "credit", "MODEL_VERSION": "3"}
    variables = {**told, "RELEASE_ID": release, PACKAGE: f"sha256:of {release}"}
    return archived({RELEASE: json.dumps({"variables": variables}).encode()})


class World:
    """Production with the app; `cut`: at which step of a command its process is gone."""

    def __init__(self, patch: pytest.MonkeyPatch, gated: bool = True, environment: str = "prod") -> None:
        self.container, self.app, self.cut = Container(), b"", ""
        self.fails, self.gone = False, set[str]()
        function = ScoringFunction(app="f", url="https://f", models="models", key_secret="k", gated=gated)
        self.azure: Any = SimpleNamespace(
            estate=SimpleNamespace(environment=environment, scoring_function=function),
            granted=granted,
            credential=None,
            report=SimpleNamespace(phase=lambda _: nullcontext()),
        )
        patch.setattr(Kept, "of", classmethod(lambda cls, azure: self.kept()))
        patch.setattr(subject, "download", self._download)
        patch.setattr(subject.artifacts, "load", lambda folder: SimpleNamespace(digest=folder.name))
        patch.setattr(subject.console, "publish", self._publish)
        patch.setattr(answering, "key_of", lambda azure, function: "key")
        patch.setattr(answering, "check", self._check)
        patch.setattr(assembly, "who", lambda azure: "ci")

    def kept(self) -> Kept:
        container: Any = self.container
        return Kept(self.azure, container)

    def state(self) -> State:
        return self.kept().state.read()

    def _download(self, url: str, digest: str, credential: Any, below: Path) -> Path:
        if url.rpartition("/")[2] in self.gone:
            raise ArtifactError(f"{url} has no model.onnx")
        return below / digest

    def _step(self, name: str) -> None:
        if self.cut == name:
            raise KeyboardInterrupt(name)

    def _publish(self, azure: Any, app: str, content: bytes) -> None:
        self._step("before it is published")
        self.app = content
        self._step("after it is published")

    def _check(
        self, azure: Any, function: Any, key: str, told: Mapping[str, str], artifact: Any
    ) -> list[str]:
        assert told[PACKAGE] == told_by(self.app)[PACKAGE]
        if self.fails:
            raise MlopsError("1 of 4 smoke tests failed.", "Go back.")
        return ["recorded predictions"]

    def deploy(self, release: str, passes: bool = True) -> Put:
        """As `mlops functions deploy` writes it down."""
        content = package_of(release)
        digest = hashlib.sha256(content).hexdigest()
        put = Put(release=release, content=digest, at=1.0, by="ci", approved_by="anna")
        here = self.kept()
        begun = here.begin(put, content)
        self.app = content
        if passes:
            here.serve(begun, put)
        return put

    def back(self) -> str:
        return subject.rollback(self.azure, "callers complain")["release"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_the_package_before_comes_back_as_it_was_and_no_further(world: World) -> None:
    for release in ("r-1", "r-2", "r-3"):
        world.deploy(release)
    assert len([name for name in world.container.blobs if name.endswith(".zip")]) == 2  # of two, no more
    assert world.back() == "r-2"
    assert world.app == package_of("r-2")
    assert world.back() == "r-2"  # whoever saw no answer types it twice
    state = world.state()
    assert state.serving and state.serving.approved_by == "anna"
    assert state.history[-1].reason == "callers complain"
    world.deploy("r-3")
    assert world.back() == "r-2"


def test_one_that_did_not_pass_or_was_cut_off_goes_back_to_what_served(world: World) -> None:
    world.deploy("r-1")
    world.deploy("r-2")
    world.deploy("r-3", passes=False)
    assert world.back() == "r-2"
    assert world.app == package_of("r-2")


@pytest.mark.parametrize("cut", ["before it is published", "after it is published"])
def test_a_way_back_that_is_cut_off_is_taken_up_again(world: World, cut: str) -> None:
    world.deploy("r-1")
    world.deploy("r-2")
    world.cut = cut
    with pytest.raises(KeyboardInterrupt):
        world.back()
    world.cut = ""
    assert world.back() == "r-1"
    assert world.app == package_of("r-1")
    assert world.state().going_back is None


def test_one_that_does_not_answer_is_no_way_back_that_is_done(world: World) -> None:
    world.deploy("r-1")
    world.deploy("r-2")
    world.fails = True
    with pytest.raises(MlopsError, match="smoke tests failed"):
        world.back()
    world.fails = False
    assert world.back() == "r-1"


def test_whoever_deploys_meanwhile_is_refused_and_told(world: World) -> None:
    world.deploy("r-1")
    here, content = world.kept(), package_of("r-2")
    put = Put(release="r-2", content="2", at=1.0, by="ci", approved_by="anna")
    begun = here.begin(put, content)
    world.back()
    with pytest.raises(Overtaken, match="the state of the function app"):
        here.serve(begun, put)
    assert world.state().serving == begun.serving


def put_of(release: str) -> tuple[Put, bytes]:
    content = package_of(release)
    digest = hashlib.sha256(content).hexdigest()
    return Put(release=release, content=digest, at=1.0, by="ci", approved_by="anna"), content


def test_who_tidies_up_keeps_what_another_one_has_begun_meanwhile(world: World) -> None:
    world.deploy("r-1")
    here, other, listed = world.kept(), world.kept(), world.container.list_blobs
    second, third = put_of("r-2"), put_of("r-3")
    begun = here.begin(*second)

    def meanwhile(name_starts_with: str) -> list[Any]:
        other.begin(*third)
        return listed(name_starts_with)

    world.container.list_blobs = meanwhile
    here.serve(begun, second[0])
    assert world.kept().package(third[0]) == third[1]


def test_a_package_is_named_in_the_state_before_it_is_there(world: World) -> None:
    world.deploy("r-1")
    put, content = put_of("r-2")
    client = world.container.get_blob_client

    def named(name: str) -> Any:
        if name.endswith(".zip"):
            assert world.state().putting == put
        return client(name)

    world.container.get_blob_client = named
    world.kept().begin(put, content)


def test_two_that_tidy_up_at_once_are_no_error(world: World) -> None:
    world.container.blobs[f"{kept.PACKAGES}/old.zip"] = b""
    listed = world.container.list_blobs

    def meanwhile(name_starts_with: str) -> list[Any]:
        found = listed(name_starts_with)
        world.container.blobs.clear()
        return found

    world.container.list_blobs = meanwhile
    world.kept().tidy()


def test_what_was_never_served_or_is_another_by_now_is_refused_untouched(world: World) -> None:
    with pytest.raises(MlopsError, match="served none before this one"):
        world.back()
    world.deploy("r-1")
    with pytest.raises(MlopsError, match="served none before this one"):
        world.back()
    first = world.state().serving
    assert first
    world.deploy("r-2")
    place = f"{kept.PACKAGES}/{first.content}.zip"
    before, app = world.state(), world.app
    for content, words in ((b"other", "is not the package of r-1 any more"), (None, "is gone")):
        if content is None:
            del world.container.blobs[place]
        else:
            world.container.blobs[place] = content
        with pytest.raises(MlopsError, match=words) as error:
            world.back()
        assert "mlops functions deploy" in error.value.remedy
        assert (world.state(), world.app) == (before, app)


def test_a_model_that_is_gone_is_named_and_nothing_is_changed(world: World) -> None:
    world.deploy("r-1")
    world.deploy("r-2")
    before, app = world.state(), world.app
    world.gone = {"r-1"}
    with pytest.raises(
        MlopsError, match=r"The model of r-1 cannot be served any more: .* has no model"
    ) as error:
        world.back()
    assert "mlops functions deploy r-1 --model DIR" in error.value.remedy
    assert (world.state(), world.app) == (before, app)


@pytest.mark.parametrize(
    ("environment", "words"), [("stage", "needs no approval there"), ("prod", "releases.promoterId")]
)
def test_where_nobody_keeps_packages_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, environment: str, words: str
) -> None:
    world = World(monkeypatch, gated=False, environment=environment)
    with pytest.raises(MlopsError, match=f"No package of the function app of {environment}") as error:
        world.back()
    assert words in error.value.remedy


def test_a_reason_is_asked_for(world: World) -> None:
    with pytest.raises(MlopsError, match="--reason is blank"):
        subject.rollback(world.azure, " ")
