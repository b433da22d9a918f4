"""Features of a window of days against the training rows, and against the same season where it is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.quality.faults import Fault, fault
from ml.quality.rules import Rules
from ml.quality.sums import DaySums
from scoring.model.drift import compare
from scoring.model.sketch import DriftReference, FeatureSketch
from scoring.model.statistics import benjamini_hochberg

Status = Literal["stable", "drifted", "season", "broken", "not kept", "too few rows"]


@dataclass(frozen=True, slots=True)
class FeatureState:
    """One feature over the window.

    psi: population stability index less its mean under no change. p_adjusted: for all features together
    (Benjamini-Hochberg, which keeps the level of the whole day where no feature has changed).
    """

    name: str
    status: Status
    psi: float = 0.0
    p_adjusted: float = 1.0
    nulls: int = 0
    fault: Fault | None = None


def features(
    reference: DriftReference, window: DaySums, season: DaySums | None, rules: Rules
) -> tuple[FeatureState, ...]:
    """Each feature of the reference, in its order.

    season: the days around one year before, or None where too few of them are known
    """
    against = _tested(reference.sketches, window, rules)
    if season is not None:
        before = _tested(_as_reference(reference, season), window, rules)
        against = tuple(
            replace(state, status="season")
            if state.status == "drifted" and then.status == "stable"
            else state
            for state, then in zip(against, before, strict=True)
        )
    return tuple(
        _with_fault(state, number, reference.sketches[number], window, rules)
        for number, state in enumerate(against)
    )


def _as_reference(reference: DriftReference, season: DaySums) -> tuple[FeatureSketch, ...]:
    return tuple(
        replace(sketch, counts=tuple(season.bins[number, : len(sketch.counts)].tolist()))
        for number, sketch in enumerate(reference.sketches)
    )


def _tested(sketches: tuple[FeatureSketch, ...], window: DaySums, rules: Rules) -> tuple[FeatureState, ...]:
    """All features tested at the level of a day. Those with too few rows on either side are not tested."""
    psi, p_values = np.zeros(len(sketches)), np.ones(len(sketches))
    tested = np.zeros(len(sketches), dtype=bool)
    for number, sketch in enumerate(sketches):
        counts = window.bins[number, : len(sketch.counts)]
        rows, others = int(counts.sum()), sum(sketch.counts)
        if min(rows, others) < max(1, rules.least_rows):
            continue
        tested[number] = True
        psi[number], p_values[number] = compare(sketch, counts)
        psi[number] -= _by_chance(sketch, counts)
    adjusted = np.ones(len(sketches))
    if tested.any():
        adjusted[tested] = benjamini_hochberg(p_values[tested])
    drifted = tested & (adjusted <= rules.drift_level) & (psi >= rules.least_psi)
    return tuple(
        FeatureState(
            sketch.name,
            _status(window, number, bool(tested[number]), bool(drifted[number])),
            float(psi[number]),
            float(adjusted[number]),
            int(window.nulls[number]),
        )
        for number, sketch in enumerate(sketches)
    )


def _status(window: DaySums, number: int, tested: bool, drifted: bool) -> Status:
    if not tested:
        return "not kept" if window.nulls[number] and not window.present[number] else "too few rows"
    return "drifted" if drifted else "stable"


def _by_chance(sketch: FeatureSketch, counts: NDArray[np.int64]) -> float:
    """The mean of the index between two samples of one distribution: a chi-squared of bins - 1 degrees."""
    expected = np.asarray(sketch.counts, dtype=np.int64)
    seen = int(((expected + counts) > 0).sum())
    return (seen - 1) * (1.0 / counts.sum() + 1.0 / expected.sum())


def _with_fault(
    state: FeatureState, number: int, sketch: FeatureSketch, window: DaySums, rules: Rules
) -> FeatureState:
    """A fault explains a drift, or missing values where nothing else moved."""
    if state.status == "not kept":
        return state
    counts = window.bins[number, : len(sketch.counts)]
    found = fault(sketch, counts, state.nulls, window.quantiles[number], rules)
    if found is None or (found.kind != "missing" and state.status not in ("drifted", "season")):
        return state
    return replace(state, status="broken", fault=found)
