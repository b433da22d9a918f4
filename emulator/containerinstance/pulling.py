"""Which image a container gets, and whether its group may pull it."""

from __future__ import annotations

import hmac
from typing import Any

from emulator import environment
from emulator.arm.ids import fold
from emulator.arm.store import Store
from emulator.containerinstance import samples
from emulator.containerregistry.registries import PASSWORDS, REGISTRY, private
from emulator.errors import AzureError
from emulator.identity.service import Identity
from emulator.images.base import BaseError
from emulator.images.image import Image, ImageError
from emulator.images.references import DOCKER_HUB, BadReference, Reference, parse
from emulator.images.store import Images

Json = dict[str, Any]
PULL = "Microsoft.ContainerRegistry/registries/pull/read"


def pull(
    store: Store, identity: Identity, images: Images, group: Json, image: str, passwords: dict[str, str]
) -> Image:
    """The image, if it exists and the group's credentials open its registry; 400 InaccessibleImage otherwise.

    ``passwords``: of the group's imageRegistryCredentials, by server.
    """
    try:
        reference = parse(image)
        if samples.known(reference):
            return samples.stand_in(images, reference, environment.outside())
        if reference.registry == DOCKER_HUB:
            return images.public_python(reference, environment.outside())
        registry = _registry(store, reference.registry)
        _require_access(store, identity, group, registry, reference, passwords)
        return images.resolve(image)
    except (ImageError, BadReference, BaseError) as error:
        raise _inaccessible(group, image, str(error)) from error


def _registry(store: Store, server: str) -> Json:
    for registry in store.by_type(REGISTRY):
        if registry["properties"]["loginServer"] == server:
            return registry
    raise BadReference(f"no registry with the login server {server}")


def _require_access(
    store: Store,
    identity: Identity,
    group: Json,
    registry: Json,
    reference: Reference,
    passwords: dict[str, str],
) -> None:
    properties = registry["properties"]
    if properties.get("anonymousPullEnabled"):
        return
    server = reference.registry
    credentials: list[Json] = group["properties"].get("imageRegistryCredentials") or []
    held = next((one for one in credentials if str(one.get("server", "")).lower() == server), None)
    if held is None:
        raise _inaccessible(group, str(reference), f"imageRegistryCredentials has no entry for {server}")
    if held.get("identity"):
        _require_role(store, identity, group, registry, reference, str(held["identity"]))
    elif not _password_fits(store, registry, str(held.get("username", "")), passwords.get(server, "")):
        raise _inaccessible(
            group, str(reference), f"{server} refuses the user name and password (is its admin user enabled?)"
        )
    closed = private(properties)
    if closed and not (
        held.get("identity") and properties.get("networkRuleBypassOptions") == "AzureServices"
    ):
        raise _inaccessible(
            group,
            str(reference),
            f"of the registry, {closed}: only a managed identity gets through, with networkRuleBypassOptions"
            " 'AzureServices'",
        )


def _require_role(
    store: Store, identity: Identity, group: Json, registry: Json, reference: Reference, identity_id: str
) -> None:
    assigned = {fold(text) for text in (group.get("identity") or {}).get("userAssignedIdentities") or {}}
    if fold(identity_id) not in assigned:
        raise _inaccessible(
            group,
            str(reference),
            f"the identity {identity_id} of imageRegistryCredentials is not the group's",
        )
    held = store.get(identity_id)
    principal = identity.directory.find(held["properties"]["principalId"]) if held else None
    if principal is None:
        raise _inaccessible(group, str(reference), f"the identity {identity_id} does not exist")
    if not identity.allowed(principal, PULL, registry["id"]):
        raise _inaccessible(
            group,
            str(reference),
            f"the identity {identity_id} lacks the action {PULL} on {registry['id']} (AcrPull)",
        )


def _password_fits(store: Store, registry: Json, user: str, password: str) -> bool:
    if not registry["properties"].get("adminUserEnabled") or user.lower() != registry["name"].lower():
        return False
    known: dict[str, str] = store.document(PASSWORDS, registry["id"].lower()) or {}
    return any(hmac.compare_digest(one.encode(), password.encode()) for one in known.values())


def _inaccessible(group: Json, image: str, reason: str) -> AzureError:
    return AzureError(
        400,
        "InaccessibleImage",
        f"The image '{image}' in container group '{group['name']}' is not accessible. Please check the image"
        f" and registry credential: {reason}.",
    )
