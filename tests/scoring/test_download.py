"""A model artifact from blob storage by identity: what it may read, and what it holds the model to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.app import Emulator
from emulator.identity.directory import ENGINEERS
from scoring.model.artifact import FILES, Artifact, ArtifactError
from scoring.model.download import download
from tests.emulator.storage import estate
from tests.emulator.storage.transport import Credential, transport

URL = "https://lake.blob.core.windows.net/data/models/credit/3"
NOBODY: Any = None  # a credential that is not asked for


@pytest.fixture
def emulator(tmp_path: Path) -> Any:
    emulator = estate.start(tmp_path / "emulator")
    yield emulator
    emulator.close()


def fetched(emulator: Emulator, below: Path, digest: str, url: str = URL) -> Path:
    credential: Any = Credential(emulator)
    return download(url, digest, credential, below, transport=transport(emulator))


def test_a_model_is_brought_by_identity_and_held_to_its_digest(
    emulator: Emulator, artifact: Artifact, model_dir: Path, tmp_path: Path
) -> None:
    account = estate.account(emulator, "lake")
    below = tmp_path / "models"
    with pytest.raises(ArtifactError, match=r"/models/credit/3/composite\.onnx cannot be read: 403"):
        fetched(emulator, below, artifact.digest)
    estate.grant(emulator, ENGINEERS, estate.CONTRIBUTOR, account)
    with pytest.raises(ArtifactError, match=r"composite\.onnx cannot be read: 404"):
        fetched(emulator, below, artifact.digest)
    for name in FILES:
        emulator.blobs.write("lake", "data", f"models/credit/3/{name}", (model_dir / name).read_bytes())
    with pytest.raises(ArtifactError, match=f"holds the model {artifact.digest}, and sha256:0+ is to be"):
        fetched(emulator, below, "sha256:" + "0" * 64)
    assert list(below.iterdir()) == []
    folder = fetched(emulator, below, artifact.digest)
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    emulator.blobs.write("lake", "data", "models/credit/3/composite.onnx", b"another")
    assert fetched(emulator, below, artifact.digest) == folder


def test_another_process_may_bring_the_same_model_meanwhile(
    artifact: Artifact, model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / artifact.digest.removeprefix("sha256:")
    others: list[Callable[[], object]] = [lambda: shutil.copytree(model_dir, folder), folder.touch]

    def fetch(container: str, path: str, credential: Any, aside: Path, options: Any) -> None:
        shutil.copytree(model_dir, aside, dirs_exist_ok=True)
        others.pop(0)()

    monkeypatch.setattr("scoring.model.download._fetch", fetch)
    assert download(URL, artifact.digest, NOBODY, tmp_path) == folder
    assert list(tmp_path.iterdir()) == [folder]
    shutil.rmtree(folder)
    with pytest.raises(NotADirectoryError):  # what is no model's folder is in its place
        download(URL, artifact.digest, NOBODY, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "http://lake.blob.core.windows.net/data/m",
        "https://lake.blob.core.windows.net/data",
        "https://lake.blob.core.windows.net/data/m?sig=x",
    ],
)
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="is no folder of blobs"):
        download(url, "sha256:" + "0" * 64, NOBODY, tmp_path)
    with pytest.raises(ArtifactError, match="'x' is no digest of a model"):
        download("https://lake.blob.core.windows.net/data/m", "x", NOBODY, tmp_path)
