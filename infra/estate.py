"""The estate: the architecture picture, one line for each part, in the order in which they come to be."""

from typing import TYPE_CHECKING, Any, Final

import pulumi

from infra.components.compute import Compute, ComputeArgs
from infra.components.data_lake import DataLake, DataLakeArgs
from infra.components.diagnostics import Diagnostics, DiagnosticsArgs, Source
from infra.components.grants import Grants, GrantsArgs
from infra.components.identities import Identities, IdentitiesArgs
from infra.components.key_vault import KeyVault, KeyVaultArgs
from infra.components.lake_datastores import LakeDatastores, LakeDatastoresArgs
from infra.components.late_grants import late_grants
from infra.components.locks import Locks, LocksArgs
from infra.components.monitor_scope import MonitorScope, MonitorScopeArgs, find_scope
from infra.components.network import Network, NetworkArgs
from infra.components.private_dns import PrivateDns, PrivateDnsArgs
from infra.components.private_endpoint import PrivateEndpoint, PrivateEndpointArgs
from infra.components.registry import Registry, RegistryArgs
from infra.components.resource_group import ResourceGroup
from infra.components.site import Site
from infra.components.storage import Storage, StorageArgs
from infra.components.telemetry import Telemetry, TelemetryArgs
from infra.components.workspace import Workspace, WorkspaceArgs
from infra.config import Settings
from infra.config_predictions import DATABASE, PORT
from infra.config_retraining import alerts_url
from infra.private_link import GATEWAY, LANDING, PrivateLink, Service
from infra.traffic import GATEWAY_GROUP

if TYPE_CHECKING:
    from infra.components.gateway import Gateway
    from infra.components.kubernetes import Kubernetes
    from infra.components.predictions_database import PredictionsDatabase
    from infra.components.retraining import Retraining
    from infra.components.runners import Runners
    from infra.components.scoring_api import ScoringApi
    from infra.components.scoring_function import ScoringFunction

# Not the whole audit log, which holds every read of the API server and costs more than the cluster.
CLUSTER_LOGS: Final = ("kube-apiserver", "kube-audit-admin", "guard", "cluster-autoscaler")


