"""Who is calling, and whether the subscription of the settings is one that the caller sees."""

from typing import Final

from ml.doctor.findings import Finding, failed, ok
from ml.doctor.subject import SUBSCRIPTIONS, Subject

TITLE: Final = "sign-in"
USABLE: Final = frozenset({"Enabled", "Warned", "PastDue"})


def check(subject: Subject) -> list[Finding]:
    """Raises azure-identity's errors where no credential works: then no other check can be made."""
    from azure.core.exceptions import HttpResponseError

    azure = subject.settings.azure
    try:
        found = subject.management.get(subject.subscription, **{"api-version": SUBSCRIPTIONS})
    except HttpResponseError as error:
        if error.status_code not in (401, 403, 404):
            raise
        return [
            failed(
                TITLE,
                f"the caller does not see the subscription {azure.subscription_id} ({error.status_code})",
                "Correct azure-native:subscriptionId, sign in to its tenant "
                f"(`az login --tenant {azure.tenant_id}`), or have a role granted on it.",
            )
        ]
    tenant, state = str(found.get("tenantId", "")), str(found.get("state", ""))
    findings: list[Finding] = []
    if tenant and tenant.lower() != azure.tenant_id.lower():
        findings.append(
            failed(
                TITLE,
                f"the subscription belongs to the tenant {tenant}, the settings say {azure.tenant_id}",
                "Correct azure-native:tenantId or azure-native:subscriptionId.",
            )
        )
    if state and state not in USABLE:
        findings.append(
            failed(TITLE, f"the subscription is {state}", "Have it enabled: nothing can be created in it.")
        )
    name = found.get("displayName") or azure.subscription_id
    return findings or [ok(TITLE, f"subscription {name}")]
