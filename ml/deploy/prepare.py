"""What a release is made of, before anything is deployed: the model, its image, the configuration."""

from pathlib import Path
from typing import Any, NamedTuple

from ml import release
from ml.azure import models
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.azure.models import ModelVersion
from ml.deploy import image, variables
from ml.deploy.image import BuildContext
from ml.release import Configuration, Evidence, Record, Release


class Prepared(NamedTuple):
    """`fresh`: whether the image was built now."""

    model: ModelVersion
    context: BuildContext
    built: Image
    fresh: bool
    release: Release


def prepare(azure: Azure, root: Path, reference: str, rebuild: bool = False) -> Prepared:
    """Find the model, build its image once (with `rebuild` again), name the release. Raises MlopsError."""
    report, scoring = azure.report, azure.settings.scoring
    chosen = variables.checked(scoring.variables)
    with report.phase("model"):
        model = models.find(azure, reference)
        report.line(model.reference)
        context = image.assemble(azure, root, model)
        variables.check_features(chosen, context.model.schema.names)
        variables.check_samples(chosen, context.model.samples.request)
    with report.phase("image"):
        built, fresh = image.ensure(azure, model, context, rebuild)
    made = Release(
        model_name=model.name,
        model_version=model.version,
        image_repository=built.repository,
        image_digest=built.digest,
        configuration=Configuration(
            cpu=scoring.cpu,
            memory_gb=scoring.memory_gb,
            port=scoring.port,
            metric_seconds=scoring.metric_seconds,
            variables=chosen,
        ),
    )
    return Prepared(model, context, built, fresh, made)


def known(azure: Azure, context: BuildContext, tests: list[str]) -> Evidence:
    """What is known of a release when it is recorded. tests: the smoke tests that it passed."""
    return Evidence(
        recorded_at=release.now(),
        environment=azure.estate.environment,
        context_sha256=context.sha256,
        artifact_digest=context.digest,
        features=context.model.schema.names,
        lineage={**context.model.lineage, **(context.fleet.lineage if context.fleet else {})},
        smoke_tests=tuple(tests),
        members=context.fleet.digests() if context.fleet else {},
    )


def mark_model(azure: Azure, model: ModelVersion, release_id: str) -> None:
    """Write into the model's tags which release it is part of."""
    key = f"release-{azure.estate.environment}"
    if model.tags.get(key) != release_id:
        models.tag(azure, model, {key: release_id})


def create(azure: Azure, root: Path, reference: str, rebuild: bool = False) -> dict[str, Any]:
    """Build once and record the release; nothing is deployed. Raises MlopsError naming what failed."""
    model, context, _, fresh, made = prepare(azure, root, reference, rebuild)
    record = Record(release=made, evidence=known(azure, context, []))
    with azure.report.phase("release"):
        recorded = release.record(azure, record)
        mark_model(azure, model, made.id)
    return {**release.summary(record), "built": fresh, "recorded": recorded}
