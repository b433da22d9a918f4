"""`mlops deploy`: a registered model becomes a tested address and a recorded release."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import release
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.deploy import api_key, group, image, ready, smoke, variables
from ml.deploy.endpoint import Endpoint
from ml.deploy.group import GroupSpec
from ml.deploy.image import BuildContext
from ml.release import Configuration, Evidence, Record, Release

if TYPE_CHECKING:
    from azure.ai.ml.entities import Model


def _callers_key(azure: Azure, key: str) -> dict[str, str]:
    """The variables by which the service knows the callers' key.

    In the network it reads the vault, whose firewall admits the inference subnet. A group with a public
    address stands outside and is given the key's SHA-256, with which nobody can call.
    """
    if azure.estate.scoring_public_address:
        return {"API_KEY_SHA256": hashlib.sha256(key.encode()).hexdigest()}
    return {
        "KEY_VAULT_URI": azure.estate.key_vault_uri,
        "API_KEY_SECRET": azure.settings.scoring.api_key_secret,
    }


def group_spec(azure: Azure, made: Release, built: Image, key: str) -> GroupSpec:
    """The container group of a release in this estate."""
    estate, scoring = azure.estate, azure.settings.scoring
    environment = {
        **made.configuration.variables,
        "PORT": str(made.configuration.port),
        "MODEL_DIR": "model",
        "SCORING_WORKERS": str(max(1, int(made.configuration.cpu))),  # the group's cores, not the host's
        "AZURE_CLIENT_ID": estate.scoring_identity_client_id,
        **_callers_key(azure, key),
        "ESTATE_ENVIRONMENT": estate.environment,
        "OTEL_METRIC_EXPORT_INTERVAL": str(made.configuration.metric_seconds * 1000),
        "MODEL_NAME": made.model_name,
        "MODEL_VERSION": made.model_version,
        "IMAGE_DIGEST": made.image_digest,
        "RELEASE_ID": made.id,
    }
    name = f"{scoring.name}-{estate.environment}"
    return GroupSpec(
        name=name,
        resource_group=estate.resource_group,
        location=estate.location,
        subscription_id=estate.subscription_id,
        tenant_id=estate.tenant_id,
        image=built.reference,
        registry_login_server=estate.registry_login_server,
        identity_id=estate.scoring_identity_id,
        env=environment,
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
        dns_label=name if estate.scoring_public_address else None,
        subnet_id=None if estate.scoring_public_address else estate.inference_subnet_id,
    )


def _evidence(azure: Azure, context: BuildContext, tests: list[str]) -> Evidence:
    return Evidence(
        recorded_at=release.now(),
        environment=azure.estate.environment,
        context_sha256=context.sha256,
        artifact_digest=context.model.digest,
        features=context.model.schema.names,
        lineage=dict(context.model.lineage),
        smoke_tests=tuple(tests),
    )


def _mark_model(azure: Azure, model: "Model", release_id: str) -> None:
    """Write into the model's tags which release it is part of."""
    key = f"release-{azure.estate.environment}"
    if (model.tags or {}).get(key) == release_id:
        return
    model.tags = {**(model.tags or {}), key: release_id}
    azure.granted(lambda: azure.ml.models.create_or_update(model), "write the model's tags")


def deploy(azure: Azure, root: Path, reference: str, rebuild: bool = False) -> dict[str, Any]:
    """Build once (with `rebuild` again), deploy, wait, test, record. Raises MlopsError naming what failed."""
    report, scoring = azure.report, azure.settings.scoring
    chosen = variables.checked(scoring.variables)
    with report.phase("model"):
        model = image.find_model(azure, reference)
        report.line(f"{model.name}:{model.version}")
        context = image.assemble(azure, root, model)
        variables.check_features(chosen, context.model.schema.names)
    with report.phase("image"):
        built, fresh = image.ensure(azure, model, context, rebuild)
    made = Release(
        model_name=str(model.name),
        model_version=str(model.version),
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
    with report.phase("callers' key"):
        key = api_key.ensure(azure)
    with report.phase(f"container group of the release {made.id}"):
        spec = group_spec(azure, made, built, key)
        outputs = group.up(azure.estate.environment, spec, report)
        endpoint = Endpoint(str(outputs["address"]), key)
    with report.phase(f"waiting for {endpoint.address}"):
        seconds = ready.wait(azure, endpoint, spec.name, group.CONTAINER)
    with report.phase("smoke tests"):
        expected = smoke.Expectation(
            made.model_name, made.model_version, made.image_digest, context.model, scoring.tolerance
        )
        tests = smoke.run(endpoint, expected)
        report.line(f"passed: {', '.join(tests)}")
    record = Record(release=made, evidence=_evidence(azure, context, tests))
    with report.phase("release"):
        fresh_record = release.record(azure, record)
        report.line(f"{made.id} {'recorded' if fresh_record else 'was recorded before'}")
        _mark_model(azure, model, made.id)
    return {
        **release.summary(record),
        "address": endpoint.address,
        "built": fresh,
        "ready_seconds": round(seconds, 1),
        "smoke_tests": tests,
    }
