"""The model artifact: a directory that holds all that scoring needs, checked when it is loaded.

    composite.onnx   input X float32 [n, features]; outputs probability [n, 1] and outlier_score [n, 1]
    manifest.json    schema, thresholds, drift reference, metrics, lineage
    samples.json     a request of real test rows and its answer, for self-test, smoke tests and demonstration;
                     and probes, rows to which ONNX Runtime's answers are kept, for those of machine code
    explanation.npz  what explaining a row's probability needs; read when the first row is explained

The digest identifies what the model does: it covers the composite, schema, thresholds, drift reference,
samples and explanation, and leaves out metrics and lineage, which are written about a model after it was
made.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from scoring.model.explain import Explanation, ExplanationError
from scoring.model.probes import Probes
from scoring.model.schema import Schema
from scoring.model.sketch import DriftReference
from scoring.model.typed_json import JsonShapeError, Node

FORMATS = (2, 3)  # from 3 on there are probes; a graph that machine code cannot take is written as 2
COMPOSITE, MANIFEST, SAMPLES = "composite.onnx", "manifest.json", "samples.json"
EXPLANATION = "explanation.npz"
FILES = (COMPOSITE, MANIFEST, SAMPLES, EXPLANATION)


class ArtifactError(Exception):
    """The directory is not a usable model artifact; the text names the file and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """`decision` is the probability from which the label is 1: errors cost least there on calibration rows.

    `outlier`: score above which a row is flagged, the (1 - `outlier_share`) quantile on held-out rows.
    """

    decision: float
    outlier: float
    outlier_share: float
    false_negative_cost: float
    false_positive_cost: float

    def to_json(self) -> dict[str, float]:
        return {
            "decision": float(self.decision),
            "outlier": float(self.outlier),
            "outlier_share": float(self.outlier_share),
            "false_negative_cost": float(self.false_negative_cost),
            "false_positive_cost": float(self.false_positive_cost),
        }

    @staticmethod
    def from_json(node: Node) -> Thresholds:
        read = {
            name: node.field(name).number()
            for name in ("decision", "outlier", "outlier_share", "false_negative_cost", "false_positive_cost")
        }
        for name in ("decision", "outlier", "outlier_share"):
            if not 0.0 < read[name] < 1.0:
                raise node.field(name).error(f"{read[name]} is not between 0 and 1")
        for name in ("false_negative_cost", "false_positive_cost"):
            if not read[name] > 0.0:
                raise node.field(name).error(f"{read[name]} is not above 0")
        return Thresholds(**read)


@dataclass(frozen=True, slots=True)
class Samples:
    """`request` is a body of POST /score; `predictions` and `outliers` are what the answer must hold."""

    request: Mapping[str, Any]
    predictions: tuple[Mapping[str, Any], ...]
    outliers: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        response = {"predictions": list(self.predictions), "outliers": list(self.outliers)}
        return {"request": dict(self.request), "response": response}

    @staticmethod
    def from_json(node: Node) -> Samples:
        request, response = node.field("request"), node.field("response")
        rows = sum(1 for _ in request.field("records").items())
        predictions = [item.fields() for item in response.field("predictions").items()]
        outliers = [item.fields() for item in response.field("outliers").items()]
        if not rows == len(predictions) == len(outliers) or rows == 0:
            raise node.error(f"{rows} records, {len(predictions)} predictions and {len(outliers)} outliers")
        for prediction, outlier in zip(response.field("predictions").items(), outliers, strict=True):
            prediction.field("probability").number()
            prediction.field("label").integer()
            outlier["score"].number()
            outlier["flag"].flag()
        return Samples(
            cast("Mapping[str, Any]", request.value),
            tuple({name: field.value for name, field in item.items()} for item in predictions),
            tuple({name: field.value for name, field in item.items()} for item in outliers),
        )


@dataclass(frozen=True, slots=True)
class ExplanationFile:
    """The bytes of explanation.npz or their path, and the SHA-256 that they must have."""

    sha256: str
    source: bytes | Path = field(compare=False, repr=False)

    @staticmethod
    def of(explanation: Explanation) -> ExplanationFile:
        content = explanation.to_bytes()
        return ExplanationFile(hashlib.sha256(content).hexdigest(), content)

    def read(self) -> bytes:
        """The bytes. Raises ArtifactError when the file is not there or has another SHA-256."""
        if isinstance(self.source, bytes):
            return self.source
        content = _read(self.source)
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise ArtifactError(f"{self.source} has SHA-256 {found}, the manifest states {self.sha256}")
        return content


