"""Features whose training values are nearly all one value: what moves elsewhere is seen, what stays is not.

Windows have 1,000 rows. SHAPES says how a feature's values are drawn, MOVES where the rows of a window go.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.model.drift import DriftReport, DriftRules, evaluate
from scoring.model.schema import Matrix, NumberFeature, Schema
from scoring.model.sketch import MAX_BINS, QUANTILES, DriftReference, number_edges
from scoring.model.typed_json import Node
from scoring.window import RollingWindow

TRAINING, ROWS, RULES = 20_000, 1_000, DriftRules()
MOST_CLEAN_ALARMS, CLEAN_WINDOWS = 0.05, 200  # as for the real data: docs/scoring.md

Values = np.ndarray
Draw = Callable[[np.random.Generator, int], Values]


def mostly(value: float, share: float, others: Draw) -> Draw:
    """That value in so large a share of the rows, other values in the rest."""
    return lambda random, rows: np.where(random.random(rows) < share, value, others(random, rows))


def amounts(random: np.random.Generator, rows: int) -> Values:
    return random.gamma(2.0, 40.0, rows) + 1.0


def constant(value: float) -> Draw:
    return lambda random, rows: np.full(rows, value)


@dataclass(frozen=True)
class Shape:
    draw: Draw
    common: float  # the value that most rows have
    integer: bool = False


SHAPES = {
    "a sentinel below all others in 96%": Shape(mostly(-1.0, 0.96, amounts), -1.0),
    "a sentinel above all others in 96%": Shape(mostly(9_999.0, 0.96, amounts), 9_999.0),
    "a sentinel among the others in 96%": Shape(
        mostly(0.0, 0.96, lambda random, rows: random.normal(0, 50, rows)), 0.0
    ),
    "a whole number in 96%": Shape(
        mostly(7.0, 0.96, lambda random, rows: random.integers(0, 50, rows)), 7.0, integer=True
    ),
    "a flag of 97% ones": Shape(mostly(1.0, 0.97, constant(0.0)), 1.0, integer=True),
    "a flag of 97% zeros": Shape(mostly(0.0, 0.97, constant(1.0)), 0.0, integer=True),
    "a flag of 97% ones that may be a fraction": Shape(mostly(1.0, 0.97, constant(0.0)), 1.0),
    "a constant": Shape(constant(0.1), 0.1),
    "the constant 0": Shape(constant(0.0), 0.0),
    "a constant whole number": Shape(constant(3.0), 3.0, integer=True),
}
MOVES: dict[str, Callable[[Shape], float]] = {
    "far below": lambda shape: shape.common - 50_000.0,
    "far above": lambda shape: shape.common + 50_000.0,
    "a little below": lambda shape: shape.common - (1.0 if shape.integer else 0.01),
    "a little above": lambda shape: shape.common + (1.0 if shape.integer else 0.01),
}
SCHEMA = Schema(
    tuple(NumberFeature(name, "of a shape", -1e6, 1e6, shape.integer) for name, shape in SHAPES.items())
)


def rows(count: int, seed: int) -> Matrix:
    random = np.random.default_rng(seed)
    return np.stack([shape.draw(random, count) for shape in SHAPES.values()], axis=1).astype(np.float32)


REFERENCE = DriftReference.learn(rows(TRAINING, 1), SCHEMA)


def report(window: Matrix) -> DriftReport:
    counted = RollingWindow(REFERENCE, ROWS)
    counted.add(window)
    return evaluate(REFERENCE, counted.snapshot(), RULES, None)


def test_clean_windows_seldom_alarm() -> None:
    everything = rows(CLEAN_WINDOWS * ROWS, seed=2).reshape(CLEAN_WINDOWS, ROWS, len(SHAPES))
    alarms = sum(bool(report(window).drifted) for window in everything)
    assert alarms / CLEAN_WINDOWS <= MOST_CLEAN_ALARMS


@pytest.mark.parametrize("share", [1.0, 0.1])
@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("name", SHAPES)
def test_rows_that_move_from_the_common_value_are_seen(name: str, move: str, share: float) -> None:
    """All of them, or one of ten."""
    window, position, shape = rows(ROWS, seed=3), SCHEMA.names.index(name), SHAPES[name]
    window[: int(share * ROWS), position] = MOVES[move](shape)
    assert report(window).drifted == (name,)


@pytest.mark.parametrize("name", [name for name in SHAPES if "constant" not in name])
def test_a_window_of_the_common_value_alone_is_seen(name: str) -> None:
    window, position = rows(ROWS, seed=4), SCHEMA.names.index(name)
    window[:, position] = SHAPES[name].common
    assert name in report(window).drifted


def test_a_sentinel_that_few_rows_have_is_seen_to_change() -> None:
    random = np.random.default_rng(5)
    column = mostly(-999.0, 0.04, amounts)(random, TRAINING).astype(np.float32)
    schema = Schema((NumberFeature("x", "of a shape", -1e6, 1e6, integer=False),))
    reference = DriftReference.learn(column[:, np.newaxis], schema)
    window = mostly(-998.0, 0.04, amounts)(random, ROWS).astype(np.float32)
    counted = RollingWindow(reference, ROWS)
    counted.add(window[:, np.newaxis])
    assert evaluate(reference, counted.snapshot(), RULES, None).drifted == ("x",)


NUMBERS = st.one_of(
    st.integers(-(2**20), 2**20).map(float), st.floats(width=32, allow_nan=False, allow_infinity=False)
)


def in_bins(values: list[float], edges: Values) -> Values:
    return np.searchsorted(edges, np.array(values, dtype=np.float32), side="left")


def normal(value: float) -> bool:
    """Whether every processor tells it from 0."""
    return value == 0 or abs(value) >= float(np.finfo(np.float32).tiny)


@given(st.lists(NUMBERS.filter(normal), min_size=1, max_size=QUANTILES), st.lists(NUMBERS.filter(normal)))
def test_of_few_values_any_other_falls_into_an_empty_bin(had: list[float], others: list[float]) -> None:
    column = np.array(had, dtype=np.float32)
    edges = number_edges(column, integer=False)
    taken = set(in_bins(had, edges).tolist())
    new = [value for value in others if np.float32(value) not in column]
    assert not taken & set(in_bins(new, edges).tolist())
    assert len(taken) == len(np.unique(column))


@given(st.lists(NUMBERS.filter(normal), min_size=1, max_size=200), st.booleans())
def test_beyond_all_values_bins_are_empty(had: list[float], integer: bool) -> None:
    column = np.array([float(round(value)) if integer else value for value in had], dtype=np.float32)
    edges = number_edges(column, integer)
    assert np.isfinite(edges).all()
    assert (np.diff(edges) > 0).all()
    assert edges.size < MAX_BINS
    taken = in_bins(column.tolist(), edges)
    assert taken.max() < edges.size
    assert taken.min() > 0 or column.min() == np.finfo(np.float32).min


def test_a_reference_with_one_bin_says_that_it_is_blind() -> None:
    """Models of before, whose reference stays as it is."""
    old = REFERENCE.to_json()
    old["features"][0] |= {"edges": [], "counts": [TRAINING]}
    assert DriftReference.from_json(Node(old), SCHEMA).blind == (SCHEMA.names[0],)
    assert REFERENCE.blind == ()
