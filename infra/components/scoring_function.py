"""The scoring service as a function app: nothing runs, and nothing costs, while nobody calls.

`mlops functions deploy` puts a release there: its model into a container, its code with the name of that
model into the app's package. So the app's settings are the estate's alone, and `pulumi up` undoes no release.
docs/shapes.md says what it lacks beside the service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import web

from infra.components.function_app import (
    PACKAGES,
    FlexArgs,
    container,
    flex_app,
    host_account,
    host_settings,
    listed,
)
from infra.components.grants import Grants, GrantsArgs
from infra.components.identities import Identities
from infra.components.key_vault import KeyVault
from infra.components.network import Network
from infra.components.site import Site, child_of
from infra.components.storage import Storage
from infra.components.storage_account import Keep, blob_service, lifecycle
from infra.components.telemetry import Telemetry
from infra.config_scoring_function import ScoringFunction as Settings
from infra.roles import FUNCTION

MODELS: Final = "models"
"""The container of released models, in the estate's storage account: the app reads nothing else there."""
KEPT_DAYS: Final = 7  # packages that were overwritten


@dataclass(frozen=True, slots=True)
class ScoringFunctionArgs:
    """settings: the section `scoringFunction`."""

    site: Site
    settings: Settings
    network: Network
    telemetry: Telemetry
    identities: Identities
    storage: Storage
    vault: KeyVault


class ScoringFunction(pulumi.ComponentResource):
    """app_name, url, models (the container's name), account_id, blob_service_id, id: of the function app."""

    def __init__(
        self, name: str, args: ScoringFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:serving:ScoringFunction", name, None, opts)
        self._args, site = args, args.site
        account = host_account(self, name, site, args.network.access, "scoring_function_storage")
        self.account_id = account.id
        blobs = blob_service(self, name, account, site.group, kept_days=KEPT_DAYS, versions=True)
        self.blob_service_id = blobs.id
        lifecycle(self, name, account, site.group, [Keep(name="old-versions", versions=KEPT_DAYS)], blobs)
        packages = container(self, name, PACKAGES, site, account.name, blobs)
        models = container(self, name, MODELS, site, args.storage.account_name, args.storage.blob_service)
        self.models = models.name
        scopes = {"function-storage": account.id, "function-models": models.id, **self._key()}
        granted = self._grants(f"{name}-grants", scopes)
        app = flex_app(
            self,
            name,
            FlexArgs(
                site,
                site.names.of("scoring_function"),
                site.names.of("scoring_function_plan"),
                args.identities[FUNCTION],
                account,
                args.network.subnet_ids["scoring-function"],
                args.settings.memory_mb,
                args.settings.max_instances,
                {
                    **host_settings(account, args.identities[FUNCTION].client_id, args.telemetry),
                    "ESTATE_ENVIRONMENT": site.settings.environment,
                    "KEY_VAULT_URI": args.vault.uri,
                    "API_KEY_SECRET": args.settings.key,
                },
                public=not site.settings.private,
                lets_in=listed(site, "who may score"),
            ),
            [granted, packages],
        )
        self.app_name, self.id = app.name, app.id
        self.url = pulumi.Output.concat("https://", app.name, ".azurewebsites.net")
        if site.settings.gated:
            who = {"function-gated-models": models.id, "function-gated-app": app.id}
        else:
            who = {"function-open-app": app.id}
        self._grants(f"{name}-app-grants", who)
        self._sign_in(name, app)
        self.register_outputs({"id": app.id})

    def _key(self) -> dict[str, pulumi.Output[str]]:
        """What the role that reads the callers' key is on: the key alone, once that is said to exist."""
        vault, named = self._args.vault, self._args.settings.key_secret
        if named is None:
            return {"function-vault": vault.id}
        return {"function-key": pulumi.Output.concat(vault.id, "/secrets/", named)}

    def _grants(self, name: str, scopes: Mapping[str, pulumi.Input[str]]) -> Grants:
        args = GrantsArgs(self._args.site, self._args.identities, scopes)
        return Grants(name, args, pulumi.ResourceOptions(parent=self))

    def _sign_in(self, name: str, app: web.WebApp) -> None:
        """Azure asks nobody: callers bring the service's key, which the code asks for, or it does not start.

        Key and token would stand in the same header. Whoever switches this on turns away all who bring the
        key, and lets nobody in.
        """
        web.WebAppAuthSettingsV2(
            f"{name}-sign-in",
            resource_group_name=self._args.site.group,
            name=app.name,
            platform=web.AuthPlatformArgs(enabled=False, runtime_version="~1"),
            global_validation=web.GlobalValidationArgs(
                require_authentication=True,
                unauthenticated_client_action=web.UnauthenticatedClientActionV2.RETURN401,
            ),
            http_settings=web.HttpSettingsArgs(require_https=True),
            opts=child_of(self),
        )
