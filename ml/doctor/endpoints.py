"""The way by which rows are pushed: a subnet that a firewall lets in, or an approved private endpoint."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from infra.private_link import LANDING
from ml.doctor.findings import Finding, failed, ok, warning
from ml.doctor.subject import NETWORK, STORAGE, Subject

if TYPE_CHECKING:
    from infra.config import Settings
    from infra.config_retraining import Pusher, Retraining

TITLE: Final = "training elsewhere"
APPROVE: Final = "az network private-endpoint-connection approve --id {id} --description 'rows are pushed'"


def ways(settings: "Settings", account: str, other: "Settings", pusher: "Pusher") -> Iterator[Finding]:
    """Whether both stack files name the same way from production into the data lake.

    settings: of who pushes. account: the data lake, by name. other: settings of the estate that has it.
    """
    own, its = f"Pulumi.{settings.environment}.yaml", f"Pulumi.{other.environment}.yaml"
    way = settings.retraining.push_endpoint if settings.retraining else None
    if way is None and (other.private or pusher.private_endpoint):
        yield failed(
            TITLE,
            f"{account} lets no subnet of {settings.environment} in, and there is no private endpoint of it",
            f"Set retraining.pushEndpoint in {own}, and retraining.pushedBy.privateEndpoint in {its}.",
        )
    elif way is None and pusher.subnet_id is None:
        yield failed(
            TITLE,
            f"the firewall of {account} lets no subnet of {settings.environment} in",
            f"Set retraining.pushedBy.subnetId in {its} to the output training_subnet_id.",
        )
    elif way is not None and not pusher.private_endpoint:
        yield failed(
            TITLE,
            f"{other.environment} does not know that rows come by a private endpoint of {account}",
            f"Set retraining.pushedBy.privateEndpoint in {its}, in place of subnetId, or leave "
            f"retraining.pushEndpoint out of {own}.",
        )
    if way is not None and _one_zone(settings, other):
        yield failed(
            TITLE,
            f"both estates' private endpoints of {account} would write its one name into the same central "
            "zone, and the last one holds for both networks",
            f"Give one of them another network.centralZones.resourceGroupId ({own}, {its}).",
        )


def _one_zone(settings: "Settings", other: "Settings") -> bool:
    zones = [one.network.central_zones for one in (settings, other)]
    ids = [one.resource_group_id.lower() for one in zones if one is not None]
    has_its_own = "dataLake" in {link.service for link in other.private_links}
    return len(ids) == 2 and ids[0] == ids[1] and has_its_own


def own(subject: Subject, retraining: "Retraining") -> list[Finding]:
    """Whether the private endpoint to the other estate's data lake was approved there, once it exists."""
    if retraining.push_endpoint is None:
        return []
    name = subject.names.of("private_endpoint", LANDING.key)
    path = f"{subject.group}/providers/Microsoft.Network/privateEndpoints/{name}"
    if not subject.exists(path, NETWORK):
        return []
    properties: dict[str, Any] = subject.management.get(path, **{"api-version": NETWORK})["properties"]
    states = {
        _state(one)
        for kind in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
        for one in properties.get(kind) or []
    }
    if states == {"Approved"}:
        return [ok(TITLE, f"the private endpoint {name} is approved")]
    return [
        failed(
            TITLE,
            f"the private endpoint {name}, by which rows are pushed, is {', '.join(sorted(states)).lower()}",
            "Whoever owns the data lake approves it: `mlops doctor` of the environment that trains names the "
            "command. One that was rejected or cut is made anew: `pulumi up --replace` of it.",
        )
    ]


def asked_for(subject: Subject, pusher: "Pusher") -> list[Finding]:
    """Private endpoints of others that wait to be let in to the data lake, or that none has asked for."""
    path = f"{subject.group}/providers/Microsoft.Storage/storageAccounts/{subject.names.of('data_lake')}"
    if not pusher.private_endpoint or not subject.exists(path, STORAGE):
        return []
    listed: dict[str, Any] = subject.management.get(
        f"{path}/privateEndpointConnections", **{"api-version": STORAGE}
    )
    prefix = f"{subject.group}/".lower()
    others = [one for one in listed["value"] if not _endpoint(one).lower().startswith(prefix)]
    waiting = [one for one in others if _state(one) == "Pending"]
    if waiting:
        return [
            failed(
                TITLE,
                f"{_endpoint(one)} waits to be let in to the data lake",
                f"If that is production's: `{APPROVE.format(id=one['id'])}`.",
            )
            for one in waiting
        ]
    if not any(_state(one) == "Approved" for one in others):
        return [
            warning(
                TITLE,
                "no private endpoint of another estate leads to the data lake yet (retraining.pushedBy)",
                "`pulumi up` of production, with retraining.pushEndpoint, makes it.",
            )
        ]
    return []


def _endpoint(connection: dict[str, Any]) -> str:
    return str((connection["properties"].get("privateEndpoint") or {}).get("id", ""))


def _state(connection: dict[str, Any]) -> str:
    state = connection["properties"].get("privateLinkServiceConnectionState") or {}
    return str(state.get("status", "unknown"))
