"""Whether the gateway's name can be had, and how many `pulumi up` a private one still takes."""

from typing import Any, Final

from infra.gateway import BACKEND_KEY
from ml.doctor.findings import Finding, failed, ok, warning
from ml.doctor.subject import API_MANAGEMENT, Subject

TITLE: Final = "gateway"
SERVICE: Final = "Microsoft.ApiManagement"
OPEN: Final = "pulumi up -s {env} --config mlops-estate:openGateway=true"


def check(subject: Subject) -> list[Finding]:
    """Azure refuses to make a private gateway, and keeps the name of a deleted one for 48 hours."""
    if subject.settings.gateway is None:
        return []
    name = subject.names.of("gateway")
    path = f"{subject.group}/providers/{SERVICE}/service/{name}"
    if subject.exists(path, API_MANAGEMENT):
        service = subject.management.get(path, **{"api-version": API_MANAGEMENT})
        return [_standing(subject, name, service), *_key(subject, name, path)]
    env = subject.settings.environment
    findings: list[Finding] = []
    place = f"{subject.subscription}/providers/{SERVICE}"
    if subject.exists(f"{place}/locations/{subject.location}/deletedservices/{name}", API_MANAGEMENT):
        findings.append(
            failed(
                TITLE,
                f"the gateway {name} is soft-deleted and holds its name",
                f"Bring it back by `pulumi up -s {env} --config mlops-estate:recoverGateway=true`, "
                f"or purge it: `az apim deletedservice purge --service-name {name} "
                f"--location {subject.location}`.",
            )
        )
    else:
        answer = subject.management.ask(
            f"{place}/checkNameAvailability", {"name": name}, **{"api-version": API_MANAGEMENT}
        )
        if not answer.get("nameAvailable"):
            findings.append(
                failed(
                    TITLE,
                    f"the gateway {name} cannot be made: {answer.get('message') or answer.get('reason')}",
                    "Remove what holds the name, or change mlops-estate:project, which is part of it.",
                )
            )
    if subject.settings.private and not subject.settings.open_gateway:
        findings.append(
            warning(
                TITLE,
                "a private gateway takes two `pulumi up`: Azure creates none without public access",
                f"First `{OPEN.format(env=env)}`, then `pulumi up -s {env}`, which shuts it.",
            )
        )
    return findings or [ok(TITLE, f"the gateway {name} can be made")]


def _key(subject: Subject, name: str, path: str) -> list[Finding]:
    """Whether the gateway was told the scoring service's key, without which the service refuses everybody."""
    value = f"{path}/namedValues/{BACKEND_KEY}"
    if not subject.exists(value, API_MANAGEMENT):
        return []  # `pulumi up` makes it
    properties = subject.management.get(value, **{"api-version": API_MANAGEMENT})["properties"]
    if properties.get("keyVault"):
        return []
    env = subject.settings.environment
    return [
        warning(
            TITLE,
            f"the gateway {name} does not hold the scoring service's key",
            f"`mlops key --env {env}` tells it, from where the vault answers; so does `mlops deploy`.",
        )
    ]


def _standing(subject: Subject, name: str, service: dict[str, Any]) -> Finding:
    properties: dict[str, Any] = service.get("properties") or {}
    if subject.settings.private and properties.get("publicNetworkAccess") == "Enabled":
        return warning(
            TITLE,
            f"the gateway {name} still answers the public network",
            f"Shut it: `pulumi up -s {subject.settings.environment}`, once its private endpoint stands.",
        )
    return ok(TITLE, f"the gateway {name} is this estate's own and exists already")
