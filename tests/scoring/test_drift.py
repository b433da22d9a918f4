import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model.drift import DriftRules, WindowCounts, evaluate
from scoring.model.schema import CategoryFeature, Matrix, NumberFeature, Schema
from scoring.model.sketch import DriftReference
from scoring.model.typed_json import JsonShapeError, Node
from scoring.window import RollingWindow
from tests.scoring.trained import Small

SCHEMA = Schema(
    (
        NumberFeature("amount", "an amount", -1e6, 1e6, integer=False),
        CategoryFeature("kind", "a kind", ("a", "b", "c")),
        NumberFeature("months", "small whole numbers", 0, 10, integer=True),
    )
)
RULES = DriftRules()


def rows(count: int, seed: int) -> Matrix:
    random = np.random.default_rng(seed)
    columns = [random.normal(0, 1_000, count), random.choice([0, 1, 2], count, p=[0.6, 0.3, 0.1])]
    return np.stack([*columns, random.poisson(2, count).clip(0, 10)], axis=1).astype(np.float32)


REFERENCE = DriftReference.learn(rows(20_000, 1), SCHEMA)


def counted(matrix: Matrix) -> WindowCounts:
    window = RollingWindow(REFERENCE, max(1, len(matrix)))
    window.add(matrix)
    return window.snapshot()


def test_learned_sketches_count_every_row_once() -> None:
    assert REFERENCE.rows == 20_000
    for sketch in REFERENCE.sketches:
        assert sum(sketch.counts) == 20_000
        assert len(sketch.counts) == len(sketch.edges) + 1
    assert REFERENCE.sketches[1].edges == (0.5, 1.5)
    assert counted(rows(20_000, 1)).counts.sum(axis=1).tolist() == [20_000] * 3


def test_bins_of_the_reference_and_of_a_window_are_the_same() -> None:
    same = counted(rows(20_000, 1)).counts
    for row, sketch in enumerate(REFERENCE.sketches):
        assert same[row, : len(sketch.counts)].tolist() == list(sketch.counts)


@given(
    sizes=st.lists(st.integers(1, 70), min_size=1, max_size=12),
    capacity=st.integers(1, 60),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=60)
def test_window_holds_exactly_the_latest_rows(sizes: list[int], capacity: int, seed: int) -> None:
    everything = rows(sum(sizes), seed)
    window = RollingWindow(REFERENCE, capacity)
    start = 0
    for size in sizes:
        window.add(everything[start : start + size])
        start += size
        latest = everything[max(0, start - capacity) : start]
        snapshot = window.snapshot()
        assert snapshot.rows == len(latest)
        assert (snapshot.counts == counted(latest).counts).all()


@given(cuts=st.lists(st.integers(1, 299), max_size=6), seed=st.integers(0, 2**16))
@settings(max_examples=40)
def test_windows_of_replicas_merge_exactly(cuts: list[int], seed: int) -> None:
    everything = rows(300, seed)
    parts = [part for part in np.split(everything, sorted(set(cuts))) if len(part)]
    merged = counted(parts[0])
    for part in parts[1:]:
        merged = merged.merge(counted(part))
    whole = counted(everything)
    assert merged.rows == whole.rows
    assert (merged.counts == whole.counts).all()
    assert evaluate(REFERENCE, merged, RULES, None) == evaluate(REFERENCE, whole, RULES, None)


def test_windows_of_other_bins_do_not_merge() -> None:
    with pytest.raises(ValueError, match="do not merge"):
        counted(rows(10, 1)).merge(WindowCounts(0, np.zeros((2, 2), dtype=np.int64)))


def test_window_counts_survive_json() -> None:
    window = counted(rows(123, 5))
    again = WindowCounts.from_json(json.loads(json.dumps(window.to_json(REFERENCE))), REFERENCE)
    assert (again.counts == window.counts).all()
    with pytest.raises(ValueError, match="kind"):
        WindowCounts.from_json(
            {"rows": 1, "counts": {"amount": [1, *[0] * (len(REFERENCE.sketches[0].counts) - 1)]}}, REFERENCE
        )


def test_few_rows_say_nothing() -> None:
    report = evaluate(REFERENCE, counted(rows(RULES.least_rows - 1, 3) + 5_000), RULES, "now")
    assert (report.status, report.features, report.rows) == ("collecting", (), RULES.least_rows - 1)
    report = evaluate(REFERENCE, counted(rows(RULES.least_rows, 3) * 3), RULES, "now")
    assert report.status == "drifted"


def test_report_names_what_drifted() -> None:
    shifted = rows(1_000, 8)
    shifted[:, 0] += 400
    report = evaluate(REFERENCE, counted(shifted), RULES, "2026-01-01T00:00:00Z")
    assert report.drifted == ("amount",)
    answer = json.loads(report.json)
    assert answer["features"]["amount"]["drifted"] is True
    assert answer["features"]["kind"]["drifted"] is False
    assert (answer["window_rows"], answer["evaluated_at"]) == (1_000, "2026-01-01T00:00:00Z")


def windows(model: Small, count: int, seed: int) -> list[Matrix]:
    random = np.random.default_rng(seed)
    held_out = model.test_matrix
    return [held_out[random.integers(0, len(held_out), 1_000)] for _ in range(count)]


def alarms(model: Small, changed: list[Matrix], feature: str | None = None) -> float:
    """Share of the windows in which that feature (or any) has drifted."""
    artifact = model.trained.artifact
    found = 0
    for matrix in changed:
        window = RollingWindow(artifact.drift, RULES.window_rows)
        window.add(matrix)
        drifted = evaluate(artifact.drift, window.snapshot(), RULES, None).drifted
        found += bool(drifted) if feature is None else feature in drifted
    return found / len(changed)


def test_clean_windows_seldom_alarm(model: Small) -> None:
    """Windows of the reference's own rows: what differs is chance alone."""
    from ml.steps.matrix import matrix_of

    random = np.random.default_rng(11)
    matrix = matrix_of(model.rows, model.trained.artifact.schema)
    clean = [matrix[random.integers(0, len(matrix), 1_000)] for _ in range(200)]
    assert alarms(model, clean) <= 0.05


@pytest.mark.parametrize(
    ("feature", "change"),
    [
        ("age", lambda values, random: values + 3),
        ("limit_bal", lambda values, random: values * 1.5),
        ("bill_amt1", lambda values, random: values + 20_000),
        ("pay_0", lambda values, random: np.where(random.random(values.size) < 0.3, values + 1, values)),
        ("sex", lambda values, random: np.where(random.random(values.size) < 0.25, 1, values)),
        ("education", lambda values, random: np.where(random.random(values.size) < 0.4, 2, values)),
    ],
)
def test_moderate_shifts_alarm(model: Small, feature: str, change) -> None:
    random = np.random.default_rng(3)
    position = model.trained.artifact.schema.names.index(feature)
    shifted = windows(model, 60, seed=4)
    for matrix in shifted:
        matrix[:, position] = change(matrix[:, position], random)
    assert alarms(model, shifted, feature) >= 0.95


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rows": 19_999}, "add up to 20000"),
        ({"features": []}, "not the schema's"),
    ],
)
def test_reference_is_checked_when_read(change: dict, says: str) -> None:
    with pytest.raises(JsonShapeError, match=says):
        DriftReference.from_json(Node(REFERENCE.to_json() | change), SCHEMA)


def test_reference_survives_json() -> None:
    assert DriftReference.from_json(Node(json.loads(json.dumps(REFERENCE.to_json()))), SCHEMA) == REFERENCE
