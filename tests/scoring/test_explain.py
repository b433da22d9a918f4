"""Explanations against the shap package and against the definition of the Shapley value."""

import shutil
import warnings
from dataclasses import fields
from functools import lru_cache
from itertools import combinations
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from ml.steps.train import additive, parity
from ml.steps.train.calibration import calibrated
from ml.steps.train.candidates import CANDIDATES, fitted
from ml.steps.train.explanation import explanation
from scoring.model.artifact import EXPLANATION, Artifact, ArtifactError, load
from scoring.model.composite import Composite
from scoring.model.explain import Explainer, Explanation, ExplanationError
from scoring.model.schema import Matrix
from tests.scoring.trained import Small, small


def shapley(function, row: Matrix, background: Matrix) -> np.ndarray:
    """The definition: the mean over background rows of each feature's weighted marginal contributions."""
    width = row.size
    values = np.zeros(width)
    means: dict[tuple[int, ...], float] = {}
    for size in range(width + 1):
        for chosen in combinations(range(width), size):
            mixed = background.copy()
            mixed[:, chosen] = row[list(chosen)]
            means[chosen] = float(function(mixed).mean())
    for feature in range(width):
        rest = [other for other in range(width) if other != feature]
        for size in range(width):
            weight = factorial(size) * factorial(width - size - 1) / factorial(width)
            for chosen in combinations(rest, size):
                with_it = tuple(sorted((*chosen, feature)))
                values[feature] += weight * (means[with_it] - means[chosen])
    return values


def small_rows(seed: int, count: int = 300) -> tuple[Matrix, np.ndarray]:
    random = np.random.default_rng(seed)
    matrix = random.integers(0, 6, size=(count, 4)).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    weight = np.nan_to_num(matrix) @ random.normal(size=4) + (matrix[:, 0] > 2) * (matrix[:, 1] > 2) * 3
    return matrix, (weight + random.normal(size=count) > np.median(weight)).astype(int)


@pytest.mark.parametrize("seed", range(3))
def test_values_are_those_of_the_definition_with_missing_values(seed: int) -> None:
    matrix, labels = small_rows(seed)
    boosted = HistGradientBoostingClassifier(max_iter=12, max_depth=4, min_samples_leaf=5).fit(matrix, labels)
    background = matrix[:25]
    explainer = Explainer(explanation(additive.boosted(boosted), background))
    assert explainer.base == pytest.approx(boosted.decision_function(background).mean(), abs=1e-9)
    rows = np.concatenate([matrix[100:106], [[-1, 9, np.nan, 7]], np.full((1, 4), np.nan)], dtype=np.float32)
    for row, found in zip(rows, explainer.explain(rows), strict=True):
        assert found == pytest.approx(shapley(boosted.decision_function, row, background), abs=1e-9)


def test_a_forest_is_explained_in_shares() -> None:
    matrix, labels = small_rows(9)
    forest = RandomForestClassifier(n_estimators=8, max_depth=4, random_state=0).fit(matrix, labels)
    explainer = Explainer(explanation(additive.forest(forest), matrix[:25]))
    for row, found in zip(matrix[50:54], explainer.explain(matrix[50:54]), strict=True):
        expected = shapley(lambda rows: forest.predict_proba(rows)[:, 1], row, matrix[:25])
        assert found == pytest.approx(expected, abs=1e-9)


def test_values_are_those_of_the_shap_package(model: Small) -> None:
    matrix, labels = model.test_matrix, model.test["default"].to_numpy()
    background = matrix[:100]
    build = HistGradientBoostingClassifier(max_iter=40, max_depth=5, learning_rate=0.2, random_state=1)
    boosted = build.fit(matrix.astype(np.float64), labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its plots
        import shap

        peer = shap.TreeExplainer(
            boosted, background.astype(np.float64), feature_perturbation="interventional"
        )
        expected = peer.shap_values(matrix[100:200].astype(np.float64), check_additivity=False)
    explainer = Explainer(explanation(additive.boosted(boosted), background))
    assert np.abs(explainer.explain(matrix[100:200]) - expected).max() <= 1e-5
    assert explainer.base == pytest.approx(float(np.ravel(peer.expected_value)[0]), abs=1e-5)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda candidate: candidate.name)
