"""How often windows of 1,000 real rows alarm: clean ones seldom, moderately shifted ones nearly always.

Reference and windows are different rows of the real data, drawn from fixed seeds. What counts as a moderate
shift stands in SHIFTS.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pytest

from ml.steps.contract import ID, SCHEMA
from ml.steps.matrix import matrix_of
from ml.steps.prepare.split import held_out
from scoring.model import drift
from scoring.model.drift import DriftRules, compare, evaluate
from scoring.model.schema import CategoryFeature, Matrix
from scoring.model.sketch import DriftReference, FeatureSketch
from scoring.window import RollingWindow
from tests.scoring.trained import data_set

ROWS, RULES = 1_000, DriftRules()
MOST_CLEAN_ALARMS, LEAST_POWER = 0.05, 0.95
CLEAN_WINDOWS, SHIFTED_WINDOWS = 300, 40

Column = np.ndarray
Change = Callable[[Column, "Feature", np.random.Generator], Column]


@dataclass(frozen=True)
class Feature:
    """One feature's values in the reference rows."""

    position: int
    values: Column

    @property
    def deviation(self) -> float:
        return float(self.values.std())

    @property
    def common(self) -> tuple[float, float]:
        """The commonest value and the next."""
        found, counts = np.unique(self.values, return_counts=True)
        order = np.argsort(-counts)
        return float(found[order[0]]), float(found[order[1]])


def moved(values: Column, feature: Feature, points: float, random: np.random.Generator) -> Column:
    first, second = feature.common
    changed = values.copy()
    places = np.flatnonzero(values == first)
    changed[random.choice(places, min(len(places), int(points * len(values))), replace=False)] = second
    return changed


def worse(values: Column, share: float, random: np.random.Generator) -> Column:
    return np.where(random.random(values.size) < share, values + 1, values)


MONEY = ("limit_bal", *(f"bill_amt{i}" for i in range(1, 7)), *(f"pay_amt{i}" for i in range(1, 7)))
MONTHS = ("pay_0", *(f"pay_{i}" for i in range(2, 7)))
CATEGORIES = tuple(item.name for item in SCHEMA.features if isinstance(item, CategoryFeature))
SHIFTS: dict[str, tuple[tuple[str, ...], Change]] = {
    # half a standard deviation is what statistics calls a medium effect
    "half a deviation up": (("age", *MONEY), lambda v, f, r: v + 0.5 * f.deviation),
    "half a deviation down": (("age", *MONEY), lambda v, f, r: v - 0.5 * f.deviation),
    "a quarter of a deviation up": (("age", *MONEY), lambda v, f, r: v + 0.25 * f.deviation),
    # amounts in another currency or unit, or some years of inflation; nothing moves where they are 0
    "scaled by 1.5": (("age", *MONEY), lambda v, f, r: v * 1.5),
    "divided by 1.5": (("age", *MONEY), lambda v, f, r: v / 1.5),
    "scaled by 1.3": (MONEY, lambda v, f, r: v * 1.3),
    # few values: a deviation of 1 cannot be halved, so some rows move by one whole month
    "one row of five a month later": (MONTHS, lambda v, f, r: worse(v, 0.2, r)),
    # one category takes over from another, as when a channel or a code changes
    "15 points to another category": (CATEGORIES, lambda v, f, r: moved(v, f, 0.15, r)),
}
WEIGHTS: dict[str, Callable[[dict[str, Column]], Column]] = {
    # other customers, no value changed: many features move a little
    "young customers twice as common": lambda rows: np.where(rows["age"] < 30, 2.0, 1.0),
    "small limits twice as common": lambda rows: np.where(rows["limit_bal"] < 100_000, 2.0, 1.0),
    "late payers twice as common": lambda rows: np.where(rows["pay_0"] > 0, 2.0, 1.0),
}


@lru_cache(maxsize=1)
def parts() -> tuple[Matrix, Matrix, DriftReference]:
    rows = data_set()
    test = held_out(rows[ID].tolist(), 0.2, salt="test")
    reference, others = matrix_of(rows[~test], SCHEMA), matrix_of(rows[test], SCHEMA)
    return reference, others, DriftReference.learn(reference, SCHEMA)


@pytest.fixture(autouse=True, scope="module")
def compared_once() -> Iterator[None]:
    """The cases take the same windows and change one column: the others are compared once for all."""
    known: dict[tuple[str, bytes], tuple[float, float]] = {}

    def remembered(sketch: FeatureSketch, actual: Column) -> tuple[float, float]:
        key = sketch.name, actual.tobytes()
        if key not in known:
            known[key] = compare(sketch, actual)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drift, "compare", remembered)
        yield


def drifted(window: Matrix) -> tuple[str, ...]:
    reference = parts()[2]
    counted = RollingWindow(reference, ROWS)
    counted.add(window)
    return evaluate(reference, counted.snapshot(), RULES, None).drifted


def windows(count: int, seed: int) -> Iterator[tuple[Matrix, np.random.Generator]]:
    random = np.random.default_rng(seed)
    others = parts()[1]
    for _ in range(count):
        yield others[random.choice(len(others), ROWS, replace=False)], random


def test_clean_windows_seldom_alarm() -> None:
    alarms = sum(bool(drifted(window)) for window, _ in windows(CLEAN_WINDOWS, seed=1))
    assert alarms / CLEAN_WINDOWS <= MOST_CLEAN_ALARMS


CASES = [(shift, name) for shift, (names, _) in SHIFTS.items() for name in names]


@pytest.mark.parametrize(("shift", "name"), CASES, ids=[f"{name} {shift}" for shift, name in CASES])
def test_a_moderate_shift_of_one_feature_alarms(shift: str, name: str) -> None:
    position = SCHEMA.names.index(name)
    feature, schema = Feature(position, parts()[0][:, position]), SCHEMA.features[position]
    found = 0
    for window, random in windows(SHIFTED_WINDOWS, seed=2):
        values = SHIFTS[shift][1](window[:, position].astype(np.float64), feature, random)
        if not isinstance(schema, CategoryFeature):
            whole = np.round(values) if schema.integer else values
            values = np.clip(whole, schema.minimum, schema.maximum)
        window[:, position] = values
        found += name in drifted(window)
    assert found / SHIFTED_WINDOWS >= LEAST_POWER


@pytest.mark.parametrize("shift", WEIGHTS)
def test_a_moderate_shift_of_the_customers_alarms(shift: str) -> None:
    others = parts()[1]
    weights = WEIGHTS[shift](dict(zip(SCHEMA.names, others.T, strict=True)))
    random = np.random.default_rng(3)
    found = 0
    for _ in range(SHIFTED_WINDOWS):
        chosen = random.choice(len(others), ROWS, replace=False, p=weights / weights.sum())
        found += bool(drifted(others[chosen]))
    assert found / SHIFTED_WINDOWS >= LEAST_POWER
