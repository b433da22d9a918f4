"""The estate: the architecture picture, one line for each part, in the order in which they come to be."""

from typing import TYPE_CHECKING

import pulumi

from infra.components.compute import Compute, ComputeArgs
from infra.components.data_lake import DataLake, DataLakeArgs
from infra.components.diagnostics import Diagnostics, DiagnosticsArgs
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
from infra.estate_ids import endpoint_targets, locked, log_sources, role_scopes, watched
from infra.private_link import GATEWAY, LANDING, PrivateLink
from infra.traffic import GATEWAY_GROUP

if TYPE_CHECKING:
    from infra.components.gateway import Gateway
    from infra.components.kubernetes import Kubernetes
    from infra.components.predictions_database import PredictionsDatabase
    from infra.components.retraining import Retraining
    from infra.components.runners import Runners
    from infra.components.scoring_api import ScoringApi
    from infra.components.scoring_function import ScoringFunction


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
        grants = Grants("grants", GrantsArgs(site, self.identities, role_scopes(self)), here)
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

        logs = Diagnostics("diagnostics", DiagnosticsArgs(site, self.telemetry, log_sources(self)), here)
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
            Locks("locks", LocksArgs(site, locked(self)), last)
        self.register_outputs({})

    def _endpoints(self, site: Site, here: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """The private endpoints that the settings ask for, and the zones of their names."""
        links = self.settings.private_links
        dns = self.dns = PrivateDns("dns", PrivateDnsArgs(site, self.network, links), here)
        targets = endpoint_targets(self)
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
            args = AlertsArgs(site, told.emails, self.telemetry, watched(self))
            people = Alerts("alerts", args, opts).group_id
        if budget:
            Budget("budget", BudgetArgs(site, self.group.id, budget.monthly, people), opts)
