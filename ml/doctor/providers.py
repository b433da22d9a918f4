"""Whether the resource providers are registered, and offer in the region what the estate is made of."""

from typing import Any, Final

from ml.doctor.findings import Finding, failed, ok
from ml.doctor.needs import NEEDS, Need
from ml.doctor.subject import PROVIDERS, SUBSCRIPTIONS, Subject

TITLE: Final = "providers"


def check(subject: Subject) -> list[Finding]:
    needs = [need for need in NEEDS if need.when(subject.settings)]
    region = _display_name(subject)
    findings: list[Finding] = []
    for namespace in dict.fromkeys(need.namespace for need in needs):
        path = f"{subject.subscription}/providers/{namespace}"
        found = subject.management.get(path, **{"api-version": PROVIDERS})
        if (state := found.get("registrationState")) != "Registered":
            findings.append(
                failed(
                    TITLE,
                    f"{namespace} is {state}",
                    f"`az provider register --namespace {namespace} --wait`, once in the subscription.",
                )
            )
        mine = [need for need in needs if need.namespace == namespace]
        findings += [finding for need in mine if (finding := _offered(need, found, region))]
    return findings or [
        ok(TITLE, f"{len(needs)} resource types are registered and offered in {subject.location}")
    ]


def _display_name(subject: Subject) -> str:
    """The region as providers list it: "West Europe"."""
    path = f"{subject.subscription}/locations"
    for one in subject.management.items(path, **{"api-version": SUBSCRIPTIONS}):
        if one["name"] == subject.location:
            return str(one.get("displayName") or one["name"])
    return subject.location


def _offered(need: Need, provider: dict[str, Any], region: str) -> Finding | None:
    kinds = {str(one["resourceType"]).lower(): one for one in provider.get("resourceTypes") or ()}
    locations = [str(name) for name in (kinds.get(need.kind.lower()) or {}).get("locations") or ()]
    if need.everywhere or _squeezed(region) in map(_squeezed, locations):
        return None
    return failed(
        TITLE,
        f"{need.what} ({need.namespace}/{need.kind}) is not offered in {region}",
        "Set azure-native:location to a region that has it"
        + (f": {', '.join(sorted(locations)[:6])} …" if locations else "."),
    )


def _squeezed(name: str) -> str:
    return name.replace(" ", "").lower()
