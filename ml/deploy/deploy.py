"""`mlops deploy`: a registered model becomes a tested address and a recorded release."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import release
from ml.azure.clients import Azure
from ml.azure.images import Image
from ml.deploy import api_key, group, ready, smoke
from ml.deploy.endpoint import Endpoint
from ml.deploy.environment import variables as variables_of
from ml.deploy.group import GroupSpec
from ml.deploy.prepare import known, mark_model, prepare
from ml.release import Record, Release

if TYPE_CHECKING:
    pass


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
    environment = {**variables_of(estate, made), **_callers_key(azure, key)}
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


def deploy(azure: Azure, root: Path, reference: str, rebuild: bool = False) -> dict[str, Any]:
    """Build once (with `rebuild` again), deploy, wait, test, record. Raises MlopsError naming what failed."""
    report, scoring = azure.report, azure.settings.scoring
    model, context, built, fresh, made = prepare(azure, root, reference, rebuild)
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
    record = Record(release=made, evidence=known(azure, context, tests))
    with report.phase("release"):
        fresh_record = release.record(azure, record)
        report.line(f"{made.id} {'recorded' if fresh_record else 'was recorded before'}")
        mark_model(azure, model, made.id)
    return {
        **release.summary(record),
        "address": endpoint.address,
        "built": fresh,
        "ready_seconds": round(seconds, 1),
        "smoke_tests": tests,
    }
