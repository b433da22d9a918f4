"""The champion's metrics on the challenger's test rows, at the challenger's costs of errors."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ml.steps.errors import StepError
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.evaluate.metrics import DIRECTIONS, Costs
from ml.steps.files import Table
from ml.steps.registry import RegisteredModel, Registry


def judged(
    registry: Registry, champion: RegisteredModel, test_sha256: str, test: Callable[[], Table], costs: Costs
) -> Mapping[str, Any]:
    """The recorded metrics when they are of these very test rows and costs; otherwise the champion is scored
    on these rows, at its own decision threshold.

    Raises StepError, naming the champion, when it cannot be scored.
    """
    recorded = champion.evaluation
    if recorded is not None and champion.costs == costs and _whole(recorded, test_sha256):
        return recorded
    with tempfile.TemporaryDirectory(prefix="champion-") as directory:
        try:
            artifact = registry.download(champion, Path(directory))
            return evaluate(artifact, test(), costs).to_json()
        except StepError as error:
            reason = str(error).replace(f"{directory}/", "")  # a place that is gone by then
            raise StepError(
                f"the champion {champion.name}:{champion.version} cannot be judged: {reason}. "
                "To compare with the version before it, archive that version; to begin anew, train under "
                "another model name"
            ) from error


def _whole(recorded: Mapping[str, Any], test_sha256: str) -> bool:
    """Whether the record is of these test rows and has all metrics."""
    if recorded.get("test_sha256") != test_sha256:
        return False
    return all(_number(recorded.get(metric)) for metric in DIRECTIONS)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
