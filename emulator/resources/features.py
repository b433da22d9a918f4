"""Microsoft.Features: what a subscription has to be registered for before a property may be set.

The features are those that the estates' types ask for. A cluster's refusal is that of reports in Azure/AKS;
that of a feature which nobody knows is from memory.
"""

from __future__ import annotations

import re
from typing import Any, Final

from emulator.arm.service import Arm, Put
from emulator.errors import AzureError
from emulator.http import Request, Response
from emulator.identity.service import Identity
from emulator.principal import Principal
from emulator.resources.listing import SUBSCRIPTION_PATH

ENCRYPTION_AT_HOST: Final = "EncryptionAtHost"
FEATURES: Final = {"microsoft.compute/encryptionathost": ("Microsoft.Compute", ENCRYPTION_AT_HOST)}
UNREGISTERED: Final = "feature-unregistered"  # documents: subscription, namespace and feature
CLUSTER: Final = "Microsoft.ContainerService/managedClusters"
SCALE_SET: Final = "Microsoft.Compute/virtualMachineScaleSets"
PATH: Final = (
    f"{SUBSCRIPTION_PATH}/providers/Microsoft.Features/providers/(?P<namespace>[^/]+)"
    "/features/(?P<feature>[^/]+)"
)

Json = dict[str, Any]


def install(arm: Arm, identity: Identity) -> None:
    """The features' paths, and who asks for one. Every feature is registered until it is unregistered."""
    store = arm.store
    unregistered = set(store.documents(UNREGISTERED))

    @arm.special("GET", PATH)
    @arm.special("POST", f"{PATH}/(?P<change>register|unregister)")
    def feature(request: Request, match: re.Match[str], principal: Principal) -> Response:
        subscription = match["subscription"]
        arm.get(f"/subscriptions/{subscription}")
        known = FEATURES.get(f"{match['namespace']}/{match['feature']}".lower())
        if known is None:
            raise AzureError(404, "FeatureNotFound", f"The feature '{match['feature']}' could not be found.")
        namespace, name = known
        change, key = str(match.groupdict().get("change") or "").lower(), _key(subscription, namespace, name)
        if change:
            action = f"Microsoft.Features/providers/features/{change}/action"
            identity.require(principal, action, f"/subscriptions/{subscription}")
        if change == "unregister":
            unregistered.add(key)
            store.put_document(UNREGISTERED, key, {})
        elif change == "register":
            unregistered.discard(key)
            store.delete_document(UNREGISTERED, key)
        state = "NotRegistered" if key in unregistered else "Registered"
        return Response.json(
            {
                "id": f"/subscriptions/{subscription}/providers/Microsoft.Features/providers/{namespace}"
                f"/features/{name}",
                "name": f"{namespace}/{name}",
                "type": "Microsoft.Features/providers/features",
                "properties": {"state": state},
            }
        )

    def check(put: Put, pools: list[Json]) -> None:
        key = _key(put.id.split("/")[2], "Microsoft.Compute", ENCRYPTION_AT_HOST)
        if key in unregistered and any(pool.get("enableEncryptionAtHost") is True for pool in pools):
            raise AzureError(
                400,
                "SubscriptionNotEnabledEncryptionAtHost",
                "Subscription does not enable EncryptionAtHost.",
            )

    @arm.before_put(SCALE_SET)
    def scale_set(put: Put) -> None:
        """As in MicrosoftDocs/azure-docs#68028."""
        key = _key(put.id.split("/")[2], "Microsoft.Compute", ENCRYPTION_AT_HOST)
        security = (put.properties.get("virtualMachineProfile") or {}).get("securityProfile") or {}
        if key in unregistered and security.get("encryptionAtHost") is True:
            raise AzureError(
                400,
                "InvalidParameter",
                "The property 'securityProfile.encryptionAtHost' is not valid because the "
                "'Microsoft.Compute/EncryptionAtHost' feature is not enabled for this subscription.",
            )

    @arm.before_put(CLUSTER)
    def cluster(put: Put) -> None:
        check(put, put.properties.get("agentPoolProfiles") or [])

    @arm.before_put(f"{CLUSTER}/agentPools")
    def pool(put: Put) -> None:
        check(put, [put.properties])


def _key(subscription: str, namespace: str, feature: str) -> str:
    return f"{subscription}/{namespace}/{feature}".lower()
