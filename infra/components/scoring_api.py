"""The scoring API on the gateway: what callers ask for, who they are, and the pool that answers."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import apimanagement as apim

from infra import gateway
from infra.components.gateway import Gateway
from infra.components.site import Site, child_of
from infra.gateway import API, PATH, PRODUCT

POOL: Final = "scoring"  # the backend that api.xml names
NOBODY: Final = "unreleased"
# A name that no DNS ever answers (RFC 2606): until the first release, callers get 503.
NOWHERE: Final = "https://unreleased.invalid"


@dataclass(frozen=True, slots=True)
class ScoringApiArgs:
    """tokens: whether tokens of Microsoft Entra ID are taken beside subscription keys."""

    site: Site
    gateway: Gateway
    tokens: bool


class ScoringApi(pulumi.ComponentResource):
    """pool: the backend's name, whose members and weights belong to the release."""

    def __init__(self, name: str, args: ScoringApiArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlops:serving:ScoringApi", name, None, opts)
        self._name, self._group, self._gateway = name, args.site.group, args.gateway
        self._tokens = args.tokens
        pool = self._pool()
        api = self._api()
        self._policy(api, pool)
        self._product(api)
        self.pool = pool.name
        self.register_outputs({"id": api.id})

    def _pool(self) -> apim.Backend:
        """Azure takes no empty pool, so it begins with a member that answers nothing."""
        nobody = apim.Backend(
            f"{self._name}-{NOBODY}",
            resource_group_name=self._group,
            service_name=self._gateway.service_name,
            backend_id=NOBODY,
            type="Single",
            protocol="http",
            url=NOWHERE,
            description="Nothing is released yet",
            opts=child_of(self),
        )
        return apim.Backend(
            f"{self._name}-pool",
            resource_group_name=self._group,
            service_name=self._gateway.service_name,
            backend_id=POOL,
            type="Pool",
            description="Members and weights belong to the release",
            pool=apim.BackendBaseParametersPoolArgs(
                services=[apim.BackendPoolItemArgs(id=nobody.id, weight=100, priority=1)]
            ),
            # The whole property: an `up` in the middle of a canary changes nothing.
            opts=child_of(self, ignore_changes=["pool"]),
        )

    def _api(self) -> apim.Api:
        return apim.Api(
            f"{self._name}-api",
            resource_group_name=self._group,
            service_name=self._gateway.service_name,
            api_id=API,
            path=PATH,
            display_name="Scoring",
            api_type="http",
            protocols=["https"],
            format="openapi+json",
            value=gateway.text("openapi.json"),
            # Where tokens are taken beside keys, the policy asks for either; Azure alone would ask for a key.
            subscription_required=not self._tokens,
            opts=child_of(self),
        )

    def _policy(self, api: apim.Api, pool: apim.Backend) -> None:
        apim.ApiPolicy(
            f"{self._name}-policy",
            resource_group_name=self._group,
            service_name=self._gateway.service_name,
            api_id=api.name,
            policy_id="policy",
            format="xml",
            value=gateway.text("api.xml"),
            opts=child_of(self, depends_on=[pool, *self._gateway.ready]),
        )

    def _product(self, api: apim.Api) -> None:
        product = apim.Product(
            f"{self._name}-product",
            resource_group_name=self._group,
            service_name=self._gateway.service_name,
            product_id=PRODUCT,
            display_name="Scoring",
            description="Scores rows; a subscription is approved by a person",
            state=apim.ProductState.PUBLISHED,
            subscription_required=True,
            approval_required=True,
            subscriptions_limit=1,
            opts=child_of(self),
        )
        apim.ProductApi(
            f"{self._name}-product-api",
            resource_group_name=self._group,
            service_name=self._gateway.service_name,
            product_id=product.name,
            api_id=api.name,
            opts=child_of(self),
        )
