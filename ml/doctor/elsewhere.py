"""Whether an estate and the one that trains for it agree: alerts and rows go from one to the other.

Both are environments of this checkout, so their stack files say it. What the other environment's owner did in
Azure cannot be seen from here, but for the role that the bootstrap defines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.config_retraining import alerts_url
from infra.roles import LANDING_WRITER, role_definition_id, role_guid
from ml.doctor import endpoints
from ml.doctor.endpoints import TITLE
from ml.doctor.findings import Finding, failed, ok, unknown, warning
from ml.doctor.subject import ROLE_DEFINITIONS, Subject

if TYPE_CHECKING:
    from infra.config import Settings
    from infra.config_retraining import Elsewhere, Retraining


@dataclass(frozen=True, slots=True)
class Other:
    """Another environment of this checkout. retraining: its section, if trainings start by themselves."""

    settings: "Settings"

    @property
    def name(self) -> str:
        return self.settings.environment

    @property
    def retraining(self) -> "Retraining | None":
        return self.settings.retraining if self.settings.starts_trainings else None

    @property
    def alerts_url(self) -> str:
        return alerts_url(self.settings.names().of("function_app"))

    @property
    def lake(self) -> str:
        return self.settings.names().of("data_lake")


def check(subject: Subject) -> list[Finding]:
    """Alerts and rows of an estate whose trainings run elsewhere; the role by which rows come in here."""
    retraining = subject.settings.retraining
    if retraining is None:
        return []
    if retraining.pushed_by is not None:
        return [*_taking(subject), *endpoints.asked_for(subject, retraining.pushed_by)]
    if retraining.hosted:
        return []
    found = judge(subject.settings, retraining, others(subject.settings.environment))
    return [*found, *endpoints.own(subject, retraining)]


def others(environment: str) -> list[Other]:
    """The environments of this checkout whose settings can be read, without this one."""
    from infra.config_errors import ConfigError
    from infra.environments import environments
    from infra.stack_file import settings_of

    found: list[Other] = []
    for name in environments():
        if name == environment:
            continue
        try:
            found.append(Other(settings_of(name)))
        except ConfigError:  # the doctor of that environment names what is wrong there
            continue
    return found


def judge(settings: "Settings", retraining: "Retraining", known: list[Other]) -> list[Finding]:
    """What an estate that trains elsewhere lacks, on its side and on the other."""
    findings = [
        *(_alerts(settings, retraining.endpoint, known) if retraining.endpoint else _no_alerts(settings)),
        *(_rows(settings, retraining.push_to, known) if retraining.push_to else _no_rows(settings)),
    ]
    return findings or [ok(TITLE, "alerts and rows go to where trainings run, and are taken there")]


def _alerts(settings: "Settings", endpoint: "Elsewhere", known: list[Other]) -> Iterator[Finding]:
    other = next((one for one in known if one.alerts_url == endpoint.url), None)
    if other is None:
        yield unknown(
            TITLE,
            f"retraining.endpoint.url {endpoint.url} is the app of no environment of this checkout",
            "Compare it with the output retraining_alerts_url of the environment that trains.",
        )
        return
    if other.retraining is None:
        yield failed(
            TITLE,
            f"alerts go to {other.name}, where nothing starts trainings",
            f"Set retraining in Pulumi.{other.name}.yaml (docs/loop.md).",
        )
        return
    own = other.retraining.application
    if own is None:
        yield failed(
            TITLE,
            f"alerts go to {other.name}, whose app lets none in: its retraining.application is not set",
            f"Set it in Pulumi.{other.name}.yaml to the app registration that retraining.endpoint names.",
        )
    elif (own.client_id, own.object_id) != (endpoint.client_id, endpoint.object_id):
        yield failed(
            TITLE,
            f"retraining.endpoint signs in to another app registration than {other.name}'s: Azure Monitor's "
            "calls would be answered with 401",
            f"Set clientId and objectId as retraining.application of Pulumi.{other.name}.yaml has them.",
        )
    if other.settings.azure.tenant_id != settings.azure.tenant_id:
        yield failed(
            TITLE,
            f"{other.name} belongs to another tenant, whose tokens Azure Monitor does not get",
            "Alerts and rows go to an environment of the same tenant.",
        )


def _rows(settings: "Settings", target: str, known: list[Other]) -> Iterator[Finding]:
    account = target.rpartition("/")[2]
    other = next((one for one in known if one.lake == account), None)
    if other is None:
        yield unknown(
            TITLE,
            f"retraining.pushTo names {account}, the data lake of no environment of this checkout",
            "Compare it with the output data_lake_id of the environment that trains.",
        )
        return
    pusher = other.retraining.pushed_by if other.retraining else None
    if pusher is None:
        yield failed(
            TITLE,
            f"rows go to {other.name}, which lets nobody push: its retraining.pushedBy is not set",
            f"Set it in Pulumi.{other.name}.yaml to this stack's outputs training_identity_principal_id and "
            "training_subnet_id.",
        )
    else:
        yield from endpoints.ways(settings, account, other.settings, pusher)
    if _by_endpoint(settings):
        return  # which leads into any region, and whose name is in this network's zone
    if other.settings.azure.location != settings.azure.location:
        yield warning(
            TITLE,
            f"{other.name} is in {other.settings.azure.location}, and training's way to storage leads to "
            f"{settings.azure.location}",
            "Push to an environment of the same region.",
        )
    if settings.private and "dataLake" in {link.service for link in other.settings.private_links}:
        yield warning(
            TITLE,
            f"{account} has a private endpoint of {other.name}, so its name is looked for in the zone "
            "privatelink.blob.core.windows.net, and this network has its own",
            f"Set retraining.pushEndpoint in Pulumi.{settings.environment}.yaml, and privateEndpoint instead "
            f"of subnetId in retraining.pushedBy of Pulumi.{other.name}.yaml.",
        )


def _by_endpoint(settings: "Settings") -> bool:
    return settings.retraining is not None and settings.retraining.push_endpoint is not None


def _no_alerts(settings: "Settings") -> Iterator[Finding]:
    yield warning(
        TITLE,
        f"alerts of {settings.environment} start no training: retraining.endpoint is not set",
        "Set it to the app of the environment that trains, if they are to.",
    )


def _no_rows(settings: "Settings") -> Iterator[Finding]:
    yield warning(
        TITLE,
        f"labelled rows of {settings.environment} go nowhere: retraining.pushTo is not set",
        "Set it to the output data_lake_id of the environment that trains, or land rows by hand.",
    )


def _taking(subject: Subject) -> list[Finding]:
    """Whether the bootstrap has defined the role that `pulumi up` assigns."""
    azure, project = subject.settings.azure, subject.settings.project
    guid = role_guid(LANDING_WRITER, azure.tenant_id, project)
    if subject.exists(role_definition_id(azure.subscription_id, guid), ROLE_DEFINITIONS):
        return [ok(TITLE, f"the role {LANDING_WRITER} of retraining.pushedBy is defined")]
    return [
        failed(
            TITLE,
            f"the role {LANDING_WRITER} ({guid}), which retraining.pushedBy is given, is not defined",
            "`pulumi -C infra/bootstrap up -s shared` defines it, by a person who may define roles.",
        )
    ]
