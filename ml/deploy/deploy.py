"""`mlops deploy`: a registered model becomes a tested address and a recorded release."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import release
from ml.azure.arm import ContainerGroups
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.deploy import group, ready, smoke, ways
from ml.deploy.environment import variables as variables_of
from ml.deploy.group import GroupSpec
from ml.deploy.prepare import known, mark_model, prepare
from ml.release import Record, Release
from ml.release.revision import revision_of

if TYPE_CHECKING:
    from ml.deploy.endpoint import Endpoint


def group_spec(azure: Azure, made: Release, built: Image) -> GroupSpec:
    """The container group of a release in this estate. It reads its key in the vault, by its identity."""
    estate, scoring = azure.estate, azure.settings.scoring
    revision = revision_of(made.id)
    return GroupSpec(
        name=f"{scoring.name}-{estate.environment}-{revision.removeprefix('rev-')}",
        revision=revision,
        resource_group=estate.resource_group,
        location=estate.location,
        subscription_id=estate.subscription_id,
        tenant_id=estate.tenant_id,
        image=built.reference,
        registry_login_server=estate.registry_login_server,
        identity_id=estate.scoring_identity_id,
        env={
            **variables_of(estate, made),
            "KEY_VAULT_URI": estate.key_vault_uri,
            "API_KEY_SECRET": scoring.api_key_secret,
        },
        secure_env={"APPLICATIONINSIGHTS_CONNECTION_STRING": estate.telemetry_connection_string},
        cpu=made.configuration.cpu,
        memory_gb=made.configuration.memory_gb,
        port=made.configuration.port,
        tags={"environment": estate.environment, "release": made.id},
        outputs={
            "release": made.id,
            "model": f"{made.model_name}:{made.model_version}",
            "digest": made.image_digest,
        },
        subnet_id=estate.inference_subnet_id,
    )


def deploy(azure: Azure, root: Path, reference: str, rebuild: bool = False) -> dict[str, Any]:
    """Build once (with `rebuild` again), deploy, wait, test, give it all requests, record.

    What answered before does so until the new release has passed its tests. Raises MlopsError naming what
    failed; then no caller's request has gone to the new one.
    """
    report, scoring = azure.report, azure.settings.scoring
    ways.may_deploy(azure.estate)
    model, context, built, fresh, made = prepare(azure, root, reference, rebuild)
    environment, revision = azure.estate.environment, revision_of(made.id)
    with report.phase("keys and the way in"):
        way = ways.opened(azure)
    with report.phase(f"container group of the release {made.id}"):
        spec = group_spec(azure, made, built)
        raised = group.up(environment, spec, report, ContainerGroups(azure))
        endpoint = way.lead(revision, raised.address)
    with report.phase(f"waiting for {_shown(endpoint)}"):
        seconds = ready.wait(azure, endpoint, spec.name, group.CONTAINER)
    with report.phase("smoke tests"):
        expected = smoke.Expectation(
            made.model_name,
            made.model_version,
            made.image_digest,
            context.model,
            scoring.tolerance,
            context.fleet.digest if context.fleet else "",
            context.fleet.digests() if context.fleet else {},
        )
        tests = smoke.run(endpoint, expected)
        report.line(f"passed: {', '.join(tests)}")
    with report.phase("all requests to it"):
        answering = way.give(revision)
        ready.wait(azure, answering, spec.name, group.CONTAINER)
        way.forget(revision)
        if raised.others:
            report.line(f"removing {', '.join(raised.others)}")
            group.prune(environment, spec, report)
    record = Record(release=made, evidence=known(azure, context, tests))
    with report.phase("release"):
        fresh_record = release.record(azure, record)
        report.line(f"{made.id} {'recorded' if fresh_record else 'was recorded before'}")
        mark_model(azure, model, made.id)
    return {
        **release.summary(record),
        "address": answering.address,
        "built": fresh,
        "ready_seconds": round(seconds, 1),
        "smoke_tests": tests,
    }


def _shown(endpoint: "Endpoint") -> str:
    return f"{endpoint.revision} at {endpoint.address}" if endpoint.revision else endpoint.address
