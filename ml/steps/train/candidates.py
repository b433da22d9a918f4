"""The models that compete, and how the one to export is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.steps.cores import cores
from ml.steps.evaluate.metrics import DIRECTIONS, Labels, Probabilities, ranking
from ml.steps.train.fits import Fits, Fitted
from ml.steps.train.leafwise import LeafWise
from ml.steps.train.previous import Previous
from ml.steps.train.space import (
    BOOSTING,
    CONTINUED,
    CONTINUED_SPACE,
    CONTINUED_START,
    FOREST,
    LEAFWISE,
    LEAFWISE_SPACE,
    LEAFWISE_START,
    LINEAR,
    SPACE,
    START,
    USUAL,
    Dimension,
    Values,
)
from ml.steps.train.tuning import first, search
from scoring.model.schema import CategoryFeature, Matrix, Schema

SELECTION_METRIC = "log_loss"  # a proper score: it rewards good probabilities, and not only a good order
Classifier = Any  # scikit-learn's classifiers share no typed base
Rows = tuple[Matrix, Labels]


@dataclass(frozen=True, slots=True)
class Parameters:
    """`trials` of gradient boosting; the baselines get their share. `boosting`: where its search begins."""

    seed: int
    trials: int = 12
    boosting: Values = field(default_factory=dict[str, float])
    candidates: tuple[str, ...] = USUAL  # which of them compete


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kind of model, where its search begins and how far it may go. `share` of the trials that it gets."""

    name: str
    build: Callable[[Values, int, Schema], Classifier]
    start: Values
    space: tuple[Dimension, ...]
    share: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried of a candidate, and its metrics on the selection rows."""

    values: Values
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Contest:
    """The fitted candidates, the values that were found for each, and their metrics on the selection rows.

    decided: the metrics by which one was selected, on the rows that decided. seconds: of all fits of each.
    """

    fitted: Mapping[str, Classifier]
    values: Mapping[str, Values]
    trials: Mapping[str, int]
    metrics: Mapping[str, Mapping[str, float]]
    selected: str
    history: Mapping[str, tuple[Trial, ...]] = field(default_factory=dict[str, tuple[Trial, ...]])
    decided: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    seconds: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the search for one candidate's values came to."""

    values: Values
    fitted: Classifier
    metrics: Mapping[str, float]
    trials: int
    history: tuple[Trial, ...]
    seconds: float


def _gradient_boosting(values: Values, seed: int, schema: Schema) -> Classifier:
    # Categories enter as ordinal codes: native categorical splits have no right export.
    build: Any = HistGradientBoostingClassifier  # checkers read its parameters' types from defaults, wrongly
    return build(**values, early_stopping=False, random_state=seed)


def _forest(values: Values, seed: int, schema: Schema) -> Classifier:
    build: Any = RandomForestClassifier
    return build(**values, n_estimators=40, max_samples=0.5, random_state=seed)


def _linear(values: Values, seed: int, schema: Schema) -> Classifier:
    categories = [i for i, feature in enumerate(schema.features) if isinstance(feature, CategoryFeature)]
    numbers = [i for i in range(schema.width) if i not in categories]
    scaled = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    transformer: Any = ColumnTransformer
    parts = [
        ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories),
        ("numbers", scaled, numbers),
    ]
    encode = transformer([part for part in parts if part[-1]])  # the other one would never be fitted
    regression: Any = LogisticRegression
    return Pipeline([("encode", encode), ("regression", regression(max_iter=500, **values))])


def _leafwise(values: Values, seed: int, schema: Schema) -> Classifier:
    return LeafWise(values, seed)


CANDIDATES = (
    Candidate(BOOSTING, _gradient_boosting, start=START, space=SPACE, share=1.0),
    Candidate(
        FOREST,
        _forest,
        start={"max_depth": 8, "min_samples_leaf": 40, "max_features": 0.3},
        space=(
            Dimension("max_depth", 6, 8, integer=True),
            Dimension("min_samples_leaf", 20, 100, log=True, integer=True),
            Dimension("max_features", 0.1, 0.5),
        ),
        share=1 / 6,
    ),
    Candidate(
        LINEAR,
        _linear,
        start={"C": 1.0},
        space=(Dimension("C", 1e-4, 10.0, log=True),),
        share=1 / 4,
    ),
    Candidate(LEAFWISE, _leafwise, start=LEAFWISE_START, space=LEAFWISE_SPACE, share=1.0),
)


