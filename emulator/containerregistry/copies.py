"""Cache rules: repositories of a registry that stand for those of another, fetched at the first pull."""

from __future__ import annotations

from typing import Any

from emulator.arm.service import Arm, Put
from emulator.arm.store import Store
from emulator.containerregistry.registries import REGISTRY
from emulator.errors import AzureError
from emulator.images.references import DOCKER_HUB, BadReference, Reference, parse
from emulator.images.store import Images

CACHE_RULE = f"{REGISTRY}/cacheRules"


def install(arm: Arm, store: Store, images: Images) -> None:
    """Register the check of rules, and let builds find what they stand for."""

    @arm.before_put(CACHE_RULE)
    def check(put: Put) -> None:
        name = put.resource["name"]
        for key in ("sourceRepository", "targetRepository"):
            if not put.properties.get(key):
                raise AzureError(400, "InvalidRequestContent", f"Cache rule '{name}': {key} is required.")
        _check_credentials(put.properties)
        target = put.properties["targetRepository"].lower()
        for other in store.children(put.id.rsplit("/", 1)[0]):
            same = other["properties"]["targetRepository"].lower() == target
            if same and other["name"].lower() != name.lower():
                raise AzureError(
                    409,
                    "Conflict",
                    f"Cache rule '{name}': '{other['name']}' has targetRepository {target} too.",
                )

    def original(reference: Reference) -> Reference | None:
        """What a reference to a registry stands for by one of its rules."""
        for registry in store.by_type(REGISTRY):
            if registry["properties"]["loginServer"] != reference.registry:
                continue
            for rule in store.children(f"{registry['id']}/cacheRules"):
                if rule["properties"]["targetRepository"].lower() == reference.repository:
                    tag, digest = reference.tag, reference.digest
                    version = f"{':' + tag if tag else ''}{'@' + digest if digest else ''}"
                    try:
                        return parse(f"{rule['properties']['sourceRepository']}{version}")
                    except BadReference:
                        return None
        return None

    images.original = original


def _check_credentials(properties: dict[str, Any]) -> None:
    """400 for Docker Hub without credentials, as met in hashicorp/terraform-provider-azurerm#27983."""
    source = str(properties["sourceRepository"]).lower()
    if source.partition("/")[0] == DOCKER_HUB and not properties.get("credentialSetResourceId"):
        raise AzureError(
            400,
            "EnforceDockerAuthentication",
            "Cannot create cache rule pointing to Docker Hub without credentials. Please add a credential "
            "set to cache rule. Learn more: https://aka.ms/acr/cache-auth",
        )
