"""Our composite for any server: the artifact of MODEL_DIR behind the very code that our own service runs.

Imported in the environments of other servers too: needs numpy, orjson and onnxruntime only.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from scoring.model import artifact as artifacts
from scoring.model.drift import DriftRules
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Scorer
from scoring.settings import Limits, ModelIdentity

REQUEST_ID = "0123456789abcdef0123456789abcdef"


class Composite:
    """One for each process; the drift thread runs, as it does in our service."""

    def __init__(self, model_dir: Path) -> None:
        artifact = artifacts.load(model_dir)
        self.monitor = DriftMonitor(artifact.drift, DriftRules(), Pace())
        self.scorer = Scorer(artifact, self.monitor, ModelIdentity("benchmark", "1"), Limits().rows)
        self.scorer.self_test()
        self.monitor.start()

    def answer(self, body: bytes) -> bytes:
        """JSON bytes of a request -> JSON bytes of its answer."""
        return self.answer_payload(orjson.loads(body))

    def answer_payload(self, payload: Any) -> bytes:
        """The same for a server that has parsed the body itself."""
        scorer = self.scorer
        return scorer.body(scorer.score(scorer.encode(payload)), REQUEST_ID)

    def close(self) -> None:
        self.monitor.stop()


def from_environment() -> Composite:
    return Composite(Path(os.environ["MODEL_DIR"]))
