"""Which image a pod gets: out of the estate's registries, by the rights of the cluster's kubelet identity."""

from __future__ import annotations

from typing import Any, Final

from emulator import environment
from emulator.arm.store import Store
from emulator.containerinstance import samples
from emulator.containerregistry.registries import REGISTRY
from emulator.identity.service import Identity
from emulator.images.base import BaseError
from emulator.images.image import Image, ImageError
from emulator.images.references import DOCKER_HUB, BadReference, Reference, parse
from emulator.images.store import Images
from emulator.kubernetes.node.surroundings import PullError
from emulator.network.reach import Reach
from emulator.places import Place

Json = dict[str, Any]
PULL: Final = "Microsoft.ContainerRegistry/registries/pull/read"


class Puller:
    """Answers for all clusters."""

    def __init__(self, store: Store, identity: Identity, images: Images, reach: Reach) -> None:
        self._store = store
        self._identity = identity
        self._images = images
        self._reach = reach

    def pull(self, cluster: Json, place: Place, image: str) -> Image:
        """The image, if it exists and the kubelet's identity may pull it from where the node stands.

        cluster: its ARM resource. PullError otherwise.
        """
        try:
            reference = parse(image)
            if samples.known(reference):
                return samples.stand_in(self._images, reference, environment.outside())
            if reference.registry == DOCKER_HUB:
                return self._images.public_python(reference, environment.outside())
            self._require_access(cluster, place, reference, image)
            return self._images.resolve(image)
        except BadReference as error:
            raise PullError(f'failed to parse image reference "{image}": {error}') from error
        except (ImageError, BaseError) as error:
            words = f'failed to resolve reference "{image}": {image}: not found ({error})'
            raise PullError(_failed(image, "NotFound", words)) from error

    def _require_access(self, cluster: Json, place: Place, reference: Reference, image: str) -> None:
        server = reference.registry
        registry = next(
            (one for one in self._store.by_type(REGISTRY) if one["properties"]["loginServer"] == server), None
        )
        start = f'failed to resolve reference "{image}": '
        if registry is None:
            words = f'{start}failed to do request: Head "https://{server}/v2/": dial tcp: lookup {server}'
            raise PullError(_failed(image, "Unknown", f"{words}: no such host"))
        denied = self._reach.denied(place, registry["id"], "registry")
        if denied is not None:
            words = f"{start}unexpected status from HEAD request to https://{server}/v2/: 403 Forbidden"
            raise PullError(_failed(image, "Unknown", f"{words} ({denied.why})"))
        if registry["properties"].get("anonymousPullEnabled"):
            return
        if why := self._without_right(cluster, registry):
            words = (
                f"{start}failed to authorize: failed to fetch anonymous token: unexpected status from GET "
                f"request to https://{server}/oauth2/token: 401 Unauthorized ({why})"
            )
            raise PullError(_failed(image, "Unknown", words))

    def _without_right(self, cluster: Json, registry: Json) -> str:
        """Why the kubelet's identity may not pull, "" when it may."""
        held = ((cluster["properties"].get("identityProfile") or {}).get("kubeletidentity")) or {}
        resource = self._store.get(str(held.get("resourceId") or "")) if held.get("resourceId") else None
        principal = self._identity.directory.find(resource["properties"]["principalId"]) if resource else None
        if principal is None:
            return f"the cluster {cluster['name']} has no identityProfile.kubeletidentity that exists"
        if not self._identity.allowed(principal, PULL, registry["id"]):
            return f"the identity {held['resourceId']} lacks the action {PULL} on {registry['id']} (AcrPull)"
        return ""


def _failed(image: str, code: str, words: str) -> str:
    return f'rpc error: code = {code} desc = failed to pull and unpack image "{image}": {words}'
