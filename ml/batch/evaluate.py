"""The released composite, loaded once for a run: the scoring service's own code, for blocks of rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml.batch.columns import Columns
from ml.quality.metrics import Costs
from ml.quality.reference import Baseline, Model
from scoring.model import artifact as stored
from scoring.model import evaluator, machine
from scoring.model.artifact import Artifact, ArtifactError
from scoring.model.encode import Encoder
from scoring.model.evaluator import Evaluator
from scoring.model.schema import CategoryFeature
from scoring.scorer import Judge


@dataclass(frozen=True)
class Composite:
    """name: the model, NAME:VERSION. release: r-…, None for a model that no release has."""

    name: str
    release: str | None
    artifact: Artifact
    evaluator: Evaluator
    judge: Judge
    columns: Columns
    texts: frozenset[str]  # the features whose categories are texts

    @property
    def monitored(self) -> Model:
        """As the quality report sees it."""
        thresholds = self.artifact.thresholds
        return Model(
            self.name,
            self.artifact.drift,
            Costs(thresholds.false_negative_cost, thresholds.false_positive_cost),
            thresholds.outlier_share,
            Baseline.from_metrics(self.artifact.metrics),
        )

    @property
    def evaluated_by(self) -> str:
        """What the answers depend on beside the model, to the last bit."""
        told = self.evaluator.to_json()
        return " ".join(filter(None, (told["name"], told["level"], told["digest"])))


def load(folder: Path, name: str, release: str | None, block_rows: int) -> Composite:
    """The composite of a model artifact. Raises ArtifactError."""
    artifact = stored.load(folder)
    chosen = evaluator.choose(artifact, machine.found())
    judge = Judge(chosen.composite, artifact.thresholds)
    encoder = Encoder(artifact.schema, max(block_rows, len(artifact.samples.predictions)), chosen.code)
    _self_test(artifact, judge, encoder)
    texts = frozenset(
        feature.name
        for feature in artifact.schema.features
        if isinstance(feature, CategoryFeature) and any(isinstance(one, str) for one in feature.categories)
    )
    return Composite(name, release, artifact, chosen, judge, Columns(artifact.schema, encoder), texts)


def _self_test(artifact: Artifact, judge: Judge, encoder: Encoder) -> None:
    """Raises ArtifactError where the artifact's samples have other answers than it states."""
    samples = artifact.samples
    found = judge.arrays(encoder.encode(dict(samples.request)))
    for row, (prediction, outlier) in enumerate(zip(samples.predictions, samples.outliers, strict=True)):
        near = abs(found.probability[row] - prediction["probability"]) <= 1e-5
        near = near and abs(found.outlier_score[row] - outlier["score"]) <= 1e-5
        if not near or (found.label[row], found.outlier[row]) != (prediction["label"], outlier["flag"]):
            raise ArtifactError(f"self-test: sample {row} has another answer than samples.json states")
