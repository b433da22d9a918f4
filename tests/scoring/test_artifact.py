import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from scoring.model.artifact import COMPOSITE, EXPLANATION, MANIFEST, SAMPLES, Artifact, ArtifactError, load
from scoring.model.composite import Composite
from scoring.model.drift import DriftRules
from scoring.monitor import DriftMonitor, Pace
from scoring.scorer import Scorer
from scoring.settings import ModelIdentity


def test_what_is_saved_is_loaded(artifact: Artifact, model_dir: Path) -> None:
    again = load(model_dir)
    assert again == artifact
    assert again.digest == artifact.digest
    assert {path.name for path in model_dir.iterdir()} == {COMPOSITE, EXPLANATION, MANIFEST, SAMPLES}


def test_descriptions_do_not_change_the_digest(artifact: Artifact) -> None:
    described = artifact.described({"test.roc_auc": 0.7}, {"code_commit": "abc"})
    assert described.digest == artifact.digest
    assert described.metrics["test.roc_auc"] == 0.7
    assert described.lineage["code_commit"] == "abc"
    assert described.lineage["seed"] == artifact.lineage["seed"]


def changed(path: tuple[str | int, ...], value: object):
    def change(directory: Path) -> None:
        manifest = json.loads((directory / MANIFEST).read_text())
        place = manifest
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        (directory / MANIFEST).write_text(json.dumps(manifest))

    return change


def truncated_samples(directory: Path) -> None:
    samples = json.loads((directory / SAMPLES).read_text())
    samples["response"]["outliers"].pop()
    (directory / SAMPLES).write_text(json.dumps(samples))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda directory: (directory / MANIFEST).unlink(), "manifest.json: No such file"),
        (lambda directory: (directory / COMPOSITE).unlink(), "composite.onnx: No such file"),
        (lambda directory: (directory / SAMPLES).write_text("{"), "samples.json: not JSON"),
        (lambda directory: (directory / MANIFEST).write_text("[]"), "expected an object, found an array"),
        (changed(("format_version",), 1), "format version 1, but this program reads versions"),
        (changed(("thresholds", "outlier"), 1.5), "/thresholds/outlier: 1.5 is not between 0 and 1"),
        (changed(("thresholds", "decision"), "high"), "/thresholds/decision: expected a number"),
        (changed(("thresholds", "decision"), 0.25), "the files have digest"),
        (changed(("schema", "features", 0, "type"), "date"), "/schema/features/0/type: expected 'number' or"),
        (changed(("schema", "features", 1, "name"), "limit_bal"), "features named twice: limit_bal"),
        (changed(("schema", "features", 0, "minimum"), 1e9), "is not below maximum"),
        (changed(("schema", "features", 0, "maximum"), float("inf")), "maximum inf is not finite"),
        (changed(("schema", "features", 0, "minimum"), float("-inf")), "minimum -inf is not finite"),
        (changed(("drift", "features", 0, "counts", 0), 1), "counts add up to"),
        (changed(("drift", "features", 3, "test"), "t-test"), "unknown test 't-test'"),
        (changed(("lineage", "seed"), 7), "/lineage/seed: expected a string, found the number 7"),
        (changed(("explanation", "sha256"), "0" * 64), "the files have digest"),
        (truncated_samples, "12 predictions and 11 outliers"),
        (lambda directory: (directory / COMPOSITE).write_bytes(b"x"), "the files have digest"),
    ],
)
def test_damage_is_named(model_dir: Path, tmp_path: Path, damage, says: str) -> None:
    directory = tmp_path / "model"
    shutil.copytree(model_dir, directory)
    damage(directory)
    with pytest.raises(ArtifactError) as caught:
        load(directory)
    assert says in str(caught.value)
    assert str(directory) in str(caught.value)


def test_composite_must_fit_the_schema(artifact: Artifact) -> None:
    with pytest.raises(ArtifactError, match="needs X with 22 columns"):
        Composite(artifact.composite, 22)
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        Composite(b"no graph", 23)


def test_self_test_finds_a_model_that_answers_otherwise(artifact: Artifact) -> None:
    from dataclasses import replace

    monitor = DriftMonitor(artifact.drift, DriftRules(), Pace())
    Scorer(artifact, monitor, ModelIdentity(), 100).self_test()
    stated = [dict(item) for item in artifact.samples.predictions]
    stated[3]["probability"] += 0.001
    wrong = replace(artifact, samples=replace(artifact.samples, predictions=tuple(stated)))
    with pytest.raises(ArtifactError, match="sample 3 gives"):
        Scorer(wrong, monitor, ModelIdentity(), 100).self_test()
    assert monitor.snapshot().rows == 0


def test_samples_are_real_rows_of_every_kind(artifact: Artifact, model) -> None:
    records = artifact.samples.request["records"]
    columns = list(artifact.schema.names)
    known = {tuple(row) for row in model.test[columns].itertuples(index=False)}
    assert all(tuple(record.values()) in known for record in records)
    assert {item["label"] for item in artifact.samples.predictions} == {0, 1}
    assert any(item["flag"] for item in artifact.samples.outliers)
    probabilities = [item["probability"] for item in artifact.samples.predictions]
    assert np.ptp(probabilities) > 0.3
