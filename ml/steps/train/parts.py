"""Which rows a model is fitted on, chosen by and calibrated on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.steps.prepare.split import position

# The parts of the rows, by the position of each row's id. A model is chosen by rows that it was not fitted
# on; calibration and thresholds are learned on rows that tuning never saw, either.
PARTS = ("fit", "selection", "calibration")
CALIBRATION_FRACTION, SELECTION_FRACTION = 0.2, 0.15


def parts(identifiers: Sequence[object]) -> NDArray[np.str_]:
    """The part of each row, one of PARTS."""
    at = np.array([position(identifier, "validation") for identifier in identifiers])
    ends = (CALIBRATION_FRACTION, CALIBRATION_FRACTION + SELECTION_FRACTION)
    return np.select([at < ends[0], at < ends[1]], ["calibration", "selection"], "fit")
