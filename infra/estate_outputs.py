"""The stack's outputs, read from an estate that is declared: the fields of `outputs.EstateOutputs`."""

from typing import TYPE_CHECKING, Any

from infra.config_predictions import DATABASE, PORT
from infra.config_retraining import alerts_url

if TYPE_CHECKING:
    from infra.estate import Estate


def outputs_of(estate: "Estate") -> dict[str, Any]:
    """By name, as they are exported."""
    settings, identities = estate.settings, estate.identities
    return {
        "environment": settings.environment,
        "location": settings.azure.location,
        "tenant_id": settings.azure.tenant_id,
        "subscription_id": settings.azure.subscription_id,
        "resource_group": estate.group.group_name,
        "workspace": estate.workspace.workspace_name,
        "compute_cluster": estate.clusters["cpu"].cluster_name,
        "compute_clusters": {key: made.cluster_name for key, made in estate.clusters.items()},
        "datastore": estate.workspace.datastore_name,
        "storage_account": estate.storage.account_name,
        "data_container": estate.storage.data_container,
        "data_lake": estate.lake.account_name if estate.lake else None,
        "data_lake_datastores": estate.datastores.names if estate.datastores else {},
        "data_lake_soft_delete_days": settings.data_lake.soft_delete_days if settings.data_lake else None,
        "release_account": settings.releases.account if settings.releases else None,
        "release_vault": settings.releases.vault if settings.releases else None,
        "key_vault": estate.vault.vault_name,
        "key_vault_uri": estate.vault.uri,
        "registry": estate.registry.registry_name,
        "registry_login_server": estate.registry.login_server,
        "build_agent_pool": estate.registry.build_agent_pool,
        "base_image": estate.registry.base_image,
        "telemetry_connection_string": estate.telemetry.connection_string,
        "log_analytics_id": estate.telemetry.log_analytics_id,
        "application_insights_id": estate.telemetry.application_insights_id,
        "training_identity_id": identities["training"].id,
        "training_identity_client_id": identities["training"].client_id,
        "scoring_identity_id": identities["scoring"].id,
        "scoring_identity_client_id": identities["scoring"].client_id,
        "inference_subnet_id": estate.network.subnet_ids["inference"],
        "gateway": estate.gateway.service_name if estate.gateway else None,
        "gateway_url": estate.gateway.url if estate.gateway else None,
        "gateway_audience": settings.gateway.audience if settings.gateway else None,
        "gateway_pool": estate.scoring_api.pool if estate.scoring_api else None,
        "kubernetes_cluster": estate.kubernetes.cluster_name if estate.kubernetes else None,
        "kubernetes_subnet": estate.network.subnet_name("kubernetes") if estate.kubernetes else None,
        "predictions": _predictions(estate),
        "data_lake_id": estate.lake.id if estate.lake else None,
        "training_identity_principal_id": identities["training"].principal_id,
        "training_subnet_id": estate.network.subnet_ids["training"],
        "pushes_to": settings.pushes_to,
        "scoring_function": _scoring_function(estate),
        "retraining_app": estate.retraining.app_name if estate.retraining else None,
        "retraining_storage": estate.retraining.account_name if estate.retraining else None,
        "retraining_alerts_url": _alerts_url(estate),
        "subnet_ranges": {subnet.key: str(subnet.range) for subnet in settings.network.plan().subnets},
    }


def _predictions(estate: "Estate") -> dict[str, Any] | None:
    """`outputs.Predictions`."""
    settings, identities = estate.settings.predictions_database, estate.identities
    if estate.predictions is None or settings is None:
        return None
    names = estate.settings.names()
    return {
        "host": estate.predictions.host,
        "port": PORT,
        "database": DATABASE,
        "administrators": settings.administrators,
        "writer": names.of("identity", "training"),
        "writer_object_id": identities["training"].principal_id,
        "reader": names.of("identity", "scoring"),
        "reader_object_id": identities["scoring"].principal_id,
        **_eraser(estate),
    }


def _scoring_function(estate: "Estate") -> dict[str, Any] | None:
    """`outputs.ScoringFunction`."""
    settings = estate.settings.scoring_function
    if estate.function is None or settings is None:
        return None
    return {
        "app": estate.function.app_name,
        "url": estate.function.url,
        "models": estate.function.models,
        "key_secret": settings.key,
        "gated": estate.settings.gated,
    }


def _eraser(estate: "Estate") -> dict[str, str]:
    """The group that erases people's rows, where it has a name to sign in to the database under."""
    chosen = estate.settings.erasure
    if chosen is None or chosen.group_name is None:
        return {}
    return {"eraser": chosen.group_name, "eraser_object_id": chosen.group_id}


def _alerts_url(estate: "Estate") -> str | None:
    return alerts_url(estate.settings.names().of("function_app")) if estate.retraining else None
