"""What starts trainings by itself: a function app in the network, its storage, and the events that reach it.

The code is put there by `mlops trigger deploy`; docs/loop.md says what it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import eventgrid, storage, web

from infra.components.data_lake import DataLake
from infra.components.function_app import (
    PACKAGES,
    FlexArgs,
    container,
    flex_app,
    host_account,
    host_settings,
)
from infra.components.grants import Grants, GrantsArgs
from infra.components.identities import Identities
from infra.components.key_vault import KeyVault
from infra.components.network import Network
from infra.components.retraining_alerts import identifier
from infra.components.site import Site, child_of
from infra.components.storage_account import Keep, blob_service, lifecycle
from infra.components.telemetry import Telemetry
from infra.components.workspace import Workspace
from infra.config_retraining import Retraining as Settings
from infra.data_lake import LAKE

QUEUE: Final = "events"
POISON: Final = f"{QUEUE}-poison"
"""Azure Functions puts what failed five times there; the host calls it so."""
STATE: Final = "state"
DEAD: Final = "dead-letters"
CONTAINERS: Final = (PACKAGES, STATE, DEAD)
KEPT_DAYS: Final = 7  # what was overwritten or deleted, and what could not be delivered
SENDER: Final = "461e8683-5575-4561-ac7f-899cc907d62a"
"""Azure Monitor's own application, as which action groups sign in ("Action groups: secure webhook", read
2026-11); the same in every tenant."""
INSTANCES: Final = 40  # the least that Azure takes as a maximum; the state lets one run start, however many
MEMORY: Final = 512  # MB
TIMES: Final = 30  # that Event Grid tries to deliver
MINUTES: Final = 1440  # for how long

# What tells that a file is complete: in an account with folders `CreateFile` comes before its content.
COMPLETE: Final = ("FlushWithClose", "PutBlob", "PutBlockList", "CopyBlob")


@dataclass(frozen=True, slots=True)
class RetrainingArgs:
    """settings: the section `retraining`, of an estate with the function app of its own."""

    site: Site
    settings: Settings
    network: Network
    telemetry: Telemetry
    identities: Identities
    workspace: Workspace
    lake: DataLake
    vault: KeyVault


class Retraining(pulumi.ComponentResource):
    """app_name, account_name, account_id, blob_service_id, id: of the function app."""

    def __init__(self, name: str, args: RetrainingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:learning:Retraining", name, None, opts)
        self._name, self._args, self._site = name, args, args.site
        account = host_account(self, name, self._site, args.network.access, "trigger_storage")
        self.account_name, self.account_id = account.name, account.id
        queues = {key: self._queue(key, account) for key in (QUEUE, POISON)}
        blobs = blob_service(self, name, account, self._site.group, kept_days=KEPT_DAYS, versions=True)
        self.blob_service_id = blobs.id
        old = [
            Keep(name="old-versions", versions=KEPT_DAYS),
            Keep(name="dead-letters", prefixes=[f"{DEAD}/"], delete=KEPT_DAYS),
        ]
        lifecycle(self, name, account, self._site.group, old, blobs)
        containers = {key: container(self, name, key, self._site, account.name, blobs) for key in CONTAINERS}
        granted = self._grants(
            {
                "trigger-storage": account.id,
                "trigger-queue": queues[QUEUE].id,
                "trigger-poison": queues[POISON].id,
                "trigger-state": containers[STATE].id,
                "trigger-dead": containers[DEAD].id,
                **({"release-key": self._key()} if args.settings.github else {}),
            },
            f"{name}-grants",
        )
        app = self._app(account, granted)
        self.app_name, self.id = app.name, app.id
        self._grants({"trigger-app": app.id}, f"{name}-app-grants")
        self._sign_in(app)
        after: list[pulumi.Resource] = [granted, *queues.values(), *containers.values()]
        self._lake_events(account, after)
        self._model_events(account, after)
        self.register_outputs({"id": app.id})

    def _queue(self, key: str, account: storage.StorageAccount) -> storage.Queue:
        return storage.Queue(
            f"{self._name}-{key}",
            resource_group_name=self._site.group,
            account_name=account.name,
            queue_name=key,
            opts=child_of(self),
        )

    def _key(self) -> pulumi.Output[str]:
        github = self._args.settings.github
        return pulumi.Output.concat(self._args.vault.id, "/keys/", github.key if github else "")

    def _grants(self, scopes: Mapping[str, pulumi.Input[str]], name: str) -> Grants:
        args = GrantsArgs(self._site, self._args.identities, scopes)
        return Grants(name, args, pulumi.ResourceOptions(parent=self))

    def _app(self, account: storage.StorageAccount, granted: Grants) -> web.WebApp:
        site = self._site
        args = FlexArgs(
            site,
            site.names.of("function_app"),
            site.names.of("function_plan"),
            self._args.identities["retrain"],
            account,
            self._args.network.subnet_ids["functions"],
            MEMORY,
            INSTANCES,
            self._app_settings(account),
            self._answers,
            self._alerts(),
        )
        return flex_app(self, self._name, args, [granted])

    @property
    def _answers(self) -> bool:
        """Whether its public address answers anybody: alerts, and callers of an estate on an allow-list."""
        return not self._site.settings.private or self._args.settings.application is not None

    def _alerts(self) -> list[web.IpSecurityRestrictionArgs]:
        """Who may call it at its public address: Azure Monitor, where alerts are to start something."""
        if self._args.settings.application is None:
            return []
        return [
            web.IpSecurityRestrictionArgs(
                name="alerts",
                description="action groups of Azure Monitor",
                priority=100,
                action="Allow",
                tag="ServiceTag",
                ip_address="ActionGroup",
            )
        ]

    def _app_settings(self, account: storage.StorageAccount) -> dict[str, pulumi.Input[str]]:
        """What the code reads. None of it is a secret: everything signs in by its identity."""
        args, site = self._args, self._site
        settings = args.settings
        return {
            **host_settings(account, args.identities["retrain"].client_id, args.telemetry),
            "RETRAIN_WORKSPACE_ID": args.workspace.id,
            "RETRAIN_LOCATION": site.location,
            "RETRAIN_LANDING": next(one.datastore for one in LAKE if one.key == "landing"),
            "RETRAIN_DAILY_LIMIT": str(settings.daily_limit),
            "RETRAIN_DEBOUNCE_MINUTES": str(settings.debounce_minutes),
            "RETRAIN_DATA": settings.data or "",
            # A timer needs a time; without a schedule it is switched off.
            "RETRAIN_SCHEDULE": settings.schedule or "0 0 0 1 1 *",
            "AzureWebJobs.schedule.Disabled": "false" if settings.schedule else "true",
            "RETRAIN_ALERTS": "on" if settings.application else "",
            **self._github_settings(),
        }

    def _github_settings(self) -> dict[str, pulumi.Input[str]]:
        github = self._args.settings.github
        if github is None:
            return {}
        return {
            "RETRAIN_GITHUB_REPOSITORY": github.repository,
            "RETRAIN_GITHUB_APP": github.app,
            "RETRAIN_GITHUB_INSTALLATION": github.installation,
            "RETRAIN_GITHUB_REF": github.ref,
            "RETRAIN_GITHUB_KEY": pulumi.Output.concat(self._args.vault.uri, "keys/", github.key),
        }

    def _sign_in(self, app: web.WebApp) -> None:
        """Whoever calls it over HTTP signs in to Microsoft Entra ID: Azure Monitor, and nobody else."""
        site, chosen = self._site, self._args.settings.application
        tenant = site.settings.azure.tenant_id
        web.WebAppAuthSettingsV2(
            f"{self._name}-sign-in",
            resource_group_name=site.group,
            name=app.name,
            platform=web.AuthPlatformArgs(enabled=True, runtime_version="~1"),
            global_validation=web.GlobalValidationArgs(
                require_authentication=True,
                unauthenticated_client_action=web.UnauthenticatedClientActionV2.RETURN401,
            ),
            http_settings=web.HttpSettingsArgs(require_https=True),
            identity_providers=web.IdentityProvidersArgs(
                azure_active_directory=web.AzureActiveDirectoryArgs(
                    enabled=chosen is not None,
                    registration=web.AzureActiveDirectoryRegistrationArgs(
                        client_id=chosen.client_id,
                        open_id_issuer=f"https://sts.windows.net/{tenant}/",
                    )
                    if chosen
                    else None,
                    validation=web.AzureActiveDirectoryValidationArgs(
                        allowed_audiences=[identifier(chosen.client_id)],
                        default_authorization_policy=web.DefaultAuthorizationPolicyArgs(
                            allowed_applications=[SENDER]
                        ),
                    )
                    if chosen
                    else None,
                )
            ),
            opts=child_of(self),
        )

    def _lake_events(self, account: storage.StorageAccount, after: list[pulumi.Resource]) -> None:
        topic = self._topic("lake", self._args.lake.id, "Microsoft.Storage.StorageAccounts")
        self._subscription(
            "landed",
            topic,
            account,
            eventgrid.EventSubscriptionFilterArgs(
                included_event_types=["Microsoft.Storage.BlobCreated"],
                subject_begins_with="/blobServices/default/containers/landing/",
                is_subject_case_sensitive=True,
                advanced_filters=[
                    eventgrid.StringInAdvancedFilterArgs(
                        operator_type="StringIn", key="data.api", values=list(COMPLETE)
                    )
                ],
            ),
            after,
        )

    def _model_events(self, account: storage.StorageAccount, after: list[pulumi.Resource]) -> None:
        topic = self._topic(
            "workspace", self._args.workspace.id, "Microsoft.MachineLearningServices.Workspaces"
        )
        wanted = eventgrid.EventSubscriptionFilterArgs(
            included_event_types=["Microsoft.MachineLearningServices.ModelRegistered"]
        )
        self._subscription("registered", topic, account, wanted, after)

    def _topic(self, key: str, source: pulumi.Input[str], kind: str) -> eventgrid.SystemTopic:
        site, identity = self._site, self._args.identities["events"]
        return eventgrid.SystemTopic(
            f"{self._name}-{key}-topic",
            resource_group_name=site.group,
            system_topic_name=site.names.of("system_topic", key),
            location=site.location,
            source=source,
            topic_type=kind,
            identity=eventgrid.IdentityInfoArgs(
                type=eventgrid.IdentityType.USER_ASSIGNED,
                user_assigned_identities=identity.id.apply(
                    lambda id_: {id_: eventgrid.UserIdentityPropertiesArgs()}
                ),
            ),
            tags=site.tags,
            opts=child_of(self),
        )

    def _subscription(
        self,
        key: str,
        topic: eventgrid.SystemTopic,
        account: storage.StorageAccount,
        wanted: eventgrid.EventSubscriptionFilterArgs,
        after: list[pulumi.Resource],
    ) -> None:
        """To the queue, by identity: the one delivery that passes the firewall of a private account."""
        by = eventgrid.EventSubscriptionIdentityArgs(
            type=eventgrid.EventSubscriptionIdentityType.USER_ASSIGNED,
            user_assigned_identity=self._args.identities["events"].id,
        )
        eventgrid.SystemTopicEventSubscription(
            f"{self._name}-{key}",
            resource_group_name=self._site.group,
            system_topic_name=topic.name,
            event_subscription_name=key,
            event_delivery_schema=eventgrid.EventDeliverySchema.EVENT_GRID_SCHEMA,
            filter=wanted,
            delivery_with_resource_identity=eventgrid.DeliveryWithResourceIdentityArgs(
                identity=by,
                destination=eventgrid.StorageQueueEventSubscriptionDestinationArgs(
                    endpoint_type="StorageQueue",
                    resource_id=account.id,
                    queue_name=QUEUE,
                    queue_message_time_to_live_in_seconds=MINUTES * 60,
                ),
            ),
            dead_letter_with_resource_identity=eventgrid.DeadLetterWithResourceIdentityArgs(
                identity=by,
                dead_letter_destination=eventgrid.StorageBlobDeadLetterDestinationArgs(
                    endpoint_type="StorageBlob", resource_id=account.id, blob_container_name=DEAD
                ),
            ),
            retry_policy=eventgrid.RetryPolicyArgs(
                max_delivery_attempts=TIMES, event_time_to_live_in_minutes=MINUTES
            ),
            opts=child_of(self, depends_on=after, hooks=self._site.late_grants),
        )
