"""Candidates of another library, and of an earlier model."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.steps.contract import SCHEMA
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import ranking
from ml.steps.matrix import matrix_of
from ml.steps.registry import WORKSPACE_VARIABLES, AzureRegistry, RegisteredModel
from ml.steps.train import additive, explanation, graph, main, margins, parity, previous, training
from ml.steps.train.calibration import calibrated
from ml.steps.train.candidates import CANDIDATES, Parameters, fitted, outlier_detector, probabilities
from ml.steps.train.candidates import continued as continued_from
from ml.steps.train.leafwise import FIXED, LeafWise
from ml.steps.train.previous import Previous
from ml.steps.train.space import CONTINUED, LEAFWISE, LEAFWISE_START, LINEAR, OFFERED
from ml.steps.train.trees import isolation_trees
from ml.steps.workspace import Workspace
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact
from scoring.model.composite import Composite
from scoring.model.explain import Explainer
from scoring.model.graph import read
from scoring.model.schema import NumberFeature, Schema
from tests.ml.steps.conftest import FakeRegistry
from tests.scoring.trained import SETTINGS, Small

QUICK = replace(SETTINGS, parameters=Parameters(seed=7, trials=1, candidates=(LINEAR,)))
NAME = "credit-default:3"


def gaps(matrix: np.ndarray) -> np.ndarray:
    found = matrix.copy()
    found[np.random.default_rng(1).random(found.shape) < 0.2] = np.nan
    return found


def test_what_lightgbm_takes_for_zero_goes_where_it_sends_it() -> None:
    """Its splits beside 0 lie at 1e-35, and a value as small as that counts as 0."""
    values = np.repeat([-2.0, -1.0, 0.0, 1.0, 2.0], 100)[:, None]
    for label in (values[:, 0] < 0, values[:, 0] > 0):
        classifier = LeafWise({**LEAFWISE_START, "max_iter": 3}, 1).fit(values, label.astype(np.int64))
        margin = additive.leafwise(classifier)
        thresholds = np.concatenate([tree.threshold[tree.feature >= 0] for tree in margin.trees])
        assert (np.abs(thresholds) < 1e-30).all()
        near = np.array([0.0, 1e-36, 1e-35, 1.1e-35, np.nan], dtype=np.float32)
        rows = np.concatenate([near, -near])[:, None].astype(np.float64)
        assert margins.evaluate(margin, rows) == pytest.approx(classifier.decision_function(rows))


def test_lightgbm_trained_on_rows_with_gaps_is_exported_as_it_is(model: Small) -> None:
    """Where a value is missing, each split goes the way that was learned for it."""
    matrix, labels = gaps(matrix_of(model.rows, SCHEMA)), model.rows["default"].to_numpy()
    (candidate,) = (each for each in CANDIDATES if each.name == LEAFWISE)
    inner = fitted(candidate, {**candidate.start, "max_iter": 40}, 1, SCHEMA, (matrix[:1500], labels[:1500]))
    classifier = calibrated(inner, matrix[1500:], labels[1500:])
    margin = additive.read(LEAFWISE, classifier)
    directions = np.concatenate([tree.missing_left[tree.feature >= 0] for tree in margin.trees])
    assert 0 < directions.mean() < 1
    detector = outlier_detector(Parameters(1), matrix_of(model.rows, SCHEMA))
    composite = Composite(graph.composite(margin, detector), SCHEMA.width)
    explainer = Explainer(explanation.explanation(margin, matrix[:200]))
    splits = [*margin.trees, *isolation_trees(detector)]
    adversarial = parity.adversarial_rows(SCHEMA, model.test_matrix, splits, seed=3)
    rows = np.concatenate([gaps(model.test_matrix), adversarial])
    differences = parity.all_differences(composite, classifier, detector, explainer, {"": rows})[""]
    assert max(differences.values()) <= parity.TOLERANCE


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({}, "native categories"),
        ({"linear_tree": True, "linear_lambda": 0.1}, "a line of its own"),
        ({"zero_as_missing": True}, "missing values of the type Zero"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, "only their sum"),
    ],
    ids=["native categories", "linear trees", "zeros as missing", "a forest"],
)
def test_what_converters_leave_out_silently_is_refused(
    model: Small, parameters: dict[str, Any], says: str
) -> None:
    import lightgbm

    matrix, labels = matrix_of(model.rows, SCHEMA).astype(np.float64), model.rows["default"].to_numpy()
    matrix[::7, 5] = np.nan
    matrix[:, 1] = np.where(labels == 1, 2, np.arange(len(labels)) % 2)  # so that it is split on
    classifier = LeafWise(LEAFWISE_START, 1)
    categories = [1] if says == "native categories" else "auto"
    rows = lightgbm.Dataset(matrix, labels, params=FIXED | parameters, categorical_feature=categories)
    classifier.booster_ = lightgbm.train(FIXED | parameters, rows, num_boost_round=5)
    with pytest.raises(ValueError, match=says):
        list(classifier.trees())


@pytest.fixture(scope="session")
def earlier(artifact: Artifact) -> Previous:
    return previous.previous(NAME, artifact, SCHEMA)


def test_an_earlier_model_is_read_back_as_it_answers(
    earlier: Previous, artifact: Artifact, model: Small
) -> None:
    rows = gaps(model.test_matrix)
    margin = margins.evaluate(earlier.margin, rows.astype(np.float64))
    served = Composite(artifact.composite, SCHEMA.width).run(rows)[0]
    assert np.abs(1 / (1 + np.exp(-margin)) - served).max() <= 1e-6
    assert earlier.digest == artifact.digest


@pytest.fixture(scope="session")
def continued(model: Small, earlier: Previous) -> training.Trained:
    return training.train(model.rows, model.test, QUICK, earlier)


def test_a_training_may_start_from_an_earlier_model(
    continued: training.Trained, earlier: Previous, model: Small
) -> None:
    made = continued.artifact
    assert made.estimator == continued.contest.selected == CONTINUED
    assert made.lineage["previous"] == NAME and made.lineage["previous_digest"] == earlier.digest
    assert {"lightgbm", "scikit-learn"} <= set(made.lineage)
    ours, theirs = read(made.composite).margin, earlier.margin.trees
    added = int(continued.contest.values[CONTINUED]["max_iter"])
    assert len(ours.first) - 1 == len(theirs) + added
    assert (ours.feature[: theirs[0].feature.size] == theirs[0].feature).all()


def test_the_same_rows_and_seed_give_the_same_trees(model: Small, earlier: Previous) -> None:
    matrix, labels = matrix_of(model.rows, SCHEMA), model.rows["default"].to_numpy()
    candidate = continued_from(earlier)

    def trees(seed: int) -> str:
        made = fitted(candidate, {**candidate.start, "max_iter": 8}, seed, SCHEMA, (matrix, labels))
        return json.dumps(made.booster_.dump_model()["tree_info"])

    with ThreadPoolExecutor(3) as pool:
        one, again, at_once, another = pool.map(trees, (5, 5, 5, 6))
    assert one == again == at_once != another
    # Without these, sums are taken in the order in which threads end: on other machines the trees differ.
    assert (FIXED["num_threads"], FIXED["deterministic"], FIXED["force_row_wise"]) == (1, True, True)


def test_rows_that_the_earlier_model_was_not_fitted_on_decide(
    continued: training.Trained, model: Small
) -> None:
    """It was fitted on the selection rows: judged by them, what starts from it would look too good."""
    contest, made = continued.contest, continued.artifact
    assert made.lineage["selection"] == "least log_loss on calibration rows"
    here = training.parts(model.rows["id"].tolist()) == "calibration"
    matrix, labels = matrix_of(model.rows, SCHEMA)[here], model.rows["default"].to_numpy()[here]
    for name, classifier in contest.fitted.items():
        assert contest.decided[name] == ranking(labels, probabilities(classifier, matrix))
        assert contest.decided[name] != contest.metrics[name]
    assert made.metrics[f"deciding.{CONTINUED}.log_loss"] == pytest.approx(
        contest.decided[CONTINUED]["log_loss"]
    )
    losses = {name: metrics["log_loss"] for name, metrics in contest.decided.items()}
    assert contest.selected == min(losses, key=lambda name: losses[name])


def test_without_an_earlier_model_the_selection_rows_decide(model: Small, artifact: Artifact) -> None:
    assert model.trained.contest.decided == model.trained.contest.metrics
    assert artifact.lineage["selection"] == "least log_loss on selection rows"
    assert not [name for name in artifact.metrics if name.startswith("deciding.")]


def test_each_candidate_has_its_costs(continued: training.Trained, artifact: Artifact) -> None:
    for made, names in (
        (artifact, ("hist_gradient_boosting", "random_forest", "logistic_regression")),
        (continued.artifact, (LINEAR, CONTINUED)),
    ):
        costs = {name: value for name, value in made.metrics.items() if name.startswith("cost.")}
        assert set(costs) == {
            f"cost.{name}.{figure}" for name in names for figure in ("seconds", "bytes", "microseconds")
        }
        assert all(value > 0 for value in costs.values())
    grown = continued.artifact.metrics[f"cost.{CONTINUED}.bytes"]
    assert grown > continued.artifact.metrics[f"cost.{LINEAR}.bytes"]
    assert grown == pytest.approx(len(continued.artifact.composite), rel=0.1)


def test_machine_code_takes_them_all(continued: training.Trained, model: Small) -> None:
    found = machine.found()
    if isinstance(found, machine.Absent):
        pytest.skip(found.reason)
    chosen = evaluator.choose(continued.artifact, found)
    assert chosen.name == "machine code", chosen.reason
    matrix, labels = matrix_of(model.rows, SCHEMA), model.rows["default"].to_numpy()
    (candidate,) = (each for each in CANDIDATES if each.name == LEAFWISE)
    classifier = fitted(candidate, candidate.start, 1, SCHEMA, (gaps(matrix), labels))
    exported = graph.composite(additive.leafwise(classifier), outlier_detector(Parameters(1), matrix))
    code = evaluator.MachineComposite(found.composite(read(exported), SCHEMA.width))
    rows = gaps(model.test_matrix)
    for ours, made in ((chosen.composite, continued.artifact.composite), (code, exported)):
        theirs = Composite(made, SCHEMA.width)
        assert np.abs(np.array(ours.run(rows)) - np.array(theirs.run(rows))).max() <= evaluator.TOLERANCE


def test_a_model_of_other_features_is_named(artifact: Artifact) -> None:
    features = list(artifact.schema.features)
    renamed = Schema((NumberFeature("income", "", 0.0, 1.0, False), *features[1:]))
    for schema, says in (
        (renamed, r"feature 1 is \w+, \w+, .* here it is income, number"),
        (Schema(tuple(features[:-1])), rf"feature {len(features)} is \w+, \w+.*, and here it is none"),
    ):
        with pytest.raises(StepError, match=f"no training can start from {NAME}: its {says}"):
            previous.previous(NAME, artifact, schema)
    wider = [replace(each, maximum=each.maximum + 1) if isinstance(each, NumberFeature) else each
             for each in features]  # fmt: skip
    assert previous.previous(NAME, artifact, Schema(tuple(wider))).name == NAME


def test_trees_do_not_grow_without_end(artifact: Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previous, "MOST_TREES", 80)
    with pytest.raises(StepError, match=f"{NAME} has 40 trees, .* up to 60 more: at most 80 are allowed"):
        previous.previous(NAME, artifact, SCHEMA)


def test_a_graph_of_another_kind_is_no_beginning(artifact: Artifact) -> None:
    with pytest.raises(StepError, match=f"no training can start from {NAME}: .*no ONNX"):
        previous.previous(NAME, replace(artifact, composite=b"\x0a\xff"), SCHEMA)


@pytest.mark.parametrize("given", [(), ("boosting",), (LINEAR, LINEAR)])
def test_candidates_that_are_not_offered_are_named(model: Small, given: tuple[str, ...]) -> None:
    wrong = replace(QUICK, parameters=replace(QUICK.parameters, candidates=given))
    says = f"candidates are {','.join(given) or 'none'}: expected some of {', '.join(OFFERED)}, each once"
    with pytest.raises(StepError, match=re.escape(says)):
        training.train(model.rows, model.test, wrong)


def test_the_step_takes_the_registered_model(
    artifact: Artifact, registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact.save(tmp_path / "earlier")
    known: RegisteredModel = registry.register("credit-default", tmp_path / "earlier", "", {}, {})
    start = f"{known.name}:{known.version}"
    found = main.registered(start, lambda: registry)
    assert (found.name, found.digest) == (start, artifact.digest)
    given: list[Any] = []
    monkeypatch.setattr(main, "run", lambda *arguments: given.extend(arguments))
    words = f"--validated v --seed 1 --model m --candidates lightgbm,random_forest --start-from {start}"
    assert main.main(words.split()) == 0
    assert given[1].parameters.candidates == ("lightgbm", "random_forest") and given[-1] == start
    with pytest.raises(StepError, match="start_from is 'latest': expected NAME:VERSION"):
        main.registered("latest", lambda: registry)


def test_a_beginning_that_is_not_registered_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def none(_workspace: Workspace, path: str) -> None:
        asked.append(path)

    monkeypatch.setattr(Workspace, "read", none)
    workspace = AzureRegistry(dict.fromkeys(WORKSPACE_VARIABLES, "here"))
    with pytest.raises(StepError, match="there is no registered model credit-default:9"):
        main.registered("credit-default:9", lambda: workspace)
    assert asked == ["models/credit-default/versions/9"]
