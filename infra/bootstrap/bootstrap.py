"""What must exist before the estates: made once, by a person, and never destroyed with an estate."""

from typing import Any, Final

import pulumi
from pulumi_azure_native import authorization, keyvault, managedidentity, resources, storage

from infra.bootstrap.config import Settings
from infra.bootstrap.federation import AUDIENCE, ISSUER, credentials
from infra.bootstrap.roles import GRANTS, GROUPS, IDENTITIES, ROLES, Grant, condition
from infra.components.site import child_of
from infra.components.storage_account import AccountArgs, blob_service, storage_account
from infra.naming import role_assignment
from infra.roles import OWN_ROLES, role_guid
from infra.roles import ROLES as ESTATE_ROLES

KEPT_DAYS: Final = 90
"""How long deleted state, keys and approvals can be brought back."""
LOCKS: Final = "Microsoft.Authorization/locks/*"
LOCK_KEEPER: Final = "Estate lock keeper"


class Bootstrap(pulumi.ComponentResource):
    """State, keys, CI's identities and the store of approvals, for all environments."""

    def __init__(self, name: str, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:bootstrap:Bootstrap", name, None, opts)
        self._settings, self._names = settings, settings.names()
        group = resources.ResourceGroup(
            "group",
            resource_group_name=self._names.of("resource_group"),
            location=settings.azure.location,
            tags=settings.tags(),
            opts=child_of(self),
        )
        self._group = group.name
        self._scopes: dict[tuple[str, str], pulumi.Input[str]] = {}
        self._principals: dict[tuple[str, str], pulumi.Input[str]] = {}
        self._clients: dict[str, pulumi.Output[str]] = {}
        self._state()
        self._keys()
        self._approvals()
        self._roles()
        for environment in settings.environments:
            self._identities(environment)
        for environment, chosen in settings.environments.items():
            if chosen.locks:
                self._lock_keeper(environment)
        for (environment, place), grant in self._wanted():
            self._grant(environment, grant, place)
        self.register_outputs({})

    def _account(self, name: str, kind: str, *, hierarchical: bool) -> storage.StorageAccount:
        """Protected: what stands in it is the record of every estate."""
        settings = self._settings
        return storage_account(
            self,
            name,
            AccountArgs(
                group=self._group,
                name=self._names.of(kind),
                location=settings.azure.location,
                redundancy=settings.redundancy,
                tags=settings.tags(),
                public="Enabled",
                callers=settings.callers,
                subnets=settings.subnets,
                hierarchical=hierarchical,
                protect=self._held,
            ),
        )

    @property
    def _held(self) -> bool:
        return any(environment.locked for environment in self._settings.environments.values())

    def _state(self) -> None:
        """A container of state for each environment; each write leaves the version before it."""
        self.state = self._account("state", "storage_account", hierarchical=False)
        blobs = blob_service(self, "state", self.state, self._group, kept_days=KEPT_DAYS, versions=True)
        for environment in self._settings.environments:
            made = self._container("state", self.state, environment, after=blobs)
            self._scopes[environment, "state"] = made.id

    def _container(
        self, kind: str, account: storage.StorageAccount, environment: str, after: pulumi.Resource
    ) -> storage.BlobContainer:
        return storage.BlobContainer(
            f"{kind}-{environment}",
            resource_group_name=self._group,
            account_name=account.name,
            container_name=f"{kind}-{environment}",
            public_access=storage.PublicAccess.NONE,
            opts=child_of(self, depends_on=[after], protect=self._settings.environments[environment].locked),
        )

    def _keys(self) -> None:
        """A key for each environment, which seals the secrets in its state."""
        settings = self._settings
        self.vault = keyvault.Vault(
            "vault",
            resource_group_name=self._group,
            vault_name=self._names.of("key_vault"),
            location=settings.azure.location,
            properties=keyvault.VaultPropertiesArgs(
                tenant_id=settings.azure.tenant_id,
                sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                enable_purge_protection=True,
                soft_delete_retention_in_days=KEPT_DAYS,
                enabled_for_deployment=False,
                enabled_for_disk_encryption=False,
                enabled_for_template_deployment=False,
                public_network_access="Enabled",
                network_acls=keyvault.NetworkRuleSetArgs(
                    default_action="Deny",
                    bypass="AzureServices",
                    ip_rules=[keyvault.IPRuleArgs(value=callers) for callers in settings.callers],
                    virtual_network_rules=[
                        keyvault.VirtualNetworkRuleArgs(id=subnet, ignore_missing_vnet_service_endpoint=False)
                        for subnet in settings.subnets
                    ],
                ),
            ),
            tags=settings.tags(),
            opts=child_of(self, protect=self._held),
        )
        for environment in settings.environments:
            # No rotation: Pulumi names the key without its version, and a new one does not open old state.
            key = keyvault.Key(
                f"key-{environment}",
                resource_group_name=self._group,
                vault_name=self.vault.name,
                key_name=f"pulumi-{environment}",
                properties=keyvault.KeyPropertiesArgs(
                    kty="RSA", key_size=3072, key_ops=["encrypt", "decrypt", "wrapKey", "unwrapKey"]
                ),
                tags=settings.tags(),
                opts=child_of(self, protect=self._held),
            )
            self._scopes[environment, "key"] = key.id
            self._scopes[environment, "approvals-key"] = self._approvers_key(environment).id

    def _approvers_key(self, environment: str) -> keyvault.Key:
        """With it approvals are signed: the statement's signature can be verified anywhere, at any time."""
        settings = self._settings
        # No rotation by time: an approval is short-lived, and older versions verify what they signed.
        return keyvault.Key(
            f"approvals-key-{environment}",
            resource_group_name=self._group,
            vault_name=self.vault.name,
            key_name=f"approvals-{environment}",
            properties=keyvault.KeyPropertiesArgs(kty="EC", curve_name="P-256", key_ops=["sign", "verify"]),
            tags=settings.tags(),
            opts=child_of(self, protect=self._held),
        )

    def _approvals(self) -> None:
        """Approvals and records of releases: written once, kept for the environment's time of retention."""
        self.approvals = self._account("approvals", "data_lake", hierarchical=True)
        blobs = blob_service(
            self, "approvals", self.approvals, self._group, kept_days=KEPT_DAYS, versions=False
        )
        for environment, chosen in self._settings.environments.items():
            # What is under way in production is written again and again: no policy keeps it.
            steps = self._container("production", self.approvals, environment, after=blobs)
            self._scopes[environment, "production"] = steps.id
            for kind in ("approvals", "releases"):
                made = self._container(kind, self.approvals, environment, after=blobs)
                self._scopes[environment, kind] = made.id
                storage.BlobContainerImmutabilityPolicy(
                    f"{kind}-{environment}-retention",
                    resource_group_name=self._group,
                    account_name=self.approvals.name,
                    container_name=made.name,
                    immutability_policy_name="default",
                    immutability_period_since_creation_in_days=chosen.retention_days,
                    allow_protected_append_writes=False,
                    opts=child_of(self, protect=chosen.locked),
                )

    def _identities(self, environment: str) -> None:
        """CI's identities, each with its federated credentials: Azure writes one of an identity at a time."""
        settings = self._settings
        self._scopes[environment, "subscription"] = (
            f"/subscriptions/{settings.environments[environment].subscription_id}"
        )
        chosen = settings.environments[environment]
        self._principals[environment, "approvers"] = chosen.approvers_group_id
        if chosen.engineers_group_id is not None:
            self._principals[environment, "engineers"] = chosen.engineers_group_id
        for who in IDENTITIES:
            name = f"{who}-{environment}"
            identity = managedidentity.UserAssignedIdentity(
                name,
                resource_group_name=self._group,
                resource_name_=self._names.of("identity", name),
                location=settings.azure.location,
                tags=settings.tags(),
                opts=child_of(self),
            )
            self._principals[environment, who] = identity.principal_id
            last: pulumi.Resource = identity
            for one in credentials(settings.github, environment, who, settings.environments[environment]):
                last = managedidentity.FederatedIdentityCredential(
                    f"{name}-{one.name}",
                    resource_group_name=self._group,
                    resource_name_=identity.name,
                    federated_identity_credential_resource_name=f"github-{one.name}",
                    issuer=ISSUER,
                    subject=one.subject,
                    audiences=[AUDIENCE],
                    opts=child_of(self, depends_on=[last]),
                )
            self._clients[name] = identity.client_id

    def _lock_keeper(self, environment: str) -> None:
        """A role of our own, for Azure has none so narrow: CI makes and takes away locks, and no more."""
        subscription = self._scopes[environment, "subscription"]
        name = f"deploy-{environment}-locks"
        definition = authorization.RoleDefinition(
            f"{name}-role",
            scope=subscription,
            role_definition_id=role_assignment(f"{subscription}/locks", name, LOCK_KEEPER),
            role_name=f"{LOCK_KEEPER} ({self._settings.project}, {environment})",
            description="Makes and takes away management locks, as protectData of an estate asks for them.",
            role_type="CustomRole",
            assignable_scopes=[subscription],
            permissions=[
                authorization.PermissionArgs(
                    actions=[LOCKS], not_actions=[], data_actions=[], not_data_actions=[]
                )
            ],
            opts=child_of(self),
        )
        authorization.RoleAssignment(
            name,
            role_assignment_name=role_assignment(f"{subscription}/locks", name, f"{LOCK_KEEPER} of CI"),
            scope=subscription,
            principal_id=self._principals[environment, "deploy"],
            principal_type="ServicePrincipal",
            role_definition_id=definition.id,
            opts=child_of(self),
        )

    def _wanted(self) -> list[tuple[tuple[str, str], Grant]]:
        """The grants by the environments of their principal and of their part, each of them once.

        One group may be that of several environments, and Azure refuses to assign a role twice.
        """
        found: dict[tuple[object, str, str, str], tuple[tuple[str, str], Grant]] = {}
        for environment in self._settings.environments:
            for grant in GRANTS:
                principal = self._principals.get((environment, grant.who))
                for place in self._settings.environments if grant.everywhere else (environment,):
                    who = principal if isinstance(principal, str) else f"{grant.who}-{environment}"
                    if principal is not None:
                        key = who, grant.role, place, grant.scope
                        found.setdefault(key, ((environment, place), grant))
        return list(found.values())

    def _grant(self, environment: str, grant: Grant, place: str) -> None:
        """place: the environment whose part it is; the principal is that of `environment`."""
        settings, name = self._settings, f"{grant.who}-{environment}"
        subscription = settings.environments[environment].subscription_id
        home = subscription if grant.scope == "subscription" else settings.azure.subscription_id
        slug = grant.role.lower().replace(" ", "-")
        target = grant.scope if place == environment else f"{grant.scope}-of-{place}"
        authorization.RoleAssignment(
            f"{name}-{slug}-on-{target}",
            role_assignment_name=role_assignment(
                f"{settings.azure.subscription_id}/{place}/{grant.scope}", name, grant.role
            ),
            scope=self._scopes[place, grant.scope],
            principal_id=self._principals[environment, grant.who],
            principal_type="Group" if grant.who in GROUPS else "ServicePrincipal",
            role_definition_id=(
                f"/subscriptions/{home}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[grant.role]}"
            ),
            condition=condition(self._assignable()) if grant.conditional else None,
            condition_version="2.0" if grant.conditional else None,
            opts=child_of(self),
        )

    def _roles(self) -> None:
        """The estates' own roles, for every environment's subscription.

        They stand in the tenant; the subscription of the bootstrap is only where their ids are read.
        """
        settings = self._settings
        chosen = [
            settings.azure.subscription_id,
            *(e.subscription_id for e in settings.environments.values()),
        ]
        scopes = [f"/subscriptions/{id_}" for id_ in dict.fromkeys(chosen)]
        for name, role in OWN_ROLES.items():
            authorization.RoleDefinition(
                name.lower().replace(" ", "-"),
                role_definition_id=role_guid(name, settings.azure.tenant_id, settings.project),
                scope=scopes[0],
                role_name=f"{name} ({settings.project})",
                role_type="CustomRole",
                description=role.why,
                permissions=[
                    authorization.PermissionArgs(
                        actions=[], not_actions=[], data_actions=list(role.data_actions), not_data_actions=[]
                    )
                ],
                assignable_scopes=scopes,
                opts=child_of(self),
            )

    def _assignable(self) -> list[str]:
        """The ids of the roles that an estate's program assigns."""
        azure, project = self._settings.azure, self._settings.project
        return [*ESTATE_ROLES.values(), *(role_guid(name, azure.tenant_id, project) for name in OWN_ROLES)]

    def outputs(self) -> dict[str, Any]:
        """What the runbook and the workflows need: docs/azure.md says where each goes."""
        settings = self._settings
        return {
            "state_account": self.state.name,
            "vault": self.vault.name,
            "approvals_account": self.approvals.name,
            "client_ids": self._clients,
            "promoters": {
                environment: self._principals[environment, "promote"] for environment in settings.environments
            },
            "to_lock": [
                f"{kind}-{environment}"
                for environment, chosen in settings.environments.items()
                if chosen.locked
                for kind in ("approvals", "releases")
            ],
        }