def test_every_candidate_adds_up_to_its_calibrated_probability(candidate, model: Small) -> None:
    schema, labels = model.trained.artifact.schema, model.test["default"].to_numpy()
    matrix = model.test_matrix
    classifier = calibrated(
        fitted(candidate, candidate.start, 1, schema, (matrix[:300], labels[:300])),
        matrix[300:],
        labels[300:],
    )
    margin = additive.read(candidate.name, classifier)
    explainer = Explainer(explanation(margin, matrix[:200]))
    rows = parity.adversarial_rows(schema, matrix, list(margin.trees), seed=5)[::15]
    assert np.isnan(rows).any()
    expected = classifier.predict_proba(rows.astype(np.float64))[:, 1]
    assert np.abs(expit(explainer.margins(rows)) - expected).max() <= 1e-6
    same = explainer.base + explainer.explain(matrix[:200]).mean(axis=0).sum()
    assert same == pytest.approx(explainer.base, abs=1e-6)  # against itself, the background moves nothing


@lru_cache(maxsize=1)
def served() -> tuple[Explainer, Composite]:
    artifact = small().trained.artifact
    return Explainer(artifact.explanation()), Composite(artifact.composite, artifact.schema.width)


values = st.one_of(st.floats(-1e7, 1e7, width=32), st.just(float("nan")), st.integers(-3, 12).map(float))


@given(st.lists(values, min_size=23, max_size=23))
@settings(max_examples=60, deadline=None)
def test_any_row_adds_up_to_what_is_served(row: list[float]) -> None:
    explainer, composite = served()
    matrix = np.array([row], dtype=np.float32)
    explained = explainer.explain(matrix)
    assert explained.dtype == np.float64
    probability = composite.run(matrix)[0][0]
    assert abs(expit(explainer.base + explained.sum()) - probability) <= 1e-5


def test_rows_are_explained_alone_as_together(artifact: Artifact, model: Small) -> None:
    explainer = Explainer(artifact.explanation())
    rows = model.test_matrix[:20]
    together = explainer.explain(rows)
    alone = np.concatenate([explainer.explain(row[None]) for row in rows])
    assert (together == alone).all()
    assert explainer.explain(rows[:0]).shape == (0, 23)


def test_loading_does_not_read_the_explanation(model_dir: Path, tmp_path: Path) -> None:
    directory = shutil.copytree(model_dir, tmp_path / "model")
    (directory / EXPLANATION).unlink()
    artifact = load(directory)
    with pytest.raises(ArtifactError, match=r"explanation\.npz: No such file"):
        artifact.explanation()
    (directory / EXPLANATION).write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"explanation\.npz has SHA-256 .* the manifest states"):
        artifact.explanation()


def test_equal_explanations_are_equal_files(artifact: Artifact) -> None:
    found = artifact.explanation()
    assert found.to_bytes() == artifact.explanation_file.read()
    assert found.background_rows == 1_000


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": np.float32}, "value is float32"),
        ({"feature": lambda array: array + np.int16(30)}, "columns beyond the 23"),
        ({"count": lambda array: array + np.arange(array.size, dtype=np.uint32)}, "different numbers"),
        ({"first": lambda array: array[::-1].copy()}, "first does not part"),
        ({"mask": lambda array: array | np.uint16(1 << 15)}, "bits beyond its"),
        ({"value": lambda array: array * np.nan}, "not finite"),
        ({"slope": lambda array: array[:5]}, r"slope is float64 \[5\], expected float64 \[23\]"),
    ],
)
def test_arrays_that_do_not_fit_are_named(artifact: Artifact, change: dict, says: str) -> None:
    found = artifact.explanation()
    arrays = {field.name: getattr(found, field.name) for field in fields(found)}
    for name, how in change.items():
        arrays[name] = arrays[name].astype(how) if isinstance(how, type) else how(arrays[name])
    with pytest.raises(ExplanationError, match=says):
        Explanation.from_bytes(Explanation(**arrays).to_bytes(), 23)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY"])
def test_what_is_no_archive_is_named(content: bytes) -> None:
    with pytest.raises(ExplanationError, match="not the arrays of an explanation"):
        Explanation.from_bytes(content, 23)