class Estate(pulumi.ComponentResource):
    """Everything that exists in one environment, from its settings."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:estate:Estate", name, None, opts)
        here = pulumi.ResourceOptions(parent=self)

        self.settings = settings
        self.group = ResourceGroup("group", settings, here)
        site = Site(self.group.group_name, settings, late_grants())

        self.network = Network("network", NetworkArgs(site), here)
        access = self.network.access
        self.telemetry = Telemetry("telemetry", TelemetryArgs(site, access), here)
        scoped = MonitorScopeArgs(site, self.telemetry)
        self.scope = MonitorScope("monitor-scope", scoped, here) if settings.private_link.monitor else None
        if chosen := settings.private_link.monitor_scope_id:
            find_scope("central-monitor-scope", chosen, here)
        self.storage = Storage("storage", StorageArgs(site, access), here)
        lake = settings.data_lake
        self.lake = DataLake("lake", DataLakeArgs(site, access, lake), here) if lake else None
        self.vault = KeyVault("vault", KeyVaultArgs(site, access), here)
        # Azure ML may do all with its vault: the callers' key stands in another.
        self.learning_vault = KeyVault("learning-vault", KeyVaultArgs(site, access, "learning_vault"), here)
        self.registry = Registry("registry", RegistryArgs(site, self.network), here)
        self.identities = Identities("identities", IdentitiesArgs(site), here)

        # Roles are assigned before what needs them; those on the workspace come after it.
        grants = Grants("grants", GrantsArgs(site, self.identities, self._scopes()), here)
        granted = pulumi.ResourceOptions(parent=self, depends_on=[grants])
        self.workspace = Workspace("workspace", self._workspace_args(site), granted)
        on_workspace = GrantsArgs(site, self.identities, {"workspace": self.workspace.id})
        workspace_grants = Grants("workspace-grants", on_workspace, here)
        self.datastores: LakeDatastores | None = None
        if self.lake:
            lake_args = LakeDatastoresArgs(site, self.workspace, self.lake)
            self.datastores = LakeDatastores("lake-datastores", lake_args, here)

        self.retraining = self._retraining(site, here)
        self.function = self._function(site, here)
        self.predictions = self._predictions(site, here)

        # Nodes reach Azure ML and its parts by private endpoints, under their private names.
        endpoints = self._endpoints(site, here)

        ready = [grants, workspace_grants, *endpoints]
        granted = pulumi.ResourceOptions(parent=self, depends_on=ready)
        self.clusters = {
            key: Compute(
                "compute" if key == "cpu" else f"compute-{key}",
                ComputeArgs(site, key, chosen, self.identities["training"], self.workspace, self.network),
                granted,
            )
            for key, chosen in settings.clusters.items()
        }

        self.kubernetes = self._kubernetes(site, pulumi.ResourceOptions(parent=self, depends_on=[grants]))

        self.gateway, self.scoring_api = self._gateway(site, here)

        self.runners = self._runners(site, here)

        self._watch(site, here)

        logs = Diagnostics("diagnostics", DiagnosticsArgs(site, self.telemetry, self._sources()), here)
        if settings.protect_data:
            # A lock also holds what stands under its target, so locks are made last and removed first.
            under: list[pulumi.Resource] = [
                grants,
                workspace_grants,
                self.storage,
                *([self.lake] if self.lake else []),
                *([self.datastores] if self.datastores else []),
                *([self.predictions] if self.predictions else []),
                self.registry,
                self.workspace,
                *self.clusters.values(),
                logs,
                *endpoints,
            ]
            last = pulumi.ResourceOptions(parent=self, depends_on=under)
            Locks("locks", LocksArgs(site, self._held()), last)
        self.register_outputs({})

    def _endpoints(self, site: Site, here: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """The private endpoints that the settings ask for, and the zones of their names."""
        links = self.settings.private_links
        dns = self.dns = PrivateDns("dns", PrivateDnsArgs(site, self.network, links), here)
        targets = self._targets()
        made = [
            PrivateEndpoint(
                f"{link.key}-endpoint",
                PrivateEndpointArgs(
                    site, self.network, dns, targets[link.service], link, request=self._request(link)
                ),
                here,
            )
            for link in links
            if link is not GATEWAY  # training need not wait for the gateway, which takes Azure an hour
        ]
        return [dns, *made]

    def _request(self, link: PrivateLink) -> str | None:
        """What the owner of a service of others is told, where the connection waits for an approval."""
        retraining = self.settings.retraining
        if link is not LANDING or retraining is None or retraining.push_endpoint != "manual":
            return None
        return f"labelled rows of {self.settings.project} {self.settings.environment} go into landing"

    def _targets(self) -> dict[Service, pulumi.Output[str]]:
        """What private endpoints lead to."""
        found: dict[Service, pulumi.Output[str]] = {
            "workspace": self.workspace.id,
            "storage": self.storage.id,
            "keyVault": self.vault.id,
            "learningVault": self.learning_vault.id,
            "registry": self.registry.id,
        }
        if self.lake:
            found["dataLake"] = self.lake.id
        if self.retraining:
            found["triggers"] = self.retraining.id
            found["triggerStorage"] = self.retraining.account_id
        if self.function:
            found["scoringFunction"] = self.function.id
            found["scoringFunctionStorage"] = self.function.account_id
        if self.predictions:
            found["predictions"] = self.predictions.id
        if self.settings.retraining and self.settings.retraining.push_to:
            found["landing"] = pulumi.Output.from_input(self.settings.retraining.push_to)
        if self.scope:
            found["monitor"] = self.scope.id
        if self.settings.releases:
            for service, target in self.settings.releases.targets.items():
                found[service] = pulumi.Output.from_input(target)
        return found

    def _scopes(self) -> dict[str, pulumi.Output[str]]:
        """The scopes on which roles are assigned, without the workspace."""
        return {
            "storage": self.storage.id,
            "storage-data": self.storage.data_container_id,
            **{f"lake-{key}": id_ for key, id_ in (self.lake.container_ids if self.lake else {}).items()},
            "key-vault": self.vault.id,
            "learning-vault": self.learning_vault.id,
            "registry": self.registry.id,
            "application-insights": self.telemetry.application_insights_id,
            **self._own_logs(),
        }

    def _own_logs(self) -> dict[str, pulumi.Output[str]]:
        """Log Analytics, where it is this estate's: on a workspace of others its owner gives roles."""
        central = self.settings.telemetry.workspace_id
        return {} if central else {"log-analytics": self.telemetry.log_analytics_id}

    def _workspace_args(self, site: Site) -> WorkspaceArgs:
        return WorkspaceArgs(
            site,
            self.identities["workspace"],
            self.storage,
            self.learning_vault,
            self.registry,
            self.telemetry,
        )

    def _kubernetes(self, site: Site, opts: pulumi.ResourceOptions) -> "Kubernetes | None":
        """The cluster, where there is one: only then are its types imported, which takes a while."""
        if self.settings.kubernetes is None:
            return None
        from infra.components.kubernetes import Kubernetes, KubernetesArgs

        args = KubernetesArgs(site, self.settings.kubernetes, self.network, self.identities, self.telemetry)
        return Kubernetes("kubernetes", args, opts)

    def _retraining(self, site: Site, opts: pulumi.ResourceOptions) -> "Retraining | None":
        """The function app that starts trainings, where this estate has it."""
        settings = self.settings.retraining
        if settings is None or not settings.hosted or self.lake is None:
            return None
        from infra.components.retraining import Retraining, RetrainingArgs

        args = RetrainingArgs(
            site,
            settings,
            self.network,
            self.telemetry,
            self.identities,
            self.workspace,
            self.lake,
            self.vault,
        )
        return Retraining("retraining", args, opts)

    def _function(self, site: Site, opts: pulumi.ResourceOptions) -> "ScoringFunction | None":
        """The function app that scores, where this estate has it."""
        settings = self.settings.scoring_function
        if settings is None:
            return None
        from infra.components.scoring_function import ScoringFunction, ScoringFunctionArgs

        args = ScoringFunctionArgs(
            site, settings, self.network, self.telemetry, self.identities, self.storage, self.vault
        )
        return ScoringFunction("scoring-function", args, opts)

    def _predictions(self, site: Site, opts: pulumi.ResourceOptions) -> "PredictionsDatabase | None":
        """The database of predictions by key, where this estate has it."""
        settings = self.settings.predictions_database
        if settings is None:
            return None
        from infra.components.predictions_database import PredictionsDatabase, PredictionsDatabaseArgs

        return PredictionsDatabase("predictions", PredictionsDatabaseArgs(site, settings), opts)

    def _runners(self, site: Site, opts: pulumi.ResourceOptions) -> "Runners | None":
        """The machines that run CI's jobs, where this estate has them."""
        settings = self.settings.runners
        if settings is None:
            return None
        from infra.components.runners import Runners, RunnersArgs

        args = RunnersArgs(site, settings, self.network, self.identities, self.vault)
        return Runners("runners", args, opts)

    def _gateway(
        self, site: Site, opts: pulumi.ResourceOptions
    ) -> "tuple[Gateway, ScoringApi] | tuple[None, None]":
        """The gateway, the scoring API on it, and the private endpoint where no other way leads in."""
        if self.settings.gateway is None:
            return None, None
        from infra.components.gateway import Gateway, GatewayArgs
        from infra.components.scoring_api import ScoringApi, ScoringApiArgs

        args = GatewayArgs(site, self.settings.gateway, self.network, self.vault, self.telemetry)
        made = Gateway("gateway", args, opts)
        tokens = self.settings.gateway.audience is not None
        if self.settings.private:
            group = self.network.groups.get(GATEWAY_GROUP)
            way_in = PrivateEndpointArgs(site, self.network, self.dns, made.id, GATEWAY, group)
            PrivateEndpoint("gateway-endpoint", way_in, opts)
        return made, ScoringApi("scoring-api", ScoringApiArgs(site, made, tokens), opts)

    def _watch(self, site: Site, opts: pulumi.ResourceOptions) -> None:
        """Alerts, budget and workbooks."""
        from infra.components.alerts import Alerts, AlertsArgs, Budget, BudgetArgs, Workbooks, WorkbooksArgs

        told, budget = self.settings.alerts, self.settings.budget
        Workbooks("workbooks", WorkbooksArgs(site, self.telemetry), opts)
        people = None
        if told:
            args = AlertsArgs(site, told.emails, self.telemetry, self._watched())
            people = Alerts("alerts", args, opts).group_id
        if budget:
            Budget("budget", BudgetArgs(site, self.group.id, budget.monthly, people), opts)

    def _watched(self) -> dict[str, pulumi.Output[str]]:
        """The parts whose own metrics have alerts."""
        found = {"workspace": self.workspace.id, "storage": self.storage.id, "vault": self.vault.id}
        if self.gateway:
            found["gateway"] = self.gateway.id
        if self.kubernetes:
            found["kubernetes"] = self.kubernetes.id
        if self.runners:
            found["runners"] = self.runners.id
        if self.predictions:
            found["predictions"] = self.predictions.id
        if self.function:
            found["function"] = self.function.id
        return found

    def _sources(self) -> dict[str, Source]:
        """The resources with diagnostic settings."""
        lake = self.lake
        found = {
            "vault": Source(self.vault.id),
            "learning-vault": Source(self.learning_vault.id),
            **({"lake-blobs": Source(lake.blob_service_id, metrics="Transaction")} if lake else {}),
            "registry": Source(self.registry.id),
            "workspace": Source(self.workspace.id),
            "blobs": Source(self.storage.blob_service_id, metrics="Transaction"),
        }
        if self.retraining:
            found["trigger-blobs"] = Source(self.retraining.blob_service_id, metrics="Transaction")
        if self.function:
            found["scoring-function"] = Source(self.function.id)
            found["scoring-function-blobs"] = Source(self.function.blob_service_id, metrics="Transaction")
        if self.predictions:
            found["predictions"] = Source(self.predictions.id)
        if self.gateway:
            found["gateway"] = Source(self.gateway.id)
        if self.kubernetes:
            found["kubernetes"] = Source(self.kubernetes.id, logs=CLUSTER_LOGS)
        return found

    def _held(self) -> dict[str, pulumi.Output[str]]:
        """The resources with data that nobody can make again."""
        return {
            "storage": self.storage.id,
            **({"lake": self.lake.id} if self.lake else {}),
            **({"predictions": self.predictions.id} if self.predictions else {}),
            "vault": self.vault.id,
            "learning-vault": self.learning_vault.id,
            "registry": self.registry.id,
            "workspace": self.workspace.id,
        }

    def _predictions_outputs(self) -> dict[str, Any] | None:
        """`outputs.Predictions`."""
        settings, identities = self.settings.predictions_database, self.identities
        if self.predictions is None or settings is None:
            return None
        names = self.settings.names()
        return {
            "host": self.predictions.host,
            "port": PORT,
            "database": DATABASE,
            "administrators": settings.administrators,
            "writer": names.of("identity", "training"),
            "writer_object_id": identities["training"].principal_id,
            "reader": names.of("identity", "scoring"),
            "reader_object_id": identities["scoring"].principal_id,
            **self._eraser(),
        }

    def _function_outputs(self) -> dict[str, Any] | None:
        """`outputs.ScoringFunction`."""
        settings = self.settings.scoring_function
        if self.function is None or settings is None:
            return None
        return {
            "app": self.function.app_name,
            "url": self.function.url,
            "models": self.function.models,
            "key_secret": settings.key,
            "gated": self.settings.gated,
        }

    def _eraser(self) -> dict[str, str]:
        """The group that erases people's rows, where it has a name to sign in to the database under."""
        chosen = self.settings.erasure
        if chosen is None or chosen.group_name is None:
            return {}
        return {"eraser": chosen.group_name, "eraser_object_id": chosen.group_id}

    def _alerts_url(self) -> str | None:
        return alerts_url(self.settings.names().of("function_app")) if self.retraining else None

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs by name: the fields of `outputs.EstateOutputs`."""
        settings, identities = self.settings, self.identities
        return {
            "environment": settings.environment,
            "location": settings.azure.location,
            "tenant_id": settings.azure.tenant_id,
            "subscription_id": settings.azure.subscription_id,
            "resource_group": self.group.group_name,
            "workspace": self.workspace.workspace_name,
            "compute_cluster": self.clusters["cpu"].cluster_name,
            "compute_clusters": {key: made.cluster_name for key, made in self.clusters.items()},
            "datastore": self.workspace.datastore_name,
            "storage_account": self.storage.account_name,
            "data_container": self.storage.data_container,
            "data_lake": self.lake.account_name if self.lake else None,
            "data_lake_datastores": self.datastores.names if self.datastores else {},
            "data_lake_soft_delete_days": settings.data_lake.soft_delete_days if settings.data_lake else None,
            "release_account": settings.releases.account if settings.releases else None,
            "release_vault": settings.releases.vault if settings.releases else None,
            "key_vault": self.vault.vault_name,
            "key_vault_uri": self.vault.uri,
            "registry": self.registry.registry_name,
            "registry_login_server": self.registry.login_server,
            "build_agent_pool": self.registry.build_agent_pool,
            "base_image": self.registry.base_image,
            "telemetry_connection_string": self.telemetry.connection_string,
            "log_analytics_id": self.telemetry.log_analytics_id,
            "application_insights_id": self.telemetry.application_insights_id,
            "training_identity_id": identities["training"].id,
            "training_identity_client_id": identities["training"].client_id,
            "scoring_identity_id": identities["scoring"].id,
            "scoring_identity_client_id": identities["scoring"].client_id,
            "inference_subnet_id": self.network.subnet_ids["inference"],
            "gateway": self.gateway.service_name if self.gateway else None,
            "gateway_url": self.gateway.url if self.gateway else None,
            "gateway_audience": settings.gateway.audience if settings.gateway else None,
            "gateway_pool": self.scoring_api.pool if self.scoring_api else None,
            "kubernetes_cluster": self.kubernetes.cluster_name if self.kubernetes else None,
            "kubernetes_subnet": self.network.subnet_name("kubernetes") if self.kubernetes else None,
            "predictions": self._predictions_outputs(),
            "data_lake_id": self.lake.id if self.lake else None,
            "training_identity_principal_id": identities["training"].principal_id,
            "training_subnet_id": self.network.subnet_ids["training"],
            "pushes_to": settings.pushes_to,
            "scoring_function": self._function_outputs(),
            "retraining_app": self.retraining.app_name if self.retraining else None,
            "retraining_storage": self.retraining.account_name if self.retraining else None,
            "retraining_alerts_url": self._alerts_url(),
            "subnet_ranges": {subnet.key: str(subnet.range) for subnet in settings.network.plan().subnets},
        }
