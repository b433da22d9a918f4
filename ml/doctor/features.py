"""Whether the subscription is registered for what the estate's machines are made with."""

from typing import Final

from ml.doctor.findings import Finding, failed, ok
from ml.doctor.subject import FEATURES, Subject

TITLE: Final = "features"
FEATURE: Final = "EncryptionAtHost"


def check(subject: Subject) -> list[Finding]:
    """Azure refuses machines that encrypt on their hosts, until the subscription is registered."""
    if subject.settings.kubernetes is None and subject.settings.runners is None:
        return []
    compute = f"{subject.subscription}/providers/Microsoft.Features/providers/Microsoft.Compute"
    found = subject.management.get(f"{compute}/features/{FEATURE}", **{"api-version": FEATURES})
    state = (found.get("properties") or {}).get("state")
    if state == "Registered":
        return [ok(TITLE, f"{FEATURE} is registered, with which machines encrypt on their hosts")]
    return [
        failed(
            TITLE,
            f"{FEATURE} is {state}: Azure makes no machines that encrypt on their hosts",
            f"`az feature register --namespace Microsoft.Compute --name {FEATURE}`, once in the "
            "subscription; when it is Registered, `az provider register --namespace Microsoft.Compute`.",
        )
    ]
