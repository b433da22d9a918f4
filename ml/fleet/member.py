"""One member: its model, its card, and whether the model may answer for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ml.fleet.declaration import Declaration
from ml.steps import bounds as limits
from ml.steps.bounds import FAIRNESS, Bound
from ml.steps.card import data, fairness, reliability, threshold
from ml.steps.card.subject import Subject
from ml.steps.errors import StepError
from ml.steps.evaluate.evaluation import evaluate
from ml.steps.files import Table, read_json, write_json
from ml.steps.prepare import UNKNOWN
from ml.steps.train.candidates import Parameters
from ml.steps.train.settings import Settings
from ml.steps.train.training import train
from ml.steps.validate import REPORT
from scoring.model.artifact import Artifact

MODEL, CARD, OUTCOME = "model", "card.json", "outcome.json"
Status = Literal["trained", "outside", "not better", "failed"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a member. reason: why its model does not answer, "" of one that does.

    digest: of its model, "" of one that failed. metrics: on its own test rows; pooled: the pooled model's.
    """

    key: str
    rows: int
    status: Status
    reason: str
    digest: str
    metrics: Mapping[str, float]
    pooled: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def settings_of(declared: Declaration, seed: int, costs: Mapping[str, float]) -> Settings:
    """The settings of each member's training. costs: those of errors, by their names."""
    return Settings(Parameters(seed, declared.trials), **costs)


def made(
    key: str,
    rows: int,
    tables: tuple[Table, Table],
    pooled: Artifact,
    declared: Declaration,
    settings: Settings,
    lineage: Mapping[str, str],
    out: Path,
) -> Outcome:
    """Train a member's model on its own rows (training, test), judge it, and write model, card and outcome.

    Raises StepError when there is no model of these rows.
    """
    training, test = tables
    artifact = train(training, test, settings).artifact.described({}, {**lineage, "member": key})
    card = carded(key, artifact, training, test, pooled, declared.bounds, lineage)
    outside = limits.broken(card["bounds"])
    own, others = card["metrics"], card["pooled_metrics"]
    status: Status = "trained"
    reason = ""
    if outside:
        status, reason = "outside", f"outside its bounds: {'; '.join(outside)}"
    elif declared.better and own["log_loss"] >= others["log_loss"]:
        status = "not better"
        reason = f"log loss {own['log_loss']:.5f}, the pooled model's {others['log_loss']:.5f} on its rows"
    artifact.described({name: own[name] for name in ("roc_auc", "log_loss")}, {}).save(out / MODEL)
    write_json(card, out / CARD)
    outcome = Outcome(key, rows, status, reason, artifact.digest, _few(own), _few(others))
    write_json(outcome.to_json(), out / OUTCOME)
    return outcome


def traced(lineage: Mapping[str, str], validated: Path) -> dict[str, str]:
    """The lineage; of rows that were named by their place alone, with the SHA-256 that `prepare` has read."""
    if lineage.get("data_sha256") != UNKNOWN:
        return dict(lineage)
    origin = read_json(validated / REPORT).get("origin") or {}
    return {**lineage, "data_sha256": str(origin.get("sha256") or UNKNOWN)}


def carded(
    key: str | None,
    artifact: Artifact,
    training: Table,
    test: Table,
    pooled: Artifact,
    bounds: tuple[Bound, ...],
    lineage: Mapping[str, str],
) -> dict[str, Any]:
    """The card of a member, or with None of the pooled model: figures on its own test rows, and its bounds.

    It has the figures that bounds are about, under the names that the card of a single model has.
    """
    subject = Subject(artifact, training, test)
    try:
        figures = evaluate(artifact, test).to_json()
        others = evaluate(pooled, test).to_json()
    except ValueError as error:
        raise StepError(f"its {len(test)} test rows cannot be judged by: {error}") from error
    about_groups = any(name in bound.name for bound in bounds for name in FAIRNESS)
    outlying = figures["outlier_share"]
    card: dict[str, Any] = {
        "format_version": 1,
        "member": key,
        "model": {
            "estimator": artifact.estimator,
            "digest": artifact.digest,
            "schema_sha256": artifact.schema.digest,
        },
        "data": data.measure(subject),
        "metrics": figures,
        "pooled_metrics": others,
        "calibration": reliability.measure(subject),
        "threshold": threshold.measure(subject),
        "outliers": {
            "share": outlying,
            "share_deviation": abs(outlying - artifact.thresholds.outlier_share),
        },
        "fairness": {"attributes": fairness.measure(subject) if about_groups else {}},
        "lineage": {**artifact.lineage, **lineage},
    }
    card["bounds"] = [finding.to_json() for finding in limits.check(card, bounds)]
    return card


def _few(figures: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(figures[name]) for name in ("roc_auc", "log_loss", "brier", "test_rows")}
