"""The usual design of a score with prediction, outlier and drift, on scikit-learn; what ours is held against.

A request becomes a pandas table; a ColumnTransformer encodes it; gradient boosting and an isolation forest
score it; each feature is tested against the whole training table (Kolmogorov-Smirnov for numbers, chi-squared
for categories). Written as well as the design allows: the rows are encoded once for both models, the
reference's columns are arrays and its categories are counted beforehand.

Imported in the environment of another server too: needs pandas, scipy and scikit-learn only.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency, ks_2samp
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.preprocessing import OneHotEncoder

Table = Any  # a pandas.DataFrame; pandas and scikit-learn have no types that a checker can follow
LABEL = "default"
CATEGORIES = ("sex", "education", "marriage", "pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6")
OUTLIER_SHARE = 0.01


@dataclass
class NaiveComposite:
    features: list[str]
    encoder: Any
    classifier: Any
    detector: Any
    outlier_threshold: float
    numbers: dict[str, Any]  # the reference's column, [rows]
    counts: dict[str, dict[Any, int]]  # the reference's rows of each category

    def score(self, rows: Table) -> dict[str, Any]:
        """Prediction and outlier flag of each row, and 1 - p of each feature's test over all rows."""
        matrix = self.encoder.transform(rows)
        probabilities = self.classifier.predict_proba(matrix)[:, 1]
        outliers = -self.detector.score_samples(matrix) > self.outlier_threshold
        return {
            "predictions": probabilities.tolist(),
            "outliers": outliers.astype(int).tolist(),
            "feature_drift_batch": {name: 1.0 - self._p_value(name, rows[name]) for name in self.features},
        }

    def _p_value(self, name: str, values: Any) -> float:
        if name in self.numbers:
            found: Any = ks_2samp(self.numbers[name], values.to_numpy())
            return float(found.pvalue)
        counts, batch = self.counts[name], values.value_counts().to_dict()
        kinds = list({**counts, **batch})
        table = [[counts.get(kind, 0) for kind in kinds], [batch.get(kind, 0) for kind in kinds]]
        result: Any = chi2_contingency(table)
        return float(result.pvalue)

    def answer(self, body: bytes) -> bytes:
        """JSON bytes of a request -> JSON bytes of its answer."""
        rows = pd.DataFrame(json.loads(body)["records"])
        return json.dumps(self.score(rows)).encode()


def fit(table: Table, features: Sequence[str], seed: int) -> NaiveComposite:
    """Both models and the reference from the training rows."""
    rows, labels = table[list(features)], table[LABEL]
    encoder = ColumnTransformer(
        [("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(CATEGORIES))],
        remainder="passthrough",
    )
    matrix = encoder.fit_transform(rows)
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.03, max_leaf_nodes=15, max_iter=300, min_samples_leaf=60, random_state=seed
    ).fit(matrix, labels)
    isolation: Any = IsolationForest  # its parameters' types are read from defaults, and wrong
    detector = isolation(n_estimators=100, max_samples=256, random_state=seed).fit(matrix)
    threshold = float(np.quantile(-detector.score_samples(matrix), 1 - OUTLIER_SHARE))
    numbers = {name: rows[name].to_numpy() for name in features if name not in CATEGORIES}
    counts = {name: rows[name].value_counts().to_dict() for name in CATEGORIES}
    return NaiveComposite(list(features), encoder, classifier, detector, threshold, numbers, counts)


def save(composite: NaiveComposite, file: Path) -> None:
    joblib.dump(composite, file)


def load(file: Path) -> NaiveComposite:
    warnings.filterwarnings("ignore", category=UserWarning)  # scikit-learn's notes on names of columns
    loaded = joblib.load(file)
    assert isinstance(loaded, NaiveComposite)
    return loaded
