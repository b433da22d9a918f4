"""What Azure refuses of subscriptions and products.

States and scopes are those of Microsoft.ApiManagement 2024-05-01; the words are from memory.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.apimanagement.backends import invalid
from emulator.apimanagement.services import SERVICE
from emulator.arm.ids import fold
from emulator.arm.service import Arm, Put
from emulator.errors import AzureError

SUBSCRIPTION: Final = f"{SERVICE}/subscriptions"
PRODUCT: Final = f"{SERVICE}/products"
STATES: Final = ("suspended", "active", "expired", "submitted", "rejected", "cancelled")

Json = dict[str, Any]


def install(arm: Arm) -> None:
    """Register the hooks."""

    @arm.before_put(SUBSCRIPTION)
    def subscription(put: Put) -> None:
        properties, service = put.properties, put.id.rpartition("/subscriptions/")[0]
        if not properties.get("displayName"):
            raise invalid("name", "Subscription name should not be empty.")
        _check_scope(arm, service, str(properties.get("scope") or ""))
        state = str(properties.get("state") or "").lower()
        if state and state not in STATES:
            raise invalid("state", f"State '{state}' is none of {', '.join(STATES)}.")
        if state:
            properties["state"] = state
        for one in ("primaryKey", "secondaryKey"):
            if (key := (put.body.get("properties") or {}).get(one)) is not None and not 1 <= len(key) <= 256:
                raise invalid(one, "A key has 1 to 256 characters.")

    @arm.before_put(PRODUCT)
    def product(put: Put) -> None:
        properties = put.properties
        if properties.get("subscriptionRequired") is False:
            for name in ("approvalRequired", "subscriptionsLimit"):
                if properties.get(name):
                    words = (
                        f"{name[:1].upper()}{name[1:]} is only for a product that requires a subscription."
                    )
                    raise invalid(name, words)

    @arm.before_delete(PRODUCT)
    def kept(resource: Json) -> None:
        if fold(arm.deletion_root) != fold(resource["id"]):
            return
        if arm.deletion_query.get("deletesubscriptions", "").lower() == "true":
            return
        service = resource["id"].rpartition("/products/")[0]
        for one in arm.store.children(f"{service}/subscriptions"):
            if fold(full_scope(service, one["properties"].get("scope"))) == fold(resource["id"]):
                words = f"Product {resource['name']} has subscriptions: say deleteSubscriptions=true."
                raise AzureError(400, "ValidationError", words)

    @arm.with_delete(PRODUCT)
    def with_its_subscriptions(resource: Json) -> None:
        if fold(arm.deletion_root) != fold(resource["id"]):
            return
        service = resource["id"].rpartition("/products/")[0]
        for one in arm.store.children(f"{service}/subscriptions"):
            if fold(full_scope(service, one["properties"].get("scope"))) == fold(resource["id"]):
                arm.delete(one["id"])


def full_scope(service: str, scope: Any) -> str:
    """The ARM id of a scope, which may be given without the service's own."""
    text = str(scope or "").rstrip("/")
    return text if text.lower().startswith("/subscriptions/") else f"{service}/{text.strip('/')}"


def _check_scope(arm: Arm, service: str, scope: str) -> None:
    full = full_scope(service, scope)
    rest = full[len(service) :].strip("/").split("/")
    if (
        not scope
        or not fold(full).startswith(f"{fold(service)}/")
        or rest[0].lower() not in ("products", "apis")
    ):
        words = f"Scope '{scope}' is none of /products/ID, /apis and /apis/ID of this service."
        raise invalid("scope", words)
    if len(rest) == 1 and rest[0].lower() == "apis":
        return
    if len(rest) != 2 or arm.store.get(full) is None:
        kind = rest[0][:-1].capitalize() if rest[0].lower() == "products" else "API"
        raise invalid("scope", f"{kind} '{rest[-1]}' not found.")
