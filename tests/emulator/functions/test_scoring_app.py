"""The function app that scores, as `python -m ml.functions` packs it, run by the host."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ml.functions.package import package
from tests.emulator.functions.conftest import World
from tests.scoring.trained import as_stated, small

ROOT = Path(__file__).resolve().parents[3]
KEY = "a-key-of-these-tests"


def test_the_package_runs_and_scores(world: World, tmp_path: Path) -> None:
    artifact = small().trained.artifact
    artifact.save(tmp_path / "model")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    world.declare(MODEL_DIR="another", API_KEY_SHA256=digest)
    told = {"MODEL_DIR": str(tmp_path / "model"), "MODEL_NAME": "credit"}
    assert world.publish(package(ROOT, told=told)).status == 202
    assert world.state()["status"] == 4, world.state()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    body = json.dumps(dict(artifact.samples.request)).encode()
    answer = world.send("POST", "/score", body, headers=headers)
    assert answer.status == 200, answer.body
    found = json.loads(answer.body)
    assert as_stated(found["predictions"], artifact.samples.predictions)
    assert as_stated(found["outliers"], artifact.samples.outliers)
    assert (found["model"]["name"], found["model"]["digest"]) == ("credit", artifact.digest)
    assert world.send("POST", "/score", body, headers={"content-type": "application/json"}).status == 401
    assert world.send("POST", "/drift", body, headers=headers).status == 404
