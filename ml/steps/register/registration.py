"""Registering a model once, with all that must be known about it later."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ml.quality.reference import BESIDE, PREFIX
from ml.steps.bounds import broken
from ml.steps.compare.override import TAG as OVERRIDE_TAG
from ml.steps.errors import StepError
from ml.steps.evaluate.metrics import DIRECTIONS
from ml.steps.registry import (
    ARTIFACT_TAG,
    EVALUATION_PROPERTY,
    THRESHOLDS_PROPERTY,
    RegisteredModel,
    Registry,
)
from scoring.model.artifact import Artifact

ARTIFACT_DIRECTORY = "model"
LINEAGE_PROPERTY = "lineage."  # what the names of such properties begin with
CARD_DIRECTORY = "card"  # in it: beside the artifact's own files, no part of what serves


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a model comes from. What is empty is not recorded."""

    data_asset: str
    data_sha256: str
    code_commit: str
    environment: str
    job: str
    pipeline_job: str
    started_by: str = ""  # person, schedule, data or metric
    reason: str = ""
    event: str = ""  # id of what started the run

    def known(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Registration:
    """`registered`: the model is in the registry now, by this run or by an earlier one of the same model.

    `broken_bounds` says in words what kept it out; `override` why it is in although it is not better.
    """

    registered: bool
    name: str
    version: str | None
    reason: str
    artifact_digest: str
    broken_bounds: tuple[str, ...] = ()
    override: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def register(
    registry: Registry,
    artifact: Artifact,
    evaluation: Mapping[str, Any],
    decision: Mapping[str, Any],
    name: str,
    lineage: Lineage,
    card: Path,
) -> Registration:
    """Register the model with its card, a directory, unless it is not better or outside its bounds.

    A model that is registered already stays the version that it is (a step may run again), unless the files
    of that version are gone. With an override only this job's own version counts: the same model under a
    corrected card is another version.
    """
    if not decision["accepted"]:
        outside = tuple(broken(decision["bounds"]))
        return Registration(False, name, None, str(decision["reason"]), artifact.digest, outside)
    override = str(decision["override"]) if decision.get("overridden") else None
    known = _registered_before(registry.versions(name), artifact, lineage if override else None)
    if known is not None and _has_files(registry, known):
        reason = f"this very model is version {known.version} already"
        return Registration(True, name, known.version, reason, artifact.digest, override=override)
    metrics = {metric: float(evaluation[metric]) for metric in DIRECTIONS}
    baseline = {name: float(evaluation[name]) for name in BESIDE if name in evaluation}
    told = {f"{PREFIX}{name}": value for name, value in {**metrics, **baseline}.items()}
    described = artifact.described(told, lineage.known())
    with tempfile.TemporaryDirectory(prefix="register-") as scratch:
        directory = Path(scratch, ARTIFACT_DIRECTORY)
        described.save(directory)
        shutil.copytree(card, directory / CARD_DIRECTORY)
        model = registry.register(
            name,
            directory,
            description=f"{artifact.estimator} and isolation forest as one ONNX graph; {decision['reason']}",
            tags=tags(artifact, metrics) | ({OVERRIDE_TAG: override} if override else {}),
            properties=properties(artifact, evaluation, lineage),
        )
    return Registration(
        True, name, model.version, str(decision["reason"]), artifact.digest, override=override
    )


def tags(artifact: Artifact, metrics: Mapping[str, float]) -> dict[str, str]:
    """What people filter and search by."""
    return {
        ARTIFACT_TAG: artifact.digest,
        "estimator": artifact.estimator,
        **{metric: f"{value:.6f}" for metric, value in metrics.items()},
    }


def properties(artifact: Artifact, evaluation: Mapping[str, Any], lineage: Lineage) -> dict[str, str]:
    """What never changes about the version."""
    return {
        "schema_sha256": artifact.schema.digest,
        EVALUATION_PROPERTY: json.dumps(dict(evaluation), sort_keys=True),
        THRESHOLDS_PROPERTY: json.dumps(artifact.thresholds.to_json(), sort_keys=True),
        **{f"{LINEAGE_PROPERTY}{key}": value for key, value in lineage.known().items()},
    }


def _has_files(registry: Registry, model: RegisteredModel) -> bool:
    """Whether the version can still be deployed: its record stays when somebody deletes its blobs."""
    with tempfile.TemporaryDirectory(prefix="registered-") as scratch:
        try:
            registry.download(model, Path(scratch))
        except StepError as error:
            print(f"{model.name}:{model.version} is registered and cannot be used ({error}): it is made anew")
            return False
    return True


def _registered_before(
    versions: list[RegisteredModel], artifact: Artifact, by: Lineage | None
) -> RegisteredModel | None:
    """The latest version of this very model; with `by`, of those that its pipeline job registered."""
    same = (model for model in versions if model.tags.get(ARTIFACT_TAG) == artifact.digest)
    job = f"{LINEAGE_PROPERTY}pipeline_job"
    return next((model for model in same if by is None or model.properties.get(job) == by.pipeline_job), None)