@dataclass(frozen=True)
class Artifact:
    estimator: str
    schema: Schema
    thresholds: Thresholds
    drift: DriftReference
    samples: Samples
    composite: bytes
    explanation_file: ExplanationFile
    metrics: Mapping[str, float]
    lineage: Mapping[str, str]
    probes: Probes | None = None  # artifacts of earlier versions, and graphs that are no trees, have none

    @property
    def format_version(self) -> int:
        return FORMATS[0] if self.probes is None else FORMATS[-1]

    @cached_property
    def digest(self) -> str:
        """`sha256:` and 64 hexadecimal digits over all that decides an answer."""
        behaviour = {
            "format_version": self.format_version,
            "estimator": self.estimator,
            "schema": self.schema.to_json(),
            "thresholds": self.thresholds.to_json(),
            "drift": self.drift.to_json(),
            "samples": self.samples.to_json(),
            "composite": hashlib.sha256(self.composite).hexdigest(),
            "explanation": self.explanation_file.sha256,
            **self._probes_json(),
        }
        text = json.dumps(behaviour, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def _probes_json(self) -> dict[str, Any]:
        return {} if self.probes is None else {"probes": self.probes.to_json()}

    def explanation(self) -> Explanation:
        """What `Explainer` needs, read and checked anew by each call. Raises ArtifactError."""
        try:
            return Explanation.from_bytes(self.explanation_file.read(), self.schema.width)
        except ExplanationError as error:
            raise ArtifactError(f"{EXPLANATION}: {error}") from error

    def described(self, metrics: Mapping[str, float], lineage: Mapping[str, str]) -> Artifact:
        """The same model with more written about it; its digest stays."""
        return replace(self, metrics={**self.metrics, **metrics}, lineage={**self.lineage, **lineage})

    def save(self, directory: Path) -> None:
        """Write the four files, the manifest last; each appears whole, under its name, or not at all."""
        directory.mkdir(parents=True, exist_ok=True)
        manifest = {
            "format_version": self.format_version,
            "digest": self.digest,
            "estimator": self.estimator,
            "schema": self.schema.to_json(),
            "thresholds": self.thresholds.to_json(),
            "drift": self.drift.to_json(),
            "explanation": {"sha256": self.explanation_file.sha256},
            "metrics": dict(self.metrics),
            "lineage": dict(self.lineage),
        }
        _write(directory / COMPOSITE, self.composite)
        _write(directory / SAMPLES, _text({**self.samples.to_json(), **self._probes_json()}))
        _write(directory / EXPLANATION, self.explanation_file.read())
        _write(directory / MANIFEST, _text(manifest))


def load(directory: Path) -> Artifact:
    """Read and check an artifact; its explanation is read when it is first needed. Raises ArtifactError."""
    manifest = _read_json(directory / MANIFEST)
    samples = _read_json(directory / SAMPLES)
    composite = _read(directory / COMPOSITE)
    try:
        found = manifest.field("format_version").integer()
        if found not in FORMATS:
            raise manifest.error(f"format version {found}, but this program reads versions {FORMATS}")
        schema = Schema.from_json(manifest.field("schema"))
        artifact = Artifact(
            estimator=manifest.field("estimator").text(),
            schema=schema,
            thresholds=Thresholds.from_json(manifest.field("thresholds")),
            drift=DriftReference.from_json(manifest.field("drift"), schema),
            samples=_checked_samples(samples, directory),
            composite=composite,
            explanation_file=ExplanationFile(
                manifest.field("explanation").field("sha256").text(), directory / EXPLANATION
            ),
            metrics=manifest.field("metrics").numbers(),
            lineage=manifest.field("lineage").texts(),
            probes=_checked_probes(samples, directory, schema) if found > 2 else None,
        )
        stated = manifest.field("digest").text()
    except JsonShapeError as error:
        raise ArtifactError(f"{directory / MANIFEST}: {error}") from error
    if stated != artifact.digest:
        raise ArtifactError(
            f"{directory}: the files have digest {artifact.digest}, the manifest states {stated}"
        )
    return artifact


def _checked_samples(node: Node, directory: Path) -> Samples:
    try:
        return Samples.from_json(node)
    except (JsonShapeError, KeyError) as error:
        raise ArtifactError(f"{directory / SAMPLES}: {error}") from error


def _checked_probes(node: Node, directory: Path, schema: Schema) -> Probes:
    try:
        return Probes.from_json(node.field("probes"), schema.width)
    except JsonShapeError as error:
        raise ArtifactError(f"{directory / SAMPLES}: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}: a model artifact holds {', '.join(FILES)}") from error


def _read_json(path: Path) -> Node:
    try:
        return Node(json.loads(_read(path)))
    except ValueError as error:
        raise ArtifactError(f"{path}: not JSON: {error}") from error


def _text(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