def competing(parameters: Parameters, previous: Previous | None) -> tuple[Candidate, ...]:
    """The candidates of a training, in CANDIDATES' order; with an earlier model, one that adds to it."""
    chosen = tuple(each for each in CANDIDATES if each.name in parameters.candidates)
    return chosen if previous is None else (*chosen, continued(previous))


def continued(previous: Previous) -> Candidate:
    """Boosting that begins where an earlier model ended: what is fitted is what that model leaves over."""

    def build(values: Values, seed: int, schema: Schema) -> Classifier:
        return LeafWise(values, seed, previous.margin)

    return Candidate(CONTINUED, build, start=CONTINUED_START, space=CONTINUED_SPACE, share=1 / 2)


def probabilities(classifier: Classifier, matrix: Matrix) -> Probabilities:
    """The probability of label 1, [rows]."""
    return np.asarray(classifier.predict_proba(matrix.astype(np.float64))[:, 1], dtype=np.float64)


def fitted(candidate: Candidate, values: Values, seed: int, schema: Schema, rows: Rows) -> Classifier:
    """One model of the candidate's kind, fitted in float64 throughout."""
    return candidate.build(values, seed, schema).fit(rows[0].astype(np.float64), rows[1])


def compete(
    parameters: Parameters,
    schema: Schema,
    fit: Rows,
    selection: Rows,
    candidates: tuple[Candidate, ...] | None = None,
    deciding: Rows | None = None,
) -> Contest:
    """Tune each candidate on the `fit` rows, and rank what was found on the selection rows.

    candidates: without them, those that the parameters name. deciding: rows that decide between them in place
    of the selection rows. As many models are fitted at once as there are cores for; what is found does not
    depend on it.
    """
    sign = 1.0 if DIRECTIONS[SELECTION_METRIC] == "lower" else -1.0
    candidates = candidates or competing(parameters, None)

    def tuned(candidate: Candidate) -> Tuned:
        given = parameters.boosting if candidate.name == BOOSTING else {}
        start = {**candidate.start, **given}
        trials, seed = max(1, round(parameters.trials * candidate.share)), parameters.seed
        fits = Fits(pool, lambda values: _tried(candidate, values, seed, schema, fit, selection))
        for values in first(start, candidate.space, trials, seed):
            fits.begin(values)
        past: list[Trial] = []

        def loss(values: Values) -> float:
            found = fits.of(values)[1]
            past.append(Trial(values, found))
            return sign * found[SELECTION_METRIC]

        chosen = search(loss, start, candidate.space, trials, seed)
        return Tuned(chosen, *fits.of(chosen), trials, tuple(past), fits.seconds)

    # Searches wait in threads of their own for the fits of the pool.
    with ThreadPoolExecutor(cores()) as pool, ThreadPoolExecutor(len(candidates)) as searches:
        found = dict(zip([each.name for each in candidates], searches.map(tuned, candidates), strict=True))
    decided = {
        name: each.metrics
        if deciding is None
        else ranking(deciding[1], probabilities(each.fitted, deciding[0]))
        for name, each in found.items()
    }
    selected = min(found, key=lambda name: sign * decided[name][SELECTION_METRIC])
    return Contest(
        {name: each.fitted for name, each in found.items()},
        {name: each.values for name, each in found.items()},
        {name: each.trials for name, each in found.items()},
        {name: each.metrics for name, each in found.items()},
        selected,
        {name: each.history for name, each in found.items()},
        decided,
        {name: each.seconds for name, each in found.items()},
    )


def _tried(
    candidate: Candidate, values: Values, seed: int, schema: Schema, fit: Rows, selection: Rows
) -> Fitted:
    """A model of these values, and its metrics on the selection rows."""
    classifier = fitted(candidate, values, seed, schema, fit)
    return classifier, ranking(selection[1], probabilities(classifier, selection[0]))


def refitted(
    parameters: Parameters, schema: Schema, rows: Rows, contest: Contest, candidates: tuple[Candidate, ...]
) -> Classifier:
    """The winner's values once more, on all rows that tuning used."""
    (candidate,) = (each for each in candidates if each.name == contest.selected)
    return fitted(candidate, contest.values[contest.selected], parameters.seed, schema, rows)


def outlier_detector(parameters: Parameters, matrix: Matrix) -> Any:
    """A fitted IsolationForest."""
    build: Any = IsolationForest
    return build(n_estimators=100, max_samples=256, random_state=parameters.seed).fit(matrix)
