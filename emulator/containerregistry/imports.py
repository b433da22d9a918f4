"""importImage: images into a registry from another emulated one, or the public Python base."""

from __future__ import annotations

from typing import Any

from emulator import environment
from emulator.arm.service import Action, Arm
from emulator.arm.store import Store
from emulator.containerregistry.registries import REGISTRY
from emulator.errors import AzureError
from emulator.http import Response
from emulator.identity.service import Identity
from emulator.images.base import BaseError
from emulator.images.image import ImageError
from emulator.images.references import DOCKER_HUB, BadReference, Reference, parse
from emulator.images.store import Images

PULL = "Microsoft.ContainerRegistry/registries/pull/read"


def install(arm: Arm, store: Store, identity: Identity, images: Images) -> None:
    """Register the action."""

    @arm.action(REGISTRY, "importImage")
    def import_image(action: Action) -> Response:
        registry = arm.get(action.id)
        server = registry["properties"]["loginServer"]
        source = _source(arm, store, identity, action)
        targets = _targets(server, action.body, source)
        force = str(action.body.get("mode", "NoForce")).lower() == "force"
        taken = [str(target) for target in targets if target.tag and _exists(images, target)]
        if taken and not force:
            raise AzureError(
                409, "Conflict", f"Tag {taken[0]} already exists. Use the mode 'Force' to overwrite it."
            )
        digest = _digest(images, source)
        for target in targets:
            images.name(target, digest)
        return Response(200)


def _source(arm: Arm, store: Store, identity: Identity, action: Action) -> Reference:
    source: dict[str, Any] = action.body.get("source") or {}
    image = str(source.get("sourceImage") or "")
    if not image:
        raise _invalid("source.sourceImage is missing")
    resource_id, uri = source.get("resourceId"), source.get("registryUri")
    if bool(resource_id) == bool(uri):
        raise _invalid("exactly one of source.resourceId and source.registryUri is needed")
    if resource_id:
        other = arm.get(str(resource_id))
        if other["type"].lower() != REGISTRY.lower():
            raise _invalid(f"source.resourceId is a {other['type']}, not a registry")
        uri = other["properties"]["loginServer"]
        _require_pull(identity, action, other["id"])
    elif registry := _registry_of(store, str(uri)):
        _require_pull(identity, action, registry["id"])
    try:
        return parse(f"{uri}/{image.removeprefix(f'{uri}/')}")
    except BadReference as error:
        raise _invalid(str(error)) from error


def _require_pull(identity: Identity, action: Action, registry_id: str) -> None:
    if action.principal is not None:
        identity.require(action.principal, PULL, registry_id)


def _registry_of(store: Store, server: str) -> dict[str, Any] | None:
    registries = store.by_type(REGISTRY)
    return next((r for r in registries if r["properties"]["loginServer"] == server.lower()), None)


def _targets(server: str, body: dict[str, Any], source: Reference) -> list[Reference]:
    tags = [str(tag) for tag in body.get("targetTags") or ()]
    untagged = [str(name) for name in body.get("untaggedTargetRepositories") or ()]
    if not tags and not untagged:
        tags = [f"{source.repository}:{source.tag}"] if source.tag else []
        untagged = [] if source.tag else [source.repository]
    try:
        targets = [parse(f"{server}/{tag}") for tag in tags]
        # A reference by digest alone: parse would add the tag "latest".
        targets += [Reference(server, parse(f"{server}/{name}").repository) for name in untagged]
    except BadReference as error:
        raise _invalid(str(error)) from error
    return targets


def _exists(images: Images, target: Reference) -> bool:
    try:
        images.digest(target)
    except ImageError:
        return False
    return True


def _digest(images: Images, source: Reference) -> str:
    try:
        if source.registry == DOCKER_HUB:
            return images.public_python(source, environment.outside()).digest
        return images.digest(source)
    except (ImageError, BadReference) as error:
        raise AzureError(404, "ImportImageNotFound", f"{error}.") from error
    except BaseError as error:
        raise AzureError(500, "ImportImageFailed", str(error)) from error


def _invalid(message: str) -> AzureError:
    return AzureError(400, "InvalidParameters", f"importImage: {message}.")
