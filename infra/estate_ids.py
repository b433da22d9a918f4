"""What endpoints of an estate lead to, roles are on, alerts watch, logs come from and locks hold, by key.

Each is asked once the parts that it names are made: the roles, for example, before there is a workspace.
"""

from typing import TYPE_CHECKING, Final

import pulumi

from infra.components.diagnostics import Source
from infra.private_link import Service

if TYPE_CHECKING:
    from infra.estate import Estate

# Not the whole audit log, which holds every read of the API server and costs more than the cluster.
CLUSTER_LOGS: Final = ("kube-apiserver", "kube-audit-admin", "guard", "cluster-autoscaler")


def endpoint_targets(estate: "Estate") -> dict[Service, pulumi.Output[str]]:
    """What private endpoints lead to."""
    found: dict[Service, pulumi.Output[str]] = {
        "workspace": estate.workspace.id,
        "storage": estate.storage.id,
        "keyVault": estate.vault.id,
        "learningVault": estate.learning_vault.id,
        "registry": estate.registry.id,
    }
    if estate.lake:
        found["dataLake"] = estate.lake.id
    if estate.retraining:
        found["triggers"] = estate.retraining.id
        found["triggerStorage"] = estate.retraining.account_id
    if estate.function:
        found["scoringFunction"] = estate.function.id
        found["scoringFunctionStorage"] = estate.function.account_id
    if estate.predictions:
        found["predictions"] = estate.predictions.id
    if estate.settings.retraining and estate.settings.retraining.push_to:
        found["landing"] = pulumi.Output.from_input(estate.settings.retraining.push_to)
    if estate.scope:
        found["monitor"] = estate.scope.id
    if estate.settings.releases:
        for service, target in estate.settings.releases.targets.items():
            found[service] = pulumi.Output.from_input(target)
    return found


def role_scopes(estate: "Estate") -> dict[str, pulumi.Output[str]]:
    """The scopes on which roles are assigned, without the workspace."""
    return {
        "storage": estate.storage.id,
        "storage-data": estate.storage.data_container_id,
        **{f"lake-{key}": id_ for key, id_ in (estate.lake.container_ids if estate.lake else {}).items()},
        "key-vault": estate.vault.id,
        "learning-vault": estate.learning_vault.id,
        "registry": estate.registry.id,
        "application-insights": estate.telemetry.application_insights_id,
        **_own_logs(estate),
    }


def _own_logs(estate: "Estate") -> dict[str, pulumi.Output[str]]:
    """Log Analytics, where it is this estate's: on a workspace of others its owner gives roles."""
    central = estate.settings.telemetry.workspace_id
    return {} if central else {"log-analytics": estate.telemetry.log_analytics_id}


def watched(estate: "Estate") -> dict[str, pulumi.Output[str]]:
    """The parts whose own metrics have alerts."""
    found = {"workspace": estate.workspace.id, "storage": estate.storage.id, "vault": estate.vault.id}
    if estate.gateway:
        found["gateway"] = estate.gateway.id
    if estate.kubernetes:
        found["kubernetes"] = estate.kubernetes.id
    if estate.runners:
        found["runners"] = estate.runners.id
    if estate.predictions:
        found["predictions"] = estate.predictions.id
    if estate.function:
        found["function"] = estate.function.id
    return found


def log_sources(estate: "Estate") -> dict[str, Source]:
    """The resources with diagnostic settings."""
    lake = estate.lake
    found = {
        "vault": Source(estate.vault.id),
        "learning-vault": Source(estate.learning_vault.id),
        **({"lake-blobs": Source(lake.blob_service_id, metrics="Transaction")} if lake else {}),
        "registry": Source(estate.registry.id),
        "workspace": Source(estate.workspace.id),
        "blobs": Source(estate.storage.blob_service_id, metrics="Transaction"),
    }
    if estate.retraining:
        found["trigger-blobs"] = Source(estate.retraining.blob_service_id, metrics="Transaction")
    if estate.function:
        found["scoring-function"] = Source(estate.function.id)
        found["scoring-function-blobs"] = Source(estate.function.blob_service_id, metrics="Transaction")
    if estate.predictions:
        found["predictions"] = Source(estate.predictions.id)
    if estate.gateway:
        found["gateway"] = Source(estate.gateway.id)
    if estate.kubernetes:
        found["kubernetes"] = Source(estate.kubernetes.id, logs=CLUSTER_LOGS)
    return found


def locked(estate: "Estate") -> dict[str, pulumi.Output[str]]:
    """The resources with data that nobody can make again."""
    return {
        "storage": estate.storage.id,
        **({"lake": estate.lake.id} if estate.lake else {}),
        **({"predictions": estate.predictions.id} if estate.predictions else {}),
        "vault": estate.vault.id,
        "learning-vault": estate.learning_vault.id,
        "registry": estate.registry.id,
        "workspace": estate.workspace.id,
    }
