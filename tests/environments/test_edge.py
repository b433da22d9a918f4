"""The scoring service on a device: what its image is built from, and that it needs no more."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ml.deploy.image import EDGE, scoring_context
from scoring.model import machine
from scoring.model.artifact import FILES, Artifact
from tests.scoring.trained import as_stated, small

ROOT = Path(__file__).parents[2]
LOCKED = ROOT / "environments" / "requirements"
# A program that has the packages of the image and no other, and does what the image's process does.
PROGRAM = """
import importlib.metadata, json, os, sys

KNOWN = set(json.loads(sys.argv[1]))
OF = importlib.metadata.packages_distributions()

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        named = {each.lower() for each in OF.get(top, [])}
        if named and not named & KNOWN:
            raise ModuleNotFoundError(f"the image has no {top}", name=top)

sys.meta_path.insert(0, Refuse())
from scoring.hosted import hosted
from scoring import __main__, supervisor, worker
from scoring.http import server

service = hosted(os.environ)
headers = {"authorization": "Bearer key", "content-type": "application/json"}
answer = service.answer("POST", "/score", headers, sys.stdin.buffer.read())
ready = service.answer("GET", "/readyz", {}, b"")
print(json.dumps([answer.status, json.loads(answer.body), json.loads(ready.body)]))
"""
KEY = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"  # SHA-256 of "key"


@pytest.fixture(scope="module")
def artifact() -> Artifact:
    return small().trained.artifact


@pytest.fixture(scope="module")
def model_folder(artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    artifact.save(folder)
    return folder


def entries(file: str) -> set[str]:
    text = (LOCKED / file).read_text()
    return {each for each in re.split(r"(?m)^(?=\S)", text) if each}


def test_it_has_the_packages_of_the_service_in_the_same_versions() -> None:
    """And neither ONNX Runtime, nor libraries of Azure or of telemetry."""
    assert entries("edge.txt") < entries("scoring.txt")
    names = {entry.partition("=")[0] for entry in entries("edge.txt")}
    assert not [name for name in names if re.search("azure|opentelemetry|onnx|msal|psycopg", name)]


def test_what_it_has_is_enough_to_score(artifact: Artifact, model_folder: Path) -> None:
    if isinstance(found := machine.found(), machine.Absent):
        pytest.skip(found.reason)
    names = sorted(
        {entry.partition("=")[0] for entry in entries("edge.txt")} | {"scoring-kernel", "mlops-estate"}
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(names)],
        input=json.dumps(dict(artifact.samples.request)).encode(),
        env={"MODEL_DIR": str(model_folder), "API_KEY_SHA256": KEY},
        cwd=ROOT,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    status, answer, ready = json.loads(done.stdout)
    assert status == 200
    assert as_stated(answer["predictions"], artifact.samples.predictions)
    assert as_stated(answer["outliers"], artifact.samples.outliers)
    assert ready["evaluator"]["name"] == "machine code"


def test_its_context_is_written(
    artifact: Artifact, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib
    from types import SimpleNamespace

    from ml.batch import released
    from ml.commands import edge
    from ml.errors import MlopsError
    from tests.ml.cli.mlops_fakes import RecordingReport

    release = SimpleNamespace(model_name="credit-default", model_version="3", id="r-0123456789abcdef")

    @contextlib.contextmanager
    def downloaded(azure: Any, wanted: str | None) -> Any:
        yield SimpleNamespace(release=release), model_folder

    monkeypatch.setattr(released, "downloaded", downloaded)
    azure: Any = SimpleNamespace(report=RecordingReport(), estate=SimpleNamespace(environment="stage"))
    answer = edge.edge(azure, ROOT, None, tmp_path / "context")
    context = scoring_context(ROOT, model_folder, EDGE)
    written = {
        file.relative_to(tmp_path / "context").as_posix(): file.read_bytes()
        for file in (tmp_path / "context").rglob("*")
        if file.is_file()
    }
    assert written == context.files and {*EDGE, *(f"model/{name}" for name in FILES)} <= set(written)
    assert (answer["digest"], answer["sha256"]) == (artifact.digest, context.sha256)
    edge.render(answer)
    with pytest.raises(MlopsError, match="is there already"):
        edge.edge(azure, ROOT, None, tmp_path / "context")
