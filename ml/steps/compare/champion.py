"""The champion's metrics on the challenger's test rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml.steps.evaluate.evaluation import evaluate
from ml.steps.files import Table
from ml.steps.registry import RegisteredModel, Registry


def judged(
    registry: Registry, champion: RegisteredModel, test_sha256: str, test: Callable[[], Table]
) -> Mapping[str, Any]:
    """What was recorded, when it was measured on these very test rows; else the champion is scored on them.

    Raises StepError when the champion cannot be scored.
    """
    recorded = champion.evaluation
    if recorded is not None and recorded.get("test_sha256") == test_sha256:
        return recorded
    with tempfile.TemporaryDirectory(prefix="champion-") as directory:
        artifact = registry.download(champion, Path(directory))
        return evaluate(artifact, test()).to_json()
