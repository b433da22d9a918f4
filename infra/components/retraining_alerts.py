"""The action group of alerts that start a training: a webhook that Azure Monitor signs in to."""

import pulumi
from pulumi_azure_native import monitor

from infra.components.site import Site, child_of
from infra.config_retraining import Elsewhere, alerts_url


def retraining_group(parent: pulumi.Resource, name: str, site: Site) -> pulumi.Output[str] | None:
    """Its id; None where alerts start nothing."""
    settings = site.settings.retraining
    if settings is None or (told := settings.told) is None:
        return None
    url = told.url if isinstance(told, Elsewhere) else alerts_url(site.names.of("function_app"))
    made = monitor.ActionGroup(
        f"{name}-retraining",
        resource_group_name=site.group,
        action_group_name=site.names.of("action_group", "retraining"),
        location="Global",
        group_short_name="retraining",
        enabled=True,
        webhook_receivers=[
            monitor.WebhookReceiverArgs(
                name="function",
                service_uri=url,
                use_common_alert_schema=True,
                use_aad_auth=True,
                object_id=told.object_id,
                identifier_uri=identifier(told.client_id),
                tenant_id=site.settings.azure.tenant_id,
            )
        ],
        tags=site.tags,
        opts=child_of(parent),
    )
    return made.id


def identifier(client_id: str) -> str:
    """The application id URI of an app registration, which tokens for it name as their audience."""
    return f"api://{client_id}"
