"""The settings of a training, and which of them no model can come of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ml.steps.errors import StepError
from ml.steps.train.candidates import Parameters
from ml.steps.train.space import ALLOWED, BOOSTING, OFFERED, SPACE

GREATEST_SEED = 2**32 - 1  # what numpy and scikit-learn take
INTEGERS = {each.name for each in SPACE if each.integer}


@dataclass(frozen=True, slots=True)
class Settings:
    """`outlier_share` of the rows may lie above the outlier threshold; the costs are those of an error."""

    parameters: Parameters
    outlier_share: float = 0.01
    false_negative_cost: float = 5.0
    false_positive_cost: float = 1.0

    def check(self) -> None:
        """Raises StepError naming the first setting of which no usable model can come, and what it is."""
        given = self.parameters
        share = self.outlier_share
        _hold("outlier_share", share, 0 < share < 1, "a share above 0 and below 1")
        for name in ("false_negative_cost", "false_positive_cost"):
            value: float = getattr(self, name)
            _hold(name, value, math.isfinite(value) and value > 0, "a finite number above 0")
        _hold("trials", given.trials, given.trials >= 1, "1 or more")
        seed = f"a whole number from 0 to {GREATEST_SEED}"
        _hold("seed", given.seed, 0 <= given.seed <= GREATEST_SEED, seed)
        unknown = [name for name in given.candidates if name not in OFFERED]
        if unknown or not given.candidates or len(set(given.candidates)) < len(given.candidates):
            raise StepError(
                f"candidates are {','.join(given.candidates) or 'none'}: expected some of "
                f"{', '.join(OFFERED)}, each once, with commas between them"
            )
        for name, value in given.boosting.items():
            if name not in ALLOWED:
                raise StepError(f"{name!r} is no value of {BOOSTING}: known are {', '.join(ALLOWED)}")
            low, high = ALLOWED[name]
            kind = "whole number" if name in INTEGERS else "number"
            right = low <= value <= high and (name not in INTEGERS or value == int(value))
            _hold(name, value, right, f"a {kind} from {low:g} to {high:g}")


def _hold(name: str, value: float, holds: bool, wanted: str) -> None:
    if not holds:
        raise StepError(f"{name} is {value}: expected {wanted}")
