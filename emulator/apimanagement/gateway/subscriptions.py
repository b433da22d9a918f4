"""Who calls: subscriptions by their keys, and the product or API in whose name a call is handled.

By the table of "Subscriptions in Azure API Management" (learn.microsoft.com, read 2026-11): how requests with
and without subscription keys are handled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emulator.apimanagement.gateway.failures import bad_key, no_key
from emulator.apimanagement.gateway.routing import Api

ACTIVE = "active"
PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Product:
    """apis: folded ids."""

    id: str
    name: str
    display: str
    published: bool
    subscription_required: bool
    approval_required: bool
    limit: int | None
    apis: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subscription:
    """product, api: folded id of what it is for; "" in both for all APIs. Its keys are secrets."""

    id: str
    name: str
    display: str
    active: bool
    product: str
    api: str
    primary: str = field(repr=False, default="")
    secondary: str = field(repr=False, default="")
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """In whose name a call is handled. key: as it was sent."""

    subscription: Subscription | None
    product: Product | None
    key: str = field(repr=False, default="")


def key_of(api: Api, headers: Mapping[str, str], query: Mapping[str, Sequence[str]]) -> str:
    """The key that a request brings, "" for none. The header comes first. headers: lower case."""
    if given := headers.get(api.key_header.lower()):
        return given
    wanted = api.key_parameter.lower()
    return next((values[0] for name, values in query.items() if name.lower() == wanted and values), "")


def caller(api: Api, key: str, by_key: Mapping[str, Subscription], products: Mapping[str, Product]) -> Caller:
    """Who calls an API. Failure 401 where it wants a subscription and the key is missing or not good for it.

    api.id and the keys of `products` are folded.
    """
    found = by_key.get(key) if key else None
    if found is not None and found.active and _covers(found, api, products):
        return Caller(found, products.get(found.product), key)
    if not key:
        for product in products.values():
            if api.id in product.apis and product.published and not product.subscription_required:
                return Caller(None, product)
    if not api.subscription_required:
        return Caller(None, None)
    raise bad_key() if key else no_key()


def _covers(subscription: Subscription, api: Api, products: Mapping[str, Product]) -> bool:
    if subscription.product:
        product = products.get(subscription.product)
        return product is not None and product.published and api.id in product.apis
    return subscription.api in ("", api.id)
