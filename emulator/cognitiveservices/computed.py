"""What Microsoft.CognitiveServices computes of its resources: see `emulator.arm.computed`."""

from __future__ import annotations

from typing import Final

from emulator.arm.computed import ETAG, Facts, Table

ACCOUNT: Final = "Microsoft.CognitiveServices/accounts"
DELETED: Final = "only of a deleted one"


def _endpoint(facts: Facts) -> str:
    """Its own host where it has a name of its own, else that of its region."""
    label = facts.properties.get("customSubDomainName")
    if not label:
        return f"https://{facts.text('location')}.api.cognitive.microsoft.com/"
    kind = str(facts.resource.get("kind", ""))
    host = "openai.azure.com" if kind == "OpenAI" else "cognitiveservices.azure.com"
    return f"https://{label}.{host}/"


COMPUTED: Final[Table] = {
    ACCOUNT: {
        "etag": ETAG,
        "properties.endpoint": _endpoint,
        "properties.endpoints": lambda facts: {str(facts.resource.get("kind", "")): _endpoint(facts)},
        "properties.callRateLimit": {"rules": []},
        "properties.capabilities": [{"name": "VirtualNetworks"}, {"name": "CustomerManagedKey"}],
        "properties.dateCreated": "{created}",
        "properties.internalId": "{long}",
        "properties.isMigrated": False,
        "properties.privateEndpointConnections": [],
    },
    f"{ACCOUNT}/deployments": {
        "etag": ETAG,
        "properties.capabilities": {},
        "properties.rateLimits": [],
    },
}
ABSENT: Final = {
    ACCOUNT: {
        "properties.abusePenalty": "only of an account that was throttled for abuse",
        "properties.commitmentPlanAssociations": "only with a commitment plan",
        "properties.deletionDate": DELETED,
        "properties.quotaLimit": "only of some kinds",
        "properties.scheduledPurgeDate": DELETED,
        "properties.skuChangeInfo": "only once the SKU was changed",
    },
    f"{ACCOUNT}/deployments": {
        "properties.callRateLimit": "null in Azure's own answers",
        "properties.dynamicThrottlingEnabled": "only of models that have it",
    },
}
